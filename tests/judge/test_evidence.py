"""Which evidence judges, what contradicts it, and comparisons that rounding decides."""

from dataclasses import replace

import numpy as np
import pytest

from gradcmp.core.expectations import Expectation, Expectations
from gradcmp.core.expected import ExpectedAbout, ExpectedNothing, ExpectedNumbers, ExpectedResult
from gradcmp.core.operators import Operator
from gradcmp.core.outcomes import Computed, Raised
from gradcmp.core.targets import TargetPattern
from gradcmp.core.tensors import Leaf
from gradcmp.core.truth import Truth, TruthLeaf
from gradcmp.core.verdicts import Evidence
from gradcmp.judge import judge
from tests.judge.cases import (
    JAX,
    TARGETS,
    TENSORFLOW,
    TORCH,
    WHERE,
    certified,
    certified_leaf,
    computed,
    finding,
    judged,
    kink,
    message,
    problem,
    tensor,
    true,
    truth,
    warnings,
)

RIGHT, ODD = computed(np.float32([4.0])), computed(np.float32([3.0]))
KNOWN = certified([4.0], rss=1.0, worst=1.0)
NOTHING = TruthLeaf(wrt=("x",), high=np.zeros(0), low=np.zeros(0), radius=np.zeros(0), nothing=True)


def saying(leaf, pattern=None):
    own = None if pattern is None else TargetPattern(text=pattern)
    entry = Expectation(
        pattern=own, operator=Operator.GRADIENT, expected=ExpectedResult(leaves={"": leaf}), location=WHERE
    )
    return Expectations(entries=(entry,))


def against(outcome, known, said, *, leaf=None, pattern=None):
    """The judgement of torch's outcome where the scenario says `said`, for everybody or for torch."""
    leaf = leaf or ExpectedNumbers(data=said.derivatives[0].high.tolist())
    return judged(
        {TORCH: outcome}, known, own={TORCH: said}, common=None if pattern else said, expect=saying(leaf, pattern)
    )


def as_written(about):
    """What a decimal says, as `session.expectations` has it."""
    leaf = replace(true([about.value], radius=about.half_unit), half_unit=about.half_unit)
    return Truth(evidence=Evidence.EXPECTED, derivatives=(leaf,))


def test_the_best_evidence_judges():
    numerical = certified([3.0], evidence=Evidence.NUMERICAL, radius=0.01)
    for known, common, verdict, evidence in (
        (KNOWN, truth([3.0]), "wrong", "certified"),
        (numerical, truth([4.0]), "wrong", "expected"),
        (numerical, None, "rounding", "numerical"),  # the radius is too wide to call anything exact
        (Truth(), truth([3.0]), "exact", "expected"),
        (Truth(), None, "unjudged", "none"),
    ):
        found = judged({TORCH: ODD}, known, common=common)
        assert (found.findings[0].verdict, found.findings[0].evidence, found.evidence) == (verdict, evidence, evidence)
    pair = judged({TORCH: ODD, JAX: ODD}, Truth(reason="over budget"))
    assert (pair.evidence, pair.reference_reason) == ("consensus", "over budget")


def test_evidence_is_that_of_each_leaf():
    both = Computed(
        values=(),
        derivatives=(Leaf(wrt=("x",), tensor=tensor([4.0])), Leaf(wrt=("w",), tensor=tensor([2.0]))),
        mode="reverse",
    )
    said = true([2.0])
    common = Truth(
        evidence=Evidence.EXPECTED,
        derivatives=(true([3.0]), TruthLeaf(wrt=("w",), high=said.high, low=said.low, radius=said.radius)),
    )
    found = judged({TORCH: both}, KNOWN, common=common)
    assert (found.findings[0].verdict, found.findings[0].evidence, found.evidence) == ("exact", "expected", "expected")


def test_an_expectation_that_the_proof_contradicts_is_met_by_nobody():
    for outcome in (RIGHT, ODD):
        found = against(outcome, KNOWN, truth([3.0]))
        one = found.findings[0]
        assert (one.expectation, one.level, one.evidence) == ("unmet", "fail", "certified")
        words = "the certified derivative contradicts `expect`: dx: at [0] 3.0 is expected where 4.0 is true"
        assert message(one).startswith(words)
        assert warnings(found)[-1].startswith(words)
    assert against(RIGHT, KNOWN, truth([3.0])).findings[0].verdict == "exact"
    assert against(ODD, KNOWN, truth([3.0])).findings[0].verdict == "wrong"
    raised = Raised(exception="E", message="E: no")
    assert message(against(raised, KNOWN, truth([3.0])).findings[0]) == "a value was expected; E: no"


