"""A program at a kink as a piecewise linear function: the abs-normal form of what `switches` recorded.

max(a, b) = a + relu(b - a), and the directional derivative of relu at 0 is relu. So along a direction v the derivative
of the program is J v + Y relu(d), where the gaps d fulfil d = Z v + L relu(d) with L strictly lower triangular
(Griewank, Optim. Methods Softw. 28, 2013). J, Y, Z and L are ordinary derivatives, found in reverse mode. It holds
wherever all slopes are finite and nothing but such ties is met; elsewhere `rays` go step by step.
"""

import heapq
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb

from gradcmp.reference.algebras.jets import ZERO
from gradcmp.reference.budget import Budget
from gradcmp.reference.kinks.elements import FEW_COORDINATES, ElementKink
from gradcmp.reference.kinks.switches import SwitchingTape, flat, flat_rows
from gradcmp.reference.modes.derivatives import Seeds
from gradcmp.reference.modes.tape import Node

Row = dict[int, Any]
"""The entries of a row that are not provably zero."""

FEW = 8
"""Ties of one step up to which each gets a pass of its own."""

TIE_S, ENTRY_S = 1.2e-6, 0.15e-6
"""Nominal seconds of a tie that opens, and of an entry of a row that is read."""


@dataclass(slots=True)
class Pieces:
    """The piecewise linear function of a recorded program in its `size` coordinates.

    `slopes` and `weights` are J and Y by row of the result, `gaps` Z and L by switch, coordinates first.
    `singular`: some slope is not finite, so the form does not hold. Work is paid for from `budget`.
    """

    budget: Budget
    size: int
    slopes: list[list[Any]]
    weights: list[Row]
    gaps: dict[int, Row] = field(default_factory=dict)
    singular: bool = False

    def movers(self) -> list[int]:
        """The coordinates that any gap depends on directly."""
        return sorted({j for row in self.gaps.values() for j in row if j < self.size})

    def opened(self, start: Mapping[int, Any], users: Mapping[int, list[int]]) -> Row:
        """relu(d) by switch, for the gaps Z v in `start`; balls that cannot tell stay hulls."""
        gaps, waiting, opened = dict(start), list(start), {}
        heapq.heapify(waiting)
        while waiting:
            self.budget.spend(TIE_S)
            k = heapq.heappop(waiting)
            value = gaps[k]
            if value <= ZERO:
                continue
            opened[k] = value = value if value > ZERO else value.max(ZERO)
            for user in users.get(k, ()):
                if user not in gaps:
                    gaps[user] = ZERO
                    heapq.heappush(waiting, user)
                gaps[user] = gaps[user] + self.gaps[user][self.size + k] * value
        return opened

    def users(self) -> dict[int, list[int]]:
        """Switch → those whose gap depends on it."""
        users: dict[int, list[int]] = {}
        for k, row in self.gaps.items():
            for column in row:
                if column >= self.size:
                    users.setdefault(column - self.size, []).append(k)
        return users

    def one_sided(self) -> dict[int, list[ElementKink]]:
        """Coordinate → by row both sides, for the coordinates that a switch answers to."""
        users = self.users()
        direct: dict[int, Row] = {}
        for k, row in self.gaps.items():
            for j, value in row.items():
                if j < self.size:
                    direct.setdefault(j, {})[k] = value
        both_by_coordinate = {}
        for j, gaps in direct.items():
            right = self.opened(gaps, users)
            left = self.opened({k: -value for k, value in gaps.items()}, users)
            both_by_coordinate[j] = [
                ElementKink(left=slopes[j] - _product(weights, left), right=slopes[j] + _product(weights, right))
                for slopes, weights in zip(self.slopes, self.weights, strict=True)
            ]
        return both_by_coordinate

    def limiting(self, direction: Mapping[int, int]) -> list[Row] | None:
        """What the gradient near the point, in `direction`, has more than J, by row; None on the border of a piece."""
        few = len(direction) <= FEW_COORDINATES  # a gap of zero is one of a number and itself
        active: set[int] = set()
        gaps: Row = {}
        for k in sorted(self.gaps):
            row = self.gaps[k]
            self.budget.spend(ENTRY_S * (1 + len(row)))
            gap = arb(0)
            for column, value in row.items():
                if column < self.size:
                    gap = gap + value * direction[column]
                elif column - self.size in active:
                    gap = gap + value * gaps[column - self.size]
            if gap.contains(0) and row and not (few and gap.is_zero()):
                return None
            gaps[k] = gap
            if gap > 0:
                active.add(k)
        return [self._added(weights, active) for weights in self.weights]

    def _added(self, weights: Row, active: set[int]) -> Row:
        weights = dict(weights)
        total: Row = {}
        for k in sorted(active, reverse=True):
            weight = weights.get(k)
            if weight is None:
                continue
            for column, value in self.gaps[k].items():
                target, place = (total, column) if column < self.size else (weights, column - self.size)
                target[place] = target[place] + weight * value if place in target else weight * value
        return total


