"""What stands in one cell of the tables: a value, a word, a mark."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from gradcmp.core.verdicts import ExpectationState, Level, Verdict
from gradcmp.result.arrays import norm
from gradcmp.result.records import ArrayRecord, CaseRecord, TruthRecord
from gradcmp.result.values import StoredArray
from gradcmp.words.figures import DIGITS, nested, number, shape
from gradcmp.words.lists import plural
from gradcmp.words.truths import DOES_NOT_EXIST

LARGEST_SHOWN = 6
"""Elements; of a larger array the norm and the shape are shown."""

KNOWN_MARK = "†"

_NOT_AS_EXPECTED = (ExpectationState.UNMET, ExpectationState.FIXED)

_LADDER = (DIGITS, 8, 10, 12, 15, 17)


@dataclass(frozen=True, slots=True)
class Cell:
    """`level` colours it; `""`: nothing of note. `note` stands behind the value, beside those of the other rows.

    `parts`: what `text` was joined from, to be aligned anew.
    """

    text: str = ""
    mark: str = ""
    level: str = ""
    note: str = ""
    parts: tuple[str, ...] = ()

    @property
    def whole(self) -> str:
        """Value and note, where they do not stand in columns."""
        return f"{self.text} ({self.note})" if self.note else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """A mark, what it stands for, and the level that colours it: a `Level`, `known` or `skipped`."""

    mark: str
    level: str
    word: Verdict | str


def sign(case: CaseRecord) -> Sign:
    """The verdict's sign; `†` where an expectation foresaw it, `✗` where an expectation is not met."""
    if case.known:
        return Sign(mark=KNOWN_MARK, level="known", word="known")
    word = {ExpectationState.UNMET: "expectation not met", ExpectationState.FIXED: "fixed"}.get(
        case.expectation, case.verdict
    )
    level = "skipped" if case.verdict is Verdict.SKIPPED else case.level
    return Sign(mark=_mark(case.verdict, case.level), level=level, word=word)


def leaf_sign(case: CaseRecord, key: tuple[str, tuple[str, ...]]) -> Sign:
    """The sign of one leaf: that of its own verdict.

    Where an expectation stands beside the verdicts, the leaves that are not well carry the sign of the case, or all of
    them where all are well.
    """
    errors = case.errors_of(key)
    if errors is None or errors.verdict is None or errors.level is None:
        return sign(case)
    blamed = errors.level is not Level.OK or all(other.level is Level.OK for other in case.errors)
    if blamed and (case.known or case.expectation in _NOT_AS_EXPECTED):
        return sign(case)
    return Sign(mark=_mark(errors.verdict, errors.level), level=errors.level, word=errors.verdict)


def case_signs(case: CaseRecord) -> tuple[Sign, ...]:
    """Every sign that the rows of the case carry."""
    if case.outcome != "computed" or len(case.errors) < 2:
        return (sign(case),)
    return tuple(dict.fromkeys(leaf_sign(case, (errors.of, errors.wrt)) for errors in case.errors))


def mark(case: CaseRecord) -> str:
    """The sign's mark."""
    return sign(case).mark


def _mark(verdict: Verdict, level: Level) -> str:
    return verdict.mark if verdict.level is level else level.mark


def leaf_label(key: tuple[str, tuple[str, ...]]) -> str:
    """`x`; `loss: x` where outputs have names; `x, w` for a block of a Hessian."""
    of, wrt = key
    return ": ".join(part for part in (of, ", ".join(wrt)) if part)


def leaf_text(leaf: ArrayRecord, dtype: str, *, digits: int = DIGITS) -> str:
    """The array itself where it has at most 6 elements, else norm and shape; its dtype where it is another."""
    if leaf.missing:
        return "none"
    size = math.prod(leaf.lengths)
    if leaf.norm is not None:
        text = f"‖{number(leaf.norm, digits=digits)}‖ {shape(leaf.lengths)}"
    elif size > LARGEST_SHOWN:
        text = f"‖{number(norm_of(leaf.data), digits=digits)}‖ {shape(leaf.lengths)}"
    elif size == 0:
        text = f"empty {shape(leaf.lengths)}"
    else:
        text = nested(leaf.data, leaf.dtype or "", digits=digits)
    return text if leaf.dtype == dtype else f"{text} {leaf.dtype}"


def truth_text(leaf: TruthRecord, *, digits: int = DIGITS) -> str:
    """As `leaf_text`; at a kink both one-sided derivatives: `[-1 | 1, 2]`; of a larger array `12, 3 kinks`.

    Its norm is not told: at the kinks it would be that of the mean of both sides, which is no derivative.
    """
    if leaf.left is None or leaf.right is None:
        return leaf_text(leaf, leaf.dtype or "", digits=digits)
    stored = any(data is None or isinstance(data, StoredArray) for data in (leaf.data, leaf.left, leaf.right))
    if leaf.left == leaf.right and (stored or not numpy.isnan(_array(leaf.left)).any()):
        return leaf_text(leaf, leaf.dtype or "", digits=digits)
    if stored:
        return f"{shape(leaf.lengths)}, with kinks"
    if _count(leaf.data) <= LARGEST_SHOWN:
        return _sides(leaf.data, leaf.left, leaf.right, digits)
    kinks = (_array(leaf.left) != _array(leaf.right)).sum()
    return f"{shape(leaf.lengths)}, {plural(int(kinks), 'kink')}"


def side_text(value: float | str, *, digits: int = DIGITS) -> str:
    """A one-sided derivative, or that it does not exist."""
    return DOES_NOT_EXIST if str(value) == "nan" else number(value, digits=digits)


def _sides(data: Any, left: Any, right: Any, digits: int) -> str:
    if isinstance(data, list):
        return f"[{', '.join(_sides(*each, digits) for each in zip(data, left, right, strict=True))}]"
    if left == right:
        return side_text(data, digits=digits)
    return f"{side_text(left, digits=digits)} | {side_text(right, digits=digits)}"


def row_texts(
    truth: TruthRecord | None, leaves: Sequence[ArrayRecord | None], suspects: Sequence[bool], dtype: str
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
    return norm(_array(data))


def _array(data: Any) -> numpy.ndarray:
    return numpy.asarray(data, dtype=numpy.float64)


def _count(data: Any) -> int:
    return sum(_count(item) for item in data) if isinstance(data, list) else 1
