"""Circular functions and angles."""

from collections.abc import Callable
from typing import Any

import numpy as np
from flint import arb

from gradcmp.reference.algebra import Algebra
from gradcmp.reference.steps.rounding import ulps
from gradcmp.reference.steps.rules import negated, one_plus_square, over, root_of_one, step, times
from gradcmp.reference.steps.series import MINUS_HALF, convolved, inverse, over_factorials
from gradcmp.reference.steps.step import Step


def _finitely(ball: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """No number at infinity, where there is no limit; arb has all numbers from -1 to 1 there."""
    return lambda x: ball(x) if x.is_finite() else NAN


def _sin(x: Any, count: int) -> list[Any]:
    s, c = x.sin_cos()
    return over_factorials([s, c, -s, -c], count)


def _cos(x: Any, count: int) -> list[Any]:
    s, c = x.sin_cos()
    return over_factorials([c, -s, -c, s], count)


def _tan(x: Any, count: int) -> list[Any]:
    y = [x.tan()]  # y' = 1 + y²
    for k in range(1, count):
        y.append((convolved(y, y, k - 1) + (1 if k == 1 else 0)) / k)
    return y


def _over_square_of_radius(a: Algebra[Any], numerator: Any, y: Any, x: Any) -> Any:
    square = a.elementwise("add", a.elementwise("square", x), a.elementwise("square", y))
    return a.elementwise("divide", numerator, square)


def _slope_of_arcsin(x: Any, _z: Any) -> tuple[Any]:
    return (1.0 / np.sqrt((1.0 - x) * (1.0 + x)),)


NAN = arb("nan")
_INSIDE = (lambda x: 1 - x, lambda x: 1 + x)

ROWS: tuple[Step, ...] = (
    Step("sin", work=4, ball=_finitely(arb.sin), rules=(times(step("cos")),), rounding=ulps(2), series=_sin),
    Step("cos", work=4, ball=_finitely(arb.cos), rules=(negated(times(step("sin"))),), rounding=ulps(2), series=_cos),
    Step("tan", work=4, ball=arb.tan, rules=(times(lambda a, _x, y: one_plus_square(a, y, y)),), rounding=ulps(4),
         value=np.tan, slopes=lambda _x, z: (1.0 + z * z,), series=_tan),
    Step("arcsin", work=4, ball=arb.asin, rules=(over(root_of_one("subtract")),), rounding=ulps(4),
         value=np.arcsin, slopes=_slope_of_arcsin, domain=_INSIDE,
         series=inverse(arb.asin, 1, lambda x: (1 - x**2, -2 * x, -1), MINUS_HALF)),
    Step("arccos", work=4, ball=arb.acos, rules=(negated(over(root_of_one("subtract"))),), rounding=ulps(3),
         value=np.arccos, slopes=_slope_of_arcsin, domain=_INSIDE,
         series=inverse(arb.acos, -1, lambda x: (1 - x**2, -2 * x, -1), MINUS_HALF)),
    Step("arctan", work=4, ball=arb.atan, rules=(over(one_plus_square),), rounding=ulps(2),
         value=np.arctan, slopes=lambda x, _z: (1.0 / (1.0 + x * x),),
         series=inverse(arb.atan, 1, lambda x: (1 + x**2, 2 * x, 1), -1)),
    Step("arctan2", work=4, ball=arb.atan2, rounding=ulps(3),
         rules=(times(lambda a, y, x, _r: _over_square_of_radius(a, x, y, x)),
                negated(times(lambda a, y, x, _r: _over_square_of_radius(a, y, y, x)))),
         value=np.arctan2, slopes=lambda y, x, _z: (x / (x * x + y * y), y / (x * x + y * y))),
)  # fmt: skip