@pytest.mark.parametrize(
    ("known", "written", "holds"),
    [
        (0.3535533905932738, "0.35355", True),
        (0.3535533905932738, "0.35356", False),
        (0.3535533905932738, "0.3536", True),  # 4.66e-5 away
        (0.3535533905932738, "0.3535", False),  # 5.34e-5 away
        (0.3535533905932738, "0.35355338", True),  # more digits than float32 has: its limits
        (1.5, "1", True),  # half a unit is not too much
        (1.5000001192092896, "1", False),  # the next number of float32, within its limits
        (12345.0, "1.23e4", True),
        (12355.0, "1.23e4", False),
    ],
)
def test_a_decimal_is_held_to_half_a_unit_of_its_last_digit(known, written, holds):
    about = ExpectedAbout(text=written)
    said = as_written(about)
    found = against(computed(np.float32([known])), certified([known], rss=1.0, worst=1.0), said, leaf=about)
    finding = found.findings[0]
    assert (finding.verdict, finding.expectation) == ("exact", "met" if holds else "unmet")
    if not holds:
        assert f"half a unit of the last digit written is {about.half_unit:g}" in message(finding)


def test_an_answer_beyond_a_decimal_is_told_how_far_it_goes():
    about = ExpectedAbout(text="0.35356")
    said = as_written(about)
    found = against(computed(np.float32([0.3535533905932738])), Truth(), said, leaf=about)
    words = "where 0.35356 is expected to half a unit of its last digit, 5e-06: 54.21 ULPs beyond that"
    assert words in message(found.findings[0])


def test_an_expectation_within_the_limits_contradicts_nothing():
    loose = certified([4.0], rss=1e3, worst=1e3)
    for known, said in (
        (KNOWN, truth([4.0])),
        (KNOWN, truth([4.0000005])),
        (loose, truth([4.0004])),
        (KNOWN, truth([4.2], radius=0.3)),
        (certified([3.0], evidence=Evidence.NUMERICAL), truth([4.0])),
    ):
        found = against(RIGHT, known, said, leaf=ExpectedAbout(text="4"))
        assert (found.findings[0].expectation, found.findings[0].level, found.warnings) == ("met", "ok", ())


def test_an_answer_within_the_running_errors_of_a_closed_form_meets_it():
    known = certified([4.0], rss=1e3, worst=1e3)
    off = computed(np.float32([4.0004]))
    assert against(off, known, truth([4.0])).findings[0].expectation == "met"
    assert against(off, KNOWN, truth([4.0])).findings[0].expectation == "unmet"


def test_a_convention_contradicts_nothing_and_what_is_outside_does():
    known = certified([0.0], at=kink([-1.0], [1.0]))
    for said in (0.0, 1.0, 0.5):
        found = against(computed(np.float32([said])), known, truth([said]))
        assert (found.findings[0].verdict, found.findings[0].expectation) == ("convention", "met")
        assert not found.warnings
    outside = against(computed(np.float32([0.0])), known, truth([3.0]))
    assert "at [0] 3.0 is expected at a kink with left -1.0, right 1.0" in message(outside.findings[0])
    removable = against(computed(np.float32([0.0])), certified([0.0], at=kink([1.0], [1.0])), truth([0.0]))
    assert (removable.findings[0].verdict, removable.findings[0].expectation) == ("removable", "unmet")
    assert "at [0] 0.0 is expected where 1.0 is true" in message(removable.findings[0])


def test_no_gradient_is_right_where_the_true_one_is_zero():
    nothing = Truth(evidence=Evidence.EXPECTED, derivatives=(NOTHING,))
    absent = computed(None)
    zero = against(absent, certified([0.0]), nothing, leaf=ExpectedNothing())
    assert (zero.findings[0].verdict, zero.findings[0].expectation, zero.findings[0].level) == (
        "missing", "met", "note"
    )  # fmt: skip
    other = against(absent, KNOWN, nothing, leaf=ExpectedNothing())
    assert (other.findings[0].expectation, other.findings[0].level) == ("unmet", "fail")
    assert "no gradient is expected where the true one is not zero" in message(other.findings[0])


def test_a_target_may_be_expected_to_be_wrong():
    said = truth([3.0])
    met = against(ODD, KNOWN, said, pattern="torch")
    assert (met.findings[0].verdict, met.findings[0].expectation, met.findings[0].level) == ("wrong", "met", "ok")
    fixed = against(RIGHT, KNOWN, said, pattern="torch")
    assert (fixed.findings[0].verdict, fixed.findings[0].expectation) == ("exact", "fixed")
    assert not met.warnings


