"""The judge on whole problems: several leaves, several targets, evidence, warnings, pairs."""

import numpy as np
import pytest

from gradcmp.core.leaves import LeafType, operator_leaves
from gradcmp.core.operators import Operator
from gradcmp.core.outcomes import Computed, Died, Raised, Skipped, TimedOut, Unsupported
from gradcmp.core.tensors import Leaf, Tensor
from gradcmp.core.truth import Truth
from gradcmp.core.verdicts import Evidence, Verdict
from gradcmp.judge import judge
from gradcmp.program.ir import ArrayType
from tests.judge.cases import (
    JAX,
    OTHER,
    TARGETS,
    TENSORFLOW,
    TORCH,
    computed,
    finding,
    judged,
    message,
    problem,
    tensor,
    true,
    truth,
    warnings,
)

A, B, C = np.float32([1.0, 2.0]), np.float32([1.0, 2.5]), np.float32([1.0, 3.0])
NEXT = np.nextafter(A, np.float32(9))


def verdicts(*arrays, known=None, **more):
    outcomes = {name: computed(a) for name, a in zip(TARGETS, arrays, strict=False)}
    found = judged(outcomes, known or Truth(), **more)
    return [f.verdict for f in found.findings], found


def test_two_that_agree():
    assert verdicts(A, A)[0] == ["rounding", "rounding"]  # no agreement makes a number exact
    words, found = verdicts(A, NEXT)
    assert words == ["rounding", "rounding"]
    assert found.evidence == "consensus"
    assert found.findings[0].errors[0].max_ulps == 1.0  # told from each other


def test_two_that_disagree_are_both_told():
    words, found = verdicts(A, B)
    assert words == ["disagrees", "disagrees"]
    assert found.findings[0].verdicts == {"rounding": 1, "disagrees": 1}
    assert message(found.findings[0]) == (
        "dx: at [1] 2.0 where 2.5 is what others computed: 2.097e+06 ULPs away, interim limit of 16 ULPs, 0.6 of 7.2 digits right; 1 of 2 elements"
    )
    assert not found.truth


def test_majorities():
    assert verdicts(A, B, A)[0] == ["rounding", "wrong", "rounding"]
    assert verdicts(A, B, NEXT)[0] == ["rounding", "wrong", "rounding"]
    assert verdicts(A, B, C)[0] == ["disagrees"] * 3
    assert verdicts(A, A, B, B)[0] == ["disagrees"] * 4
    words, found = verdicts(A, A, B, A)
    assert words == ["rounding", "rounding", "wrong", "rounding"]
    assert {f.evidence for f in found.findings} == {"consensus"}
    assert found.truth[0].tensor.array.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_no_number_becomes_true_by_not_being_finite(value):
    bad = np.float32([value, 2.0])
    assert verdicts(bad, A, A)[0] == ["nonfinite", "rounding", "rounding"]
    for answers in ((bad, A), (bad, bad, A), (bad, bad, bad, A), (bad, bad, A, A)):
        words, found = verdicts(*answers)
        assert words == ["disagrees"] * len(answers)
        assert {f.level for f in found.findings} == {"fail"}
        assert all(f.verdicts == {"rounding": 1, "disagrees": 1} for f in found.findings)
        assert str(np.float32(value)) in message(found.findings[0])
    words, found = verdicts(bad, bad)
    assert (words, found.evidence) == (["unjudged"] * 2, "none")


def test_an_element_without_a_number_decides_nothing_for_the_others():
    words, found = verdicts(*(np.float32([np.nan, second]) for second in (1.0, 1.0, 2.0)))
    assert words == ["unjudged", "unjudged", "wrong"]
    assert found.findings[0].verdicts == {"unjudged": 1, "rounding": 1}


def test_nan_is_true_where_it_is_known_to_be():
    bad = np.float32([np.nan, 2.0])
    assert verdicts(bad, bad, known=truth([np.nan, 2.0]))[0] == ["exact", "exact"]
    assert verdicts(A, known=truth([np.nan, 2.0]))[0] == ["nonfinite"]
    assert verdicts(np.float32([np.inf, 2]), np.float32([-np.inf, 2]))[0] == ["disagrees"] * 2


def test_one_alone_is_unjudged():
    words, found = verdicts(A)
    assert words == ["unjudged"]
    assert (found.evidence, found.findings[0].level, found.findings[0].evidence) == ("none", "note", "none")
    assert message(found.findings[0])


