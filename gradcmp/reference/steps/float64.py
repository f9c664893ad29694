"""Float64 functions that NumPy lacks: the error function, the gamma family, and zeros that are none."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradcmp.numbers.arrays import Floats

TWO_OVER_ROOT_PI = 1.1283791670955126
SMALLEST = 2.0**-1074
"""In place of a zero that underflow makes."""

_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)
_SHIFTS = 10
"""The asymptotic series is used from here on, where seven terms leave less than 1e-15."""


def _by_element(function: Callable[[float], float]) -> Callable[[Any], Floats]:
    """A function of numbers as one of arrays."""
    step = np.frompyfunc(function, 1, 1)
    return lambda x: np.asarray(step(x), dtype=np.float64)


erf, erfc, _lgamma = _by_element(math.erf), _by_element(math.erfc), _by_element(math.lgamma)


def bell(x: Floats) -> Any:
    """The derivative of erf."""
    return TWO_OVER_ROOT_PI * np.exp(-x * x)


def kept(value: Any, nonzero: Any) -> Floats:
    """What vanishes in float64 although it is `nonzero` is no exact zero."""
    return np.asarray(np.where((value == 0.0) & nonzero, SMALLEST, value), dtype=np.float64)


def lgamma(x: Floats) -> Floats:
    """log |Γ(x)|; infinite at the poles and where it overflows."""
    beyond = ((x <= 0) & (x == np.floor(x))) | (np.abs(x) > 1e305)
    return np.where(beyond, np.inf, _lgamma(np.where(beyond, 1.0, x)))


def polygamma(order: int, x: Floats) -> Floats:
    """The derivative of `order` 0 to 3 of the digamma function; NaN or infinite at its poles.

    By recurrence and the asymptotic series (DLMF 5.11.2, 5.15.8 and 5.15.9), below 1/2 by reflection (DLMF 5.15.6).
    """
    below = x < 0.5
    right = _right(order, np.where(below, 1.0 - x, x))
    if not below.any():
        return right
    turned = (-1.0) ** order * right - np.pi * _cotangent(order, x)
    return np.where(below, turned, right)


def _right(order: int, x: Floats) -> Floats:
    """For x > 0."""
    sign = (-1.0) ** (order + 1)
    total = np.zeros_like(x)
    for _ in range(_SHIFTS):
        small = x < _SHIFTS
        total += np.where(small, sign * math.factorial(order) * x ** -(order + 1.0), 0.0)
        x = np.where(small, x + 1.0, x)
    if order == 0:
        total += np.log(x) - 0.5 / x
    else:
        total += sign * (math.factorial(order - 1) * x**-order + math.factorial(order) / 2 * x ** -(order + 1.0))
    for k, number in enumerate(_BERNOULLI, start=1):
        factor = number * math.factorial(2 * k + order - 1) / math.factorial(2 * k)
        total += sign * factor * x ** -(2.0 * k + order)
    return total


def _cotangent(order: int, x: Floats) -> Floats:
    """The derivative by x of cot(πx)."""
    angle = np.pi * (x - np.round(x))
    cot, csc2 = 1.0 / np.tan(angle), 1.0 / np.sin(angle) ** 2
    forms = (cot, -csc2, 2 * cot * csc2, -2 * csc2 * (csc2 + 2 * cot**2))
    return np.asarray(np.pi**order * forms[order])
