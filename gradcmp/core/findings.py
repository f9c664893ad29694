"""The judge's word on a case, and what it says of a problem."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gradcmp.core.outcomes import Outcome
from gradcmp.core.reasons import Digits, KinkSummary, Limit, Reason
from gradcmp.core.tensors import Leaf
from gradcmp.core.truth import ReasonKind, Truth, TruthLeaf
from gradcmp.core.verdicts import Evidence, ExpectationState, Level, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafErrors:
    """Distances of one leaf from the truth, or from the other targets where there is no truth.

    `verdict` and `level` are the judge's word on this leaf, whatever the case's expectation. `max_ulps` is None where
    it has no meaning. `needed_rtol` is the smallest relative tolerance that would pass. `digits` are of the element at
    `worst_index`, and so are the sizes of `limit`, where they are the element's own.
    """

    of: str = ""
    wrt: tuple[str, ...] = ()
    verdict: Verdict | None = None
    level: Level | None = None
    max_ulps: float | None
    max_abs: float | None
    max_rel: float | None
    worst_index: tuple[int, ...] | None
    differing: int
    size: int
    needed_rtol: float | None
    digits: Digits | None = None
    limit: Limit | None = None
    kink: KinkSummary | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The judge's word on a case. `level` takes the expectation into account, `verdict` never does."""

    case: str
    verdict: Verdict
    level: Level
    expectation: ExpectationState = ExpectationState.NONE
    evidence: Evidence = Evidence.NONE
    verdicts: Mapping[Verdict, int] = field(default_factory=dict)  # per element
    errors: tuple[LeafErrors, ...] = ()
    reasons: tuple[Reason, ...] = ()  # why, for every verdict above ok; how it stands to its expectation comes first
    known: bool = False  # `met` by an expectation for a target of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Do two targets agree on a problem?"""

    problem: str
    a: str
    b: str
    agree: bool
    max_ulps: float | None
    max_rel: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRequest:
    """What would tell the judge more: the same problem in another dtype, on these targets (their ids)."""

    problem: str
    dtype: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherPrecision:
    """The answer to a request: outcomes by target id, and the problem's truth in that dtype.

    Empty where the problem could not be asked, so that it is not requested again.
    """

    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    truth: Truth = field(default_factory=Truth)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Everything the judge says of one problem. It stands as it is where `requests` cannot be answered.

    `truth` has the derivatives that answers were judged by (for the operator `value` the values), a consensus as
    `Leaf` of float64.
    """

    problem: str
    evidence: Evidence
    reference_reason: str | None = None
    reason_kind: ReasonKind = ReasonKind.CAUSE
    warnings: tuple[Reason, ...] = ()
    truth: tuple[TruthLeaf | Leaf, ...] = ()
    findings: tuple[Finding, ...]
    pairs: tuple[Pair, ...] = ()
    requests: tuple[EvidenceRequest, ...] = ()
