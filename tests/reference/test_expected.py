"""Expectations as truth."""

import numpy as np
import pytest

from gradcmp.core.expectations import (
    Expectation,
    Expectations,
    ExpectedAbout,
    ExpectedExpression,
    ExpectedNothing,
    ExpectedNumbers,
    ExpectedResult,
)
from gradcmp.core.leaves import operator_leaves
from gradcmp.core.operators import Operator
from gradcmp.core.problems import Problem
from gradcmp.core.scenarios import Scenario
from gradcmp.core.specifications import InputTree
from gradcmp.core.targets import Target, TargetPattern
from gradcmp.core.tensors import Tensor
from gradcmp.errors import Location
from gradcmp.program.parse import parse
from gradcmp.reference.algebra import EvaluationError
from gradcmp.reference.budget import Budget
from gradcmp.reference.expected import expected_truth, expected_truths
from gradcmp.reference.expressions import evaluated
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
    return {
        "problem": Problem(scenario=scenario, operator=operator, dtype=dtype),
        "checked": checked,
        "leaves": operator_leaves(Operator(operator), wrt, checked.leaves, checked.outputs),
        "evaluate": lambda expressions: evaluated(expressions, checked, inputs, Budget()),
    }


def derivative(spoken, **more):
    leaves = spoken if isinstance(spoken, dict) else {"": spoken}
    truth = expected_truth(ExpectedResult(leaves=leaves), **setting(**more))
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
    with pytest.raises(EvaluationError, match=reason):
        derivative(spoken, **more)


def test_common_and_own_expectations_together():
    def entry(pattern, spoken):
        return Expectation(
            pattern=pattern, operator="gradient", expected=ExpectedResult(leaves={"": spoken}), location=WHERE
        )

    entries = (entry(None, expression("2 * w * x")), entry(TargetPattern(text="jax"), ExpectedNumbers(data=0)))
    given = setting(expect=Expectations(entries=entries))
    targets = {t.id: t for t in (Target(backend="torch"), Target(backend="jax"))}
    truth, own = expected_truths(targets=targets, **given)
    assert truth.derivatives[0].high.tolist() == [0.0, -2.0, 2.0, 1.5]
    assert own["torch-eager-cpu"] is truth
    assert own["jax-eager-cpu"].derivatives[0].high.tolist() == [0, 0, 0, 0]


def test_a_common_expectation_that_cannot_be_evaluated_leaves_the_reason():
    entries = (
        Expectation(
            pattern=None,
            operator="gradient",
            expected=ExpectedResult(leaves={"": expression("log(0 * x)")}),
            location=WHERE,
        ),
    )
    given = setting(expect=Expectations(entries=entries))
    truth, own = expected_truths(targets={"t": Target(backend="t")}, **given)
    assert (truth.evidence, own) == ("none", {})
    assert "cannot be evaluated" in truth.reason


def test_the_first_leaf_that_cannot_be_said_gives_the_reason():
    with pytest.raises(EvaluationError, match="shape"):
        derivative({"x": ExpectedNumbers(data=[1, 2]), "w": expression("y")}, wrt=("x", "w"))
    with pytest.raises(EvaluationError, match="`y` is not defined"):
        derivative({"w": expression("y"), "x": ExpectedNumbers(data=[1, 2])}, wrt=("x", "w"))
