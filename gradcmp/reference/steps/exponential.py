"""Exponentials, logarithms and hyperbolic functions."""

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


_LOGISTIC = Rounding(relative=8.0, source="an exponential, a sum, and a quotient or a logarithm")


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + (-x).exp())


def _sigmoids(x: Any, count: int) -> list[Any]:
    """(1 + tanh(x / 2)) / 2, whose constant would cancel far below 0."""
    y, _ = _tanh_and_slope(x / 2, count)
    return [_sigmoid(x), *(c / 2 ** (k + 1) for k, c in enumerate(y) if k)]


def _softplus(x: Any) -> Any:
    return x + (-x).exp().log1p() if x > 0 else x.exp().log1p()


def _slope_of_sigmoid_slope(a: Algebra[Any], x: Any, y: Any) -> Any:
    """y (1 - 2 s) with s = sigmoid(x)."""
    twice = a.elementwise("multiply", number(a, 2.0), a.elementwise("sigmoid", x))
    return a.elementwise("multiply", y, a.elementwise("subtract", number(a, 1.0), twice))


def _slope_of_sech_squared(a: Algebra[Any], x: Any, y: Any) -> Any:
    return a.elementwise("multiply", number(a, 2.0), a.elementwise("multiply", y, a.elementwise("tanh", x)))


ROWS: tuple[Step, ...] = (
    Step("exp", work=4, ball=arb.exp, rules=(times(lambda _a, _x, y: y),), rounding=ulps(2),
         value=lambda x: kept(np.exp(x), x > -np.inf), slopes=lambda _x, z: (z,), series=_exp),
    Step("expm1", work=4, ball=arb.expm1, rules=(times(step("exp")),), rounding=ulps(1),
         value=np.expm1, slopes=lambda x, _z: (np.exp(x),), series=_expm1),
    Step("log", work=4, ball=arb.log, rules=(within(lambda _a, x, _y: x),), rounding=ulps(1),
         value=np.log, slopes=lambda x, _z: (1.0 / x,)),
    Step("log1p", work=4, ball=arb.log1p, rules=(within(lambda a, x, _y: a.elementwise("add", number(a, 1.0), x)),),
         rounding=ulps(1), value=np.log1p, slopes=lambda x, _z: (1.0 / (1.0 + x),), domain=(lambda x: 1 + x,),
         series=lambda x, n: [x.log1p(), *(c * (1 + x) ** -k for k, c in enumerate(logarithm(n)) if k)]),
    Step("sinh", work=4, ball=arb.sinh, rules=(times(step("cosh")),), rounding=ulps(3),
         value=np.sinh, slopes=lambda x, _z: (np.cosh(x),),
         series=lambda x, n: over_factorials([x.sinh(), x.cosh()], n)),
    Step("cosh", work=4, ball=arb.cosh, rules=(times(step("sinh")),), rounding=ulps(2),
         value=np.cosh, slopes=lambda x, _z: (np.sinh(x),),
         series=lambda x, n: over_factorials([x.cosh(), x.sinh()], n)),
    Step("tanh", work=4, ball=arb.tanh, rules=(times(step("sech_squared")),), rounding=ulps(2),
         value=np.tanh, slopes=lambda x, _z: (1.0 / np.square(np.cosh(x)),),
         series=lambda x, n: _tanh_and_slope(x, n)[0]),
    # For derivatives. No program computes it: programs compute 1 - t² with t = tanh(x).
    Step("sech_squared", work=4, ball=lambda x: x.sech() ** 2, rules=(negated(times(_slope_of_sech_squared)),),
         series=lambda x, n: _tanh_and_slope(x, n)[1]),
    # One step, so that its slope at ±infinity is 0 and not the 0 · ∞ of a quotient and an exponential.
    Step("sigmoid", work=6, ball=_sigmoid, rules=(times(step("sigmoid_slope")),), rounding=_LOGISTIC,
         value=lambda x: np.exp(-np.logaddexp(0.0, -x)), slopes=lambda x, z: (z * np.exp(-np.logaddexp(0.0, x)),),
         series=_sigmoids),
    # For derivatives. Programs compute s (1 - s) with s = sigmoid(x).
    Step("sigmoid_slope", work=12, ball=lambda x: _sigmoid(x) * _sigmoid(-x), rules=(times(_slope_of_sigmoid_slope),),
         series=lambda x, n: [c * (k + 1) for k, c in enumerate(_sigmoids(x, n + 1)[1:])]),
    Step("softplus", work=8, ball=_softplus, rules=(times(step("sigmoid")),), rounding=_LOGISTIC,
         value=lambda x: np.logaddexp(0.0, x), slopes=lambda x, _z: (np.exp(-np.logaddexp(0.0, -x)),),
         series=lambda x, n: [_softplus(x), *(c / (k + 1) for k, c in enumerate(_sigmoids(x, n)))][:n]),
    Step("arcsinh", work=4, ball=arb.asinh, rules=(over(root_of_one("add")),), rounding=ulps(3),
         value=np.arcsinh, slopes=lambda x, _z: (1.0 / np.hypot(1.0, x),),
         series=inverse(arb.asinh, 1, lambda x: (1 + x**2, 2 * x, 1), MINUS_HALF)),
    Step("arccosh", work=4, ball=arb.acosh, rules=(within(root_of_one("subtract", square_first=True)),),
         rounding=ulps(4),
         value=np.arccosh, slopes=lambda x, _z: (1.0 / np.sqrt((x - 1.0) * (x + 1.0)),), domain=(lambda x: x - 1,),
         series=inverse(arb.acosh, 1, lambda x: (x**2 - 1, 2 * x, 1), MINUS_HALF)),
    Step("arctanh", work=4, ball=arb.atanh, rounding=ulps(3),
         rules=(within(lambda a, x, _y: a.elementwise("subtract", number(a, 1.0), a.elementwise("square", x))),),
         value=np.arctanh, slopes=lambda x, _z: (1.0 / ((1.0 - x) * (1.0 + x)),),
         series=inverse(arb.atanh, 1, lambda x: (1 - x**2, -2 * x, -1), -1),
         domain=(lambda x: 1 - x, lambda x: 1 + x)),
)  # fmt: skip
