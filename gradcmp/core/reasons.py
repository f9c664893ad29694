"""Why something is judged as it is: facts with their numbers. `words` has the sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gradcmp.core.verdicts import Convention, Verdict


class LimitKind(StrEnum):
    """Where limits come from."""

    RUNNING = "running"  # the rounding errors of the program
    INTERIM = "interim"  # a number of ULPs for each dtype
    ULPS = "ulps"  # the scenario's, in ULPs
    RELATIVE = "relative"  # the scenario's, relative and absolute
    ABOUT = "about"  # the scenario's, half a unit (`atol`) of the last digit of a decimal
    WHOLE = "whole"  # whole numbers have none
    WORDS = "words"  # only in words: of a result file that has no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The limits that were used. `sigmas` root-sum-square running errors are rounding.

    `rss` (those) and `worst` (the worst case) are the sizes at one element, whose last place is `unit`. `text` and
    `text_at_worst` are those of kind `words`.
    """

    kind: LimitKind
    ulps: float = 0.0
    rtol: float = 0.0
    atol: float = 0.0
    sigmas: float = 0.0
    rss: float | None = None
    worst: float | None = None
    unit: float | None = None
    text: str = ""
    text_at_worst: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KinkSummary:
    """What an answer is at the `tied` elements of a leaf, and both sides at the worst of them, `index` (NaN: none).

    `counts` are without the smooth ones, the most frequent first.
    """

    counts: Mapping[Convention, int]
    tied: int
    index: tuple[int, ...]
    left: float
    right: float


class Claim(StrEnum):
    """What a number stands against: the truth, or what others computed; or it is what a scenario expects."""

    TRUE = "true"
    OTHERS = "others"
    EXPECTED = "expected"


class Together(StrEnum):
    """What an answer at several kinks is as a whole; each of its numbers being legitimate does not make it one."""

    LIMITING = "limiting"
    HULL = "hull"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What `count` elements that tie have to sum up to, and what they do; `weighted`: each times a number of its own.

    `leaves` are the names of the arrays that they are in.
    """

    count: int
    due: float
    found: float
    weighted: bool = False
    leaves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """The significant decimal digits of a number: those that are `correct`, of those that its dtype can hold there."""

    correct: float
    held: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrinkage:
    """Errors in two precisions: the case's own and `dtype`. `shrinks` None: the other one tells nothing.

    From the lower to the higher precision the error shrinks `fold`-fold, where rounding alone would `rounding_fold`.
    `digits` of the number are right in the higher one.
    """

    dtype: str
    shrinks: bool | None = None
    here: float = 0.0
    there: float = 0.0
    fold: float = 0.0
    rounding_fold: float = 0.0
    digits: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """The worst element of an array and what was measured there, numbers in `dtype`.

    `more` of `size` elements have the same verdict. `away` is the distance from `true`, `ulps` the same in ULPs where
    that says something, `digits` those that are right. `half_unit`: `true` is a decimal that a scenario expects,
    to half a unit of its last digit. `tolerance` leaves no digit of the value (infinite where it is not known);
    `otherwise` is the value of the other branch; `kink` stands at this very place, and `sum` is of what ties with it.
    """

    index: tuple[int, ...]
    dtype: str
    value: float
    true: float
    half_unit: float | None = None
    claim: Claim = Claim.TRUE
    more: int = 0
    size: int = 1
    away: float | None = None
    ulps: float | None = None
    digits: Digits | None = None
    limit: Limit | None = None
    shrinkage: Shrinkage | None = None
    tolerance: float | None = None
    otherwise: float | None = None
    kink: KinkSummary | None = None
    together: Together | None = None
    sum: Sum | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a scenario expects: a verdict, an outcome (of a message that `match` fits), else a value."""

    verdict: Verdict | None = None
    outcome: str = ""
    exception: str = ""
    match: str | None = None
    another: bool = False  # a value other than the one that came out


class ReasonCode(StrEnum):
    """Each has a sentence in `words.reasons`."""

    # An element of an array.
    FAR = "far"
    NONFINITE = "nonfinite"
    NO_DIGITS = "no-digits"
    FRAGILE = "fragile"
    FLUSHED = "flushed"
    RANGE = "range"
    REMOVABLE = "removable"
    CONVENTION = "convention"
    NO_DERIVATIVE = "no-derivative"
    OUTSIDE = "outside"
    INCOMPATIBLE = "incompatible"
    # An array as a whole.
    SHAPE = "shape"
    DTYPE = "dtype"
    MISSING_ZERO = "missing-zero"
    MISSING_NOT_ZERO = "missing-not-zero"
    MISSING_OF_OTHERS = "missing-of-others"
    MISSING_UNKNOWN = "missing-unknown"
    UNDEFINED = "undefined"
    NONEXISTENT = "nonexistent"
    NO_NUMBER = "no-number"
    NO_EVIDENCE = "no-evidence"
    REFEREE_GONE = "referee-gone"
    REFEREE_RUNAWAY = "referee-runaway"
    # Words that come from elsewhere: a framework's, the reference's.
    OUTCOME = "outcome"
    COMPARISON = "comparison"
    STEP = "step"
    BETTER = "better"
    # How a case stands to its expectation.
    NOT_JUDGED_YET = "not-judged-yet"
    NEEDS_REFERENCE = "needs-reference"
    NOT_EVALUATED = "not-evaluated"
    FAULT_GONE = "fault-gone"
    NOT_AS_WANTED = "not-as-wanted"
    CONTRADICTED = "contradicted"
    # An expectation against the certified truth, beside FAR and the other elements.
    NONE_EXPECTED = "none-expected"
    SHAPE_EXPECTED = "shape-expected"
    # Of a problem.
    VACUOUS = "vacuous"
    OUTSIDE_DOMAIN = "outside-domain"
    VALUE_UNTRUE = "value-untrue"
    VALUES_APART = "values-apart"


STANDING = frozenset({
    ReasonCode.NOT_JUDGED_YET, ReasonCode.NEEDS_REFERENCE, ReasonCode.NOT_EVALUATED, ReasonCode.FAULT_GONE,
    ReasonCode.NOT_AS_WANTED, ReasonCode.CONTRADICTED,
})  # fmt: skip
"""How a case stands to its expectation; all others are of its answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One fact; beside `code` it has what that needs. `of` and `wrt` name the array as in `core.tensors.Leaf`.

    `returned` and `defined` are shapes or dtypes, `because` is how an expectation is contradicted, `of_values`
    that it is one of values. `targets` differ from each other, or from `others`, or do better.
    """

    code: ReasonCode
    of: str = ""
    wrt: tuple[str, ...] = ()
    element: Element | None = None
    returned: tuple[int, ...] | str = ()
    defined: tuple[int | None, ...] | str = ()
    text: str = ""
    wanted: Wanted | None = None
    because: Reason | None = None
    of_values: bool = False
    targets: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
