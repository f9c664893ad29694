"""What an input is before it is an array."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gradcmp.core.formats import BYTES, FORMATS
from gradcmp.errors import Location

DEFAULT_MAX_BYTES = 2**30
"""The inputs of a problem in all, unless `--max-bytes` says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Specification:
    """How one array is made.

    `generator` is a word of the scenario format (`literal`, `arange`, `normal`, `npz`, …); `arguments` are its
    values as plain numbers, lists and words: the generator's own value under its own name, options under theirs
    (`{"normal": [2, 2], "seed": 7}`). `dtype` is None where the array follows the problem's dtype;
    `kind` is what it holds. `shape` is None where only the file knows.
    """

    generator: str
    arguments: Mapping[str, Any]
    kind: str = "float"  # float, int or bool
    dtype: str | None = None
    shape: tuple[int, ...] | None
    location: Location
    folder: str = ""  # what relative file names are relative to

    def dtype_in(self, problem_dtype: str) -> str:
        """The dtype of the array in a problem of `problem_dtype`."""
        if self.dtype is not None:
            return self.dtype
        return {"float": problem_dtype, "int": "int64", "bool": "bool"}[self.kind]

    def size_bytes(self, problem_dtype: str) -> int:
        """How large the array is in a problem of `problem_dtype`; 0 where only the file knows."""
        return 0 if self.shape is None else math.prod(self.shape) * BYTES[self.dtype_in(problem_dtype)]


@dataclass(frozen=True, slots=True)
class InputTree:
    """Names → specifications or further trees, as the scenario wrote them."""

    children: Mapping[str, Specification | InputTree] = field(default_factory=dict)

    def leaves(self, prefix: str = "") -> Iterator[tuple[str, Specification]]:
        """Every leaf with its path, in the order written: `params.dense.kernel`."""
        for name, child in self.children.items():
            path = f"{prefix}.{name}" if prefix else name
            if isinstance(child, InputTree):
                yield from child.leaves(path)
            else:
                yield path, child


def beyond(number: float, dtype: str) -> tuple[str, str, str]:
    """The words for a finite number that is infinite in `dtype`: what is wrong, what is expected, what to do."""
    return (
        f"{number:g} is beyond the largest {dtype}, {FORMATS[dtype].largest:g}",
        f"expected numbers that {dtype} has",
        "write `.inf` where that is meant, or take a wider `dtype`",
    )


def readable_bytes(count: int) -> str:
    """A size for people: `4 TiB`, `1.5 GiB`, `12 bytes`."""
    if count >= 1 << 90:
        return "more bytes than there are"
    for unit, power in (("EiB", 60), ("PiB", 50), ("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if count >= 1 << power:
            return f"{round(count / (1 << power), 1):g} {unit}"
    return f"{count} bytes"
