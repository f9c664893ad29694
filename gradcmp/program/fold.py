"""Arithmetic on plain numbers, once, before anything runs: whole numbers exactly, the rest in float64.

Every framework is handed the same result, because they differ in how they compute and round numbers themselves.
"""

import math
import operator
from collections.abc import Callable
from typing import Any

from gradcmp.program.ir import Number

MOST_BITS = 4096


class CannotFold(Exception):  # never leaves the package
    """The numbers have no such result; the message says why."""


def _power(x: Number, y: Number) -> Number:
    if isinstance(x, int) and isinstance(y, int) and y >= 0:
        if x.bit_length() * y > MOST_BITS:
            raise CannotFold(f"this whole number would have more than {MOST_BITS} bits")
        return int(x**y)
    result = x**y
    if isinstance(result, complex):
        raise CannotFold("a negative number has no such power")
    return result


def _multiply(x: Number, y: Number) -> Number:
    if isinstance(x, int) and isinstance(y, int) and x.bit_length() + y.bit_length() > MOST_BITS:
        raise CannotFold(f"this whole number would have more than {MOST_BITS} bits")
    return x * y


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def _sign(x: Number) -> Number:
    return type(x)((x > 0) - (x < 0))


FOLDS: dict[str, Callable[..., Any]] = {
    "add": operator.add, "subtract": operator.sub, "multiply": _multiply, "divide": operator.truediv,
    "floor_divide": operator.floordiv, "remainder": operator.mod, "power": _power, "negative": operator.neg,
    "less": operator.lt, "less_equal": operator.le, "greater": operator.gt, "greater_equal": operator.ge,
    "equal": operator.eq, "not_equal": operator.ne,
    "logical_and": lambda x, y: x and y, "logical_or": lambda x, y: x or y, "logical_not": operator.not_,
    "abs": abs, "sign": _sign, "maximum": max, "minimum": min, "max": max, "min": min,
    "clip": lambda x, low, high: min(max(x, low), high),
    "square": lambda x: _multiply(x, x), "reciprocal": lambda x: 1 / x, "rsqrt": lambda x: 1 / math.sqrt(x),
    "exp": math.exp, "expm1": math.expm1, "log": math.log, "log1p": math.log1p, "log2": math.log2, "sqrt": math.sqrt,
    "sin": math.sin, "cos": math.cos, "tan": math.tan, "arcsin": math.asin, "arccos": math.acos, "arctan": math.atan,
    "arctan2": math.atan2, "sinh": math.sinh, "cosh": math.cosh, "tanh": math.tanh, "arcsinh": math.asinh,
    "arccosh": math.acosh, "arctanh": math.atanh, "erf": math.erf, "lgamma": math.lgamma, "sigmoid": _sigmoid,
    "stop_gradient": lambda x: x,
}  # fmt: skip
"""Primitive → its value on numbers. What is not here makes an array of them."""


def fold(primitive: str, values: list[Number]) -> Number:
    """The primitive's value on plain numbers; raises `CannotFold` with the reason.

    >>> fold("divide", [1, 4])
    0.25
    """
    try:
        result = FOLDS[primitive](*values)
    except ZeroDivisionError:
        raise CannotFold("a division by zero") from None
    except OverflowError:
        raise CannotFold("this number is too large for a float") from None
    except ValueError:
        shown = ", ".join(repr(value)[:40] for value in values)
        raise CannotFold(f"`{primitive}` is not defined at {shown}") from None
    if isinstance(result, int) and result.bit_length() > MOST_BITS:
        raise CannotFold(f"this whole number would have more than {MOST_BITS} bits")
    if isinstance(result, float) and not math.isfinite(result):
        if math.isnan(result):
            raise CannotFold("this is not a number")
        if all(math.isfinite(value) for value in values):
            raise CannotFold("this number is too large for a float")
    if not isinstance(result, bool | int | float):
        raise CannotFold("this is not a number")
    return result