def test_values_are_judged_alike():
    leaf = certified_leaf(3.0, rss=1.0, worst=1.0, wrt=())
    known = Truth(evidence=Evidence.CERTIFIED, values=(leaf,))

    def verdict(value):
        one = Computed(values=(Leaf(tensor=tensor(value)),), derivatives=(), mode="none")
        return judge(problem(operator=Operator.VALUE), {TORCH: one}, TARGETS, known, {})

    assert verdict(3.0).findings[0].verdict == "exact"
    assert verdict(3.0000002).findings[0].verdict == "rounding"
    assert verdict(3.000002).findings[0].verdict == "inaccurate"
    assert verdict(3.000002).requests[0].targets == (TORCH,)
    assert verdict(3.01).findings[0].verdict == "wrong"
    assert verdict(np.nan).findings[0].verdict == "nonfinite"
    said = Truth(evidence=Evidence.EXPECTED, values=(TruthLeaf(high=leaf.high + 1, low=leaf.low, radius=leaf.radius),))
    one = Computed(values=(Leaf(tensor=tensor(3.0)),), derivatives=(), mode="none")
    found = judge(problem(operator=Operator.VALUE), {TORCH: one}, TARGETS, known, {}, common=said)
    assert warnings(found)[-1].startswith("the certified value contradicts `expect`: 4.0 is expected where 3.0 is true")


FRAGILE = {"rss": 0.0, "worst": 0.0, "otherwise": [0.0, 2.0]}


@pytest.mark.parametrize(
    ("got", "verdict", "level"),
    [
        ([1.0, 2.0], "exact", "ok"),
        ([0.0, 2.0], "fragile", "note"),
        ([0.5, 2.0], "fragile", "note"),  # the mean, as at a tie that rounding makes
        ([0.4, 2.0], "wrong", "fail"),
        ([1.0, 0.0], "wrong", "fail"),
        ([np.nan, 2.0], "nonfinite", "fail"),
        ([0.0, 2.01], "wrong", "fail"),
    ],
)
def test_a_comparison_that_rounding_decides(got, verdict, level):
    known = certified([1.0, 2.0], fragile=("a > b at line 3, by 1e-9",), **FRAGILE)
    found = finding(computed(np.float32(got)), known)
    assert (found.verdict, found.level) == (verdict, level)
    if verdict == "fragile":
        assert found.verdicts == {"fragile": 1, "exact": 1}
        assert f"at [0] {got[0]} where 1.0 is true: a comparison on the way is decided by rounding" in message(found)
        assert "the other way it is 0.0" in message(found)
        assert "a > b at line 3, by 1e-9" in message(found)


def test_the_other_branch_may_take_rounding_and_asks_for_nothing():
    known = certified([0.0], rss=0.0, worst=0.0, otherwise=[1 / 3])
    found = judged({TORCH: computed(np.float32([1 / 3 + 1e-7]))}, known)
    assert (found.findings[0].verdict, found.requests) == ("fragile", ())
    assert finding(computed(np.float32([0.334])), known).verdict == "wrong"


def test_the_other_branch_may_have_no_number():
    known = certified([1.0], rss=0.0, worst=0.0, otherwise=[np.nan])
    assert finding(computed(np.float32([np.nan])), known).verdict == "fragile"
    assert finding(computed(np.float32([3.0])), known).verdict == "wrong"


def test_a_vacuous_problem_is_still_told():
    zeros = computed(np.float32([0.0, 0.0]))
    assert any("vacuous" in warning for warning in warnings(judged({TORCH: zeros}, certified([0.0, 0.0]))))


def test_a_majority_makes_nobody_wrong_where_there_may_be_no_derivative():
    nowhere = Truth(reason="a second derivative is not defined at a kink", undefined=True)
    found = judged({TORCH: ODD, JAX: RIGHT, TENSORFLOW: RIGHT}, nowhere)
    assert {(each.verdict, message(each)) for each in found.findings} == {("unjudged", nowhere.reason)}
    together = judged({TORCH: RIGHT, JAX: RIGHT}, nowhere)
    assert {each.verdict for each in together.findings} == {"rounding"}


def test_what_does_not_exist_is_nothing_that_targets_may_agree_on():
    nowhere = Truth(reason="a second derivative is not defined at a kink", undefined=True, nonexistent=True)
    together = judged({TORCH: RIGHT, JAX: RIGHT}, nowhere)
    assert {(each.verdict, message(each)) for each in together.findings} == {("unjudged", nowhere.reason)}
    assert (together.evidence, together.truth) == ("none", ())


def test_targets_that_agree_on_no_number_are_not_judged():
    nan = computed(np.float32([np.nan]))
    found = judged({TORCH: nan, JAX: nan}, Truth(reason="a pole"))
    assert {each.verdict for each in found.findings} == {"unjudged"}
