"""Which arrays an operator defines: the leaves of an answer with their dtypes and shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from gradcmp.core.operators import Operator
from gradcmp.core.tensors import Key

if TYPE_CHECKING:
    from gradcmp.program.ir import ArrayType

Dimensions = tuple[int | None, ...] | None
"""A shape as far as it is known before the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafType:
    """One array of an answer before it is known. `of` and `wrt` as in `core.tensors.Leaf`.

    `shape`, one of its lengths, or `dtype` is None where only the run tells.
    """

    of: str = ""
    wrt: tuple[str, ...] = ()
    dtype: str | None = None
    shape: Dimensions = None

    @property
    def key(self) -> Key:
        return self.of, self.wrt

    @property
    def label(self) -> str:
        """How messages name the leaf: `d0/dx`, `dx`, `output 0`, or nothing for a sole value."""
        by = "d".join(f"({name})" if "." in name else name for name in self.wrt)
        if not self.wrt:
            return f"output {self.of}" if self.of else ""
        return f"d{self.of}/d{by}" if self.of else f"d{by}"

    def names(self) -> tuple[str, ...]:
        """The paths by which a scenario's `expect` may name this leaf, longest first."""
        by = ",".join(self.wrt)
        return tuple(dict.fromkeys(name for name in (f"{self.of}.{by}" if self.of and by else "", by, self.of) if name))


def operator_leaves(
    operator: Operator, wrt: Sequence[str], inputs: Mapping[str, ArrayType], outputs: Sequence[tuple[str, ArrayType]]
) -> tuple[LeafType, ...]:
    """The leaves that `operator` defines, in the order of `Operator.keys`."""
    types = dict(outputs)
    return tuple(
        _leaf(of, paths, ([types[of]] if operator.spans_output else []) + [inputs[path] for path in paths])
        for of, paths in operator.keys(tuple(types), wrt)
    )


def _leaf(of: str, wrt: tuple[str, ...], parts: Sequence[ArrayType]) -> LeafType:
    """A leaf whose axes are those of `parts` end to end."""
    shapes = [part.shape for part in parts if part.shape is not None]
    return LeafType(
        of=of,
        wrt=wrt,
        dtype=parts[0].dtype if len({part.dtype for part in parts}) == 1 else None,
        shape=tuple(chain.from_iterable(shapes)) if len(shapes) == len(parts) else None,
    )


def fits(a: Dimensions, b: Dimensions) -> bool:
    """May two shapes be the same? None, for a length or the whole, allows everything."""
    if a is None or b is None:
        return True
    return len(a) == len(b) and all(m is None or n is None or m == n for m, n in zip(a, b, strict=True))
