"""Ball arithmetic in float64: a midpoint and a radius per element, vectorised, for arrays too large for `arb`.

Every radius covers the rounding of its own step: round to nearest with unit roundoff u = 2**-53 and gradual underflow,
sums and products in any order (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 3.1 and 4.2). Nothing
is known of the elementary functions of the platform's library, so these go through `arb`, element by element. Sound
only in a process that does not flush subnormal numbers to zero, hence in one without frameworks.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb

from gradcmp.core.tensors import Shape
from gradcmp.numbers.arrays import Flags, Floats
from gradcmp.reference.algebra import Algebra, Places, Signs, Undecided
from gradcmp.reference.algebras.balls import BallAlgebra, Balls, exactly, mapped, picked
from gradcmp.reference.steps import STEPS
from gradcmp.reference.steps.arithmetic import to_whole

U = 2.0**-53
TINY = 2.0**-1074
SLACK = 1.0 + 2.0**-48
"""Above what a radius of a few operations, computed in float64 itself, can be too small by."""

BALLS = BallAlgebra()
CALL_S, ADDITION_S = 30e-6, 0.01e-6
"""Nominal seconds of a step, of an addition in it."""

BALL_S = 2e-6
"""Nominal seconds that one element takes through `arb` and back."""


@dataclass(frozen=True, slots=True)
class FloatBall:
    """Each element lies within `radius` of `middle`; NaN or an infinite radius: nothing is known."""

    middle: Floats
    radius: Floats


class FloatBallAlgebra(Algebra[FloatBall]):
    """`Algebra` over `FloatBall`. Everything unknown, by overflow for example, has an infinite radius.

    `spend` is told the nominal seconds that a step through `arb` takes more than others, before it is taken; it may
    raise.
    """

    def __init__(self, spend: Callable[[float], None] = lambda seconds: None) -> None:  # noqa: ARG005  # no limit
        self._spend = spend

    def constant(self, values: npt.NDArray[Any]) -> FloatBall:
        """Exact where float64 holds the number, as it does every input."""
        exact = np.asarray(values)
        middle = exact.astype(np.float64)
        if exact.dtype.kind == "O":
            distances = mapped(lambda e, m: float(abs(exactly(e) - arb(m)).abs_upper()), exact, middle)
            return FloatBall(middle, distances.astype(np.float64) * SLACK)
        return FloatBall(middle, np.zeros_like(middle))

    def shape(self, x: FloatBall) -> Shape:
        return x.middle.shape

    def prices(self, *_operands: FloatBall) -> tuple[float, float]:
        return CALL_S, ADDITION_S

    def elementwise(self, name: str, *operands: FloatBall) -> FloatBall:
        step = _VECTORISED.get(name)
        if step is None:
            return self._by_element(STEPS[name].ball, *operands)
        with np.errstate(all="ignore"):
            return _certain(*step(*operands))

    def whole_power(self, x: FloatBall, exponent: int) -> FloatBall:
        return (
            self.elementwise("square", x)
            if exponent == 2
            else self._by_element(lambda ball: to_whole(ball, exponent), x)
        )

    def sum(self, x: FloatBall, axes: tuple[int, ...]) -> FloatBall:
        terms = math.prod(x.middle.shape[axis] for axis in axes)
        with np.errstate(all="ignore"):
            size = np.abs(x.middle).sum(axis=axes)
            radius = (x.radius.sum(axis=axes) + terms * U * size) * (1.0 + 2 * terms * U) * SLACK
            return _certain(np.asarray(x.middle.sum(axis=axes)), np.asarray(radius))

    def matmul(self, x: FloatBall, y: FloatBall) -> FloatBall:
        terms = x.middle.shape[-1]
        with np.errstate(all="ignore"):
            left, right = np.abs(x.middle), np.abs(y.middle)
            carried = left @ y.radius + x.radius @ (right + y.radius)
            radius = (carried + terms * U * (left @ right)) * (1.0 + 4 * terms * U) * SLACK + 2 * terms * TINY
            return _certain(x.middle @ y.middle, radius)

    def det(self, x: FloatBall) -> FloatBall:
        return _from_balls(BALLS.det(_balls(x)))

    def inv(self, x: FloatBall) -> FloatBall:
        return _from_balls(BALLS.inv(_balls(x)))

    def solve(self, a: FloatBall, b: FloatBall) -> FloatBall:
        return _from_balls(BALLS.solve(_balls(a), _balls(b)))

    def pick(self, arrays: Sequence[FloatBall], places: Places) -> FloatBall:
        return FloatBall(picked([x.middle for x in arrays], places), picked([x.radius for x in arrays], places))

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
        return _zeros(x)

    def compare(self, x: FloatBall, y: FloatBall) -> Signs:
        with np.errstate(all="ignore"):
            difference = x.middle - y.middle
            exact = (x.radius == 0.0) & (y.radius == 0.0)
            sure = exact | (np.abs(difference) > (x.radius + y.radius + U * np.abs(difference)) * SLACK)
        if not bool(np.all(sure & ~np.isnan(difference))):
            raise Undecided("a comparison that float64 does not decide")
        return np.sign(difference).astype(np.int8)

    def _by_element(self, step: Callable[..., Any], *operands: FloatBall) -> FloatBall:
        self._spend(np.broadcast(*(x.middle for x in operands)).size * BALL_S)
        return _from_balls(mapped(step, *map(_balls, operands)))


def _zeros(x: FloatBall) -> Flags:
    return np.asarray((x.middle == 0.0) & (x.radius == 0.0))


def _certain(middle: Floats, radius: Floats) -> FloatBall:
    unknown = ~np.isfinite(middle) | np.isnan(radius)
    return FloatBall(middle, np.where(unknown, np.inf, radius)) if unknown.any() else FloatBall(middle, radius)


def _add(x: FloatBall, y: FloatBall) -> tuple[Floats, Floats]:
    z = x.middle + y.middle
    return z, (x.radius + y.radius + U * np.abs(z)) * SLACK


def _multiply(x: FloatBall, y: FloatBall) -> tuple[Floats, Floats]:
    z = x.middle * y.middle
    carried = np.abs(x.middle) * y.radius + x.radius * (np.abs(y.middle) + y.radius)
    known = np.isfinite(x.radius) & np.isfinite(y.radius)  # what is unknown may be no number, and times zero none
    return z, np.where((_zeros(x) | _zeros(y)) & known, 0.0, (carried + U * np.abs(z)) * SLACK + 4 * TINY)


def _divide(x: FloatBall, y: FloatBall) -> tuple[Floats, Floats]:
    z = x.middle / y.middle
    room = (np.abs(y.middle) - y.radius) * (1.0 - 4 * U)
    radius = ((x.radius + np.abs(z) * (1.0 + 2 * U) * y.radius + 2 * TINY) / room + U * np.abs(z)) * SLACK + 4 * TINY
    return z, np.where(room > 0.0, radius, np.inf)


def _sqrt(x: FloatBall) -> tuple[Floats, Floats]:
    z = np.sqrt(x.middle)
    radius = (x.radius / z + U * z) * SLACK + TINY
    return z, np.where(_zeros(x), 0.0, np.where(x.middle > x.radius, radius, np.inf))


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
    "square": lambda x: _multiply(x, x),
    "sqrt": _sqrt,
    "maximum": _extreme(np.maximum),
    "minimum": _extreme(np.minimum),
}


def _balls(x: FloatBall) -> Balls:
    return mapped(lambda middle, radius: arb(middle, radius) if radius else arb(middle), x.middle, x.radius)


def _from_balls(balls: Balls) -> FloatBall:
    with np.errstate(all="ignore"):
        middle, radius = np.frompyfunc(_pair, 1, 2)(balls)
    return FloatBall(np.asarray(middle, dtype=np.float64), np.asarray(radius, dtype=np.float64))


def _pair(ball: Any) -> tuple[float, float]:
    if not ball.is_finite():
        return 0.0, math.inf
    middle = float(ball)
    if math.isinf(middle):
        return 0.0, math.inf
    rest = ball - middle
    return middle, 0.0 if rest.is_zero() else math.nextafter(float(rest.abs_upper()), math.inf)
