"""Whole numbers of any size: arrays of Python integers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from gradcmp.numbers.arrays import Flags
from gradcmp.reference.algebra import EvaluationError, Signs
from gradcmp.reference.algebras.balls import BallAlgebra, Balls, filled, mapped


class WholeAlgebra(BallAlgebra):
    """`Algebra` over Python integers in NumPy object arrays, for index and counting arithmetic; never wraps round.

    Nothing asks it for what is left of `BallAlgebra`: systems and derivatives are among floats.
    """

    largest_bits = 4096

    def constant(self, values: npt.NDArray[Any]) -> Balls:
        return filled([int(value) for value in np.asarray(values).ravel().tolist()], np.shape(values))

    def elementwise(self, name: str, *operands: Balls) -> Balls:
        step = _WHOLE_STEPS.get(name)
        if step is None:
            raise EvaluationError(f"`{name}` of whole numbers is not supported yet")
        try:
            result = mapped(step, *operands)
        except ZeroDivisionError:
            raise EvaluationError("a whole number is divided by zero") from None
        if any(item.bit_length() > self.largest_bits for item in result.ravel().tolist()):
            raise EvaluationError(f"a whole number grows beyond {self.largest_bits} bits")
        return result

    def whole_power(self, x: Balls, exponent: int) -> Balls:
        return self.elementwise("power", x, self.constant(np.asarray(exponent)))

    def total(self, items: list[int]) -> int:
        return sum(items)

    def matmul(self, x: Balls, y: Balls) -> Balls:
        return np.asarray(x @ y)

    def zeros(self, x: Balls) -> Flags:
        return np.asarray(x == 0, dtype=bool)

    def compare(self, x: Balls, y: Balls) -> Signs:
        return mapped(lambda a, b: (a > b) - (a < b), x, y).astype(np.int8)


def _whole_power(x: int, y: int) -> int:
    if y < 0:
        raise EvaluationError("a whole number is raised to a negative power")
    if x.bit_length() * y > 2 * WholeAlgebra.largest_bits:
        raise EvaluationError(f"a whole number grows beyond {WholeAlgebra.largest_bits} bits")
    return int(x**y)


_WHOLE_STEPS: dict[str, Callable[..., int]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "floor_divide": lambda x, y: x // y,
    "remainder": lambda x, y: x % y,
    "power": _whole_power,
    "maximum": max,
    "minimum": min,
    "negative": lambda x: -x,
    "abs": abs,
    "square": lambda x: x * x,
}