@pytest.mark.parametrize(
    "outcome",
    [
        Raised(exception="ValueError", message="ValueError: no"),
        TimedOut(limit_s=2.0, phase="run"),
        Died(message="killed by signal 11"),
        Unsupported(message="no such operation"),
        Skipped(message="torch is not installed"),
    ],
)
def test_what_did_not_compute(outcome):
    found = judged({TORCH: outcome, JAX: computed(A)}, truth(A)).findings
    assert (found[0].verdict, found[0].level, message(found[0])) == (
        outcome.name,
        Verdict(outcome.name).level,
        outcome.message,
    )
    assert found[0].verdicts == {outcome.name: 1}
    assert found[1].verdict == "exact"
    assert found[1].case == "s[gradient-float32]@jax-eager-cpu"


def test_a_missing_gradient():
    absent, zeros = computed(None), np.float32([0, 0])
    assert (finding(absent, truth([0.0, 0.0])).verdict, finding(absent, truth([0.0, 0.0])).level) == ("missing", "note")
    assert (finding(absent, truth(A)).verdict, finding(absent, truth(A)).level) == ("missing", "fail")
    assert finding(absent).level == "note"  # nothing tells whether the true one is zero
    both = judged({TORCH: absent, JAX: computed(zeros)}).findings
    assert [(f.verdict, f.level) for f in both] == [("missing", "note"), ("rounding", "ok")]
    both = judged({TORCH: absent, JAX: computed(A)}).findings
    assert [(f.verdict, f.level) for f in both] == [("missing", "fail"), ("disagrees", "fail")]


def test_an_answer_that_lacks_a_leaf_is_missing_it():
    leaves = (LeafType(wrt=("x",), dtype="float32", shape=(2,)), LeafType(wrt=("w",), dtype="float32", shape=(2,)))
    found = judge(problem(), {TORCH: computed(A)}, TARGETS, truth(A), {}, leaves=leaves).findings[0]
    assert (found.verdict, found.level) == ("missing", "note")
    assert found.verdicts == {"exact": 2, "missing": 1}
    assert message(found).startswith("dw: no gradient was returned")


def test_the_worst_leaf_decides_and_every_leaf_is_told():
    both = Computed(
        values=(), derivatives=(Leaf(wrt=("x",), tensor=tensor(A)), Leaf(wrt=("w",), tensor=tensor(B))), mode="reverse"
    )
    leaf = true(C)
    known = Truth(
        evidence=Evidence.EXPECTED,
        derivatives=(true(A), type(leaf)(wrt=("w",), high=leaf.high, low=leaf.low, radius=leaf.radius)),
    )
    found = judge(problem(), {TORCH: both}, TARGETS, known, {}).findings[0]
    assert (found.verdict, found.verdicts) == ("wrong", {"exact": 3, "wrong": 1})
    assert [errors.wrt for errors in found.errors] == [("x",), ("w",)]
    assert message(found).startswith("dw: at [1]")


def test_values_are_judged_for_the_operator_value_and_watched_for_the_others():
    one = Computed(values=(Leaf(tensor=tensor(3.0)),), derivatives=(), mode="none")
    leaf = true(3.0)
    known = Truth(evidence=Evidence.EXPECTED, values=(type(leaf)(high=leaf.high, low=leaf.low, radius=leaf.radius),))
    found = judge(problem(operator=Operator.VALUE), {TORCH: one}, TARGETS, known, {})
    assert [f.verdict for f in found.findings] == ["exact"]
    found = judged({TORCH: computed(A, value=3.0), JAX: computed(A, value=3.1)}, truth(A))
    assert [f.verdict for f in found.findings] == ["exact", "exact"]
    assert warnings(found) == ("the function's value differs between torch-eager-cpu and jax-eager-cpu",)
    three = judged({name: computed(A, value=value) for name, value in ((TORCH, 3), (JAX, 4), (OTHER, 5))}, truth(A))
    assert warnings(three) == (f"the function's value differs between {TORCH}, {JAX} and {OTHER}",)
    odd = judged({name: computed(A, value=value) for name, value in ((TORCH, 3), (JAX, 5), (OTHER, 3))}, truth(A))
    assert warnings(odd) == (f"the function's value on {JAX} differs from that on {TORCH} and {OTHER}",)
    gone = judged({TORCH: computed(A, value=-2e-7), JAX: computed(A, value=6e-8)}, truth(A))
    assert not gone.warnings
    cancelled = judged({TORCH: computed(A, value=3.0), JAX: computed(A, value=3.0001)}, truth(A))
    assert not cancelled.warnings  # a value may lose digits that nobody judges it for


