"""Arithmetic, selections and roots."""

import operator
from typing import Any

import numpy as np
from flint import arb

from gradcmp.reference.algebra import Algebra, Undecided
from gradcmp.reference.steps.float64 import kept
from gradcmp.reference.steps.rounding import CORRECT, EXACT, ulps
from gradcmp.reference.steps.rules import PRODUCT, identity, negated, number, over, times
from gradcmp.reference.steps.step import Step


def _floor(x: Any) -> Any:
    lower = x.floor()
    if lower.is_exact():
        return lower
    raise Undecided("which whole number lies below")


def difference(x: Any, y: Any) -> Any:
    """Of a number and itself exactly zero, as between a point and itself in a table of distances."""
    return arb(0) if x is y and x.is_finite() else x - y


def to_whole(x: Any, exponent: int) -> Any:
    """A ball to a power; by products where FLINT's own power is NaN, at a ball around zero."""
    if exponent < 1 or x.is_exact() or x.mid() != 0:
        return x**exponent
    half = to_whole(x, exponent // 2)
    return half * half * (x if exponent % 2 else 1)


def _power(x: Any, p: Any) -> Any:
    return to_whole(x, int(p.unique_fmpz())) if p.is_exact() and p.is_integer() else x**p


def _power_by_base(a: Algebra[Any], x: Any, p: Any, _y: Any) -> Any:
    slope = a.elementwise("multiply", p, a.elementwise("power", x, a.elementwise("subtract", p, number(a, 1.0))))
    constant = np.broadcast_to(a.zeros(p), a.shape(slope))  # x^0 is 1 at 0 too, where the formula is 0 · ∞
    if not constant.any():
        return slope
    here = np.arange(constant.size).reshape(constant.shape)
    return a.pick([slope, number(a, 0.0)], np.where(constant, constant.size, here))


def _power_by_exponent(a: Algebra[Any], x: Any, _p: Any, y: Any) -> Any:
    return a.elementwise("scale", y, a.elementwise("log", x))


ROWS: tuple[Step, ...] = (
    Step("add", ball=operator.add, rules=(identity, identity), rounding=CORRECT),
    Step("subtract", ball=difference, rules=(identity, negated(identity)), rounding=CORRECT),
    Step("multiply", ball=operator.mul, rules=PRODUCT, rounding=CORRECT),
    # For derivatives: the product that an exact zero on the left annihilates, whatever stands on the right, so that a
    # masked branch leaves no NaN behind.
    Step("scale", ball=lambda x, y: x if x.is_zero() else x * y, rules=PRODUCT, rounding=CORRECT),
    Step("divide", ball=operator.truediv, rounding=CORRECT,
         rules=(over(lambda _a, _x, z, _y: z), negated(times(lambda a, _x, z, y: a.elementwise("divide", y, z))))),
    Step("square", ball=lambda x: to_whole(x, 2), rounding=CORRECT,
         rules=(times(lambda a, x, _y: a.elementwise("add", x, x)),),
         value=lambda x: kept(x * x, x != 0.0), slopes=lambda x, _z: (2.0 * x,)),
    Step("sqrt", ball=arb.sqrt, rules=(over(lambda a, _x, y: a.elementwise("add", y, y)),), rounding=CORRECT,
         value=np.sqrt, slopes=lambda _x, z: (0.5 / z,)),
    Step("rsqrt", work=2, ball=arb.rsqrt, rounding=ulps(2),
         rules=(negated(times(lambda a, x, y: a.elementwise("divide", y, a.elementwise("add", x, x)))),),
         value=lambda x: np.asarray(1.0 / np.sqrt(x)), slopes=lambda x, z: (0.5 * z / x,)),
    Step("power", work=5, ball=_power, rules=(times(_power_by_base), times(_power_by_exponent)), rounding=ulps(4),
         value=np.power, slopes=lambda x, p, z: (p * np.power(x, p - 1.0), z * np.log(x))),
    Step("maximum", ball=arb.max, chooses=1, rounding=EXACT),  # the hull where they overlap: a valid ball
    Step("minimum", ball=arb.min, chooses=-1, rounding=EXACT),
    Step("abs", ball=abs, chooses=1, rounding=EXACT),
    Step("negative", ball=operator.neg, rules=(negated(identity),), rounding=EXACT),
    Step("floor", ball=_floor, flat=True, rounding=EXACT),
)  # fmt: skip
