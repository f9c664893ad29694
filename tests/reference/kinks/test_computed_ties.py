"""Ties of equal numbers that no ball holds exactly: computed alike from equal numbers, they are one number."""

import math

import numpy as np
import pytest

from gradcmp.reference.budget import Budget
from gradcmp.reference.certify import certify
from tests.reference.problems import problem

COS, SIN = math.cos(1.0), math.sin(1.0)
TANH = 1 / math.cosh(0.5) ** 2

TIES = {
    "max(sin(x))": ([1.0, 1.0], [COS, COS]),
    "max(sin(x)) + min(sin(x))": ([1.0, 1.0, 1.0], [COS] * 3),
    "max(tanh(x))": ([0.5, 0.5, -2.0], [TANH, TANH, None]),
    "max(x / 3)": ([1.0, 1.0], [1 / 3] * 2),
    "max(x * 0.1)": ([1.0, 1.0], [0.1] * 2),
    "maximum(sin(x[0]), sin(x[1]))": ([1.0, 1.0], [COS, COS]),
    "max(exp(x) ** 3)": ([0.0, 0.0], [3.0, 3.0]),
    "max(stack([stack([0.1, 0.3]), stack([0.1, 0.3])]) @ x)": ([1.0, 2.0], None),
    "sum(abs(sin(x) - sin(x[0])))": ([1.0, 1.0], None),
    "max(cumsum(sin(x)) - sin(x))": ([1.0, 0.0, 0.0], None),
}
"""Text → the point, and the one-sided derivatives that are not 0 (largest in size), where they are all alike."""


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("text", TIES)
def test_computed_ties_are_certified(text, dtype):
    point, slopes = TIES[text]
    truth = certify(problem(text, dtype=dtype, x=point), dtype, Budget())
    assert (truth.evidence, truth.undefined) == ("certified", False), truth.reason
    (leaf,) = truth.derivatives
    if slopes is None:
        return
    for i, slope in enumerate(slopes):
        if slope is not None:
            assert leaf.kink.tied[i]
            assert max(abs(leaf.kink.left[i]), abs(leaf.kink.right[i])) == pytest.approx(slope, rel=1e-6)


def test_the_derivative_of_equal_rows_is_that_of_one():
    (leaf,) = certify(
        problem("max(stack([stack([0.1, 0.3]), stack([0.1, 0.3])]) @ x)", x=[1.0, 2.0]), "float64", Budget()
    ).derivatives
    np.testing.assert_allclose(leaf.high, [0.1, 0.3], rtol=1e-15)


@pytest.mark.parametrize("operator", ["jvp", "hvp", "hessian", "jacobian"])
def test_the_other_operators_know_them_too(operator):
    truth = certify(problem("max(sin(x))", operator, x=[1.0, 1.0]), "float64", Budget())
    if operator in ("hvp", "hessian"):
        assert truth.undefined, "nothing is estimated"
    else:
        assert truth.evidence == "certified", truth.reason


@pytest.mark.parametrize(
    "text", ["max(stack([sin(x), 2 * sin(x / 2) * cos(x / 2)]))", "relu(sin(x) ** 2 + cos(x) ** 2 - 1)"]
)
def test_equal_numbers_that_are_computed_otherwise_stay_undecided_and_nothing_is_estimated(text):
    truth = certify(problem(text, x=1.0), "float64", Budget())
    assert (truth.evidence, truth.undefined) == ("none", True)
    assert "may be equal" in truth.reason
