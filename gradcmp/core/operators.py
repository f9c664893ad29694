"""Operators (the derivative taken), modes (how), protocols (how a recording is used): a row each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import product

from gradcmp.core.tensors import Key


class Operator(StrEnum):
    """The derivative taken. A row says which leaves the answer has.

    order
        How often the function is differentiated.
    by_output
        There is a leaf for every output; else the outputs are summed up by a cotangent.
    paths
        How many inputs a leaf is differentiated by: 0, 1, or 2 for the blocks of a Hessian.
    spans_output
        The output's axes come first in a leaf's shape; then those of each of its inputs.
    scalar
        The outputs have to be scalars.
    seed
        What the scenario may give: `cotangent`, `tangent` or nothing.
    """

    order: int
    by_output: bool
    paths: int
    spans_output: bool
    scalar: bool
    seed: str

    def __new__(  # the columns of the table
        cls,
        name: str,
        order: int = 0,
        by_output: int = 0,
        paths: int = 0,
        spans_output: int = 0,
        scalar: int = 0,
        seed: str = "",
    ) -> Operator:
        row = str.__new__(cls, name)
        row._value_, row.order, row.paths, row.seed = name, order, paths, seed
        row.by_output, row.spans_output, row.scalar = bool(by_output), bool(spans_output), bool(scalar)
        return row

    # name, order, by_output, paths, spans_output, scalar, seed
    VALUE = "value", 0, 1, 0, 1, 0, ""
    GRADIENT = "gradient", 1, 1, 1, 0, 1, ""
    VJP = "vjp", 1, 0, 1, 0, 0, "cotangent"
    JVP = "jvp", 1, 1, 0, 1, 0, "tangent"
    JACOBIAN = "jacobian", 1, 1, 1, 1, 0, ""
    HESSIAN = "hessian", 2, 1, 2, 0, 1, ""
    HVP = "hvp", 2, 1, 1, 0, 1, "tangent"

    def keys(self, outputs: Sequence[str], wrt: Sequence[str]) -> Iterator[Key]:
        """The keys of the leaves, outputs first, then inputs; `outputs` and `wrt` are paths."""
        for of in outputs if self.by_output else ("",):
            for paths in product(wrt, repeat=self.paths):
                yield of, paths


OPERATORS: tuple[Operator, ...] = tuple(Operator)

MODES: tuple[str, ...] = ("reverse", "forward", "forward-over-reverse", "reverse-over-reverse", "loop", "vectorized")

PROTOCOLS: dict[str, str] = {
    "backward_twice": "two reverse passes through one recording that was not asked to persist",
    "backward_twice_retained": "two reverse passes through one recording, recorded persistently",
    "accumulate": "three reverse passes without clearing gradients in between",
    "zero_between": "three reverse passes, clearing gradients in between",
    "vector_backward": "a reverse pass from a non-scalar output without a cotangent",
    "untracked_input": "a reverse pass with respect to an input that was not tracked",
    "unused_input": "a reverse pass with respect to an input that the function does not use",
    "two_targets": "two outputs of one recording, each differentiated",
}
"""Protocol → what it does; the idiom is the backend's."""
