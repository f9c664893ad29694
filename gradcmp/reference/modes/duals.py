"""Forward mode: arrays with a tangent, over any algebra. Under a tape they give second derivatives."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gradcmp.core.tensors import Shape
from gradcmp.numbers.arrays import Flags
from gradcmp.reference.algebra import Algebra, EvaluationError, Places, Signs
from gradcmp.reference.language.arrays import places
from gradcmp.reference.modes.both_modes import adjugate, chosen, selection_signs, transposed
from gradcmp.reference.modes.tape import Ties
from gradcmp.reference.steps import STEPS


@dataclass(frozen=True, slots=True)
class Dual:
    """`tangent` None is zero."""

    primal: Any
    tangent: Any = None


class DualAlgebra:
    """`Algebra` whose arrays are `Dual`s over those of `inner`."""

    def __init__(self, inner: Algebra[Any]) -> None:
        self.inner = inner
        self.ties = Ties()

    @property
    def own(self) -> Mapping[str, Callable[..., Any]]:
        return self.inner.own

    def constant(self, values: npt.NDArray[Any]) -> Dual:
        return Dual(self.inner.constant(values))

    def direction(self, values: npt.NDArray[Any]) -> Dual:
        return Dual(self.inner.direction(values))

    def constantly(self, x: Dual) -> Dual:
        return Dual(self.inner.constantly(x.primal))

    def shape(self, x: Dual) -> Shape:
        return self.inner.shape(x.primal)

    def zeros(self, x: Dual) -> Flags:
        zeros = self.inner.zeros(x.primal)
        return zeros if x.tangent is None else zeros & self.inner.zeros(x.tangent)

    def tangent(self, x: Dual) -> Any:
        """The tangent as an array."""
        return self.inner.direction(np.zeros(self.shape(x))) if x.tangent is None else x.tangent

    def elementwise(self, name: str, *operands: Dual) -> Dual:
        a, values = self.inner, [x.primal for x in operands]
        result = a.elementwise(name, *values)
        moving = [(place, x.tangent) for place, x in enumerate(operands) if x.tangent is not None]
        row = STEPS.get(name)  # None: a step of `inner` alone
        if not moving or (row is not None and row.flat):
            return Dual(result)
        shape = a.shape(result)
        if row is not None and row.chooses:
            signs = selection_signs(a, name, values)
            self.ties.selections += int(np.count_nonzero(signs == 0))
            signs = signs * np.int8(row.chooses)
            parts = [chosen(a, name, place, signs, self._spread(tangent, shape)) for place, tangent in moving]
        elif row is not None and row.rules:
            parts = [row.rules[place](a, self._spread(tangent, shape), values, result) for place, tangent in moving]
        else:
            raise EvaluationError(f"the derivative of `{name}` is not supported yet")
        return Dual(result, self._total(parts))

    def whole_power(self, x: Dual, exponent: int) -> Dual:
        a = self.inner
        result = a.whole_power(x.primal, exponent)
        if x.tangent is None or exponent == 0:
            return Dual(result)
        factor = a.constant(np.asarray(float(exponent)))
        slope = a.elementwise("multiply", factor, a.whole_power(x.primal, exponent - 1))
        return Dual(result, a.elementwise("scale", x.tangent, slope))

    def sum(self, x: Dual, axes: tuple[int, ...]) -> Dual:
        return self._linear(x, lambda part: self.inner.sum(part, axes))

    def matmul(self, x: Dual, y: Dual) -> Dual:
        a = self.inner
        parts = []
        if x.tangent is not None:
            parts.append(a.matmul(x.tangent, y.primal))
        if y.tangent is not None:
            parts.append(a.matmul(x.primal, y.tangent))
        return Dual(a.matmul(x.primal, y.primal), self._total(parts))

    def det(self, x: Dual) -> Dual:
        a = self.inner
        result = a.det(x.primal)
        if x.tangent is None:
            return Dual(result)
        product = a.elementwise("scale", x.tangent, transposed(a, adjugate(a, x.primal)))
        return Dual(result, a.sum(product, (0, 1)))

    def inv(self, x: Dual) -> Dual:
        a, inverse = self.inner, self.inner.inv(x.primal)
        if x.tangent is None:
            return Dual(inverse)
        return Dual(inverse, a.elementwise("negative", a.matmul(inverse, a.matmul(x.tangent, inverse))))

    def solve(self, a: Dual, b: Dual) -> Dual:
        inner = self.inner
        solution = inner.solve(a.primal, b.primal)
        parts = [] if b.tangent is None else [b.tangent]
        if a.tangent is not None:
            parts.append(inner.elementwise("negative", inner.matmul(a.tangent, solution)))
        right = self._total(parts)
        return Dual(solution, None if right is None else inner.solve(a.primal, right))

    def pick(self, arrays: Sequence[Dual], places: Places) -> Dual:
        a = self.inner
        result = a.pick([x.primal for x in arrays], places)
        if all(x.tangent is None for x in arrays):
            return Dual(result)
        return Dual(result, a.pick([self.tangent(x) for x in arrays], places))

    def scatter(self, x: Dual, places: Places, size: int) -> Dual:
        return self._linear(x, lambda part: self.inner.scatter(part, places, size))

    def compare(self, x: Dual, y: Dual) -> Signs:
        signs = self.inner.compare(x.primal, y.primal)
        if x.tangent is not None or y.tangent is not None:
            self.ties.comparisons += int(np.count_nonzero(signs == 0))
        return signs

    def _linear(self, x: Dual, step: Callable[[Any], Any]) -> Dual:
        return Dual(step(x.primal), None if x.tangent is None else step(x.tangent))

    def _spread(self, tangent: Any, shape: Shape) -> Any:
        a = self.inner
        have = a.shape(tangent)
        return tangent if have == shape else a.pick([tangent], np.broadcast_to(places(have), shape))

    def _total(self, parts: list[Any]) -> Any:
        if not parts:
            return None
        total = parts[0]
        for part in parts[1:]:
            total = self.inner.elementwise("add", total, part)
        return total
