"""The format of a result file, once: what is written, read, checked, and published as JSON Schema.

`docs/result-file.md` says what the keys mean. A key without a default must be there; unknown ones are let be.
"""

import math
from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, field
from msgspec.structs import asdict

from gradcmp.core.leaves import LeafType
from gradcmp.core.operators import Operator
from gradcmp.core.reasons import Digits, KinkSummary, Limit, LimitKind
from gradcmp.core.tensors import Key
from gradcmp.core.truth import ReasonKind
from gradcmp.core.verdicts import Convention, Evidence, ExpectationState, Level, Verdict
from gradcmp.result.values import Count, Data, Number, Place, Seconds, StoredArray, check_array

VerdictName = Annotated[str, Meta(pattern="^[a-z]+(-[a-z]+)*$", max_length=40)]
"""One of `Verdict`, or that of another version of gradcmp."""


class OutcomeName(StrEnum):
    COMPUTED = "computed"
    UNSUPPORTED = "unsupported"
    RAISED = "raised"
    TIMED_OUT = "timed-out"
    DIED = "died"
    SKIPPED = "skipped"


class Record(Struct, frozen=True):
    """A record of the file."""


class TargetRecord(Record, frozen=True, kw_only=True):
    id: str
    backend: str
    version: str | None = None  # the framework never started
    environment: str | None = None
    execution: str
    device: str
    settings: dict[str, Any]

    @property
    def name(self) -> str:
        """Backend and environment as ids have them: `torch+old`."""
        return f"{self.backend}+{self.environment}" if self.environment else self.backend


class ArrayRecord(Record, frozen=True, kw_only=True):
    """An array. `data` None: no gradient was returned; of an input: it is too large to be kept."""

    of: str
    wrt: tuple[str, ...] | UnsetType = UNSET  # values have none
    dtype: str | None = None
    shape: Place | None
    data: Data

    def __post_init__(self) -> None:
        check_array("data", self.data, self.lengths)

    @property
    def key(self) -> Key:
        return self.of, self.wrt or ()

    @property
    def name(self) -> str:
        """How messages name the array: `dx`, `d0/dx`, `output 0`; empty for a sole value."""
        return LeafType(of=self.of, wrt=self.wrt or ()).label

    @property
    def missing(self) -> bool:
        return self.data is None

    @property
    def norm(self) -> float | None:
        """Where the numbers are in the `.npz`."""
        return self.data.norm if isinstance(self.data, StoredArray) else None

    @property
    def lengths(self) -> tuple[int, ...]:
        """The shape, `()` where there is none."""
        return self.shape or ()


class TruthRecord(ArrayRecord, frozen=True, kw_only=True):
    """A true array: `data` + `low`, within `radius_ulps`. `left` and `right` are the derivatives beside a kink.

    `half_unit`: of the last digit of a decimal that an author wrote.
    """

    low: Data = None
    radius_ulps: Number | None = None
    half_unit: Number | None = None
    left: Data = None
    right: Data = None

    def __post_init__(self) -> None:
        for key in ("data", "low", "left", "right"):
            check_array(key, getattr(self, key), self.lengths)


class PrimalRecord(Record, frozen=True):
    """An input."""

    path: str
    dtype: str
    shape: Place
    data: Data

    def __post_init__(self) -> None:
        check_array("data", self.data, self.shape)

    @property
    def array(self) -> ArrayRecord:
        return ArrayRecord(of=self.path, dtype=self.dtype, shape=self.shape, data=self.data)


class ProblemRecord(Record, frozen=True, kw_only=True):
    id: str
    scenario: str
    file: str
    line: Count
    operator: Operator
    protocol: str | None = None
    dtype: str
    mode: str | None = None
    parameters: dict[str, Any]
    description: str = ""
    tolerance: dict[str, int | float] | None = None
    function: str = ""
    inputs: dict[str, str]
    primals: tuple[PrimalRecord, ...] = ()
    evidence: Evidence
    reference_reason: str | None = None
    reason_kind: ReasonKind | None = None  # None: also in files that were written before
    bits: Count | None = None
    fragile: tuple[str, ...] = ()
    out_of_range: tuple[str, ...] = ()
    warnings: tuple[str, ...]
    warning_reasons: tuple[dict[str, Any], ...] = ()
    truth: tuple[TruthRecord, ...]
    untold: str | None = None  # also in files that were written before

    @property
    def asked(self) -> str:
        """The protocol where there is one, else the operator."""
        return self.protocol or self.operator

    @property
    def bracket(self) -> tuple[str, ...]:
        """The parts between the brackets of the id: `("gradient-float32", "n=64")`."""
        return tuple(self.id.removeprefix(self.scenario).strip("[]").split(","))


class KinkRecord(Record, frozen=True, kw_only=True):
    """What an answer is at the kinks of an array: `name` in words, and both sides at one `index` (NaN: none)."""

    name: str
    counts: dict[Convention, Count]
    tied: Count | None = None  # in files that were written before, which have the name of a convention that all have
    index: Place
    left: Number
    right: Number

    @property
    def summary(self) -> KinkSummary:
        mixed = self.name not in self.counts
        tied = sum(self.counts.values()) + mixed if self.tied is None else self.tied
        return KinkSummary(counts=self.counts, tied=tied, index=self.index, left=self.left, right=self.right)


class LimitRecord(Record, frozen=True, kw_only=True, omit_defaults=True):
    """`core.reasons.Limit`, which says what the numbers are."""

    kind: LimitKind
    ulps: Number | None = None
    rtol: Number | None = None
    atol: Number | None = None
    sigmas: Number | None = None
    rss: Number | None = None
    worst: Number | None = None
    unit: Number | None = None


