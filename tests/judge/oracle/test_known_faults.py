"""Unjust words that the oracle has found and that still stand, by the smallest input."""

import math

import numpy as np
import pytest

from gradcmp.core.verdicts import Level
from gradcmp.reference.budget import Budget
from gradcmp.reference.certify import certify
from tests.judge.cases import TORCH, computed, judged
from tests.reference.problems import problem


@pytest.mark.xfail(strict=True, reason="equal numbers that are not exact are no tie to the referee")
def test_a_tie_of_equal_numbers_that_are_not_exact():
    """max(sin(x)) at [1, 1]: cos(1) for either of both is a derivative on one side; differences know the mean."""
    known = certify(problem("max(sin(x))", dtype="float64", x=[1.0, 1.0]), "float64", Budget())
    one = np.array([math.cos(1.0), 0.0])
    (found,) = judged({TORCH: computed(one, "float64")}, known, dtype="float64", shape=(2,)).findings
    assert found.level is Level.NOTE
