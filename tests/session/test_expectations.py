"""Expectations as truth."""

import re

import numpy as np
import pytest

from gradcmp.core.expectations import Expectation, Expectations
from gradcmp.core.expected import ExpectedAbout, ExpectedExpression, ExpectedNothing, ExpectedNumbers, ExpectedResult
from gradcmp.core.operators import Operator
from gradcmp.core.problems import Case, Problem
from gradcmp.core.scenarios import Scenario
from gradcmp.core.specifications import InputTree
from gradcmp.core.targets import Target, TargetPattern
from gradcmp.core.tensors import Tensor
from gradcmp.core.truth import Kink, Truth, TruthLeaf
from gradcmp.core.verdicts import Evidence
from gradcmp.errors import Location
from gradcmp.program.expected import check_expectation
from gradcmp.program.parse import parse
from gradcmp.reference.budget import Budget
from gradcmp.reference.expressions import evaluated
from gradcmp.session.expectations import NOTHING_KNOWN, expected_of
from tests.reference.language.test_evaluator import program

WHERE = Location(file="s.yaml", line=1)
ARRAYS = {"x": np.arange(4.0), "w": np.array([2.0, -1.0, 0.5, 0.25])}


def expression(text):
    return ExpectedExpression(program=parse(text, location=WHERE))


def setting(function="sum(w * x * x)", operator="gradient", wrt=("x",), dtype="float64", arrays=None, expect=None):
    arrays = {k: np.asarray(v) for k, v in (arrays or ARRAYS).items()}
    checked = program(function, arrays, dtype)
    inputs = {name: Tensor(dtype=dtype, array=array) for name, array in arrays.items()}
    scenario = Scenario(
        id="s", location=WHERE, inputs=InputTree({}), wrt=wrt, function=checked.program, expect=expect or Expectations()
    )
    return Problem(scenario=scenario, operator=Operator(operator), dtype=dtype), checked, inputs


def truths(problem, checked, inputs, *targets, truth=NOTHING_KNOWN):
    """What the scenario expects of everybody and of each target, evaluated as the referee does."""
    expected = expected_of(problem, [Case(problem=problem, target=target) for target in targets], checked)
    arrays = dict(expected.expressions(problem, checked))
    programs = {
        name: (check_expectation(parse(each[0], location=WHERE), checked, {}), each[1])
        for name, each in arrays.items()
        if not isinstance(each, str)
    }
    return expected.truths(problem, arrays | evaluated(programs, checked, inputs, Budget()), truth)


def entry(pattern, leaves, operator="gradient"):
    return Expectation(pattern=pattern, operator=operator, expected=ExpectedResult(leaves=leaves), location=WHERE)


def common_truth(spoken, operator="gradient", **more):
    leaves = spoken if isinstance(spoken, dict) else {"": spoken}
    expect = Expectations(entries=(entry(None, leaves, operator),))
    return truths(*setting(operator=operator, expect=expect, **more), Target(backend="torch"))[0]


def derivative(spoken, **more):
    truth = common_truth(spoken, **more)
    assert truth.evidence == "expected"
    return truth.derivatives or truth.values


def test_an_expression_over_the_inputs():
    (leaf,) = derivative(expression("2 * w * x"))
    assert (leaf.wrt, leaf.high.tolist(), leaf.radius.any()) == (("x",), [0.0, -2.0, 2.0, 1.5], False)


def test_an_expression_over_the_result():
    (leaf,) = derivative(expression("result / x"), function="x * 3", arrays={"x": 0.7})
    assert leaf.high.tolist() == 3.0


def test_result_is_not_evaluated_where_it_is_not_used():
    (leaf,) = derivative(expression("0 * x + 1"), function="log(x)", arrays={"x": -1.0})
    assert leaf.high.tolist() == 1.0


def test_one_number_is_for_every_element_and_is_rounded_to_the_dtype():
    (leaf,) = derivative(ExpectedNumbers(data=0.1), dtype="float32")
    assert leaf.high.tolist() == [float(np.float32(0.1))] * 4
    assert not leaf.radius.any()


def test_about_has_a_radius():
    (leaf,) = derivative(ExpectedAbout(text="0.3333"))
    assert leaf.high.tolist() == [0.3333] * 4
    assert leaf.radius.tolist() == [0.00005] * 4
    assert leaf.half_unit == 0.00005


def test_none_is_no_gradient():
    (leaf,) = derivative(ExpectedNothing())
    assert leaf.nothing


