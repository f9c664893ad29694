"""Expectations beside the verdict: none, met, unmet, fixed."""

import numpy as np
import pytest

from gradcmp.core.expectations import Expectation, Expectations
from gradcmp.core.expected import ExpectedNothing, ExpectedNumbers, ExpectedOutcome, ExpectedResult, ExpectedVerdict
from gradcmp.core.operators import Operator
from gradcmp.core.outcomes import Died, Raised, Skipped, TimedOut, Unsupported
from gradcmp.core.targets import TargetPattern
from gradcmp.core.truth import Truth, TruthLeaf
from gradcmp.core.verdicts import Evidence, Verdict
from tests.judge.cases import JAX, TENSORFLOW, TORCH, WHERE, computed, finding, judged, message, truth

RIGHT, ODD = computed(np.float32([1.0])), computed(np.float32([0.5]))
TRUE = truth([1.0])
NUMBERS = ExpectedResult(leaves={"": ExpectedNumbers(data=[1.0])})
RAISES = ExpectedOutcome(outcome="raised", exception="RuntimeError", match="second time")
RAISED = Raised(exception="torch.RuntimeError", message="RuntimeError: Trying to go backward a second time")


def expect(expected, pattern="torch", *, strict=False):
    own = None if pattern is None else TargetPattern(text=pattern)
    entry = Expectation(pattern=own, operator=Operator.GRADIENT, expected=expected, location=WHERE)
    return Expectations(entries=(entry,), strict=strict)


def standing(outcome, known, expected, pattern="torch", *, own=None, strict=False):
    given = {TORCH: own} if own is not None else {}
    found = judged({TORCH: outcome}, known, expect=expect(expected, pattern, strict=strict), own=given).findings[0]
    return found.verdict, found.expectation, found.level, found.known


def test_without_an_expectation():
    found = finding(RIGHT, TRUE)
    assert (found.verdict, found.expectation, found.level, found.known) == ("exact", "none", "ok", False)


def test_a_common_value():
    assert standing(RIGHT, TRUE, NUMBERS, None, own=TRUE) == ("exact", "met", "ok", False)
    assert standing(ODD, TRUE, NUMBERS, None, own=TRUE) == ("wrong", "unmet", "fail", False)
    assert standing(RAISED, TRUE, NUMBERS, None, own=TRUE) == ("raised", "unmet", "fail", False)
    unsupported = Unsupported(message="no such op")
    assert standing(unsupported, TRUE, NUMBERS, None, own=TRUE) == ("unsupported", "none", "note", False)
    assert standing(unsupported, TRUE, NUMBERS, "torch", own=TRUE) == ("unsupported", "unmet", "fail", False)
    assert standing(Skipped(message="not installed"), TRUE, NUMBERS, own=TRUE) == ("skipped", "none", "ok", False)


def test_a_value_of_its_own():
    other = truth([0.5])
    assert standing(ODD, TRUE, NUMBERS, own=other) == ("wrong", "met", "ok", True)
    assert standing(RIGHT, TRUE, NUMBERS, own=other) == ("exact", "fixed", "note", False)
    assert standing(RIGHT, TRUE, NUMBERS, own=other, strict=True) == ("exact", "fixed", "fail", False)
    assert standing(computed(np.float32([7.0])), TRUE, NUMBERS, own=other) == ("wrong", "unmet", "fail", False)
    assert standing(RIGHT, TRUE, NUMBERS, own=TRUE) == ("exact", "met", "ok", False)


def test_a_value_of_its_own_judges_where_nothing_else_does():
    found = judged({TORCH: RIGHT}, own={TORCH: TRUE}, expect=expect(NUMBERS)).findings[0]
    assert (found.verdict, found.evidence, found.expectation, found.known) == ("exact", "expected", "met", False)
    pair = judged({TORCH: RIGHT, JAX: ODD}, own={TORCH: TRUE}, expect=expect(NUMBERS)).findings
    assert [f.verdict for f in pair] == ["exact", "disagrees"]  # torch remains a witness


