"""Forward mode: arrays with a tangent, over any algebra. Under a tape they give second derivatives."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcmp.numbers.arrays import Flags
from gradcmp.reference.algebra import EvaluationError, Places
from gradcmp.reference.modes.both_modes import (
    LiftedAlgebra,
    across_the_cut,
    adjugate,
    chosen,
    drawn_shares,
    selection_signs,
    spread,
    transposed,
)
from gradcmp.reference.steps import STEPS


@dataclass(frozen=True, slots=True)
class Dual:
    """`tangent` None is zero."""

    primal: Any
    tangent: Any = None

    @property
    def live(self) -> bool:
        return self.tangent is not None


class DualAlgebra(LiftedAlgebra[Dual]):
    """`Algebra` whose arrays are `Dual`s over those of `inner`."""

    def lifted(self, primal: Any) -> Dual:
        return Dual(primal)

    def zeros(self, x: Dual) -> Flags:
        zeros = self.inner.zeros(x.primal)
        return zeros if x.tangent is None else zeros & self.inner.zeros(x.tangent)

    def tangent(self, x: Dual) -> Any:
        """The tangent as an array."""
        return self.inner.direction(np.zeros(self.shape(x))) if x.tangent is None else x.tangent

    def elementwise(self, name: str, *operands: Dual) -> Dual:
        a, values = self.inner, [x.primal for x in operands]
        result = a.elementwise(name, *values)
        moving = [place for place, x in enumerate(operands) if x.live]
        row = STEPS.get(name)  # None: a step of `inner` alone
        if moving and row is not None and row.flat:
            self.ties.comparisons += int(np.count_nonzero(a.compare(values[0], result) == 0))
            return Dual(result)
        if not moving:
            return Dual(result)
        tangents = {place: spread(a, operands[place].tangent, a.shape(result)) for place in moving}
        if row is not None and row.chooses:
            signs = selection_signs(a, name, values)
            self.ties.selections += int(np.count_nonzero(signs == 0))
            shares = drawn_shares(a, signs)
            signs = signs * np.int8(row.chooses)
            parts = [chosen(a, name, place, signs, tangent, shares) for place, tangent in tangents.items()]
        elif row is not None and row.rules:
            if name == "arctan2" and 0 in tangents:
                self.ties.comparisons += int(np.count_nonzero(across_the_cut(a, *values)))
            parts = [row.rules[place](a, tangent, values, result) for place, tangent in tangents.items()]
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
        parts = [a.matmul(x.tangent, y.primal)] if x.live else []
        if y.live:
            parts.append(a.matmul(x.primal, y.tangent))
        return Dual(a.matmul(x.primal, y.primal), self._total(parts))

    def det(self, x: Dual) -> Dual:
        a = self.inner
        result = a.det(x.primal)
        if x.tangent is None:
            return Dual(result)
        product = a.elementwise("scale", x.tangent, transposed(a, adjugate(a, x.primal)))
        rank = len(a.shape(product))
        return Dual(result, a.sum(product, (rank - 2, rank - 1)))

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

    def _linear(self, x: Dual, step: Callable[[Any], Any]) -> Dual:
        return Dual(step(x.primal), None if x.tangent is None else step(x.tangent))

    def _total(self, parts: list[Any]) -> Any:
        return functools.reduce(functools.partial(self.inner.elementwise, "add"), parts) if parts else None
