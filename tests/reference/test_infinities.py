"""Poles, infinite inputs and masks: what is neared is no value, and what is masked out changes nothing."""

import math

import numpy as np
import pytest
from mpmath import mp

from gradcmp.reference.budget import Budget
from gradcmp.reference.certify import certify
from tests.reference.problems import problem

INF = math.inf
FIRST = ("gradient", "vjp", "jvp", "jacobian")
ALL = (*FIRST, "hvp", "hessian")


def truth(text, operator, dtype="float64", **options):
    return certify(problem(text, operator, dtype=dtype, **options), dtype, Budget())


def certified(text, operator, dtype="float64", **options):
    """The leaves by the last of their inputs."""
    found = truth(text, operator, dtype, **options)
    assert found.evidence == "certified", found.reason
    return {"/".join(leaf.wrt): leaf for leaf in found.derivatives}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("operator", ALL)
@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        ("lgamma(x)", {"x": 0.0}),
        ("lgamma(x)", {"x": -2.0}),
        ("digamma(x)", {"x": 0.0}),
        ("2 % x", {"x": 0.0}),
        ("x % y", {"x": 5.0, "y": 0.0}),
        ("2 // x + x", {"x": 0.0}),
        ("sin(x) / x", {"x": INF}),
        ("cos(x) / x", {"x": -INF}),
        ("exp(-x) * sin(x)", {"x": INF}),
    ],
)
def test_there_is_no_derivative_at_a_pole_or_without_a_limit(text, inputs, operator, dtype):
    found = truth(text, operator, dtype, **inputs)
    assert (found.evidence, found.derivatives) == ("none", None)
    assert found.reason


@pytest.mark.parametrize("text", ["lgamma(x)", "2 % x"])
def test_a_pole_has_no_derivative_for_a_majority_either(text):
    assert truth(text, "jvp", x=0.0).undefined


@pytest.mark.parametrize("operator", ALL)
@pytest.mark.parametrize(
    "text", ["sigmoid(k + m)", "sigmoid(-k - m)", "tanh(k + m)", "exp(k + m)", "sum(softmax(stack([c, k + m])) * w)"]
)
def test_what_a_mask_makes_constant_has_the_derivative_zero(text, operator):
    for leaf in certified(text, operator, wrt=["k"], k=0.5, m=-INF, c=1.5, w=[1.0, 3.0]).values():
        assert (leaf.high.tolist(), leaf.kink) == (0.0, None)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("operator", ["gradient", "vjp", "jacobian"])
@pytest.mark.parametrize("wrt", [["k", "z"], ["k", "z", "m"]])
def test_a_kink_beside_a_mask_leaves_the_mask_alone(wrt, operator, dtype):
    leaves = certified("sigmoid(k + m) + abs(z)", operator, dtype, wrt=wrt, k=0.5, m=-INF, z=0.0)
    assert all((leaves[path].high.item(), leaves[path].kink) == (0.0, None) for path in wrt if path != "z")
    assert (leaves["z"].kink.left.item(), leaves["z"].kink.right.item()) == (-1.0, 1.0)