def test_an_exception():
    assert standing(RAISED, TRUE, RAISES) == ("raised", "met", "ok", True)
    other = Raised(exception="RuntimeError", message="RuntimeError: something else")
    assert standing(other, TRUE, RAISES) == ("raised", "unmet", "fail", False)
    renamed = Raised(exception="ValueError", message="second time")
    assert standing(renamed, TRUE, RAISES) == ("raised", "unmet", "fail", False)
    assert standing(RIGHT, TRUE, RAISES) == ("exact", "fixed", "note", False)
    assert standing(RIGHT, TRUE, RAISES, strict=True) == ("exact", "fixed", "fail", False)
    assert standing(ODD, TRUE, RAISES) == ("wrong", "unmet", "fail", False)


@pytest.mark.parametrize(
    ("outcome", "name", "level"),
    [
        (Unsupported(message="no"), "unsupported", "note"),
        (TimedOut(limit_s=1.0, phase="run"), "timed-out", "fail"),
        (Died(message="killed"), "died", "fail"),
    ],
)
def test_other_outcomes(outcome, name, level):
    assert standing(outcome, TRUE, ExpectedOutcome(outcome=name)) == (name, "met", "ok", True)
    assert standing(outcome, TRUE, ExpectedOutcome(outcome=name), None) == (name, "met", level, False)
    assert standing(outcome, TRUE, RAISES) == (name, "unmet", "fail", False)


def test_a_verdict():
    assert standing(ODD, TRUE, ExpectedVerdict(verdict=Verdict("wrong"))) == ("wrong", "met", "ok", True)
    assert standing(RIGHT, TRUE, ExpectedVerdict(verdict=Verdict("wrong"))) == ("exact", "fixed", "note", False)
    assert standing(RIGHT, TRUE, ExpectedVerdict(verdict=Verdict("rounding"))) == ("exact", "unmet", "fail", False)


@pytest.mark.parametrize(
    ("verdict", "why"),
    [
        (Verdict.NONDETERMINISTIC, "not judged yet"),
        *((v, "needs the certified reference") for v in Verdict if "reference" in v.needs),
    ],
)
def test_a_verdict_that_cannot_be_judged_is_not_checked_and_says_so(verdict, why):
    found = judged({TORCH: RIGHT}, TRUE, expect=expect(ExpectedVerdict(verdict=Verdict(verdict)))).findings[0]
    assert (found.expectation, found.level) == ("none", "ok")
    assert why in message(found)


def test_no_gradient():
    nothing = ExpectedResult(leaves={"": ExpectedNothing()})
    empty = np.zeros(0)
    none = Truth(
        evidence=Evidence.EXPECTED,
        derivatives=(TruthLeaf(wrt=("x",), high=empty, low=empty, radius=empty, nothing=True),),
    )
    absent, zeros = computed(None), computed(np.float32([0.0, 0.0]))
    assert standing(absent, truth([0.0]), nothing, own=none) == ("missing", "met", "ok", True)
    assert standing(zeros, truth([0.0, 0.0]), nothing, own=none) == ("exact", "fixed", "note", False)
    common = judged({TORCH: zeros}, truth([0.0, 0.0]), expect=expect(nothing, None), own={TORCH: none}).findings[0]
    assert common.expectation == "fixed"
    assert "another value was expected; that fault has gone" in message(common)
    assert standing(absent, none, nothing, None, own=none) == ("missing", "met", "note", False)
    assert standing(zeros, none, nothing, None, own=none)[1:3] == ("unmet", "fail")
    assert standing(ODD, none, nothing, None, own=none)[0] == "wrong"


def test_only_the_beginning_of_a_message_is_searched():
    long = Raised(exception="RuntimeError", message="x" * 5000 + "second time")
    assert standing(long, TRUE, RAISES)[1] == "unmet"


def test_every_unmet_expectation_has_a_message():
    found = judged({TORCH: RIGHT, TENSORFLOW: ODD}, TRUE, expect=expect(RAISES, "tensorflow")).findings[1]
    assert "`RuntimeError` with a message that matches 'second time' was expected" in message(found)
