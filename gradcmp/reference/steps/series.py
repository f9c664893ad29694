"""How a row states its Taylor coefficients at a ball: by the textbook recurrences."""

from collections.abc import Callable, Sequence
from typing import Any

from flint import arb

Series = Callable[[Any, int], list[Any]]
"""(ball, count) → the first `count` Taylor coefficients of a function there."""

MINUS_HALF = arb(-1) / 2
"""The exponent of a reciprocal root."""


def binomial(p: Any, count: int) -> list[Any]:
    """(1 + h)^p for a ball or number p."""
    coefficients = [arb(1)]
    for k in range(1, count):
        coefficients.append(coefficients[-1] * (p - (k - 1)) / k)
    return coefficients


def logarithm(count: int) -> list[Any]:
    """log(1 + h)."""
    return [arb(0)] + [arb((-1) ** (k + 1)) / k for k in range(1, count)]


def over_factorials(derivatives: Sequence[Any], count: int) -> list[Any]:
    """Coefficients from derivatives that recur with the length of `derivatives`."""
    factorial, coefficients = arb(1), []
    for k in range(count):
        factorial = factorial * max(k, 1)
        coefficients.append(derivatives[k % len(derivatives)] / factorial)
    return coefficients


def convolved(x: Sequence[Any], y: Sequence[Any], k: int) -> Any:
    """The coefficient k of a product."""
    return sum((x[i] * y[k - i] for i in range(k + 1)), start=arb(0))


def quadratic_power(q: tuple[Any, Any, Any], p: Any, first: Any, count: int) -> list[Any]:
    """(q0 + q1 h + q2 h²)^p, whose value at 0 is `first` (J. C. P. Miller's recurrence)."""
    w = [first]
    for k in range(1, count):
        total = (p - (k - 1)) * q[1] * w[k - 1]
        if k > 1:
            total = total + (2 * p - (k - 2)) * q[2] * w[k - 2]
        w.append(total / (k * q[0]))
    return w


def integral(first: Any, slope: Sequence[Any]) -> list[Any]:
    """The coefficients of a function from its value and those of its slope."""
    return [first, *(each / (k + 1) for k, each in enumerate(slope[:-1]))]


def inverse(ball: Callable[[Any], Any], scale: int, quadratic: Callable[[Any], tuple[Any, Any, Any]], p: Any) -> Series:
    """A function whose derivative is `scale` times a power of a quadratic."""

    def series(x: Any, count: int) -> list[Any]:
        q = quadratic(x)
        first = 1 / q[0] if p == -1 else q[0].rsqrt()
        slope = [scale * each for each in quadratic_power(q, p, first, count)]
        return integral(ball(x), slope)

    return series
