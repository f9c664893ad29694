"""Algebras whose steps are paid for before they are taken, at a price that is the same on every machine.

`python -m bench prices` holds the prices against the clock.

Work is counted in additions: of the elements of a step, as many as its row of `steps` says, of a matrix product some to
the multiply-add. What an addition costs depends on the algebra and, of balls, on the precision: `Algebra.prices`.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from gradcmp.core.tensors import Shape
from gradcmp.numbers.arrays import Flags
from gradcmp.reference.algebra import Algebra, Places, Signs
from gradcmp.reference.budget import Budget
from gradcmp.reference.language.arrays import Context
from gradcmp.reference.steps import STEPS

MULTIPLY_ADD = 0.1
"""Additions that a multiply-add of a matrix product costs, in which balls are not Python objects."""

ENTRY = 3.0
"""Additions that it costs to bring a number into a matrix, an array or the exact kind, and out again."""

MOVED = 0.03
"""Additions that it costs to take an element to another place."""


class MeteredAlgebra(Algebra[Any]):
    """`inner`, which is paid for from `budget`. Methods raise `OverBudget` too."""

    def __init__(self, inner: Algebra[Any], budget: Budget) -> None:
        self.inner, self.budget = inner, budget
        self.formulas, self.tie_shares = inner.formulas, inner.tie_shares

    def constant(self, values: npt.NDArray[Any]) -> Any:
        self._pay(ENTRY * np.size(values))
        return self.inner.constant(values)

    def direction(self, values: npt.NDArray[Any]) -> Any:
        self._pay(float(np.size(values)))
        return self.inner.direction(values)

    def constantly(self, x: Any) -> Any:
        return self.inner.constantly(x)

    def shape(self, x: Any) -> Shape:
        return self.inner.shape(x)

    def prices(self, *operands: Any) -> tuple[float, float]:
        return self.inner.prices(*operands)

    def elementwise(self, name: str, *operands: Any) -> Any:
        size = math.prod(np.broadcast_shapes(*map(self.inner.shape, operands)))
        row = STEPS.get(name)
        self._pay(size * (row.work if row is not None else 1.0), *operands)
        return self.inner.elementwise(name, *operands)

    def whole_power(self, x: Any, exponent: int) -> Any:
        self._pay(self._size(x) * (1 + 2 * abs(exponent).bit_length()), x)
        return self.inner.whole_power(x, exponent)

    def sum(self, x: Any, axes: tuple[int, ...]) -> Any:
        self._pay(self._size(x), x)
        return self.inner.sum(x, axes)

    def matmul(self, x: Any, y: Any) -> Any:
        products = self._size(x) * self.shape(y)[-1]
        self._pay(MULTIPLY_ADD * products + ENTRY * (self._size(x) + self._size(y)), x, y)
        return self.inner.matmul(x, y)

    def det(self, x: Any) -> Any:
        self._pay(self._elimination(x, x), x)
        return self.inner.det(x)

    def inv(self, x: Any) -> Any:
        self._pay(self._elimination(x, x), x)
        return self.inner.inv(x)

    def solve(self, a: Any, b: Any) -> Any:
        self._pay(self._elimination(a, b), a, b)
        return self.inner.solve(a, b)

    def pick(self, arrays: Sequence[Any], places: Places) -> Any:
        self._pay(MOVED * (np.size(places) + sum(map(self._size, arrays)) * (len(arrays) > 1)))
        return self.inner.pick(arrays, places)

    def scatter(self, x: Any, places: Places, size: int) -> Any:
        self._pay(float(np.size(places) + size), x)
        return self.inner.scatter(x, places, size)

    def zeros(self, x: Any) -> Flags:
        return self.inner.zeros(x)

    def compare(self, x: Any, y: Any) -> Signs:
        self._pay(self._size(x), x, y)
        return self.inner.compare(x, y)

    def _pay(self, work: float, *operands: Any) -> None:
        call, addition = self.prices(*operands)
        self.budget.spend(call + addition * work, work=work)

    def _size(self, x: Any) -> float:
        return float(math.prod(self.inner.shape(x)))

    def _elimination(self, a: Any, b: Any) -> float:
        """Of Gaussian elimination: about as many multiply-adds as products of the matrix and the two sides."""
        return MULTIPLY_ADD * self._size(a) * (self.shape(a)[-1] + self.shape(b)[-1]) + ENTRY * (
            self._size(a) + self._size(b)
        )


def metered(context: Context, budget: Budget) -> Context:
    """`context`, whose algebras are paid for from `budget`."""
    return replace(
        context, floats=MeteredAlgebra(context.floats, budget), wholes=MeteredAlgebra(context.wholes, budget)
    )
