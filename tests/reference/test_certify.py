"""The ladder: certified where it can be, and never silent about why it is not."""

import numpy as np
import pytest
from mpmath import mp

from gradcmp.reference.budget import Budget
from gradcmp.reference.certify import certify
from gradcmp.reference.modes import derivatives
from tests.reference.problems import problem


def asked(text, operator="gradient", *, dtype="float64", seconds=10.0, **inputs):
    return certify(problem(text, operator, dtype=dtype, **inputs), dtype, Budget(seconds=seconds))


def the_leaf(truth):
    (leaf,) = truth.derivatives
    return leaf


def test_a_smooth_gradient_is_certified_to_an_eighth_of_a_unit():
    truth = asked("sum(tanh(x))", x=[0.5, 30.0])
    leaf = the_leaf(truth)
    assert (truth.evidence, truth.bits, truth.reason) == ("certified", 128, None)
    assert np.all(leaf.radius <= np.spacing(leaf.high) / 8)
    assert leaf.errors is not None
    assert leaf.kink is None
    assert asked("sum(tanh(x))", dtype="float32", x=[0.5]).bits == 64


def test_a_value_is_certified_as_a_value():
    truth = asked("exp(x)", "value", x=1.0)
    assert truth.derivatives is None
    assert float(truth.values[0].high) == pytest.approx(np.e, rel=1e-16)


def test_what_cancels_is_known_to_its_last_digit_all_the_same():
    leaf = the_leaf(asked("(1 - cos(x)) / x ** 2", dtype="float32", x=0.001))
    assert leaf.radius <= abs(leaf.high) * 2.0**-27
    zero = the_leaf(asked("sin(x) ** 2 + cos(x) ** 2", x=0.3))
    assert abs(zero.high) <= zero.radius < 1e-60


