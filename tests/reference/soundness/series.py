"""Forward derivatives by FLINT's power series: an algebra that shares no derivative rule with the reference.

Each number is a series value + slope·t + O(t²), and FLINT differentiates. What `arb_series` lacks is written by its
textbook formula (hyperbolic functions by exponentials, inverse ones by logarithms), matrices by cofactors.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from flint import arb, arb_series, ctx

from gradcmp.reference.algebra import EvaluationError, Undecided
from gradcmp.reference.algebras.balls import exactly, over_stack, sign


@contextmanager
def two_terms() -> Iterator[None]:
    """FLINT's series cut after the slope. The setting is global to the process."""
    before = ctx.cap
    ctx.cap = 2
    try:
        yield
    finally:
        ctx.cap = before


def moving(value: Any, slope: Any) -> Any:
    return arb_series([value, slope], prec=2)


def value(z: Any) -> Any:
    return z[0]


def slope(z: Any) -> Any:
    return z[1]


def _still(x: Any) -> Any:
    return arb_series([x], prec=2)


def _digamma(z: Any) -> Any:
    """From three terms of log gamma around the value; below zero by reflection (DLMF 5.5.4)."""
    x = value(z)
    if not x > 0:
        turn = arb.pi() * z
        return _digamma(1 - z) - arb.pi() * turn.cos() / turn.sin()
    ctx.cap = 3
    around = arb_series([x, 1], prec=3).lgamma()
    ctx.cap = 2
    return moving(around[1], 2 * around[2] * slope(z))


def _lgamma(z: Any) -> Any:
    """Below zero by reflection (DLMF 5.5.3), of the absolute value."""
    if value(z) > 0:
        return z.lgamma()
    sine = (arb.pi() * z).sin()
    return arb.pi().log() - (sine * sine).log() / 2 - (1 - z).lgamma()


def _arctan2(y: Any, x: Any) -> Any:
    """The slope from the quotient that is defined; the value from FLINT's angle."""
    angle = arb.atan2(value(y), value(x))
    if value(x) > 0 or value(x) < 0:
        return moving(angle, slope((y / x).atan()))
    if value(y) > 0 or value(y) < 0:
        return moving(angle, -slope((x / y).atan()))
    return moving(angle, arb("nan"))


def inside(step: Callable[..., Any], *operands: Any) -> Any:
    """A step's result; outside its domain no number, which only a masked branch may hold."""
    try:
        return step(*operands)
    except (ValueError, ZeroDivisionError):
        return moving(arb("nan"), arb("nan"))


def _power(x: Any, p: Any) -> Any:
    if slope(p) == 0 and value(p).is_exact() and value(p).is_integer():
        return x ** int(value(p).unique_fmpz())
    return (p * x.log()).exp()


def _floor(z: Any) -> Any:
    low = value(z).floor()
    if not low.is_exact():
        raise Undecided("which whole number lies below")
    return _still(low)


def _larger(x: Any, y: Any) -> Any:
    return x if sign(value(x), value(y)) >= 0 else y


def _smaller(x: Any, y: Any) -> Any:
    return x if sign(value(x), value(y)) <= 0 else y


STEPS: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "power": _power,
    "arctan2": _arctan2,
    "maximum": _larger,
    "minimum": _smaller,
    "negative": lambda z: -z,
    "abs": lambda z: z if sign(value(z), arb(0)) >= 0 else -z,
    "square": lambda z: z * z,
    "floor": _floor,
    "exp": lambda z: z.exp(),
    "expm1": lambda z: z.exp() - 1,
    "log": lambda z: z.log(),
    "log1p": lambda z: (1 + z).log(),
    "sqrt": lambda z: z.sqrt(),
    "rsqrt": lambda z: z.rsqrt(),
    "sin": lambda z: z.sin(),
    "cos": lambda z: z.cos(),
    "tan": lambda z: z.tan(),
    "arcsin": lambda z: z.asin(),
    "arccos": lambda z: z.acos(),
    "arctan": lambda z: z.atan(),
    "sinh": lambda z: (z.exp() - (-z).exp()) / 2,
    "cosh": lambda z: (z.exp() + (-z).exp()) / 2,
    "tanh": lambda z: 1 - 2 / ((2 * z).exp() + 1) if value(z) < 0 else 2 / (1 + (-2 * z).exp()) - 1,
    "sigmoid": lambda z: 1 / (1 + (-z).exp()),
    "softplus": lambda z: z + (1 + (-z).exp()).log() if value(z) > 0 else (1 + z.exp()).log(),
    "arcsinh": lambda z: (z + (z * z + 1).sqrt()).log() if value(z) > 0 else -((z * z + 1).sqrt() - z).log(),
    "arccosh": lambda z: (z + (z * z - 1).sqrt()).log(),
    "arctanh": lambda z: ((1 + z) / (1 - z)).log() / 2,
    "erf": lambda z: z.erf(),
    "erfc": lambda z: z.erfc(),
    "lgamma": _lgamma,
    "digamma": _digamma,
}


