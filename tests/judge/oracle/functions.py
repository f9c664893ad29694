"""Elementary functions with three derivatives in closed form, in numbers of mpmath."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mpmath import mp

from tests.judge.oracle.jets import Jet, Outside, Slopes

LARGEST = 5000
"""The binary exponent of a number beyond which no function is followed."""


def _exp(x: Any) -> Slopes:
    return Slopes([mp.exp(x)] * 4)


def _expm1(x: Any) -> Slopes:
    return Slopes([mp.expm1(x), *[mp.exp(x)] * 3])


def _log(x: Any) -> Slopes:
    if not x > 0:
        raise Outside("log")
    return Slopes([mp.log(x), 1 / x, -1 / x**2, 2 / x**3])


def _log1p(x: Any) -> Slopes:
    if not x > -1:
        raise Outside("log1p")
    y = 1 + x
    return Slopes([mp.log1p(x), 1 / y, -1 / y**2, 2 / y**3])


def _sqrt(x: Any) -> Slopes:
    if not x > 0:
        raise Outside("sqrt")
    y = mp.sqrt(x)
    return Slopes([y, 1 / (2 * y), -1 / (4 * y * x), 3 / (8 * y * x**2)])


def _reciprocal(x: Any) -> Slopes:
    if x == 0:
        raise Outside("reciprocal")
    return Slopes([1 / x, -1 / x**2, 2 / x**3, -6 / x**4])


def _sin(x: Any) -> Slopes:
    return _circle([mp.sin(x), mp.cos(x), -mp.sin(x), -mp.cos(x)], x)


def _cos(x: Any) -> Slopes:
    return _circle([mp.cos(x), -mp.sin(x), -mp.cos(x), mp.sin(x)], x)


def _circle(values: list[Any], x: Any) -> Slopes:
    if not mp.isfinite(x):
        raise Outside("an angle without end")
    return Slopes(values)


def _tanh(x: Any) -> Slopes:
    t = mp.tanh(x)
    d = mp.sech(x) ** 2
    sizes = [0, 1 + t**2, 2 * abs(t) * (1 + t**2)]
    return Slopes([t, d, -2 * t * d, (6 * t**2 - 2) * d], sizes)


def _sigmoid(x: Any) -> Slopes:
    s, r = _logistic(x), _logistic(-x)
    d = s * r
    return Slopes([s, d, d * (r - s), d * (1 - 6 * d)], [0, s * (1 + s), s * (1 + s) * (1 + 2 * s)])


def _softplus(x: Any) -> Slopes:
    s, r = _logistic(x), _logistic(-x)
    value = mp.log1p(mp.exp(-abs(x))) + (x if x > 0 else 0)
    return Slopes([value, s, s * r, s * r * (r - s)], [0, 0, s * (1 + s)])


def _logistic(x: Any) -> Any:
    e = mp.exp(-abs(x))
    return (1 if x >= 0 else e) / (1 + e)


def _arctan(x: Any) -> Slopes:
    d = 1 / (1 + x**2)
    return Slopes([mp.atan(x), d, -2 * x * d**2, (6 * x**2 - 2) * d**3])


def _erf(x: Any) -> Slopes:
    d = 2 / mp.sqrt(mp.pi) * mp.exp(-(x**2))
    wide = d * x**2 if mp.isfinite(x) else mp.mpf(0)  # the square rounds, and the exponential shows it
    values = [mp.erf(x), d, -2 * x * d, (4 * x**2 - 2) * d] if mp.isfinite(x) else [mp.sign(x), 0, 0, 0]
    return Slopes([mp.mpf(value) for value in values], [0, wide, abs(2 * x) * wide if wide else 0])


def _sinh(x: Any) -> Slopes:
    return Slopes([mp.sinh(x), mp.cosh(x)] * 2)


def _cosh(x: Any) -> Slopes:
    return Slopes([mp.cosh(x), mp.sinh(x)] * 2)


FUNCTIONS: dict[str, Callable[[Any], Slopes]] = {
    "exp": _exp, "expm1": _expm1, "log": _log, "log1p": _log1p, "sqrt": _sqrt, "reciprocal": _reciprocal, "sin": _sin,
    "cos": _cos, "tanh": _tanh, "sigmoid": _sigmoid, "softplus": _softplus, "arctan": _arctan, "erf": _erf,
    "sinh": _sinh, "cosh": _cosh,
}  # fmt: skip


def apply(name: str, x: Jet) -> Jet:
    """A function of a jet. Raises `Outside`."""
    number = x.number
    if mp.isnan(number) or (mp.isfinite(number) and number and mp.mag(number) > LARGEST):
        raise Outside(name)
    if name == "sqrt" and number == 0:
        return _at_the_edge(x)
    return x.through(FUNCTIONS[name](number))


def _at_the_edge(x: Jet) -> Jet:
    """The square root of zero has a value, and a slope only where nothing moves."""
    if x.gradient:
        raise Outside("sqrt")
    return x.constant(0)
