"""The tolerance pass: errors per leaf, and comparisons that rounding may decide otherwise."""

import numpy as np
import pytest

from gradcmp.core.operators import OPERATORS
from gradcmp.reference.algebra import EvaluationError
from gradcmp.reference.budget import Budget
from gradcmp.reference.tolerance import running_errors
from tests.reference.problems import problem, truth

KEY = ("", ("x",))


def tolerances(text, operator="gradient", dtype="float32", **inputs):
    return running_errors(problem(text, operator, dtype=dtype, **inputs), dtype, Budget())


def nearly_tied(dtype, bits):
    """x0 x1 - x2 is 2**-2bits, which is lost beside x0 x1, and relu is decided by rounding."""
    step = 2.0**-bits
    return {"dtype": dtype, "x": [1 + step, 1 + step, 1 + 2 * step]}


@pytest.mark.parametrize(("dtype", "bits"), [("float32", 12), ("float32", 13), ("float64", 27), ("bfloat16", 5)])
def test_a_relu_that_rounding_decides_is_fragile(dtype, bits) -> None:
    inputs = nearly_tied(dtype, bits)
    found = tolerances("relu(x[0] * x[1] - x[2])", **inputs)
    (fragile,) = found.fragile
    assert fragile.primitive == "relu"
    assert "`relu`" in str(fragile)
    exact = truth(problem("relu(x[0] * x[1] - x[2])", **inputs), dtype)[KEY].high
    assert exact == pytest.approx([1, 1, -1], abs=0.1)
    assert found.otherwise[KEY].tolist() == [0, 0, 0]
    assert found.other_than(KEY, exact).tolist() == [0, 0, 0]


def test_the_other_side_is_the_one_away_from_the_truth() -> None:
    found = tolerances("relu(x[0] * x[1] - x[2])", **nearly_tied("float32", 12))
    assert found.other_than(KEY, np.zeros(3)) == pytest.approx([1, 1, -1], abs=0.1)


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("sum(relu(x))", [0.0, 1e-30]),
        ("abs(x[0] - x[1])", [0.1, 0.1]),
        ("max(x)", [2.0, 2.0]),
        ("sum(relu(x * 2 - 1))", [0.5, 0.5 + 2**-20]),
        ("sum(where(x > 0.5, x, 0))", [0.5, 0.2]),  # the dtype holds the number
        ("sum(tanh(x) * x)", [1e-8, 3.0]),
        ("logsumexp(x)", [1.0, 1.0]),
        ("sum(sigmoid(x) + softplus(x))", [0.0, 1e-9]),
        ("sum(elu(tanh(x) - tanh(x)))", [0.3, 0.4]),  # both sides of the comparison have the same derivative
    ],
)
def test_what_is_not_fragile(text, x) -> None:
    found = tolerances(text, x=x)
    assert found.fragile == ()
    assert found.other_than(KEY, found.values[KEY]) is None


@pytest.mark.parametrize(
    ("text", "primitive", "otherwise"),
    [
        ("where(x * x > 0.01, 3 * x, x)", "greater", 1.0),
        ("where(x * x >= 0.01, 3 * x, x)", "greater_equal", 1.0),
        ("where(x * x < 0.01, 3 * x, x)", "less", 3.0),
        ("where(x * x <= 0.01, 3 * x, x)", "less_equal", 3.0),
        ("where(x * x == 0.01, 3 * x, x)", "equal", 3.0),
        ("where(x * x != 0.01, 3 * x, x)", "not_equal", 1.0),
        ("sign(x * x - 0.01) * x", "sign", -1.0),
        ("maximum(x * x, 0.01)", "maximum", 0.0),
        ("abs(x * x - 0.01)", "abs", -0.2),
        ("(x * x * 100) // 1 * x", "floor_divide", 0.0),
        ("(3 * x) if x * x > 0.01 else x", "greater", 1.0),
    ],
)
def test_every_comparison_can_be_turned_round(text, primitive, otherwise) -> None:
    found = tolerances(text, x=0.1)
    assert [each.primitive for each in found.fragile] == [primitive]
    assert found.otherwise[KEY] == pytest.approx(otherwise, rel=1e-6)


def test_a_difference_that_float64_cannot_tell_from_zero_is_turned_round_too() -> None:
    inputs = nearly_tied("float64", 27)
    inputs["x"][2] = 1 + 2 * 2.0**-27
    found = tolerances("where(x[0] * x[1] > x[2], 3 * x, x)[0]", **inputs)
    assert found.fragile[0].margin == 0
    assert found.otherwise[KEY].tolist() != found.values[KEY].tolist()


