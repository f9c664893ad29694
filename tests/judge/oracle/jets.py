"""Values with first and second derivatives by closed-form rules, over plain numbers of mpmath or rounded ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mpmath import mp

from gradcmp.core.formats import FloatFormat

CONSTANT = 16
"""Units of the roundoff that an elementary function may be off, generously."""


NOISE = 60
"""The last bits of the precision, which may be those of roundings."""


class Outside(Exception):
    """The point lies outside the domain of a step, on its edge, or beyond what is followed."""


@dataclass(frozen=True, slots=True)
class Rounded:
    """A number, the size of what was added up to it, and a bound of its rounding error in units of the roundoff."""

    value: Any
    size: Any
    error: Any

    def off(self, unit: float) -> Any:
        """How far rounding may lead; infinite where that is not known."""
        return mp.inf if mp.isnan(self.error) else self.error * unit

    @property
    def noise(self) -> Any:
        """What may be left of zero where everything that was added up has cancelled."""
        return mp.ldexp(self.size, NOISE - mp.prec)

    @property
    def settled(self) -> Any:
        """The number, or zero where it is noise."""
        return self.value if abs(self.value) > self.noise else mp.mpf(0)

    def __add__(self, other: Rounded) -> Rounded:
        size = self.size + other.size
        return Rounded(self.value + other.value, size, self.error + other.error + size)

    def __mul__(self, other: Rounded) -> Rounded:
        size = self.size * other.size
        return Rounded(self.value * other.value, size, self.size * other.error + self.error * other.size + size)

    def __neg__(self) -> Rounded:
        return Rounded(-self.value, self.size, self.error)


@dataclass(frozen=True, slots=True)
class Slopes:
    """A function and its first derivatives at a number; `sizes` are those of what cancels when they are computed."""

    values: Sequence[Any]
    sizes: Sequence[Any] = (0, 0, 0)


@dataclass(slots=True)
class Field:
    """The kind of number that coefficients are, and what was met on the way.

    `order` is how often is differentiated, `form` the dtype whose roundings are followed, None for none. `ties` counts
    comparisons of equal numbers, `jumps` those at which the function may jump, `fragile` those of numbers that rounding
    may turn round; `ranged`: a number leaves the dtype, or nearly.
    """

    order: int
    form: FloatFormat | None = None
    ties: int = 0
    jumps: int = 0
    fragile: int = 0
    ranged: bool = False

    def number(self, value: Any, error: Any = 0) -> Any:
        value = mp.mpf(value)
        return value if self.form is None else self.watched(Rounded(value, abs(value), mp.mpf(error)))

    def derivative(self, slopes: Slopes, n: int, error: Any) -> Any:
        """The n-th derivative of a function at a number with that `error`."""
        if self.form is None:
            return slopes.values[n]
        size = abs(slopes.values[n]) + slopes.sizes[n]
        off = abs(slopes.values[n + 1]) * error if error else 0
        return self.watched(Rounded(slopes.values[n], size, off + CONSTANT * size))

    def watched(self, number: Rounded) -> Rounded:
        assert self.form is not None
        inside = self.form.smallest_normal * 4 <= number.size <= self.form.largest / 4
        if number.size and not inside and mp.isfinite(number.size):  # an infinity is that of an input
            self.ranged = True
        return number

    def above(self, x: Jet, y: Jet, *, selects: bool = False) -> bool:
        """Is x > y? Equal and nearly equal numbers are counted. `selects`: among terms that need not meet there."""
        apart, scale = x.number - y.number, max(abs(x.number), abs(y.number))
        if mp.isnan(apart):
            raise Outside("a comparison with what is not a number")
        tied = bool(x.number == y.number or (mp.isfinite(scale) and abs(apart) <= mp.ldexp(scale, 24 - mp.prec)))
        self.ties += tied
        self.jumps += tied and selects
        if self.form is not None and (errors := x.error + y.error):
            self.fragile += bool(abs(apart) <= 8 * self.form.unit_roundoff * errors)
        return not tied and apart > 0


class Jet:
    """A number with its `gradient` by variable and its `hessian` by pair of variables; what is missing is zero."""

    __slots__ = ("field", "gradient", "hessian", "value")

    def __init__(self, field: Field, value: Any, gradient: dict[Any, Any], hessian: dict[Any, Any]) -> None:
        self.field, self.gradient, self.hessian = field, gradient, hessian
        self.value = value
        if field.form is not None:
            self.value = field.watched(Rounded(value.value, abs(value.value), value.error))
            for part in (gradient, hessian):
                for each in part.values():
                    field.watched(each)

    @property
    def number(self) -> Any:
        return self.value.value if self.field.form else self.value

    @property
    def error(self) -> Any:
        return self.value.error if self.field.form else 0

    def constant(self, value: Any, error: Any = 0) -> Jet:
        return Jet(self.field, self.field.number(value, error), {}, {})

    def __add__(self, other: Jet) -> Jet:
        return Jet(
            self.field,
            self.value + other.value,
            _joined(self.gradient, other.gradient),
            _joined(self.hessian, other.hessian),
        )

    def __neg__(self) -> Jet:
        gradient, hessian = ({k: -c for k, c in part.items()} for part in (self.gradient, self.hessian))
        return Jet(self.field, -self.value, gradient, hessian)

    def __sub__(self, other: Jet) -> Jet:
        return self + -other

    def __mul__(self, other: Jet) -> Jet:
        x, y = self.value, other.value
        gradient = _joined(_scaled(y, self.gradient), _scaled(x, other.gradient))
        hessian: dict[Any, Any] = {}
        if self.field.order > 1:
            mixed = _joined(_crossed(self.gradient, other.gradient), _crossed(other.gradient, self.gradient))
            hessian = _joined(_joined(_scaled(y, self.hessian), _scaled(x, other.hessian)), mixed)
        return Jet(self.field, x * y, gradient, hessian)

    def through(self, slopes: Slopes) -> Jet:
        """A function of this number."""
        field, error = self.field, self.error
        gradient: dict[Any, Any] = {}
        hessian: dict[Any, Any] = {}
        if self.gradient:
            first = field.derivative(slopes, 1, error)
            gradient = _scaled(first, self.gradient)
            if field.order > 1:
                crossed = _crossed(self.gradient, self.gradient)
                hessian = _joined(_scaled(field.derivative(slopes, 2, error), crossed), _scaled(first, self.hessian))
        return Jet(field, field.derivative(slopes, 0, error), gradient, hessian)


def _joined(a: dict[Any, Any], b: dict[Any, Any]) -> dict[Any, Any]:
    if not a or not b:
        return a or b
    return {key: a[key] + b[key] if key in a and key in b else a.get(key, b.get(key)) for key in {**a, **b}}


def _scaled(factor: Any, part: dict[Any, Any]) -> dict[Any, Any]:
    return {key: factor * each for key, each in part.items()}


def _crossed(a: dict[Any, Any], b: dict[Any, Any]) -> dict[Any, Any]:
    """The products for both orders of a pair of variables."""
    return {(i, j): x * y for i, x in a.items() for j, y in b.items()}
