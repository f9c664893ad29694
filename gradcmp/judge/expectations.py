"""What the scenario's author expects, beside the verdict: met, unmet, or an expected fault that has gone."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gradcmp.core.expectations import Expectation, ExpectedOutcome, ExpectedResult, ExpectedVerdict
from gradcmp.core.outcomes import Computed, Outcome, Raised, Skipped, Unsupported
from gradcmp.core.verdicts import Evidence, ExpectationState, Level, Verdict

SEARCHED_CHARACTERS = 2000
"""How much of a message `match` is searched in: enough for a sentence, too little for a pattern to run away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a case stands to its expectation; `reason` says why it is not simply met."""

    expectation: ExpectationState = ExpectationState.NONE
    level: Level
    known: bool = False
    reason: str = ""


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
) -> Standing:
    """How a case of `verdict` and `level`, judged by `evidence`, stands to `entry`.

    `fits`: the answer is the expected result (None where that is not known); `deviates`: the expected result is not
    the true one, so the entry expects a fault.
    """
    if entry is None or isinstance(outcome, Skipped):
        return Standing(level=level)
    own = entry.pattern is not None
    if isinstance(entry.expected, ExpectedVerdict) and isinstance(outcome, Computed):
        missing = _missing_evidence(entry.expected.verdict, evidence)
        if missing:
            return Standing(level=level, reason=missing)
    met, fault, wanted = _met(entry, outcome, verdict, fits=fits, own=own, deviates=deviates)
    if met is None:
        return Standing(level=level, reason=wanted)
    if met:
        # `known` marks rows that are fine only because somebody wrote down that they are not.
        return Standing(
            expectation=ExpectationState.MET, level=Level.OK if own else level, known=own and level != Level.OK
        )
    if fault and level == Level.OK:
        now = Level.FAIL if strict else Level.NOTE
        reason = f"{wanted or 'another value'} was expected; that fault has gone"
        return Standing(expectation=ExpectationState.FIXED, level=now, reason=reason)
    return Standing(
        expectation=ExpectationState.UNMET, level=Level.FAIL, reason=f"{wanted} was expected" if wanted else ""
    )


def _met(
    entry: Expectation, outcome: Outcome, verdict: Verdict, *, fits: bool | None, own: bool, deviates: bool
) -> tuple[bool | None, bool, str]:
    """(met, or None where it cannot be told; the expectation is of a fault; what was expected, in words)."""
    expected = entry.expected
    if isinstance(expected, ExpectedOutcome):
        return outcome_matches(expected, outcome), True, described(expected)
    if isinstance(expected, ExpectedVerdict):
        wanted = f"the verdict `{expected.verdict}`"
        return verdict == expected.verdict, expected.verdict.level in (Level.WARN, Level.FAIL), wanted
    if isinstance(expected, ExpectedResult):
        if isinstance(outcome, Computed):
            return fits, deviates, "another value" if own else ""
        if isinstance(outcome, Unsupported) and not own:
            return None, False, ""  # what everybody should compute is no claim that everybody can
        return False, False, "a value"
    return None, False, ""


def _missing_evidence(verdict: Verdict, evidence: Evidence) -> str:
    """Why an expected verdict cannot be checked; empty where it can."""
    wanted = f"the verdict `{verdict}` is expected"
    if verdict is Verdict.NONDETERMINISTIC:  # it needs further runs
        return f"{wanted}, which is not judged yet: not checked"
    if "reference" in verdict.needs and evidence is not Evidence.CERTIFIED:
        return f"{wanted}, which needs the certified reference: not checked"
    return ""


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


def described(expected: ExpectedOutcome) -> str:
    """An expected outcome in words."""
    text = f"`{expected.exception}`" if expected.exception else f"`{expected.outcome}`"
    return f"{text} with a message that matches {expected.match!r}" if expected.match is not None else text


def _last(name: str) -> str:
    return name.rpartition(".")[2]
