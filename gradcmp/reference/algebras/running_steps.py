"""The elementwise steps of the tolerance pass: float64 values with the errors that they take over and add."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gradcmp.core.formats import FloatFormat
from gradcmp.numbers.arrays import Flags, Floats
from gradcmp.reference.language.fragility import Fragility
from gradcmp.reference.language.range import Range
from gradcmp.reference.steps import STEPS
from gradcmp.reference.steps.float64 import kept
from gradcmp.reference.steps.rounding import Rounding, accumulator, flushes, sum_factor


@dataclass(frozen=True, slots=True)
class Running:
    """Float64 values and their errors in units of u, of one shape. Zero is exact, infinite or NaN is unknown."""

    value: Floats
    worst: Floats
    rss: Floats


Part = tuple[Any, Running]
"""A factor, or an array of them, and the operand whose error it multiplies."""


METHODS = (
    "add", "subtract", "multiply", "scale", "divide", "maximum", "minimum", "abs", "negative", "floor",
    "sin", "cos", "sech_squared", "sigmoid_slope", "fixed", "binary_scale",
)  # fmt: skip
"""Steps that have more to say of errors than their slopes; the last two are those of `textbook` alone."""


class Steps:
    """The steps for arrays of the format `form`, whose comparisons `fragility` watches."""

    annihilated = False
    """Has a zero met something that is not a finite number? Then no one-sided rule tells what their product is."""

    def __init__(self, form: FloatFormat, fragility: Fragility, *, unlimited: bool = False) -> None:
        self.form = form
        self.fragility = fragility
        self.range = Range(form=form, fragility=fragility, unlimited=unlimited)
        self.ratio = accumulator(form).unit_roundoff / form.unit_roundoff
        self._flushes = flushes(form)
        self.table: dict[str, Callable[..., Running]] = {name: getattr(self, name) for name in METHODS}

    def step(self, name: str, *operands: Running) -> Running:
        """A step by name."""
        special = self.table.get(name)
        if special is not None:
            return special(*operands)
        row = STEPS[name]
        assert row.value is not None
        assert row.slopes is not None
        value = row.value(*(x.value for x in operands))
        slopes = row.slopes(*(x.value for x in operands), value)
        return self.rounded(value, list(zip(slopes, operands, strict=True)), _rounding(name))

    def add(self, x: Running, y: Running) -> Running:
        if x is y:  # doubling is exact, and the two errors are one
            return Running(2.0 * x.value, 2.0 * x.worst, 2.0 * x.rss)
        return self._sum_of_two(x.value + y.value, x, y)

    def subtract(self, x: Running, y: Running) -> Running:
        return self._sum_of_two(x.value - y.value, x, y)

    def _sum_of_two(self, value: Floats, x: Running, y: Running) -> Running:
        exact = zeros(x) | zeros(y)
        return self.rounded(value, [(1.0, x), (1.0, y)], _rounding("add"), exact=exact)

    def multiply(self, x: Running, y: Running) -> Running:
        exact = _power_of_two(x) | _power_of_two(y) | zeros(x) | zeros(y)
        both = (x.value != 0.0) & (y.value != 0.0)
        self.annihilated = self.annihilated or bool(np.any(~both & ~(np.isfinite(x.value) & np.isfinite(y.value))))
        value = kept(x.value * y.value, both)
        return self.rounded(value, [(y.value, x), (x.value, y)], _rounding("multiply"), exact=exact)

    def scale(self, x: Running, y: Running) -> Running:
        zero, product = zeros(x), self.multiply(x, y)
        return Running(np.where(zero, 0.0, product.value), *_without_error(zero, product))

    def divide(self, x: Running, y: Running) -> Running:
        value = kept(x.value / y.value, (x.value != 0.0) & np.isfinite(y.value))
        parts = [(1.0 / y.value, x), (value / y.value, y)]
        result = self.rounded(value, parts, _rounding("divide"), exact=_power_of_two(y))
        return Running(result.value, *_without_error(zeros(x), result))

    def maximum(self, x: Running, y: Running) -> Running:
        return self._chosen(x, y, x.value >= y.value)

    def minimum(self, x: Running, y: Running) -> Running:
        return self._chosen(x, y, x.value <= y.value)

    def _chosen(self, x: Running, y: Running, first: Flags) -> Running:
        """The larger or the smaller, whose error is at most the larger error where rounding may choose the other."""
        margin, error = np.abs(x.value - y.value), x.worst + y.worst
        self.fragility.meet(margin, error)
        near = self.fragility.near(margin, error)
        value = np.where(first, x.value, y.value)
        worst, rss = (
            np.where(near, np.maximum(a, b), np.where(first, a, b)) for a, b in ((x.worst, y.worst), (x.rss, y.rss))
        )
        return Running(value, worst, rss)

    def abs(self, x: Running) -> Running:
        self.fragility.meet(np.abs(x.value), x.worst)
        return Running(np.abs(x.value), x.worst, x.rss)

    def negative(self, x: Running) -> Running:
        return Running(-x.value, x.worst, x.rss)

    def floor(self, x: Running) -> Running:
        """Exact, except where rounding may carry the operand over a whole number."""
        value, nearest = np.floor(x.value), np.round(x.value)
        signs = (x.value >= nearest).astype(np.int8) * 2 - 1
        decided = self.fragility.decided(signs.astype(np.int8), np.abs(x.value - nearest), x.worst)
        zero = np.zeros_like(value)
        return Running(np.where(decided == signs, value, np.where(signs > 0, value - 1.0, value + 1.0)), zero, zero)

    def sin(self, x: Running) -> Running:
        return self._wave("sin", np.sin(x.value), np.cos(x.value), x)

    def cos(self, x: Running) -> Running:
        return self._wave("cos", np.cos(x.value), np.sin(x.value), x)

    def _wave(self, name: str, value: Floats, slope: Floats, x: Running) -> Running:
        """With the term of second order: where the angle is uncertain by radians, the slope alone says nothing."""
        taken = (
            np.minimum((np.abs(slope) + self.form.unit_roundoff * error / 2) * error, 2 / self.form.unit_roundoff)
            for error in (x.worst, x.rss)
        )
        return self.rounded(value, [(1.0, Running(x.value, *taken))], _rounding(name))

    def sech_squared(self, x: Running) -> Running:
        """1 - t², which is what programs compute."""
        square = self.step("square", self.step("tanh", x))
        return self.subtract(exactly(np.ones(())), square)

    def sigmoid_slope(self, x: Running) -> Running:
        """s (1 - s), which is what programs compute."""
        sigmoid = self.step("sigmoid", x)
        return self.multiply(sigmoid, self.subtract(exactly(np.ones(())), sigmoid))

    def fixed(self, x: Running) -> Running:
        """The value as an exact constant, for a shift that the result does not depend on."""
        return exactly(x.value)

    def binary_scale(self, determinant: Running, rows: Running) -> Running:
        """The power of two by which a matrix of `rows` rows is divided to have a determinant near 1."""
        exponent = np.round(np.log2(np.abs(determinant.value)) / rows.value)
        return exactly(np.exp2(np.where(np.isfinite(exponent), exponent, 0.0)))

    def literal(self, value: Floats, held: Flags) -> Running:
        """Numbers that are written in the program, rounded where the format does not hold them."""
        own = np.where(held, 0.0, value)
        with np.errstate(all="ignore"), self.fragility.within("a literal"):
            error = np.abs(own) + self._lost(own) + self._overflow(own)
        return Running(value, error, error)

    def rounded(self, value: Floats, parts: list[Part], rounding: Rounding, *, exact: Any = False) -> Running:
        """A value whose error is what it takes over from its operands, and a rounding where it is not `exact`."""
        inherited = np.isinf(value) & _infinite(parts, value)
        own = np.where(inherited, 0.0, value)
        rounded = rounding.relative * np.abs(own) + rounding.absolute
        if self.ratio < 1.0:  # computed in float32, then rounded once
            rounded = rounded * self.ratio + np.abs(own)
        rounded = np.where(exact | inherited, 0.0, rounded + self._lost(own)) + self._overflow(own)
        worst, squares = rounded, np.square(rounded)
        for factor, x in parts:
            size = np.abs(factor)
            worst = worst + _amplified(size, x.worst)
            squares = squares + np.square(_amplified(size, x.rss))
            inherited = inherited & np.isfinite(x.worst)
        # No finite error beside it moves an infinity.
        worst, squares = np.where(inherited, 0.0, worst), np.where(inherited, 0.0, squares)
        return Running(value, worst, np.sqrt(squares))

    def added(
        self, value: Floats, size: Floats, worst: Floats, squares: Floats, terms: npt.ArrayLike, *, wide: bool = True
    ) -> Running:
        """A sum of `terms` whose finite absolute values add up to `size`; `worst` and `squares` are taken over.

        `wide`: in the accumulator's format where that is wider than the arrays'.
        """
        if np.max(terms) < 2:
            return Running(value, worst, np.sqrt(squares))
        ratio = self.ratio if wide else 1.0
        worst = worst + sum_factor(terms) * ratio * size
        inherited = np.isinf(value) & np.isfinite(size)
        own, squares = np.where(inherited, 0.0, value), squares + np.square(ratio * size)
        total = self.once_more(own, worst, squares)
        return Running(np.where(inherited, value, total.value), total.worst, total.rss)

    def once_more(self, value: Floats, worst: Floats, squares: Floats) -> Running:
        """Rounded from the accumulator's format to the array's, if that is another."""
        rounded = self._lost(value) + (np.abs(value) if self.ratio < 1.0 else 0.0) + self._overflow(value)
        return Running(value, worst + rounded, np.sqrt(squares + np.square(rounded)))

    def given(self, value: Floats) -> Running:
        """Numbers without error, but for subnormal ones, which may be flushed."""
        with self.fragility.within("an input"):
            lost = self._lost(value) if self._flushes else np.zeros_like(value)
        return Running(value, lost, lost)

    def _lost(self, value: Floats) -> Floats:
        """What underflow adds, in units of u: all of a subnormal number, or half of the smallest one."""
        lost = np.abs(value) / self.form.unit_roundoff if self._flushes else self.form.smallest_normal
        return np.where(self.range.underflows(value), lost, 0.0)

    def _overflow(self, value: Floats) -> Floats:
        return np.where(self.range.overflows(value), np.inf, 0.0)


def _rounding(name: str) -> Rounding:
    rounding = STEPS[name].rounding
    assert rounding is not None
    return rounding


def exactly(value: Floats) -> Running:
    """Numbers without error."""
    return Running(value, np.zeros_like(value), np.zeros_like(value))


def known_infinities(x: Running) -> Flags:
    """Which elements are infinite by no overflow: an input's, or what comes of one."""
    return np.asarray(np.isinf(x.value) & (x.worst == 0.0))


def _infinite(parts: list[Part], value: Floats) -> Flags:
    flags = np.zeros(value.shape, dtype=bool)
    for _, x in parts:
        flags = flags | known_infinities(x)
    return flags


def zeros(x: Running) -> Flags:
    """Which elements are exactly zero."""
    return np.asarray((x.value == 0.0) & (x.worst == 0.0))


def _amplified(factor: Any, error: Floats) -> Floats:
    """No error stays none, whatever multiplies it."""
    return np.where(error == 0.0, 0.0, factor * error)


def _without_error(zero: Flags, x: Running) -> tuple[Floats, Floats]:
    return np.where(zero, 0.0, x.worst), np.where(zero, 0.0, x.rss)


def _power_of_two(x: Running) -> Flags:
    return np.asarray((np.abs(np.frexp(x.value)[0]) == 0.5) & (x.worst == 0.0))
