"""Reverse mode over tensors: a tape that records the steps of any algebra and plays their transposes back."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from gradcmp.core.tensors import Shape
from gradcmp.numbers.arrays import Flags
from gradcmp.reference.algebra import Algebra, EvaluationError, Places
from gradcmp.reference.language.arrays import places
from gradcmp.reference.modes.both_modes import (
    LiftedAlgebra,
    across_the_cut,
    adjugate,
    chosen,
    drawn_shares,
    for_entries,
    reduced,
    selection_signs,
    transposed,
)
from gradcmp.reference.steps import STEPS
from gradcmp.reference.steps.step import Step

Pull = Callable[[Any], Any]
"""The cotangent of a result → that of one operand, in the inner algebra, or a `Piece` of it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What arrives at the `places` of a flattened array alone: `cotangents` has as many elements."""

    cotangents: Any
    places: Places


@dataclass(slots=True, eq=False)
class Node:
    """One array of the inner algebra on the tape; `pulls` lead to the operands that the inputs reach."""

    primal: Any
    number: int
    live: bool = False  # an input, or computed from one
    pulls: tuple[tuple[Node, Pull], ...] = ()


class TapeAlgebra(LiftedAlgebra[Node]):
    """`Algebra` whose arrays are `Node`s over those of `inner`."""

    def __init__(self, inner: Algebra[Any]) -> None:
        super().__init__(inner)
        self._numbers = itertools.count()

    def input(self, primal: Any) -> Node:
        """An array to differentiate by."""
        return Node(primal=primal, number=next(self._numbers), live=True)

    def lifted(self, primal: Any, *pairs: tuple[Node, Pull]) -> Node:
        """An array with a way back to each operand that an input reaches."""
        pulls = tuple((x, pull) for x, pull in pairs if x.live)
        return Node(primal=primal, number=next(self._numbers), live=bool(pulls), pulls=pulls)

    def elementwise(self, name: str, *operands: Node) -> Node:
        a, values = self.inner, [x.primal for x in operands]
        result = a.elementwise(name, *values)
        row = STEPS.get(name)  # None: a step of `inner` alone
        if row is not None and row.chooses:
            return self._selection(row, operands, result)
        if row is not None and row.flat:
            return self._floor(operands[0], result)
        rules = row.rules if row is not None else ()

        def pull(place: int) -> Pull:
            if not rules:
                raise EvaluationError(f"the derivative of `{name}` is not supported yet")
            rule, shape = rules[place], a.shape(values[place])

            def back(g: Any) -> Any:
                if name == "arctan2" and place == 0:
                    self.ties.comparisons += int(np.count_nonzero(across_the_cut(a, *values) & ~a.zeros(g)))
                return reduced(a, rule(a, g, values, result), shape)

            return back

        return self.lifted(result, *((x, pull(place)) for place, x in enumerate(operands) if x.live))

    def whole_power(self, x: Node, exponent: int) -> Node:
        a = self.inner

        def pull(g: Any) -> Any:
            if exponent == 0:
                return a.direction(np.zeros(a.shape(x.primal)))
            factor = a.constant(np.asarray(float(exponent)))
            return a.elementwise("scale", g, a.elementwise("multiply", factor, a.whole_power(x.primal, exponent - 1)))

        return self.lifted(a.whole_power(x.primal, exponent), (x, pull))

    def sum(self, x: Node, axes: tuple[int, ...]) -> Node:
        a, shape = self.inner, self.shape(x)
        kept = tuple(1 if axis in axes else n for axis, n in enumerate(shape))

        def pull(g: Any) -> Any:
            return a.pick([g], np.broadcast_to(places(a.shape(g)).reshape(kept), shape))

        return self.lifted(a.sum(x.primal, axes), (x, pull))

    def matmul(self, x: Node, y: Node) -> Node:
        a, left, right = self.inner, x.primal, y.primal
        return self.lifted(
            a.matmul(left, right),
            (x, lambda g: a.matmul(g, transposed(a, right))),
            (y, lambda g: a.matmul(transposed(a, left), g)),
        )

    def det(self, x: Node) -> Node:
        a, matrix = self.inner, x.primal

        def pull(g: Any) -> Any:
            return a.elementwise("scale", for_entries(a, g), transposed(a, adjugate(a, matrix)))

        return self.lifted(a.det(matrix), (x, pull))

    def inv(self, x: Node) -> Node:
        a, inverse = self.inner, self.inner.inv(x.primal)
        turned = transposed(a, inverse)

        def pull(g: Any) -> Any:
            return a.elementwise("negative", a.matmul(turned, a.matmul(g, turned)))

        return self.lifted(inverse, (x, pull))

    def solve(self, a: Node, b: Node) -> Node:
        inner, matrix = self.inner, a.primal
        solution = inner.solve(matrix, b.primal)

        def by_right_side(g: Any) -> Any:
            return inner.solve(transposed(inner, matrix), g)

        def by_matrix(g: Any) -> Any:
            return inner.elementwise("negative", inner.matmul(by_right_side(g), transposed(inner, solution)))

        return self.lifted(solution, (a, by_matrix), (b, by_right_side))

    def pick(self, arrays: Sequence[Node], places: Places) -> Node:
        a, flat = self.inner, np.asarray(places).ravel()
        starts = np.cumsum([0, *(math.prod(self.shape(x)) for x in arrays)])
        positions = cache(lambda: _by_source(flat, starts))

        def pull(source: int) -> Pull:
            def back(g: Any) -> Any:
                taken = positions()[source]
                part = g if taken.size == flat.size else a.pick([g], taken)
                piece = Piece(part, flat[taken] - starts[source])
                shape = self.shape(arrays[source])
                return piece if taken.size < math.prod(shape) else _assembled(a, [piece], shape)

            return back

        pairs = ((x, pull(source)) for source, x in enumerate(arrays) if x.live)
        return self.lifted(a.pick([x.primal for x in arrays], places), *pairs)

    def scatter(self, x: Node, places: Places, size: int) -> Node:
        a, shape = self.inner, self.shape(x)
        return self.lifted(
            a.scatter(x.primal, places, size), (x, lambda g: a.pick([g], np.asarray(places).reshape(shape)))
        )

    def zeros(self, x: Node) -> Flags:
        return np.zeros(self.shape(x), dtype=bool) if x.live else self.inner.zeros(x.primal)

    def backward(self, seeds: Sequence[tuple[Node, Any]], inputs: Sequence[Node]) -> list[Any]:
        """The cotangents of `inputs` for those of the outputs in `seeds`, as arrays of the inner algebra."""
        a = self.inner
        add = functools.partial(a.elementwise, "add")
        sums: dict[int, Any] = {}
        pieces: dict[int, list[Piece]] = {}

        def give(node: Node, cotangent: Any) -> None:
            if isinstance(cotangent, Piece):
                pieces.setdefault(node.number, []).append(cotangent)
            else:
                known = sums.get(node.number)
                sums[node.number] = cotangent if known is None else add(known, cotangent)

        for node, seed in seeds:
            give(node, seed)
        wanted = {node.number for node in inputs}
        # A result has a higher number than its operands, so the highest that waits has all its cotangents.
        for node in sorted(_reached(node for node, _ in seeds), key=lambda node: -node.number):
            if node.number in pieces:
                # Once for all of them: a loop that takes an array apart costs no more than what it takes.
                give(node, _assembled(a, pieces.pop(node.number), a.shape(node.primal)))
            cotangent = sums.get(node.number)
            if cotangent is None or not node.pulls:
                continue
            for parent, pull in node.pulls:
                give(parent, pull(cotangent))
            if node.number not in wanted:
                del sums[node.number]
        return [
            sums[node.number] if node.number in sums else a.direction(np.zeros(a.shape(node.primal))) for node in inputs
        ]

    def widest(self, heads: Iterable[Node]) -> int:
        """Elements of the largest array on the way from `heads` to the inputs."""
        return max(math.prod(self.shape(node)) for node in _reached(heads))

    def _selection(self, row: Step, operands: Sequence[Node], result: Any) -> Node:
        """A step that hands the cotangent to the operand it chose; at a tie to the first, and the tie is noted."""
        a, values = self.inner, [x.primal for x in operands]
        signs = cache(lambda: selection_signs(a, row.name, values))
        shares = cache(lambda: drawn_shares(a, signs()))
        counting = next((place for place, x in enumerate(operands) if x.live), 0)  # one of them notes the ties

        def pull(place: int) -> Pull:
            def back(g: Any) -> Any:
                decided = signs()
                if place == counting:
                    self.ties.selections += int(np.count_nonzero((decided == 0) & ~a.zeros(g)))
                part = chosen(a, row.name, place, decided * row.chooses, g, shares())
                return reduced(a, part, a.shape(values[place]))

            return back

        return self.lifted(result, *((x, pull(place)) for place, x in enumerate(operands)))

    def _floor(self, x: Node, result: Any) -> Node:
        a = self.inner

        def pull(g: Any) -> Any:
            self.ties.comparisons += int(np.count_nonzero(a.compare(x.primal, result) == 0))
            return a.direction(np.zeros(a.shape(g)))

        return self.lifted(result, (x, pull))


def _by_source(flat: Places, starts: Places) -> list[Places]:
    """The positions in `flat` whose places lie in each of the arrays that begin at `starts`, the last being the end."""
    if len(starts) == 2:
        return [np.arange(flat.size)]
    source = np.searchsorted(starts[:-1], flat, side="right") - 1
    order = np.argsort(source, kind="stable")
    return np.split(order, np.cumsum(np.bincount(source, minlength=len(starts) - 1))[:-1])


def _assembled(a: Algebra[Any], pieces: Sequence[Piece], shape: Shape) -> Any:
    """An array of `shape` in which the pieces add up."""
    size, inside = math.prod(shape), np.concatenate([piece.places for piece in pieces])
    parts = [piece.cotangents for piece in pieces]
    if np.bincount(inside, minlength=1).max() <= 1:  # nothing has to be summed
        back = np.full(size, inside.size, dtype=np.int64)
        back[inside] = np.arange(inside.size)
        nothing = [] if inside.size == size else [a.direction(np.zeros(()))]
        return a.pick([*parts, *nothing], back.reshape(shape))
    part = parts[0] if len(parts) == 1 else a.pick(parts, np.arange(inside.size))
    spread = a.scatter(part, inside, size)
    return spread if len(shape) == 1 else a.pick([spread], places(shape))


def _reached(heads: Iterable[Node]) -> list[Node]:
    """Every node on the way from `heads` to the inputs."""
    seen: dict[int, Node] = {}
    stack = list(heads)
    while stack:
        node = stack.pop()
        if node.number not in seen:
            seen[node.number] = node
            stack += [parent for parent, _ in node.pulls]
    return list(seen.values())
