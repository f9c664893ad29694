"""The reference as a worker: an inquiry over the wire and back."""

from dataclasses import fields

import numpy as np

from gradcmp.core.operators import Operator
from gradcmp.core.requests import Inquiry, Wanted
from gradcmp.core.tensors import Tensor
from gradcmp.messages import frame_outcome, frame_task, outcome_frame, task_frame
from gradcmp.reference.referee import Referee


def inquiry(text, x, **more):
    given = {
        "case": "s[gradient-float64]@reference",
        "source": text,
        "inputs": {"x": Tensor(dtype="float64", array=np.asarray(x, dtype=np.float64))},
        "wrt": ("x",),
        "operator": Operator.GRADIENT,
        "dtype": "float64",
        "parameters": {},
        "budget_s": 5.0,
    }
    return Inquiry(**(given | more))


def sent(asked):
    header, arrays = task_frame(asked, compiles=False)
    return frame_task(header, arrays)


def answered(asked):
    header, arrays = outcome_frame(Referee(None).refer(asked))
    return frame_outcome(header, arrays)


def test_an_inquiry_travels_whole():
    asked = inquiry("n * sum(x * x)", [1.0, 2.0], parameters={"n": 3})
    there = sent(asked)
    assert isinstance(there, Inquiry)
    assert (there.source, there.parameters, there.budget_s, there.dtype) == (asked.source, {"n": 3}, 5.0, "float64")
    assert there.inputs["x"].array.tolist() == [1.0, 2.0]


def test_a_truth_travels_whole():
    asked = sent(inquiry("sum(abs(x)) + max(x)", [0.0, 0.0, -1.0]))
    here, there = Referee(None).refer(asked).truth, answered(asked).truth
    assert (there.evidence, there.bits, there.fragile, there.undefined) == ("certified", here.bits, here.fragile, False)
    (before,), (after,) = here.derivatives, there.derivatives
    assert after.kink is not None
    for part in ("high", "low", "radius"):
        np.testing.assert_array_equal(getattr(before, part), getattr(after, part))
    for name in ("kink", "errors"):
        for field in fields(getattr(before, name)):
            old, new = (getattr(getattr(leaf, name), field.name) for leaf in (before, after))
            np.testing.assert_array_equal(old, new)
            assert np.asarray(old).dtype == np.asarray(new).dtype


def test_parameters_are_static_numbers():
    (leaf,) = answered(sent(inquiry("x[0] ** n + x[1]", [2.0, 1.0], parameters={"n": 3}))).truth.derivatives
    assert leaf.high.tolist() == [12.0, 1.0]


def test_what_cannot_be_known_has_a_reason():
    truth = answered(sent(inquiry("sum(inv(x))", [[1.0, 2.0], [2.0, 4.0]]))).truth
    assert truth.derivatives is None
    assert "singular" in truth.reason


def test_further_digits_of_a_derivative_and_of_a_value():
    (leaf,) = answered(sent(inquiry("sum(exp(x))", [1.0], wanted=Wanted.DIGITS))).truth.derivatives
    assert (leaf.of, leaf.wrt, leaf.radius.max() < 1e-30) == ("", ("x",), True)
    value_asked = inquiry("sum(exp(x))", [1.0], operator=Operator.VALUE, wanted=Wanted.DIGITS)
    (value,) = answered(sent(value_asked)).truth.values
    assert (value.wrt, float(value.high)) == ((), float(leaf.high[0]))


def test_no_further_digits_where_nothing_is_certain():
    truth = answered(sent(inquiry("sum(inv(x))", [[1.0, 2.0], [2.0, 4.0]], wanted=Wanted.DIGITS))).truth
    assert (truth.evidence, truth.derivatives) == ("none", None)
    assert "singular" in truth.reason


def test_expressions_over_the_inputs_and_the_result():
    expressions = {"a": ("result + n * x", "float64"), "b": ("log(-x)", "float32")}
    asked = inquiry("n * sum(x)", [1.0, 2.0], parameters={"n": 3}, wanted=Wanted.EXPRESSIONS, expressions=expressions)
    there = sent(asked)
    assert there.expressions == expressions
    arrays = answered(there).arrays
    assert arrays["a"].high.tolist() == [12.0, 15.0]
    assert np.isnan(arrays["b"].high).tolist() == [True, True]