def test_a_loop_that_may_go_once_more() -> None:
    text = "def f(x):\n    y = x * x\n    while y > 0.01:\n        y = y / 4\n    return y"
    found = tolerances(text, x=0.75)
    assert found.fragile == ()
    found = tolerances(text, x=0.2)  # 0.04 / 4
    assert [each.primitive for each in found.fragile] == ["greater"]
    assert sorted([found.values[KEY] / 0.2, found.otherwise[KEY] / 0.2]) == pytest.approx([0.125, 0.5], rel=1e-6)


def test_a_loop_that_never_ends_when_turned_leaves_the_other_side_unknown() -> None:
    text = "def f(x):\n    y = x * x\n    while y * y / y - y > 0:\n        y = y + 1\n    return y"
    found = running_errors(problem(text, dtype="float32", x=0.75), "float32", Budget(seconds=1.0))
    assert [each.primitive for each in found.fragile] == ["greater"]
    assert found.otherwise == {}


def test_where_it_is_fragile() -> None:
    found = tolerances("sum(relu(x * x - 0.01))", x=[3.0, 0.1, 2.0])
    assert found.fragile[0].index == (1,)
    assert "[1]" in str(found.fragile[0])


def test_all_leaves_of_all_operators() -> None:
    assert set(OPERATORS) >= {"value", "gradient", "vjp", "jvp", "jacobian", "hvp", "hessian"}
    found = tolerances("sum(x * x * y)", "hessian", x=[0.1, 0.3], y=[0.7, 0.9])
    assert set(found.errors) == {("", (a, b)) for a in "xy" for b in "xy"}
    assert all(found.errors[key].worst.shape == (2, 2) == found.values[key].shape for key in found.errors)


def test_values_that_are_no_floats_have_no_error() -> None:
    found = tolerances("x > 0.5", "value", x=[0.1, 0.7])
    assert found.values["", ()].tolist() == [0, 1]
    assert not found.errors["", ()].worst.any()


def test_an_unknown_error_is_infinite() -> None:
    assert tolerances("log(1 + exp(x))", x=100.0).errors[KEY].worst == np.inf


def test_a_singular_system_has_no_tolerance() -> None:
    with pytest.raises(EvaluationError, match="singular"):
        tolerances("sum(inv(x))", x=[[1.0, 2.0], [2.0, 4.0]])


@pytest.mark.parametrize(
    "text",
    ["sum(softmax(k + m) * w)", "sum(softmax(where(m < 0, m, k)) * w)", "logsumexp(k + m)", "sum(sigmoid(k + m) * w)"],
)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_an_infinite_mask_is_exact_and_leaves_the_others_their_errors(text, dtype):
    inputs = {"k": [0.25, 0.75, 1.0], "m": [0.0, -np.inf, 0.0], "w": [1.0, 2.0, 3.0]}
    (errors,) = running_errors(problem(text, dtype=dtype, wrt=["k"], **inputs), dtype, Budget()).errors.values()
    assert errors.worst[1] == 0.0
    assert np.all((errors.worst > 0.0) == [True, False, True])
    assert np.all(errors.worst < 100.0)


def test_what_overflows_is_no_mask():
    (errors,) = running_errors(problem("exp(x) + x", x=800.0), "float64", Budget()).errors.values()
    assert errors.worst == np.inf


@pytest.mark.parametrize("x", [1e-300, -1e-300, 2.0**-60])
def test_a_second_derivative_that_frameworks_compute_by_cancellation_is_within_its_error(x):
    """y (1 - y) (1 - 2 y) at 0, by hand in float64: the true value is -x / 8."""
    tolerances = running_errors(problem("sum(sigmoid(x))", "hvp", x=[x]), "float64", Budget())
    (errors,) = tolerances.errors.values()
    y = 1 / (1 + np.exp(-x))
    assert abs(y * (1 - y) * (1 - 2 * y) + x / 8) <= errors.worst.item() * 2.0**-53


@pytest.mark.parametrize(("text", "x"), [("exp(x)", 400.0), ("x * x", 1e160), ("x ** 3", 1e90), ("exp(x * x)", -19.7)])
def test_errors_whose_squares_overflow_are_known_all_the_same(text, x):
    """exp(400) is 5e173, and a derivative of 0 there is wrong, not without digits."""
    errors = tolerances(text, dtype="float64", x=x).errors[KEY]
    assert 0 < errors.rss <= errors.worst < np.inf


@pytest.mark.parametrize(
    "text", ["logsumexp(x * 0.1)", "logsumexp(x / 0.1)", "logsumexp(x + 0.1)", "softmax(x * 0.3)[0]"]
)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_the_rounding_of_a_literal_beside_an_infinite_mask_takes_no_digits(text, dtype):
    """A scaled masked score: the mask stays infinite, whatever the scale is rounded to."""
    errors = tolerances(text, dtype=dtype, x=[1.0, -np.inf, 0.5]).errors[KEY]
    assert np.isfinite(errors.worst).all()
    assert errors.worst[1] == 0.0
    assert (errors.worst[[0, 2]] < 1000).all()
