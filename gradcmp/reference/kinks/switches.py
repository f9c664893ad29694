"""Maxima, minima and absolute values at a tie: on the tape a switch between two pieces, in dual numbers one side."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb

from gradcmp.numbers.arrays import Flags
from gradcmp.reference.algebra import Signs
from gradcmp.reference.algebras.balls import filled, mapped
from gradcmp.reference.algebras.metered import MeteredAlgebra
from gradcmp.reference.algebras.strict_balls import StrictBalls
from gradcmp.reference.budget import Budget
from gradcmp.reference.language.arrays import places
from gradcmp.reference.modes.batches import BatchAlgebra
from gradcmp.reference.modes.both_modes import across_the_cut, spread
from gradcmp.reference.modes.duals import Dual, DualAlgebra
from gradcmp.reference.modes.tape import Node, TapeAlgebra
from gradcmp.reference.steps import STEPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """The ties of one step: what each adds at the point itself (zero), and the gaps by which they are decided."""

    added: Node
    gaps: Node


class SwitchingTape(TapeAlgebra):
    """A tape on which every provable tie is a switch; at the point itself the first operand is chosen.

    `jumps` are the elements whose comparison with something equal, or whose place on the edge of a domain, no switch
    describes.
    """

    def __init__(self, budget: Budget) -> None:
        self.batches = BatchAlgebra(MeteredAlgebra(StrictBalls(), budget))
        super().__init__(self.batches)
        self.switches: list[Switches] = []
        self.jumps: list[tuple[Node, Flags]] = []

    def elementwise(self, name: str, *operands: Node) -> Node:
        result = super().elementwise(name, *operands)
        if not result.live:
            return result
        if name == "floor":
            self._jump(operands[0], _equal(operands[0].primal, result.primal))
        if name == "arctan2" and operands[0].live:
            across = across_the_cut(self.inner, *(x.primal for x in operands))
            self._jump(spread(self, operands[0], across.shape), across)
        if name == "power" and operands[0].live and _edge(*(x.primal for x in operands)).any():
            self._jump(operands[0], self.inner.zeros(operands[0].primal))
        return self._switched(name, operands, result) if STEPS[name].chooses else result

    def compare(self, x: Node, y: Node) -> Signs:
        signs = super().compare(x, y)
        for operand in (x, y):
            if operand.live:
                self._jump(operand, signs == 0)
        return signs

    def _jump(self, x: Node, where: Flags) -> None:
        if where.any():
            self.jumps.append((x, where))

    def _switched(self, name: str, operands: Sequence[Node], result: Node) -> Node:
        tied = np.flatnonzero(_ties(name, [x.primal for x in operands]))
        if not tied.size:
            return result
        shape = self.shape(result)
        first, *others = (self.pick([x], np.broadcast_to(places(self.shape(x)), shape).ravel()[tied]) for x in operands)
        second = others[0] if others else self.elementwise("negative", first)
        rising = STEPS[name].chooses > 0
        gaps = self.elementwise("subtract", *((second, first) if rising else (first, second)))
        added = self.input(self.inner.constant(np.zeros(tied.size)))
        self.switches.append(Switches(added=added, gaps=gaps))
        where = np.full(math.prod(shape), tied.size, dtype=np.int64)
        where[tied] = np.arange(tied.size)
        spread = self.pick([added, self.constant(np.zeros(1))], where.reshape(shape))
        return self.elementwise("add" if rising else "subtract", result, spread)


class OneSidedDuals(DualAlgebra):
    """Dual numbers whose tangents are one-sided: at a tie the larger or smaller tangent wins."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(MeteredAlgebra(StrictBalls(), budget))
        self.jumps = 0

    def elementwise(self, name: str, *operands: Dual) -> Dual:
        result = super().elementwise(name, *operands)
        if name == "floor" and operands[0].live:
            self.jumps += int(np.count_nonzero(_equal(operands[0].primal, result.primal)))
        if not result.live:
            return result
        if name == "arctan2" and operands[0].live:
            self.jumps += int(np.count_nonzero(across_the_cut(self.inner, *(x.primal for x in operands))))
        if name == "power" and operands[0].live:
            self.jumps += int(np.count_nonzero(_edge(*(x.primal for x in operands))))
        if not STEPS[name].chooses:
            return result
        shape = self.inner.shape(result.tangent)
        tied = np.flatnonzero(_ties(name, [x.primal for x in operands]))
        items = result.tangent.ravel().tolist()
        first, *others = (np.broadcast_to(self.tangent(x), shape).ravel()[tied].tolist() for x in operands)
        second = others[0] if others else [-x for x in first]
        for place, x, y in zip(tied.tolist(), first, second, strict=True):
            items[place] = x.max(y) if STEPS[name].chooses > 0 else x.min(y)
        return Dual(result.primal, filled(items, shape))

    def compare(self, x: Dual, y: Dual) -> Signs:
        signs = super().compare(x, y)
        if x.live or y.live:
            self.jumps += int(np.count_nonzero(signs == 0))
        return signs


def _ties(name: str, values: Sequence[Any]) -> Flags:
    if name == "abs":
        return mapped(arb.is_zero, values[0]).astype(bool)
    return _equal(*values)


def _equal(x: Any, y: Any) -> Flags:
    """Which elements are provably equal."""
    return mapped(lambda a, b: a == b or (a is b and a.is_finite()), x, y).astype(bool)


def _edge(x: Any, p: Any) -> Flags:
    """Which powers are of zero with an exponent that leaves only one side."""
    return mapped(lambda a, b: a.is_zero() and not b.is_integer(), x, p).astype(bool)


def flat(arrays: Sequence[Any]) -> list[Any]:
    """The elements of all arrays of balls, end to end."""
    return [item for array in arrays for item in array.ravel().tolist()]


def flat_rows(batches: BatchAlgebra, arrays: Sequence[Any], count: int) -> list[list[Any]]:
    """As `flat`, of each array of batches of `count`."""
    rows = (batches.rows(array, count) for array in arrays)
    joined: list[list[Any]] = np.concatenate([row.reshape(count, -1) for row in rows], axis=1).tolist()
    return joined


def reached(items: Sequence[Any]) -> Flags:
    """Which cotangents a NaN has got to."""
    return np.asarray([not item.is_finite() for item in items], dtype=bool)
