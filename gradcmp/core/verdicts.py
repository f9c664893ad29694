"""Verdicts, levels, evidence, how a case stands to its expectation, conventions at a kink: a row each, in their order.

`docs/verdicts.md` has them at length. The defaults of the columns let `Verdict("exact")` find a row.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Level(StrEnum):
    """How much a verdict matters, from best to worst. `mark` stands in the tables."""

    mark: str
    rank: int

    def __new__(cls, name: str, mark: str = "") -> Level:
        row = str.__new__(cls, name)
        row._value_, row.mark, row.rank = name, mark, len(cls.__members__)
        return row

    OK = "ok", "✓"
    NOTE = "note", "?"
    WARN = "warn", "!"
    FAIL = "fail", "✗"


class Verdict(StrEnum):
    """The judge's word on a case, from best to worst.

    `mark` is that of its level where none is given. `needs`: a `limit` for the distance from the truth, or the
    `reference`: only certified evidence gives the verdict.
    """

    level: Level
    mark: str
    needs: tuple[str, ...]
    meaning: str
    rank: int

    def __new__(
        cls, name: str, level: Level = Level.OK, mark: str = "", needs: tuple[str, ...] = (), meaning: str = ""
    ) -> Verdict:
        row = str.__new__(cls, name)
        row._value_, row.level, row.mark, row.needs, row.meaning = name, level, mark or level.mark, needs, meaning
        row.rank = len(cls.__members__)
        return row

    EXACT = "exact", Level.OK, "", (), "every number is the true one rounded to the dtype; none could be nearer"
    ROUNDING = (
        "rounding",
        Level.OK,
        "≈",
        (),
        "at most one unit in the last place off, or as far as independent roundings of this program lead",
    )
    HIGH = (
        "high",
        Level.OK,
        "≈",
        ("limit",),
        "further off than independent roundings lead, and not further than those of this program can at the worst",
    )
    SKIPPED = "skipped", Level.OK, "–", (), "it was not run"
    UNSUPPORTED = "unsupported", Level.NOTE, "–", (), "the framework, or its backend, says that it cannot do this"
    UNJUDGED = "unjudged", Level.NOTE, "", (), "there is a value, and nothing to judge it by"
    NO_DIGITS = (
        "no-digits",
        Level.NOTE,
        "",
        ("limit",),
        "within the tolerance, but the tolerance leaves no digit of the value: the formula is unstable here, and nothing can be concluded",
    )
    CONVENTION = (
        "convention",
        Level.NOTE,
        "",
        ("reference",),
        "the function has a kink here, and the value is a legitimate derivative of one side or between both: a choice, not an error",
    )
    FRAGILE = (
        "fragile",
        Level.NOTE,
        "",
        ("reference",),
        "a comparison on the way is decided by rounding, and the value is right for the other branch",
    )
    FLUSHED = (
        "flushed",
        Level.NOTE,
        "",
        ("limit",),
        "zero in place of a number below the smallest normal one, which hardware may do",
    )
    NONDETERMINISTIC = (
        "nondeterministic",
        Level.WARN,
        "",
        (),
        "two runs of this target differ by more than the targets do",
    )
    INACCURATE = (
        "inaccurate",
        Level.WARN,
        "",
        ("limit",),
        "further off than rounding explains, with at least half of the digits that the dtype has, or within twice the limit",
    )
    RANGE = (
        "range",
        Level.WARN,
        "",
        ("reference",),
        "a step of the program leaves the range of the dtype, and fewer than half of the digits are right",
    )
    REMOVABLE = (
        "removable",
        Level.WARN,
        "",
        ("reference",),
        "the function is not smooth on the way to the result, but its derivative exists here and is another one",
    )
    DISAGREES = (
        "disagrees",
        Level.FAIL,
        "",
        ("limit",),
        "the targets differ by more than the tolerance, and nothing tells which of them is right",
    )
    WRONG = (
        "wrong",
        Level.FAIL,
        "",
        ("limit",),
        "further off than rounding explains, and fewer than half of the digits are right",
    )
    NONFINITE = (
        "nonfinite",
        Level.FAIL,
        "",
        (),
        "NaN or infinity where the true value is a finite number of the dtype, or a number where it is not",
    )
    MISSING = "missing", Level.FAIL, "", (), "the framework returned no gradient"
    MISSHAPEN = "misshapen", Level.FAIL, "", (), "the array has another shape or dtype than the operator defines"
    RAISED = "raised", Level.FAIL, "", (), "the framework raised an exception"
    TIMED_OUT = "timed-out", Level.FAIL, "", (), "no answer came within the limit"
    DIED = "died", Level.FAIL, "", (), "the process in which the framework ran went away"


class Evidence(StrEnum):
    """What a verdict rests on, from worst to best.

    `truth_name` is what a value of this evidence is called, `by` how an answer was judged.
    """

    meaning: str
    truth_name: str
    by: str
    rank: int

    def __new__(cls, name: str, meaning: str = "", truth_name: str = "", by: str = "") -> Evidence:
        row = str.__new__(cls, name)
        row._value_, row.meaning, row.truth_name, row.by = name, meaning, truth_name, by
        row.rank = len(cls.__members__)
        return row

    NONE = "none", "nothing that could tell what is right", "true"
    CONSENSUS = (
        "consensus",
        "what the targets agree on, and nothing better: all of them may be wrong",
        "agreed on",
        "by consensus",
    )
    NUMERICAL = (
        "numerical",
        "differences in float64 with an estimate of their error, which is no proof",
        "estimated",
        "by differences",
    )
    EXPECTED = (
        "expected",
        "what the scenario says must come out, evaluated in ball arithmetic",
        "expected",
        "by the expected value",
    )
    CERTIFIED = (
        "certified",
        "ball arithmetic on the same function and the same inputs, with a proven error bound",
        "true",
        "by the certified value",
    )


class ExpectationState(StrEnum):
    """How a case stands to what its scenario expects."""

    meaning: str

    def __new__(cls, name: str, meaning: str = "") -> ExpectationState:
        row = str.__new__(cls, name)
        row._value_, row.meaning = name, meaning
        return row

    NONE = "none", ""
    MET = "met", "met: the scenario says that this comes out"
    UNMET = "unmet", "not met: the scenario says that something else comes out, which makes the case fail"
    FIXED = "fixed", "fixed: the scenario says that this target is wrong here, and it no longer is"


class Convention(StrEnum):
    """What an answer at a tied element is. `docs/verdicts.md` has them at length.

    `smooth`: it is the derivative, which exists; `removable`: it is not, although it exists; `undefined`: a number
    where no derivative is known.
    """

    meaning: str
    rank: int

    def __new__(cls, name: str, meaning: str = "") -> Convention:
        row = str.__new__(cls, name)
        row._value_, row.meaning, row.rank = name, meaning, len(cls.__members__)
        return row

    SMOOTH = "smooth", ""
    LEFT = "left", "the derivative from the left"
    RIGHT = "right", "the derivative from the right"
    MIDPOINT = "midpoint", "the mean of both sides"
    LIMITING = "limiting", "the gradient of one of the smooth pieces that meet here"
    BETWEEN = "in between", "between both sides"
    INFINITE = "infinite", "infinite, as one of the sides is"
    NOT_A_NUMBER = "NaN", "not a number"
    JUMP = "jump", "the derivative beside a jump of the function"
    UNDEFINED = "undefined", "a number where no derivative is known"
    REMOVABLE = "removable", "another one, although the derivative exists"
    INCOMPATIBLE = "incompatible", "legitimate by itself, but not together with the others that tie with it"
    OUTSIDE = "outside", "neither of both sides nor between them"


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst verdict by the order of the table, which is that of the levels first."""
    return max(verdicts, key=lambda verdict: verdict.rank)