def test_a_mixture_of_a_thousand_points_is_certified():
    """Its gradients are sums over responsibilities r = softmax(log w + log|f| - |f (x - m)|² / 2) (Bishop, 9.2)."""
    random = np.random.default_rng(0)
    x, weights, means = (random.standard_normal(shape) for shape in ((1000, 2), (5,), (5, 2)))
    factors = np.tril(random.standard_normal((5, 2, 2))) + 3 * np.eye(2)
    text = """
d = x[:, None, :] - means[None, :, :]
y = (factors[None] @ d[..., None])[..., 0]
scales = sum(log(diagonal(factors)), axis=-1)
return sum(logsumexp(log_softmax(weights, axis=0) + scales - 0.5 * sum(y * y, axis=-1), axis=1))
"""
    inputs = {"x": x, "weights": weights, "means": means, "factors": factors}
    truth = certify(problem(text, wrt=("weights", "means", "factors"), **inputs), "float64", Budget(seconds=1e9))
    assert (truth.evidence, truth.bits) == ("certified", 128)
    d = x[:, None] - means
    y = np.einsum("kij,nkj->nki", factors, d)
    scales = np.diagonal(factors, axis1=1, axis2=2)
    scores = weights + np.log(scales).sum(-1) - 0.5 * (y * y).sum(-1)
    r = np.exp(scores - scores.max(1, keepdims=True))
    r /= r.sum(1, keepdims=True)
    closed = {
        "weights": r.sum(0) - 1000 * np.exp(weights) / np.exp(weights).sum(),
        "means": np.einsum("nk,kij,nki->kj", r, factors, y),
        "factors": np.einsum("nk,ij,ki->kij", r, np.eye(2), 1 / scales) - np.einsum("nk,nki,nkj->kij", r, y, d),
    }
    for leaf in truth.derivatives:
        np.testing.assert_allclose(leaf.high, closed[leaf.wrt[0]], rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("text", ["sum(exp(x)) + dot(x, x) ** 2", "logsumexp(x)", "dot(x, a @ x)"])
def test_the_hessian_of_three_hundred_inputs_is_certified(text):
    random = np.random.default_rng(0)
    x, a = random.standard_normal(300), random.standard_normal((300, 300))
    asked_for = problem(text, "hessian", wrt=("x",), x=x, a=a)
    truth = certify(asked_for, "float64", Budget(seconds=1e9))
    s = np.exp(x) / np.exp(x).sum()
    hessian = {
        "sum(exp(x)) + dot(x, x) ** 2": np.diag(np.exp(x) + 4 * x @ x) + 8 * np.outer(x, x),
        "logsumexp(x)": np.diag(s) - np.outer(s, s),
        "dot(x, a @ x)": a + a.T,
    }[text]
    assert (truth.evidence, truth.bits) == ("certified", 128)
    np.testing.assert_allclose(the_leaf(truth).high, hessian, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_two_thousand_steps_of_a_loop_are_certified(dtype):
    """s = r s + x repeated n times from x is (rⁿ + (1 - rⁿ) / (1 - r)) x, with r = 0.999."""
    text = "s = x\nfor j in range(2000):\n    s = s * 0.999 + x\nreturn sum(s)"
    leaf = the_leaf(asked(text, dtype=dtype, seconds=1e9, x=[0.5, -3.0]))
    with mp.workdps(60):
        r = mp.mpf("0.999")
        slope = r**2000 + (1 - r**2000) / (1 - r)
        for high, low, radius in zip(leaf.high, leaf.low, leaf.radius, strict=True):
            assert abs(mp.mpf(float(high)) + mp.mpf(float(low)) - slope) <= mp.mpf(float(radius)) + mp.mpf(10) ** -50
    assert np.all(leaf.errors.worst < 1e4 * leaf.high)


@pytest.mark.parametrize(("dtype", "steps"), [("float64", 100), ("float32", 100), ("float64", 250)])
def test_a_chaotic_loop_is_no_zero_by_cancellation(dtype, steps):
    """The logistic map, whose rounding errors and balls grow far beyond its derivative, the product of 4 (1 - 2 s)."""
    leaf = the_leaf(asked(f"s = x\nfor j in range({steps}):\n    s = 4 * s * (1 - s)\nreturn s", dtype=dtype, x=0.3))
    with mp.workdps(400):
        s, slope = mp.mpf(float(np.dtype(dtype).type(0.3))), mp.mpf(1)
        for _ in range(steps):
            slope, s = slope * 4 * (1 - 2 * s), 4 * s * (1 - s)
    assert float(leaf.high) == pytest.approx(float(slope), rel=1e-14)
    assert leaf.radius <= 1e-14 * abs(leaf.high)


def test_at_a_kink_both_sides_are_known():
    kink = the_leaf(asked("sum(abs(x))", x=[0.0, -2.0])).kink
    assert (kink.left.tolist(), kink.right.tolist(), kink.tied.tolist()) == ([-1, -1], [1, -1], [True, False])


@pytest.mark.parametrize("at_once", [1, 4, 10**6])
def test_the_kinks_of_a_jacobian_are_those_of_its_rows(at_once, monkeypatch):
    monkeypatch.setattr(derivatives, "AT_ONCE", at_once)
    leaf = the_leaf(asked("relu(x) * x[1] + abs(flip(x, axis=0))", "jacobian", x=[0.0, 2.0, -1.0]))
    assert leaf.kink.tied.tolist() == [[True, False, False], [False] * 3, [True, False, False]]
    assert leaf.kink.left.tolist() == [[0, 0, -1], [0, 5, 0], [-1, 0, 0]]
    assert leaf.kink.right.tolist() == [[2, 0, -1], [0, 5, 0], [1, 0, 0]]


def test_a_removable_kink_has_the_derivative_of_both_sides():
    leaf = the_leaf(asked("sum(relu(x) - relu(-x))", x=[0.0]))
    assert (leaf.high.tolist(), leaf.radius.tolist()) == ([1.0], [0.0])


@pytest.mark.parametrize("text", ["maximum(0, x)", "clip(0, x, 1)", "maximum(zeros_like(x), x)"])
def test_a_tie_with_a_constant_is_a_kink(text):
    kink = the_leaf(asked(text, x=0.0)).kink
    assert {float(kink.left), float(kink.right)} == {0.0, 1.0}


def test_a_masked_branch_leaves_nothing_behind_but_a_zero_slope_does():
    assert the_leaf(asked("sum(where(x > 0, sqrt(x), 0))", x=[-1.0, 4.0])).high.tolist() == [0.0, 0.25]
    kink = the_leaf(asked("sqrt(x) ** 2", x=0.0)).kink
    assert (np.isnan(kink.left), float(kink.right)) == (True, 1.0)


def test_what_rounding_decides_has_another_side():
    truth = asked("relu(x[0] * x[1] - x[2])", dtype="float32", x=[1 + 2.0**-12, 1 + 2.0**-12, 1 + 2.0**-11])
    leaf = the_leaf(truth)
    assert "`relu` compares numbers" in truth.fragile[0]
    assert leaf.high.tolist() == [1 + 2.0**-12, 1 + 2.0**-12, -1.0]
    assert leaf.otherwise.tolist() == [0.0, 0.0, 0.0]


def test_where_a_comparison_stays_undecided_nothing_is_estimated():
    """There may be a kink, of which differences take the middle for the truth."""
    truth = asked("sum(abs(sin(x) ** 2 + cos(x) ** 2 - 1) + x * x)", x=[0.5, 2.0])
    assert (truth.evidence, truth.undefined) == ("none", True)
    assert "may be equal" in truth.reason


def test_a_singular_matrix_has_a_reason_and_no_truth():
    truth = asked("sum(inv(x))", x=[[1.0, 2.0], [2.0, 4.0]])
    assert (truth.evidence, truth.derivatives) == ("none", None)
    assert "singular" in truth.reason


def test_above_the_budget_balls_of_float64_prove_it():
    x = np.random.default_rng(0).standard_normal(400_000)
    truth = asked("2 * dot(x, x)", seconds=1.0, x=x)
    leaf = the_leaf(truth)
    assert (truth.evidence, truth.bits) == ("certified", 53)
    assert np.all(np.abs(leaf.high - 4 * x) <= leaf.radius)


def test_above_that_float64_with_its_running_errors_estimates_it():
    x = np.random.default_rng(0).standard_normal(400_000)
    truth = asked("logsumexp(x)", seconds=0.2, x=x)
    assert truth.evidence == "numerical"
    assert "--reference-budget" in truth.reason
    assert np.all(the_leaf(truth).radius > 0)


def test_the_estimate_of_a_number_is_an_array_too():
    truth = asked("sum(exp(x) * x)", "jvp", seconds=0.05, x=np.linspace(-1, 1, 100_000))
    assert truth.evidence == "numerical"
    assert isinstance(the_leaf(truth).radius, np.ndarray)


def test_where_there_may_be_no_derivative_nothing_is_estimated():
    above = asked("logsumexp(x) + sum(relu(x))", seconds=0.1, x=np.zeros(100_000))
    assert (above.evidence, above.undefined) == ("none", True)
    second = asked("x * abs(x)", "hessian", x=0.0)
    assert (second.evidence, second.undefined) == ("none", True)
    assert second.reason == "a second derivative is not defined at a kink"
    assert (above.nonexistent, second.nonexistent) == (False, True)


def zero(x):
    """A zero that no ball knows exactly where x is 1."""
    return mp.sin(x) - mp.sin(x) * x


NEAR_ZERO = {
    "norm(sin(x) - sin(x) * x)": lambda x, y: mp.sqrt(zero(x) ** 2 + zero(y) ** 2),
    "sum(square(sin(x) - sin(x) * x)) * x[0]": lambda x, y: (zero(x) ** 2 + zero(y) ** 2) * x,
    "sum((sin(x) - sin(x) * x) ** 3) + x[0] * x[1]": lambda x, y: zero(x) ** 3 + zero(y) ** 3 + x * y,
    "var(sin(x) - sin(x) * x, ddof=0)": lambda x, y: (zero(x) - zero(y)) ** 2 / 4,
    "sum((sin(x) - sin(x) * x) ** k)": lambda x, y: zero(x) ** 2 + zero(y) ** 3,
}


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize("text", NEAR_ZERO)
def test_powers_of_a_zero_that_no_ball_knows_exactly(text, dtype):
    """FLINT's power of a ball around zero is NaN; the derivatives here are none."""
    with mp.workdps(40):
        function = NEAR_ZERO[text]
        expected = [float(mp.diff(function, (0.5, 1.0), n)) for n in ((1, 0), (0, 1))]
    inputs = {"k": np.array([2, 3])} if "k" in text else {}
    truth = asked(text, dtype=dtype, x=[0.5, 1.0], **inputs)
    assert truth.evidence == "certified"
    np.testing.assert_allclose(the_leaf(truth).high, expected, rtol=1e-15, atol=1e-30)


@pytest.mark.parametrize(
    ("text", "x", "dtype"),
    [("exp(x)", 150.0, "float32"), ("exp(1 / x)", 2.0**-8, "float32"), ("exp(x * x)", -14.0, "bfloat16"),
     ("sinh(x * x)", -12.6171875, "float16"), ("x ** 3", 2.0**100, "float32")],
)  # fmt: skip
@pytest.mark.parametrize("operator", ["value", "gradient", "hessian"])
def test_what_lies_far_beyond_the_dtype_is_certified_to_do_so(text, x, dtype, operator):
    truth = asked(text, operator, dtype=dtype, x=x)
    (leaf,) = truth.values or truth.derivatives
    function = {"exp(x)": mp.exp, "exp(1 / x)": lambda x: mp.exp(1 / x), "exp(x * x)": lambda x: mp.exp(x * x),
                "sinh(x * x)": lambda x: mp.sinh(x * x), "x ** 3": lambda x: x**3}[text]  # fmt: skip
    with mp.workdps(60):
        expected = float(mp.diff(function, mp.mpf(x), ("value", "gradient", "hessian").index(operator)))
    assert truth.evidence == "certified"
    assert float(leaf.high) == pytest.approx(expected, rel=1e-12)
