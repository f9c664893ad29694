"""How a row states its derivative, in terms of the same steps: one rule for reverse and for forward mode.

An elementwise step multiplies by a diagonal, which is its own transpose, so one rule serves a cotangent and a tangent.
The rules are the textbook derivatives (NIST Digital Library of Mathematical Functions, 4.7, 4.20, 4.34, 5.15 and 7.2).
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcmp.reference.algebra import Algebra

Rule = Callable[..., Any]
"""(algebra, direction, operands, result) → the direction times the partial derivative by one operand."""


def number(a: Algebra[Any], value: float) -> Any:
    """An exact constant."""
    return a.constant(np.asarray(value, dtype=np.float64))


def times(partial: Callable[..., Any]) -> Rule:
    """The direction times a partial derivative; where it is exactly zero, so is the product."""
    return lambda a, g, xs, y: a.elementwise("scale", g, partial(a, *xs, y))


def over(divisor: Callable[..., Any]) -> Rule:
    """The direction over the reciprocal of a partial derivative."""
    return lambda a, g, xs, y: a.elementwise("scale", g, a.elementwise("divide", number(a, 1.0), divisor(a, *xs, y)))


def within(divisor: Callable[..., Any]) -> Rule:
    """As `over`, but no number where the result is none: the formula of the derivative has values out there too."""

    def partial(a: Algebra[Any], *xs: Any) -> Any:
        quotient = a.elementwise("divide", number(a, 1.0), divisor(a, *xs))
        return a.elementwise("add", quotient, a.elementwise("multiply", number(a, 0.0), xs[-1]))

    return times(partial)


def negated(rule: Rule) -> Rule:
    """The rule with the other sign."""
    return lambda a, g, xs, y: a.elementwise("negative", rule(a, g, xs, y))


def step(name: str) -> Callable[..., Any]:
    """As a partial derivative: a step on the operand."""
    return lambda a, x, _y: a.elementwise(name, x)


def one_plus_square(a: Algebra[Any], x: Any, _y: Any) -> Any:
    """1 + x²."""
    return a.elementwise("add", number(a, 1.0), a.elementwise("square", x))


def root_of_one(sign: str, *, square_first: bool = False) -> Callable[..., Any]:
    """The square root of 1 ± x² or of x² - 1."""

    def divisor(a: Algebra[Any], x: Any, _y: Any) -> Any:
        pair = (a.elementwise("square", x), number(a, 1.0))
        return a.elementwise("sqrt", a.elementwise(sign, *(pair if square_first else pair[::-1])))

    return divisor


def identity(_a: Algebra[Any], g: Any, _xs: Any, _y: Any) -> Any:
    """The rule of a sum."""
    return g


PRODUCT: tuple[Rule, ...] = (times(lambda _a, _x, z, _y: z), times(lambda _a, x, _z, _y: x))
