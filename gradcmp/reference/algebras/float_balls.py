"""Ball arithmetic in float64: a midpoint and a radius per element, vectorised, for arrays too large for `arb`.

Every radius covers the rounding of its own step: round to nearest with unit roundoff u = 2**-53 and gradual underflow,
sums and products in any order (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 3.1 and 4.2). Nothing
is known of the elementary functions of the platform's library, so these go through `arb`, element by element. Sound
only in a process that does not flush subnormal numbers to zero, hence in one without frameworks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb, arb_mat

from gradcmp.core.tensors import Shape
from gradcmp.numbers.arrays import Flags, Floats
from gradcmp.reference.algebra import Algebra, Places, Signs, Undecided
from gradcmp.reference.steps import STEPS

U = 2.0**-53
TINY = 2.0**-1074
SLACK = 1.0 + 2.0**-48
"""Above what a radius of a few operations, computed in float64 itself, can be too small by."""


BALL_S = 4e-6
"""Seconds that one element takes through `arb` and back, about."""


@dataclass(frozen=True, slots=True)
class FloatBall:
    """Each element lies within `radius` of `middle`; NaN or an infinite radius: nothing is known."""

    middle: Floats
    radius: Floats


class FloatBallAlgebra(Algebra[FloatBall]):
    """`Algebra` over `FloatBall`. Everything unknown, by overflow for example, has an infinite radius.

    `foresee` is told the seconds that a step through `arb` will take, about, before it is taken; it may raise.
    """

    def __init__(self, foresee: Callable[[float], None] = lambda seconds: None) -> None:  # noqa: ARG005  # no limit
        self._foresee = foresee

    def constant(self, values: npt.NDArray[Any]) -> FloatBall:
        """Exact where float64 holds the number, as it does every input."""
        exact = np.asarray(values)
        middle = exact.astype(np.float64)
        if exact.dtype.kind == "O":
            exact_items, items = exact.ravel().tolist(), middle.ravel().tolist()
            distances = [float(abs(arb(e) - arb(m)).abs_upper()) for e, m in zip(exact_items, items, strict=True)]
            return FloatBall(middle, np.asarray(distances, dtype=np.float64).reshape(middle.shape) * SLACK)
        return FloatBall(middle, np.zeros_like(middle))

    def shape(self, x: FloatBall) -> Shape:
        return x.middle.shape

    def elementwise(self, name: str, *operands: FloatBall) -> FloatBall:
        step = _VECTORISED.get(name)
        with np.errstate(all="ignore"):
            return _certain(*step(*operands)) if step is not None else self._by_element(STEPS[name].ball, operands)

    def whole_power(self, x: FloatBall, exponent: int) -> FloatBall:
        if exponent == 2:
            return self.elementwise("square", x)
        with np.errstate(all="ignore"):
            return self._by_element(lambda ball: ball**exponent, (x,))

    def sum(self, x: FloatBall, axes: tuple[int, ...]) -> FloatBall:
        terms = math.prod(x.middle.shape[axis] for axis in axes)
        with np.errstate(all="ignore"):
            size = np.abs(x.middle).sum(axis=axes)
            radius = (x.radius.sum(axis=axes) + terms * U * size) * (1.0 + 2 * terms * U) * SLACK
            return _certain(np.asarray(x.middle.sum(axis=axes)), np.asarray(radius))

    def matmul(self, x: FloatBall, y: FloatBall) -> FloatBall:
        terms = x.middle.shape[1]
        with np.errstate(all="ignore"):
            left, right = np.abs(x.middle), np.abs(y.middle)
            carried = left @ y.radius + x.radius @ (right + y.radius)
            radius = (carried + terms * U * (left @ right)) * (1.0 + 4 * terms * U) * SLACK + 2 * terms * TINY
            return _certain(x.middle @ y.middle, radius)

    def det(self, x: FloatBall) -> FloatBall:
        return _from_arb([_matrix(x).det()], ())

    def inv(self, x: FloatBall) -> FloatBall:
        return _regular(lambda: _matrix(x).inv())

    def solve(self, a: FloatBall, b: FloatBall) -> FloatBall:
        return _regular(lambda: _matrix(a).solve(_matrix(b)))

    def pick(self, arrays: Sequence[FloatBall], places: Places) -> FloatBall:
        where = np.asarray(places)
        if len(arrays) == 1:
            return FloatBall(arrays[0].middle.ravel()[where], arrays[0].radius.ravel()[where])
        middle = np.concatenate([x.middle.ravel() for x in arrays])[where]
        return FloatBall(middle, np.concatenate([x.radius.ravel() for x in arrays])[where])

    def scatter(self, x: FloatBall, places: Places, size: int) -> FloatBall:
        where = np.asarray(places).ravel()
        terms = int(np.bincount(where, minlength=1).max(initial=0))
        with np.errstate(all="ignore"):
            middle, radius, extent = (
                np.bincount(where, weights=part.ravel(), minlength=size).astype(np.float64)
                for part in (x.middle, x.radius, np.abs(x.middle))
            )
            rounding = terms * U * extent if terms > 1 else 0.0
            return _certain(middle, (radius + rounding) * (1.0 + 2 * terms * U) * (SLACK if terms > 1 else 1.0))

    def zeros(self, x: FloatBall) -> Flags:
        return np.asarray((x.middle == 0.0) & (x.radius == 0.0), dtype=bool)

    def compare(self, x: FloatBall, y: FloatBall) -> Signs:
        with np.errstate(all="ignore"):
            difference = x.middle - y.middle
            exact = (x.radius == 0.0) & (y.radius == 0.0)
            sure = exact | (np.abs(difference) > (x.radius + y.radius + U * np.abs(difference)) * SLACK)
        if not bool(np.all(sure & ~np.isnan(difference))):
            raise Undecided("a comparison that float64 does not decide")
        return np.sign(difference).astype(np.int8)

    def _by_element(self, step: Callable[..., Any], operands: Sequence[FloatBall]) -> FloatBall:
        shape = np.broadcast_shapes(*(x.middle.shape for x in operands))
        self._foresee(math.prod(shape) * BALL_S)
        columns = [
            [
                _ball(m, r)
                for m, r in zip(*(np.broadcast_to(part, shape).ravel().tolist() for part in pair), strict=True)
            ]
            for pair in ((x.middle, x.radius) for x in operands)
        ]
        return _from_arb([step(*each) for each in zip(*columns, strict=True)], shape)


def _certain(middle: Floats, radius: Floats) -> FloatBall:
    unknown = ~np.isfinite(middle) | np.isnan(radius)
    return FloatBall(middle, np.where(unknown, np.inf, radius)) if unknown.any() else FloatBall(middle, radius)


def _add(x: FloatBall, y: FloatBall) -> tuple[Floats, Floats]:
    z = x.middle + y.middle
    return z, (x.radius + y.radius + U * np.abs(z)) * SLACK


def _multiply(x: FloatBall, y: FloatBall) -> tuple[Floats, Floats]:
    z = x.middle * y.middle
    carried = np.abs(x.middle) * y.radius + x.radius * (np.abs(y.middle) + y.radius)
    exact = (x.radius == 0.0) & (x.middle == 0.0) | (y.radius == 0.0) & (y.middle == 0.0)
    known = np.isfinite(x.radius) & np.isfinite(y.radius)  # what is unknown may be no number, and times zero none
    return z, np.where(exact & known, 0.0, (carried + U * np.abs(z)) * SLACK + 4 * TINY)


def _divide(x: FloatBall, y: FloatBall) -> tuple[Floats, Floats]:
    z = x.middle / y.middle
    room = (np.abs(y.middle) - y.radius) * (1.0 - 4 * U)
    radius = ((x.radius + np.abs(z) * (1.0 + 2 * U) * y.radius + 2 * TINY) / room + U * np.abs(z)) * SLACK + 4 * TINY
    return z, np.where(room > 0.0, radius, np.inf)


def _square(x: FloatBall) -> tuple[Floats, Floats]:
    return _multiply(x, x)


def _sqrt(x: FloatBall) -> tuple[Floats, Floats]:
    z = np.sqrt(x.middle)
    radius = (x.radius / z + U * z) * SLACK + TINY
    exact = (x.middle == 0.0) & (x.radius == 0.0)
    return z, np.where(exact, 0.0, np.where(x.middle > x.radius, radius, np.inf))


def _extreme(pick: Callable[[Floats, Floats], Floats]) -> Callable[[FloatBall, FloatBall], tuple[Floats, Floats]]:
    """The hull: at most as wide as the wider of the two around the extreme of the middles."""

    def step(x: FloatBall, y: FloatBall) -> tuple[Floats, Floats]:
        return pick(x.middle, y.middle), np.maximum(x.radius, y.radius)

    return step


_VECTORISED: dict[str, Callable[..., tuple[Floats, Floats]]] = {
    "add": _add,
    "subtract": lambda x, y: _add(x, FloatBall(-y.middle, y.radius)),
    "multiply": _multiply,
    "scale": _multiply,  # not knowing a masked branch from a slope of zero, it lets neither hide what is unknown
    "divide": _divide,
    "negative": lambda x: (-x.middle, x.radius),
    "abs": lambda x: (np.abs(x.middle), x.radius),
    "square": _square,
    "sqrt": _sqrt,
    "maximum": _extreme(np.maximum),
    "minimum": _extreme(np.minimum),
}


def _ball(middle: float, radius: float) -> Any:
    return arb(middle, radius) if radius else arb(middle)


def _from_arb(items: list[Any], shape: Shape) -> FloatBall:
    pairs = [_pair(item) for item in items]
    both = np.asarray(pairs, dtype=np.float64).reshape(len(items), 2)
    return FloatBall(both[:, 0].reshape(shape), both[:, 1].reshape(shape))


def _pair(ball: Any) -> tuple[float, float]:
    if not ball.is_finite():
        return 0.0, math.inf
    middle = float(ball)
    if math.isinf(middle):
        return 0.0, math.inf
    rest = ball - middle
    return middle, 0.0 if rest.is_zero() else math.nextafter(float(rest.abs_upper()), math.inf)


def _matrix(x: FloatBall) -> Any:
    rows, columns = x.middle.shape
    balls = [_ball(m, r) for m, r in zip(x.middle.ravel().tolist(), x.radius.ravel().tolist(), strict=True)]
    return arb_mat(rows, columns, balls)


def _regular(step: Callable[[], Any]) -> FloatBall:
    try:
        matrix = step()
    except ZeroDivisionError:
        raise Undecided("whether a matrix is singular") from None
    return _from_arb(matrix.entries(), (matrix.nrows(), matrix.ncols()))