def test_a_vacuous_problem():
    zeros = computed(np.float32([0, 0]))
    assert any("vacuous" in warning for warning in warnings(judged({TORCH: zeros}, truth([0.0, 0.0]))))
    assert any("vacuous" in warning for warning in warnings(judged({TORCH: zeros, JAX: zeros})))
    assert not judged({TORCH: zeros}, truth([0.0, 1.0])).warnings
    from gradcmp.core.expectations import Expectation, Expectations
    from gradcmp.core.expected import ExpectedNumbers, ExpectedResult
    from tests.judge.cases import WHERE

    zero = ExpectedResult(leaves={"": ExpectedNumbers(data=[0, [0.0]])})
    entry = Expectation(pattern=None, operator=Operator.GRADIENT, expected=zero, location=WHERE)
    said = judged({TORCH: zeros}, truth([0.0, 0.0]), expect=Expectations(entries=(entry,)))
    assert not said.warnings


def test_pairs():
    outcomes = {TORCH: computed(A), JAX: computed(NEXT), TENSORFLOW: computed(B), OTHER: Died(message="gone")}
    found = judged(outcomes, truth(A)).pairs
    assert [(p.a, p.b, p.agree) for p in found] == [
        (TORCH, JAX, True), (TORCH, TENSORFLOW, False), (JAX, TENSORFLOW, False)
    ]  # fmt: skip
    assert found[0].max_ulps == 1.0
    assert found[1].max_rel == pytest.approx(0.2)


def test_no_digits_and_high_are_told_apart():
    values = [1e3, 1e-5, 1.0]
    got = np.float32([1e3, 2e-5, 1.0002])
    found = finding(computed(got), truth(values))
    assert (found.verdict, found.level) == ("no-digits", "note")
    assert found.verdicts == {"exact": 1, "no-digits": 1, "high": 1}
    assert "exceeds the value" in message(found)


def test_whole_number_outputs():
    def answer(value, dtype):
        array = np.asarray(value, dtype=dtype)
        return Computed(values=(Leaf(tensor=Tensor(dtype=dtype, array=array)),), derivatives=(), mode="none")

    leaves = (LeafType(dtype="int64", shape=()),)
    outcomes = {TORCH: answer(3, "int64"), JAX: answer(3, "int32"), OTHER: answer(4, "int64")}
    found = judge(problem(operator=Operator.VALUE), outcomes, TARGETS, Truth(), {}, leaves=leaves)
    assert [f.verdict for f in found.findings] == ["rounding", "rounding", "wrong"]


def test_what_operators_define():
    inputs = {n: ArrayType(kind="float", dtype="float32", shape=s) for n, s in (("x", (2,)), ("w", (3, 4)))}
    outputs = (("", ArrayType(kind="float", dtype="float32", shape=(5,))),)

    def shapes(operator, wrt=("x", "w")):
        return {(leaf.of, leaf.wrt): leaf.shape for leaf in operator_leaves(Operator(operator), wrt, inputs, outputs)}

    assert shapes("value") == {("", ()): (5,)}
    assert shapes("vjp") == shapes("gradient") == shapes("hvp") == {("", ("x",)): (2,), ("", ("w",)): (3, 4)}
    assert shapes("jvp") == {("", ()): (5,)}
    assert shapes("jacobian") == {("", ("x",)): (5, 2), ("", ("w",)): (5, 3, 4)}
    assert shapes("hessian")["", ("x", "w")] == (2, 3, 4)
    assert len(shapes("hessian")) == 4


@pytest.mark.parametrize(
    ("value", "verdict"), [(2.0, "exact"), (2.002, "wrong"), (-2.0, "wrong"), (np.nan, "nonfinite"), (0.0, "wrong")]
)
def test_single_numbers(value, verdict):
    right, got = computed(np.float32(2.0)), computed(np.float32(value))
    assert finding(got, truth(2.0)).verdict == verdict
    trio = judged({TORCH: right, JAX: got, OTHER: right}).findings
    agreed = "rounding" if verdict == "exact" else verdict
    assert [f.verdict for f in trio] == ["rounding", agreed, "rounding"]
    pair = judged({TORCH: right, JAX: got}).findings
    assert {f.verdict for f in pair} == ({"rounding"} if verdict == "exact" else {"disagrees"})