def test_leaves_by_path():
    wrt = ("x", "w")
    found = derivative({"w": expression("x * x"), "x": ExpectedNumbers(data=[0, -2, 2, 1.5])}, wrt=wrt)
    assert {leaf.wrt: leaf.high.tolist() for leaf in found} == {("w",): [0, 1, 4, 9], ("x",): [0, -2, 2, 1.5]}
    blocks = derivative({"w,w": ExpectedNumbers(data=0)}, operator="hessian", wrt=wrt)
    assert (blocks[0].wrt, blocks[0].high.shape) == (("w", "w"), (4, 4))


def test_values():
    (leaf,) = derivative(ExpectedNumbers(data=14), operator="value", function="sum(x * x)")
    assert (leaf.of, leaf.wrt, float(leaf.high)) == ("", (), 14.0)


@pytest.mark.parametrize(
    ("spoken", "more", "reason"),
    [
        (ExpectedNumbers(data=[1, 2]), {}, "shape"),
        (ExpectedNumbers(data=[[1, 2], [3]]), {}, "one shape|shape"),
        (expression("x[:2]"), {}, "shape"),
        (ExpectedNumbers(data=0), {"wrt": ("x", "w")}, "several leaves"),
        ({"y": ExpectedNumbers(data=0)}, {}, "`y` names no leaf of the answer; there are `x`"),
        (expression("y * x"), {}, "y"),
        (expression("result + x"), {"function": "x, w", "operator": "vjp"}, "result"),
        (expression("log(x - 1)"), {}, "not a finite number"),
    ],
)
def test_what_cannot_be_said_has_a_reason(spoken, more, reason):
    truth = common_truth(spoken, **more)
    assert (truth.evidence, truth.derivatives) == ("none", None)
    assert re.search(reason, truth.reason)


def test_common_and_own_expectations_together():
    entries = (
        entry(None, {"": expression("2 * w * x")}),
        entry(TargetPattern(text="jax"), {"": ExpectedNumbers(data=0)}),
    )
    given = setting(expect=Expectations(entries=entries))
    truth, own = truths(*given, Target(backend="torch"), Target(backend="jax"))
    assert truth.derivatives[0].high.tolist() == [0.0, -2.0, 2.0, 1.5]
    assert own["torch-eager-cpu"] is truth
    assert own["jax-eager-cpu"].derivatives[0].high.tolist() == [0, 0, 0, 0]


def test_a_common_expectation_that_cannot_be_evaluated_leaves_the_reason():
    given = setting(expect=Expectations(entries=(entry(None, {"": expression("log(0 * x)")}),)))
    truth, own = truths(*given, Target(backend="t"))
    assert (truth.evidence, own) == ("none", {})
    assert "cannot be evaluated" in truth.reason


def test_the_first_leaf_that_cannot_be_said_gives_the_reason():
    both = {"x": ExpectedNumbers(data=[1, 2]), "w": expression("y")}
    assert "shape" in common_truth(both, wrt=("x", "w")).reason
    assert "`y` is not defined" in common_truth(dict(reversed(both.items())), wrt=("x", "w")).reason


@pytest.mark.parametrize(("side", "known"), [((-1.0, 1.0), True), ((-np.inf, 1.0), False), ((np.nan, 1.0), False)])
def test_what_is_not_finite_is_told_only_from_what_is(side, known):
    """As `x / abs(x)` is at the kink of `abs`, and `0.5 / sqrt(x)` at that of `sqrt`, where it is right in floats."""
    expect = Expectations(entries=(entry(None, {"": expression("1 / x")}),))
    left, right = (np.asarray(number) for number in side)
    zero, tied = np.zeros(()), np.ones((), dtype=bool)
    kink = Kink(left=left, right=right, tied=tied, jump=~tied, limiting=np.zeros((0,)))
    certified = TruthLeaf(wrt=("x",), high=zero, low=zero, radius=zero, kink=kink)
    certificate = Truth(evidence=Evidence.CERTIFIED, derivatives=(certified,))
    given = setting("abs(x)", arrays={"x": 0.0}, expect=expect)
    truth, _ = truths(*given, Target(backend="torch"), truth=certificate)
    assert truth.evidence == ("expected" if known else "none")
    assert ("not a finite number" in (truth.reason or "")) is not known


def test_a_number_beyond_the_dtype_is_expected_as_it_is():
    """An answer of infinity is right where 70000 is true; it is no reason to expect any other number."""
    (leaf,) = derivative(ExpectedNumbers(data=[70000, -1e300, float("inf"), 0.1]), dtype="float16")
    assert leaf.high.tolist() == [70000.0, -1e300, float("inf"), float(np.float16(0.1))]
