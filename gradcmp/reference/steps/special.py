"""The error function and the gamma family, with what their derivatives need."""

from collections.abc import Callable
from typing import Any

import numpy as np
from flint import acb, arb

from gradcmp.reference.algebra import Algebra, EvaluationError
from gradcmp.reference.steps.float64 import TWO_OVER_ROOT_PI, bell, erf, erfc, kept, lgamma, polygamma
from gradcmp.reference.steps.rounding import MEASURED, Rounding, ulps
from gradcmp.reference.steps.rules import negated, number, step, times
from gradcmp.reference.steps.series import Series, integral
from gradcmp.reference.steps.step import Step

LARGEST_SHIFT = 10_000
"""Steps by which an argument of a polygamma function is moved to the right of zero."""


def _lgamma(x: Any) -> Any:
    # arb's own is NaN below 0; the real part of the complex one is log |gamma|.
    return x.lgamma() if x > 0 else acb(x).lgamma().real


def _trigamma(x: Any) -> Any:
    """The Hurwitz zeta function of 2 (DLMF 25.11.12), which arb lacks below 0: there by reflection (DLMF 5.15.6)."""
    if x > 0:
        return arb(2).zeta(x)
    return (arb.pi() / x.sin_pi()) ** 2 - arb(2).zeta(1 - x)


def _tetragamma(x: Any) -> Any:
    if x > 0:
        return -2 * arb(3).zeta(x)
    return -2 * arb.pi() ** 3 * x.cos_pi() / x.sin_pi() ** 3 - 2 * arb(3).zeta(1 - x)


def _gaussian(a: Algebra[Any], x: Any, _y: Any) -> Any:
    """2 / sqrt(pi) · exp(-x²)."""
    density = a.elementwise("exp", a.elementwise("negative", a.elementwise("square", x)))
    return a.elementwise("multiply", a.elementwise("two_over_root_pi", number(a, 0.0)), density)


def _gaussian_integral(ball: Callable[[Any], Any], scale: int) -> Series:
    """erf and erfc: the derivative is ±2/√π · exp(-x²)."""

    def series(x: Any, count: int) -> list[Any]:
        w = [scale * 2 / arb.const_sqrt_pi() * (-(x**2)).exp()]
        for k in range(1, count):
            w.append(-2 * (x * w[k - 1] + (w[k - 2] if k > 1 else 0)) / k)
        return integral(ball(x), w)

    return series


def _hurwitz(order: int, x: Any) -> Any:
    """zeta(order, x), from the right of zero by its recurrence (DLMF 25.11.3)."""
    moved, total = x, arb(0)
    for _ in range(LARGEST_SHIFT):
        if moved > 0:
            return total + arb(order).zeta(moved)
        total, moved = total + moved**-order, moved + 1
    raise EvaluationError("a gamma function far below zero is not supported yet")


def _polygamma(start: int) -> Series:
    """lgamma (-1), digamma (0), trigamma (1) and tetragamma (2): psi^(m)(x) = (-1)^(m+1) m! zeta(m+1, x) (25.11.12)."""

    def series(x: Any, count: int) -> list[Any]:
        coefficients, factor = [], arb(1)  # factor: (start + k)! / k!
        for k in range(count):
            m = start + k
            if k:
                factor = factor * max(m, 1) / k
            elif m == 2:
                factor = arb(2)
            if m < 1:
                coefficients.append((_lgamma(x) if m < 0 else x.digamma()) * factor)
            else:
                coefficients.append((-1) ** (m + 1) * factor * _hurwitz(m + 1, x))
        return coefficients

    return series


ROWS: tuple[Step, ...] = (
    Step("erf", work=15, ball=arb.erf, rules=(times(_gaussian),), rounding=ulps(2),
         value=erf, slopes=lambda x, _z: (bell(x),), series=_gaussian_integral(arb.erf, 1)),
    Step("erfc", work=15, ball=arb.erfc, rules=(negated(times(_gaussian)),), rounding=ulps(4),
         value=lambda x: kept(erfc(x), x < np.inf), slopes=lambda x, _z: (bell(x),),
         series=_gaussian_integral(arb.erfc, -1)),
    # For derivatives: that constant, whatever the operand.
    Step("two_over_root_pi", work=2, ball=lambda _: 2 / arb.const_sqrt_pi(),
         rounding=Rounding(relative=1.0, source="a constant, rounded once"),
         value=lambda x: np.full(x.shape, TWO_OVER_ROOT_PI), slopes=lambda _x, _z: (0.0,)),
    # Near their roots the gamma family is what is left of terms of size 1.
    Step("lgamma", work=20, ball=_lgamma, rules=(times(step("digamma")),), rounding=ulps(6, absolute=8.0),
         value=lgamma, slopes=lambda x, _z: (polygamma(0, x),), series=_polygamma(-1)),
    Step("digamma", work=40, ball=arb.digamma, rules=(times(step("trigamma")),),
         rounding=Rounding(relative=8.0, absolute=8.0, source=MEASURED),
         value=lambda x: polygamma(0, x), slopes=lambda x, _z: (polygamma(1, x),), series=_polygamma(0)),
    Step("trigamma", work=200, ball=_trigamma, rules=(times(step("tetragamma")),),
         rounding=Rounding(relative=8.0, source=MEASURED),
         value=lambda x: polygamma(1, x), slopes=lambda x, _z: (polygamma(2, x),), series=_polygamma(1)),
    Step("tetragamma", work=200, ball=_tetragamma, rounding=Rounding(relative=8.0, source=MEASURED),
         value=lambda x: polygamma(2, x), slopes=lambda x, _z: (polygamma(3, x),), series=_polygamma(2)),
)  # fmt: skip
