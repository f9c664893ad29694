"""Where the kinks of the parts cancel: the derivative exists, and an answer by some convention at a tie need not be it."""

import numpy as np
import pytest
from mpmath import mp

from gradcmp.reference.budget import Budget
from gradcmp.reference.certify import certify
from tests.reference.problems import problem

FIRST = ("gradient", "vjp", "jvp", "jacobian")
SOFTPLUS = "maximum(x, 0) + log1p(exp(-abs(x)))"


def leaves(text, operator, dtype="float64", **options):
    truth = certify(problem(text, operator, dtype=dtype, **options), dtype, Budget())
    assert truth.evidence == "certified", truth.reason
    return {leaf.wrt: leaf for leaf in truth.derivatives}


def assert_removable(leaf, expected):
    assert leaf.kink.tied.all()
    assert not leaf.kink.jump.any()
    for side in (leaf.high, leaf.kink.left, leaf.kink.right):
        np.testing.assert_array_equal(side, np.full(side.shape, expected))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("operator", FIRST)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("maximum(x, 0) + minimum(x, 0)", 1.0),  # x
        ("relu(x) - relu(-x)", 1.0),  # x
        ("where(x == 0, 0 * x, x)", 1.0),
        ("elu(x, 1.0)", 1.0),
        ("clip(x, 0, 0)", 0.0),
    ],
)
def test_every_operator_has_the_derivative_of_both_sides(text, expected, operator, dtype):
    (leaf,) = leaves(text, operator, dtype, x=0.0).values()
    assert_removable(leaf, expected)


@pytest.mark.parametrize("operator", FIRST)
def test_a_derivative_that_one_convention_gets_right_by_luck_is_removable_too(operator):
    """Softplus: by the first operands 1 - 1/2, by the halves 1/2 - 0, and 1 - 0 by a maximum and a sign of zero."""
    with mp.workdps(30):
        expected = float(mp.diff(lambda x: mp.log(1 + mp.exp(x)), 0))
    (leaf,) = leaves(SOFTPLUS, operator, x=0.0).values()
    assert_removable(leaf, expected)


def test_along_a_tangent_each_element_is_told_apart():
    (leaf,) = leaves(
        "maximum(x, 0) + minimum(x, 0)", "jvp", x=[0.0, 2.0, 0.0], tangents={"x": [3.0, 1.0, 0.0]}
    ).values()
    assert leaf.high.tolist() == [3.0, 1.0, 0.0]
    assert leaf.kink.tied.tolist() == [True, False, False]  # the last one does not move


def test_beside_a_jump_the_way_by_rays_tells_it_too():
    (leaf,) = leaves(f"{SOFTPLUS} + where(x > 0, x * x, 0)", "gradient", x=0.0).values()
    assert_removable(leaf, 0.5)


@pytest.mark.parametrize("operator", FIRST)
@pytest.mark.parametrize("text", ["x * abs(x)", "abs(x) ** 2", "relu(x) ** 2", "abs(x - x) + x * x"])
def test_a_tie_with_a_slope_of_zero_before_it_has_no_convention(text, operator):
    (leaf,) = leaves(text, operator, x=0.0).values()
    assert (leaf.high.item(), leaf.kink) == (0.0, None)