class DigitsRecord(Record, frozen=True, kw_only=True):
    """`core.reasons.Digits`: correct decimal digits, and those that the dtype can hold there."""

    correct: Annotated[float, Meta(ge=0, le=20)]
    held: Annotated[float, Meta(ge=0, le=20)]


class ErrorsRecord(Record, frozen=True, kw_only=True):
    """Distances of one array from the truth."""

    of: str
    wrt: tuple[str, ...]
    verdict_name: VerdictName | None = field(name="verdict", default=None)
    level: Level | None = None
    max_ulps: Number | None
    max_abs: Number | None
    max_rel: Number | None
    worst_index: Place | None
    differing: Count
    size: Count
    needed_rtol: Number | None
    digits_record: DigitsRecord | None = field(name="digits", default=None)
    limit_text: str = field(name="limit", default="")
    limit_at_worst: str = ""
    limit_used: LimitRecord | None = None
    kink_record: KinkRecord | None = field(name="kink", default=None)

    @property
    def key(self) -> Key:
        return self.of, self.wrt

    @property
    def verdict(self) -> Verdict | None:
        return read_verdict(self.verdict_name, self.level or Level.FAIL) if self.verdict_name else None

    @property
    def digits(self) -> Digits | None:
        """Of the element at `worst_index`; None in files that were written before."""
        known = self.digits_record
        return None if known is None else Digits(correct=known.correct, held=known.held)

    @property
    def limit(self) -> Limit | None:
        """The limit that was used; of a file that was written before in words alone."""
        if self.limit_used is not None:
            numbers = asdict(self.limit_used)
            return Limit(**{name: value for name, value in numbers.items() if value is not None})
        if not self.limit_text:
            return None
        return Limit(kind=LimitKind.WORDS, text=self.limit_text, text_at_worst=self.limit_at_worst)

    @property
    def kink(self) -> KinkSummary | None:
        return None if self.kink_record is None else self.kink_record.summary


class TimingRecord(Record, frozen=True, kw_only=True):
    """Seconds of one call, unless the name says otherwise."""

    first_call_s: Seconds
    compile_s: Seconds | None
    median_s: Seconds | None
    ci95_s: tuple[Seconds, Seconds] | None
    samples_s: tuple[Seconds, ...]
    calls_per_sample: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    value_median_s: Seconds | None
    warnings: tuple[str, ...]

    @property
    def cost_ratio(self) -> float | None:
        """∇f/f: the cost of the derivative over that of the value."""
        return self.median_s / self.value_median_s if self.median_s is not None and self.value_median_s else None


class CaseRecord(Record, frozen=True, kw_only=True, dict=True):
    id: str
    problem: str
    scenario: str
    target: str
    outcome: OutcomeName
    mode: str | None = None
    message: str | None = None
    output_tail: str | None = None
    notes: dict[str, Any]
    values: tuple[ArrayRecord, ...]
    derivatives: tuple[ArrayRecord, ...]
    verdict_name: VerdictName = field(name="verdict")
    expectation: ExpectationState
    level: Level
    reason: str | None = None
    reasons: tuple[dict[str, Any], ...] = ()
    verdict_counts: dict[VerdictName, Count] = field(name="verdicts")
    evidence: Evidence
    errors: tuple[ErrorsRecord, ...]
    timing: TimingRecord | None

    @cached_property
    def number(self) -> int:
        """Its place in the file from 1: the `#7` that commands take. `Document` sets it."""
        raise AttributeError("a case has a number in a document only")

    @cached_property
    def verdict(self) -> Verdict:
        return read_verdict(self.verdict_name, self.level)

    @property
    def verdicts(self) -> Mapping[Verdict, int]:
        """How many elements have which, from worst to best."""
        counts = {read_verdict(name, self.level): count for name, count in self.verdict_counts.items() if count}
        return dict(sorted(counts.items(), key=lambda item: -item[0].rank))

    @property
    def known(self) -> bool:
        """A verdict above `ok` that an expectation for a target of its own foresaw."""
        return self.expectation is ExpectationState.MET and self.level is Level.OK is not self.verdict.level

    @property
    def kink(self) -> KinkSummary | None:
        """What the answer is at a kink, of the worst leaf that has one."""
        kinked = [errors for errors in self.errors if errors.kink is not None]
        return max(kinked, key=_badness).kink if kinked else None

    @property
    def worst(self) -> ErrorsRecord | None:
        """The errors of the leaf that is furthest off."""
        return max(self.errors, key=_badness, default=None)

    def errors_of(self, key: Key) -> ErrorsRecord | None:
        """The errors of one leaf."""
        return next((errors for errors in self.errors if errors.key == key), None)


class PairRecord(Record, frozen=True):
    """Do targets `a` and `b` agree on the problem?"""

    problem: str
    a: str
    b: str
    agree: bool
    max_ulps: Number | None = None
    max_rel: Number | None = None


@lru_cache(maxsize=256)
def read_verdict(name: str, level: Level) -> Verdict:
    """The verdict of that name; of one that this version does not know, a row of its own name at the recorded `level`.

    So a file that an earlier or later version wrote is shown as what it was.
    """
    if name in Verdict.__members__.values():
        return Verdict(name)
    row = str.__new__(Verdict, name)
    row._name_, row._value_, row.level, row.mark, row.needs = name, name, level, level.mark, ()
    row.meaning = "a verdict of another version of gradcmp"
    row.rank = max(verdict.rank for verdict in Verdict if verdict.level is level)
    return row


def _badness(errors: ErrorsRecord) -> tuple[int, float, float]:
    def size(value: float | None) -> float:
        if value is None:
            return -1.0
        return math.inf if math.isnan(value) else value

    rank = -1 if errors.verdict is None else errors.verdict.rank
    return rank, size(errors.max_ulps), size(errors.max_rel)