@pytest.mark.parametrize(
    "text", ["sigmoid(k + m) + where(z > 0, z, -z)", "exp(k * m) + where(z > 0, z, -z)", "k / m + where(z > 0, z, -z)"]
)
def test_rays_go_on_beside_an_infinite_constant(text):
    leaves = certified(text, "gradient", wrt=["k", "z"], k=0.5, m=-INF, z=0.0)
    assert leaves["k"].high.item() == 0.0
    assert (leaves["z"].kink.left.item(), leaves["z"].kink.right.item()) == (-1.0, 1.0)
    (along,) = certified(text, "jvp", wrt=["k", "z"], k=0.5, m=-INF, z=0.0).values()
    assert (along.kink.left.item(), along.kink.right.item()) == (-1.0, 1.0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("operator", ALL)
def test_a_row_of_a_masked_softmax_that_nothing_uses_is_no_matter(operator, dtype):
    inputs = {"k": [0.25, 0.75], "mask": [[0.0, -INF], [-INF, -INF]], "w": [1.0, 2.0]}
    text = "a = softmax(stack([k, k]) + mask, axis=-1)\nreturn sum(a[0] * w)\n"
    (leaf,) = certified(text, operator, dtype, wrt=["k"], **inputs).values()
    assert np.abs(leaf.high).max() <= leaf.radius.max(initial=0.0) < 1e-60  # the first row is (1, 0), whatever k is


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_other_row_of_it_is_not_constant(dtype):
    inputs = {"k": [0.25, 0.75], "mask": [[0.0, 0.0], [-INF, -INF]], "w": [1.0, 2.0]}
    text = "a = softmax(stack([k, k]) + mask, axis=-1)\nreturn sum(a[0] * w)\n"
    (leaf,) = certified(text, "gradient", dtype, wrt=["k"], **inputs).values()
    with mp.workdps(30):
        share = 1 / (1 + mp.exp(mp.mpf(0.5)))  # of the first: the loss is 2 less it
        expected = float(share * (1 - share))
    np.testing.assert_allclose(leaf.high, [-expected, expected], rtol=1e-15)


# Powers with a constant exponent of zero -------------------------------------------------------------------------

EXPONENTS = {"gradient": [0.0, 1.0, 0.0, 0.0], "hessian": np.diag([0.0, 0.0, 2.0, 0.0]), "hvp": [0.0, 0.0, 2.0, 0.0]}


@pytest.mark.parametrize("exponents", [np.arange(4), [0.0, 1.0, 2.0, 3.0]], ids=["whole", "floating"])
@pytest.mark.parametrize("operator", sorted(EXPONENTS))
def test_a_constant_exponent_of_zero_makes_a_constant(operator, exponents):
    (leaf,) = certified("sum(x ** k)", operator, wrt=["x"], x=np.zeros(4), k=exponents).values()
    np.testing.assert_array_equal(leaf.high, EXPONENTS[operator])
    assert leaf.kink is None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("operator", "expected"), [("jvp", 1.0), ("vjp", 1.0), ("jacobian", 1.0), ("hvp", 2.0), ("hessian", 2.0)]
)
def test_powers_of_one_number(operator, expected, dtype):
    (leaf,) = certified("sum(x ** k)", operator, dtype, wrt=["x"], x=0.0, k=np.arange(3)).values()
    assert (leaf.high.item(), leaf.kink) == (expected, None)


@pytest.mark.parametrize(
    ("text", "expected"), [("x ** 0.0", 0.0), ("x ** 1.0", 0.0), ("x ** 2.0", 2.0), ("x ** 3.0", 0.0)]
)
def test_the_second_derivative_of_a_power_with_a_floating_literal(text, expected):
    (leaf,) = certified(text, "hessian", x=0.0).values()
    assert leaf.high.item() == expected


def test_an_exponent_of_zero_that_varies_is_no_constant():
    """x^y at y = 0: ∂²/∂x∂y is 1 / x."""
    leaves = certified("x ** y", "hessian", x=2.0, y=0.0)
    assert leaves["x/y"].high.item() == leaves["y/x"].high.item() == 0.5


# Nothing at all --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operator", ["value", "vjp", "jvp", "jacobian"])
@pytest.mark.parametrize("name", ["sum", "max", "min", "prod", "mean", "logsumexp", "norm"])
def test_a_reduction_that_leaves_no_element(name, operator):
    found = truth(f"{name}(x, axis=0)", operator, x=np.zeros((2, 0)))
    assert found.evidence == "certified"
    (leaf,) = found.values if operator == "value" else found.derivatives
    assert leaf.high.shape == {"value": (0,), "vjp": (2, 0), "jvp": (0,), "jacobian": (0, 2, 0)}[operator]


@pytest.mark.parametrize(("name", "expected"), [("sum", 0.0), ("prod", 1.0)])
def test_a_reduction_of_no_element(name, expected):
    (leaf,) = truth(f"{name}(x, axis=1)", "value", x=np.zeros((2, 0))).values
    assert leaf.high.tolist() == [expected] * 2