class SeriesAlgebra:
    """`Algebra` over `arb_series` of two terms in NumPy object arrays, for use inside `two_terms`."""

    formulas: Mapping[str, Callable[..., Any]] = {}

    def constant(self, values: Any) -> np.ndarray:
        return filled([_still(exactly(x)) for x in np.asarray(values).ravel().tolist()], np.shape(values))

    def direction(self, values: np.ndarray) -> np.ndarray:
        return self.constant(values)

    def constantly(self, x: np.ndarray) -> np.ndarray:
        return filled([_still(value(z)) for z in x.ravel().tolist()], x.shape)

    def shape(self, x: np.ndarray) -> tuple[int, ...]:
        return x.shape

    def elementwise(self, name: str, *operands: np.ndarray) -> np.ndarray:
        spread = np.broadcast_arrays(*operands)
        columns = [each.ravel().tolist() for each in spread]
        return filled([inside(STEPS[name], *each) for each in zip(*columns, strict=True)], spread[0].shape)

    def whole_power(self, x: np.ndarray, exponent: int) -> np.ndarray:
        return filled([inside(operator.pow, z, exponent) for z in x.ravel().tolist()], x.shape)

    def sum(self, x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
        kept = tuple(n for axis, n in enumerate(x.shape) if axis not in axes)
        rows = np.moveaxis(x, axes, range(x.ndim - len(axes), x.ndim)).reshape(int(np.prod(kept, dtype=int)), -1)
        return filled([sum(row, start=_still(0)) for row in rows.tolist()], kept)

    def matmul(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return over_stack(self._product, x, y)

    def _product(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        rows, columns = x.tolist(), y.T.tolist()
        items = [sum((a * b for a, b in zip(r, c, strict=True)), start=_still(0)) for r in rows for c in columns]
        return filled(items, (x.shape[0], y.shape[1]))

    def det(self, x: np.ndarray) -> np.ndarray:
        return over_stack(lambda matrix: filled([determinant(matrix)], ()), x)

    def inv(self, x: np.ndarray) -> np.ndarray:
        return over_stack(self._inverse, x)

    def _inverse(self, x: np.ndarray) -> np.ndarray:
        n, whole = x.shape[0], determinant(x)
        if not (value(whole) > 0 or value(whole) < 0):
            raise Undecided("whether a matrix is singular")
        items = [
            (-1) ** (i + j) * determinant(np.delete(np.delete(x, j, axis=0), i, axis=1)) / whole
            for i in range(n)
            for j in range(n)
        ]
        return filled(items, (n, n))

    def solve(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return self.matmul(self.inv(a), b)

    def pick(self, arrays: Sequence[np.ndarray], places: np.ndarray) -> np.ndarray:
        flat = [z for x in arrays for z in x.ravel().tolist()]
        return filled([flat[place] for place in places.ravel().tolist()], places.shape)

    def scatter(self, _x: np.ndarray, _places: np.ndarray, _size: int) -> np.ndarray:
        raise EvaluationError("only derivatives scatter")

    def zeros(self, _x: np.ndarray) -> np.ndarray:
        raise EvaluationError("only derivatives ask for zeros")

    def compare(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        pairs = zip(x.ravel().tolist(), y.ravel().tolist(), strict=True)
        return np.asarray([sign(value(a), value(b)) for a, b in pairs], dtype=np.int8).reshape(x.shape)


def determinant(x: np.ndarray) -> Any:
    """By expansion along the first row."""
    if x.shape[0] == 0:
        return _still(1)
    minors = (determinant(np.delete(x[1:], column, axis=1)) for column in range(x.shape[0]))
    return sum(((-1) ** j * x[0, j] * minor for j, minor in enumerate(minors)), start=_still(0))


def filled(items: list[Any], shape: tuple[int, ...]) -> np.ndarray:
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array.reshape(shape)
