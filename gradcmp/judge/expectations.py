"""What the scenario's author expects, beside the verdict: met, unmet, or an expected fault that has gone."""

import re
from dataclasses import dataclass

from gradcmp.core.expectations import Expectation
from gradcmp.core.expected import ExpectedOutcome, ExpectedResult, ExpectedVerdict
from gradcmp.core.outcomes import Computed, Outcome, Raised, Skipped, Unsupported
from gradcmp.core.reasons import Reason, ReasonCode, Wanted
from gradcmp.core.verdicts import Evidence, ExpectationState, Level, Verdict

SEARCHED_CHARACTERS = 2000
"""How much of a message `match` is searched in: enough for a sentence, too little for a pattern to run away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stance:
    """How a case stands to its expectation; `reason` says why it is not simply met."""

    expectation: ExpectationState = ExpectationState.NONE
    level: Level
    known: bool = False
    reason: Reason | None = None


def stand(
    entry: Expectation | None,
    outcome: Outcome,
    *,
    verdict: Verdict,
    level: Level,
    fits: bool | None,
    deviates: bool,
    evidence: Evidence,
    strict: bool,
) -> Stance:
    """How a case of `verdict` and `level`, judged by `evidence`, stands to `entry`.

    `fits`: the answer is the expected result (None where that is not known); `deviates`: the expected result is not
    the true one, so the entry expects a fault.
    """
    if entry is None or isinstance(outcome, Skipped):
        return Stance(level=level)
    own = entry.pattern is not None
    if isinstance(entry.expected, ExpectedVerdict) and isinstance(outcome, Computed):
        unchecked = _unchecked(entry.expected.verdict, evidence)
        if unchecked:
            return Stance(level=level, reason=unchecked)
    met, fault, wanted = _met(entry, outcome, verdict, fits=fits, own=own, deviates=deviates)
    if met is None:
        return Stance(level=level, reason=_of(ReasonCode.NOT_EVALUATED, wanted))
    if met:
        # `known` marks rows that are fine only because somebody wrote down that they are not.
        return Stance(
            expectation=ExpectationState.MET, level=Level.OK if own else level, known=own and level != Level.OK
        )
    if fault and level == Level.OK:
        now = Level.FAIL if strict else Level.NOTE
        gone = _of(ReasonCode.FAULT_GONE, wanted or Wanted(another=True))
        return Stance(expectation=ExpectationState.FIXED, level=now, reason=gone)
    reason = _of(ReasonCode.NOT_AS_WANTED, wanted)
    return Stance(expectation=ExpectationState.UNMET, level=Level.FAIL, reason=reason)


def _of(code: ReasonCode, wanted: Wanted | None) -> Reason | None:
    return None if wanted is None else Reason(code=code, wanted=wanted)


def _met(
    entry: Expectation, outcome: Outcome, verdict: Verdict, *, fits: bool | None, own: bool, deviates: bool
) -> tuple[bool | None, bool, Wanted | None]:
    """(met, or None where it cannot be told; the expectation is of a fault; what was expected)."""
    expected = entry.expected
    if isinstance(expected, ExpectedOutcome):
        wanted = Wanted(outcome=expected.outcome, exception=expected.exception or "", match=expected.match)
        return outcome_matches(expected, outcome), True, wanted
    if isinstance(expected, ExpectedVerdict):
        fault = expected.verdict.level in (Level.WARN, Level.FAIL)
        return verdict == expected.verdict, fault, Wanted(verdict=expected.verdict)
    if isinstance(expected, ExpectedResult):
        if isinstance(outcome, Computed):
            return fits, deviates, Wanted(another=True) if own else None
        if isinstance(outcome, Unsupported) and not own:
            return None, False, None  # what everybody should compute is no claim that everybody can
        return False, False, Wanted()
    return None, False, None


def _unchecked(verdict: Verdict, evidence: Evidence) -> Reason | None:
    """Why an expected verdict cannot be checked; None where it can."""
    wanted = Wanted(verdict=verdict)
    if verdict is Verdict.NONDETERMINISTIC:  # it needs further runs
        return Reason(code=ReasonCode.NOT_JUDGED_YET, wanted=wanted)
    if "reference" in verdict.needs and evidence is not Evidence.CERTIFIED:
        return Reason(code=ReasonCode.NEEDS_REFERENCE, wanted=wanted)
    return None


def outcome_matches(expected: ExpectedOutcome, outcome: Outcome) -> bool:
    """Is `outcome` the expected one? Exceptions are compared by the last part of their names."""
    if expected.outcome != outcome.name:
        return False
    if expected.exception is not None and (
        not isinstance(outcome, Raised) or _last(outcome.exception) != _last(expected.exception)
    ):
        return False
    if expected.match is None:
        return True
    message = str(getattr(outcome, "message", ""))[:SEARCHED_CHARACTERS]
    return re.search(expected.match, message) is not None


def _last(name: str) -> str:
    return name.rpartition(".")[2]
