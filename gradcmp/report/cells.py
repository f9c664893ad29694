"""What stands in one cell of the tables: a value, a word, a mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gradcmp.core.verdicts import VERDICTS
from gradcmp.report.arrays import norm
from gradcmp.report.document import CaseView, LeafView
from gradcmp.report.figures import DIGITS, nested, number, shape

LARGEST_SHOWN = 6
"""Elements; of a larger array the norm and the shape are shown."""

MARKS: dict[str, str] = {
    "exact": "✓",
    "rounding": "≈",
    "high": "≈",
    "skipped": "–",
    "unsupported": "–",
}
"""Verdict → mark, where it is not that of its level."""

LEVEL_MARKS: dict[str, str] = {"ok": "✓", "note": "?", "warn": "!", "fail": "✗"}
KNOWN_MARK = "†"

_LADDER = (DIGITS, 8, 10, 12, 15, 17)


@dataclass(frozen=True, slots=True)
class Cell:
    """`level` colours it; `""`: nothing of note. `parts`: what `text` was joined from, to be aligned anew."""

    text: str = ""
    mark: str = ""
    level: str = ""
    parts: tuple[str, ...] = ()


def mark(case: CaseView) -> str:
    """The verdict's sign; `†` where an expectation foresaw it, `✗` where an expectation is not met."""
    if case.known:
        return KNOWN_MARK
    if VERDICTS[case.verdict] != case.level:
        return LEVEL_MARKS[case.level]
    return MARKS.get(case.verdict, LEVEL_MARKS[case.level])


def leaf_label(key: tuple[str, tuple[str, ...]]) -> str:
    """`x`; `loss: x` where outputs have names; `x, w` for a block of a Hessian."""
    of, wrt = key
    return ": ".join(part for part in (of, ", ".join(wrt)) if part)


def leaf_text(leaf: LeafView, dtype: str, *, digits: int = DIGITS) -> str:
    """The array itself where it has at most 6 elements, else norm and shape; its dtype where it is another."""
    if leaf.missing:
        return "none"
    size = 1
    for length in leaf.shape:
        size *= length
    if leaf.norm is not None:
        text = f"‖{number(leaf.norm, digits=digits)}‖ {shape(leaf.shape)}"
    elif size > LARGEST_SHOWN:
        text = f"‖{number(norm_of(leaf.data), digits=digits)}‖ {shape(leaf.shape)}"
    elif size == 0:
        text = f"empty {shape(leaf.shape)}"
    else:
        text = nested(leaf.data, leaf.dtype, digits=digits)
    return text if leaf.dtype == dtype else f"{text} {leaf.dtype}"


def truth_text(leaf: LeafView, *, digits: int = DIGITS) -> str:
    """As `leaf_text`; at a kink both one-sided derivatives: `-1 to 1`."""
    small = isinstance(leaf.left, list | int | float | str) and _count(leaf.left) <= LARGEST_SHOWN
    if small and leaf.right is not None and leaf.left != leaf.right:
        return f"{nested(leaf.left, digits=digits)} to {nested(leaf.right, digits=digits)}"
    return leaf_text(leaf, leaf.dtype, digits=digits)


def row_texts(
    truth: LeafView | None, leaves: Sequence[LeafView | None], suspects: Sequence[bool], dtype: str
) -> tuple[str, tuple[str, ...]]:
    """The texts of one row: the truth's and the targets'.

    With as many digits as it takes to tell every suspect's value from the truth; with the usual number where none
    suffices, or where there is no truth.
    """

    def texts(digits: int) -> tuple[str, tuple[str, ...]]:
        own = tuple("" if leaf is None else leaf_text(leaf, dtype, digits=digits) for leaf in leaves)
        return "" if truth is None else truth_text(truth, digits=digits), own

    first = texts(DIGITS)
    if truth is None or not any(suspects):
        return first
    for digits in _LADDER:
        found, own = texts(digits)
        if all(text != found for text, suspect in zip(own, suspects, strict=True) if suspect):
            return found, own
    return first


def norm_of(data: Any) -> float:
    """The Euclidean norm of nested lists as a result file has them."""
    import numpy

    return norm(numpy.asarray(_flat(data), dtype=numpy.float64))


def _flat(data: Any) -> list[float]:
    if isinstance(data, list):
        return [value for item in data for value in _flat(item)]
    return [float(data)]


def _count(data: Any) -> int:
    return sum(_count(item) for item in data) if isinstance(data, list) else 1