def _product(x: Row, y: Row) -> Any:
    few, many = (x, y) if len(x) < len(y) else (y, x)
    return sum((value * many[k] for k, value in few.items() if k in many), start=ZERO)


def pieces(tape: SwitchingTape, inputs: Sequence[Node], heads: Iterable[tuple[Seeds, int]], budget: Budget) -> Pieces:
    """The form for the results whose cotangents are in `heads`, each with the number of its rows."""
    columns = [*inputs, *(group.added for group in tape.switches)]
    size = sum(math.prod(tape.shape(x)) for x in inputs)
    rows = [row for seeds, count in heads for row in flat_rows(tape.batches, tape.backward(seeds, columns), count)]
    budget.spend(ENTRY_S * sum(map(len, rows)))
    form = Pieces(
        budget=budget, size=size, slopes=[row[:size] for row in rows], weights=[_sparse(row[size:]) for row in rows]
    )
    start = sum(math.prod(tape.shape(group.added)) for group in tape.switches)
    wanted = {k for weights in form.weights for k in weights}
    for group in reversed(tape.switches):
        count = math.prod(tape.shape(group.added))
        start -= count
        chosen = [k - start for k in wanted if start <= k < start + count]
        for place, row in _gap_rows(tape, group.gaps, chosen, columns, budget).items():
            form.gaps[start + place] = row
            wanted |= {column - size for column in row if column >= size}
    finite = (all(x.is_finite() for x in row) for row in rows)
    form.singular = not all(finite) or any(not x.is_finite() for row in form.gaps.values() for x in row.values())
    return form


def _gap_rows(
    tape: SwitchingTape, gaps: Node, chosen: Sequence[int], columns: Sequence[Node], budget: Budget
) -> Mapping[int, Row]:
    """The rows of Z and L for the ties `chosen` of one step."""
    size = math.prod(tape.shape(gaps))
    entries = sum(math.prod(tape.shape(x)) for x in columns)

    def back(items: Sequence[int], weights: Sequence[int] | npt.NDArray[Any]) -> list[Any]:
        budget.spend(ENTRY_S * entries)
        seed = np.zeros(size)
        seed[items] = weights
        return flat(tape.backward([(gaps, tape.inner.direction(seed))], columns))

    rows = _apart(chosen, back) if len(chosen) > FEW else None
    return rows or {k: _sparse(back([k], [1])) for k in chosen}


def _apart(chosen: Sequence[int], back: Callable[..., list[Any]]) -> Mapping[int, Row] | None:
    """The rows of ties that share no coordinate, from three passes for all of them; None where two share one.

    Weighted by their numbers, the ties give the same slopes times the number of the tie that has the coordinate. That
    it is one tie alone shows with weights drawn at random.
    """
    drawn = np.random.default_rng(0).integers(2**39, 2**40, len(chosen))
    numbers = np.arange(1, len(chosen) + 1)
    rows: dict[int, Row] = {k: {} for k in chosen}
    passes = (back(chosen, weights) for weights in (np.ones(len(chosen)), numbers, drawn))
    for column, (once, numbered, checked) in enumerate(zip(*passes, strict=True)):
        if checked.is_zero():
            continue
        if not (once.is_finite() and numbered.is_finite()):
            rows[chosen[0]][column] = arb("nan")  # whose it is does not matter: the form does not hold
            continue
        number = None if once.contains(0) else (numbered / once).unique_fmpz()
        if number is None or not 1 <= number <= len(chosen):
            return None
        place = int(number) - 1
        if not checked.overlaps(once * int(drawn[place])):
            return None
        rows[chosen[place]][column] = once
    return rows


def _sparse(items: Sequence[Any]) -> Row:
    return {i: item for i, item in enumerate(items) if not item.is_zero()}
