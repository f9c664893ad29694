"""Dual numbers: tangents of every step, twice over for second derivatives."""

from __future__ import annotations

import numpy as np
import pytest
from flint import arb

from gradcmp.reference.algebra import EvaluationError
from gradcmp.reference.algebras.balls import BallAlgebra
from gradcmp.reference.modes.duals import Dual, DualAlgebra

INNER = BallAlgebra()


def balls(values):
    return INNER.constant(np.asarray(values, dtype=np.float64))


def floats(array):
    return np.asarray([float(x) for x in array.ravel().tolist()]).reshape(array.shape)


def moving(values, tangent):
    return Dual(balls(values), balls(tangent))


@pytest.fixture
def duals():
    return DualAlgebra(INNER)


def slope(duals, x):
    return floats(duals.tangent(x)).tolist()


def test_a_constant_does_not_move(duals):
    x = duals.constant(np.array([1.0, 2.0]))
    assert x.tangent is None
    assert slope(duals, x) == [0, 0]
    assert duals.elementwise("exp", x).tangent is None
    assert duals.constantly(moving([1.0], [1.0])).tangent is None


def test_steps_push_tangents(duals):
    x, y = moving([2.0, 3.0], [1.0, 10.0]), moving([[4.0], [5.0]], [[1.0], [0.0]])
    assert slope(duals, duals.elementwise("multiply", x, y)) == [[6, 43], [5, 50]]
    assert slope(duals, duals.elementwise("add", x, duals.constant(np.zeros((2, 1))))) == [[1, 10], [1, 10]]
    assert slope(duals, duals.whole_power(x, 3)) == [12, 270]
    assert duals.whole_power(x, 0).tangent is None
    assert slope(duals, duals.sum(y, (0, 1))) == 1
    assert slope(duals, duals.pick([x, duals.constant(np.array([7.0]))], np.array([[1, 2]]))) == [[10, 0]]
    assert slope(duals, duals.scatter(x, np.array([2, 2]), 3)) == [0, 0, 11]


def test_matrices_push_tangents(duals):
    m, v = moving([[2.0, 0.0], [0.0, 4.0]], [[1.0, 0.0], [0.0, 0.0]]), moving([[6.0], [8.0]], [[0.0], [4.0]])
    assert slope(duals, duals.matmul(m, v)) == [[6], [16]]
    assert slope(duals, duals.solve(m, v)) == [[-1.5], [1]]
    assert slope(duals, duals.solve(duals.constant(np.eye(2)), v)) == [[0], [4]]
    assert slope(duals, duals.inv(m)) == [[-0.25, 0], [0, 0]]
    assert slope(duals, duals.det(m)) == 4
    singular = moving([[1.0, 2.0], [2.0, 4.0]], [[1.0, 0.0], [0.0, 0.0]])
    assert slope(duals, duals.det(singular)) == 4


def test_a_selection_follows_what_it_chose(duals):
    x, y = moving([1.0, 5.0, 2.0], [1.0, 1.0, 1.0]), moving([3.0, 3.0, 2.0], [10.0, 10.0, 10.0])
    assert slope(duals, duals.elementwise("maximum", x, y)) == [10, 1, 1]
    assert duals.ties.selections == 1
    assert slope(duals, duals.elementwise("minimum", x, y)) == [1, 10, 1]
    assert slope(duals, duals.elementwise("abs", duals.elementwise("negative", x))) == [1, 1, 1]
    assert slope(duals, duals.elementwise("floor", x)) == [0, 0, 0]


def test_comparisons_look_at_values_and_note_ties(duals):
    x = moving([1.0, 2.0], [1.0, 1.0])
    assert duals.compare(x, duals.constant(np.array([1.0, 1.0]))).tolist() == [0, 1]
    assert duals.ties.comparisons == 1


def test_a_zero_is_one_that_does_not_move(duals):
    assert duals.zeros(moving([0.0, 0.0, 1.0], [0.0, 1.0, 0.0])).tolist() == [True, False, False]
    assert duals.zeros(duals.constant(np.array([0.0]))).tolist() == [True]


def test_a_step_without_a_rule_says_so(duals):
    with pytest.raises(EvaluationError, match="tetragamma"):
        duals.elementwise("tetragamma", moving(2.0, 1.0))
    assert duals.elementwise("tetragamma", duals.constant(np.asarray(2.0))).tangent is None


@pytest.mark.parametrize(
    ("step", "second"),
    [("sin", lambda x: -x.sin()), ("exp", lambda x: x.exp()), ("log", lambda x: -1 / x**2),
     ("tanh", lambda x: -2 * x.tanh() * x.sech() ** 2), ("sqrt", lambda x: -1 / (4 * x**arb("1.5"))),
     ("erf", lambda x: -4 * x / arb.const_sqrt_pi() * (-x * x).exp()), ("lgamma", lambda x: arb(2).zeta(x)),
     ("digamma", lambda x: -2 * arb(3).zeta(x)), ("square", lambda _x: arb(2)), ("rsqrt", lambda x: 3 / (4 * x**arb("2.5")))],
)  # fmt: skip
def test_twice_over_they_are_second_derivatives(step, second):
    outer = DualAlgebra(DualAlgebra(INNER))
    for point in (0.3, 1.5, 2.75):
        x = Dual(moving(point, 1.0), moving(1.0, 0.0))
        found = outer.tangent(outer.elementwise(step, x)).tangent.item()
        assert found.overlaps(second(arb(point)))
        assert found.rel_accuracy_bits() > 30
