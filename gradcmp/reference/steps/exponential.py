"""Exponentials, logarithms and hyperbolic functions."""

from collections.abc import Callable
from typing import Any

import numpy as np
from flint import arb

from gradcmp.reference.algebra import Algebra
from gradcmp.reference.steps.float64 import kept
from gradcmp.reference.steps.rounding import Rounding, ulps
from gradcmp.reference.steps.rules import negated, number, over, root_of_one, step, times, within
from gradcmp.reference.steps.series import MINUS_HALF, convolved, inverse, logarithm, over_factorials
from gradcmp.reference.steps.step import Step


def _exp(x: Any, count: int) -> list[Any]:
    return over_factorials([x.exp()], count)


def _expm1(x: Any, count: int) -> list[Any]:
    return [x.expm1(), *_exp(x, count)[1:]]


def _tanh_and_slope(x: Any, count: int) -> tuple[list[Any], list[Any]]:
    y, w = [x.tanh()], [x.sech() ** 2]  # y' = w = 1 - y²; 1 - y² itself would cancel where y is near 1
    for k in range(1, count):
        y.append(w[k - 1] / k)
        w.append(-convolved(y, y, k))
    return y, w


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + (-x).exp())


def _sigmoids(x: Any, count: int) -> list[Any]:
    """(1 + tanh(x / 2)) / 2, whose constant would cancel far below 0."""
    y, _ = _tanh_and_slope(x / 2, count)
    return [_sigmoid(x), *(c / 2 ** (k + 1) for k, c in enumerate(y) if k)]


def _sigmoid_of_floats(x: Any) -> Any:
    weight = np.exp(-np.abs(x))
    return kept(np.where(x < 0, weight, 1.0) / (1.0 + weight), x > -np.inf)


def _slope_of_sigmoid(other: str) -> Callable[..., Any]:
    return lambda a, x, y: a.elementwise("multiply", y, a.elementwise(other, x))


def _slope_of_sech_squared(a: Algebra[Any], x: Any, y: Any) -> Any:
    return a.elementwise("multiply", number(a, 2.0), a.elementwise("multiply", y, a.elementwise("tanh", x)))


ROWS: tuple[Step, ...] = (
    Step("exp", ball=arb.exp, rules=(times(lambda _a, _x, y: y),), rounding=ulps(2),
         value=lambda x: kept(np.exp(x), x > -np.inf), slopes=lambda _x, z: (z,), series=_exp),
    Step("expm1", ball=arb.expm1, rules=(times(step("exp")),), rounding=ulps(1),
         value=np.expm1, slopes=lambda x, _z: (np.exp(x),), series=_expm1),
    Step("log", ball=arb.log, rules=(within(lambda _a, x, _y: x),), rounding=ulps(1),
         value=np.log, slopes=lambda x, _z: (1.0 / x,)),
    Step("log1p", ball=arb.log1p, rules=(within(lambda a, x, _y: a.elementwise("add", number(a, 1.0), x)),),
         rounding=ulps(1), value=np.log1p, slopes=lambda x, _z: (1.0 / (1.0 + x),), domain=(lambda x: 1 + x,),
         series=lambda x, n: [x.log1p(), *(c * (1 + x) ** -k for k, c in enumerate(logarithm(n)) if k)]),
    Step("sinh", ball=arb.sinh, rules=(times(step("cosh")),), rounding=ulps(3),
         value=np.sinh, slopes=lambda x, _z: (np.cosh(x),),
         series=lambda x, n: over_factorials([x.sinh(), x.cosh()], n)),
    Step("cosh", ball=arb.cosh, rules=(times(step("sinh")),), rounding=ulps(2),
         value=np.cosh, slopes=lambda x, _z: (np.sinh(x),),
         series=lambda x, n: over_factorials([x.cosh(), x.sinh()], n)),
    Step("tanh", ball=arb.tanh, rules=(times(step("sech_squared")),), rounding=ulps(2),
         value=np.tanh, slopes=lambda x, _z: (1.0 / np.square(np.cosh(x)),),
         series=lambda x, n: _tanh_and_slope(x, n)[0]),
    # For derivatives. No program computes it: programs compute 1 - t² with t = tanh(x).
    Step("sech_squared", ball=lambda x: x.sech() ** 2, rules=(negated(times(_slope_of_sech_squared)),),
         series=lambda x, n: _tanh_and_slope(x, n)[1]),
    # One step, so that its slope at ±infinity is 0 and not the 0 · ∞ of a quotient and an exponential.
    Step("sigmoid", ball=_sigmoid, rules=(times(_slope_of_sigmoid("sigmoid_below_one")),),
         rounding=Rounding(relative=6.0, source="`exp`, a sum and a quotient"),
         value=_sigmoid_of_floats, slopes=lambda _x, z: (z * (1.0 - z),), series=_sigmoids),
    # For derivatives: what is left to 1. Programs compute it as that difference.
    Step("sigmoid_below_one", ball=lambda x: _sigmoid(-x), rules=(negated(times(_slope_of_sigmoid("sigmoid"))),),
         series=lambda x, n: [_sigmoid(-x), *(-c for c in _sigmoids(x, n)[1:])]),
    Step("arcsinh", ball=arb.asinh, rules=(over(root_of_one("add")),), rounding=ulps(3),
         value=np.arcsinh, slopes=lambda x, _z: (1.0 / np.hypot(1.0, x),),
         series=inverse(arb.asinh, 1, lambda x: (1 + x**2, 2 * x, 1), MINUS_HALF)),
    Step("arccosh", ball=arb.acosh, rules=(within(root_of_one("subtract", square_first=True)),), rounding=ulps(4),
         value=np.arccosh, slopes=lambda x, _z: (1.0 / np.sqrt((x - 1.0) * (x + 1.0)),), domain=(lambda x: x - 1,),
         series=inverse(arb.acosh, 1, lambda x: (x**2 - 1, 2 * x, 1), MINUS_HALF)),
    Step("arctanh", ball=arb.atanh, rounding=ulps(3),
         rules=(within(lambda a, x, _y: a.elementwise("subtract", number(a, 1.0), a.elementwise("square", x))),),
         value=np.arctanh, slopes=lambda x, _z: (1.0 / ((1.0 - x) * (1.0 + x)),),
         series=inverse(arb.atanh, 1, lambda x: (1 - x**2, -2 * x, -1), -1),
         domain=(lambda x: 1 - x, lambda x: 1 + x)),
)  # fmt: skip
