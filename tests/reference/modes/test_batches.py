"""Batches: each step on many arrays at once is the step on each of them."""

from __future__ import annotations

import numpy as np
import pytest

from gradcmp.reference.algebras.balls import BallAlgebra
from gradcmp.reference.modes.batches import Batch, BatchAlgebra

INNER = BallAlgebra()
ALGEBRA = BatchAlgebra(INNER)
COUNT = 3


def balls(values):
    return INNER.constant(np.asarray(values, dtype=np.float64))


def floats(array):
    return np.asarray([float(x) for x in array.ravel().tolist()]).reshape(array.shape)


def draw(*shape, seed=0):
    """Numbers whose products are exact."""
    return np.random.default_rng(seed).integers(-8, 9, shape) / 4.0


MATRIX = np.array([[2.0, 0.0], [1.0, 0.5]])
MATRICES = np.stack([MATRIX, [[1.0, 1.0], [0.0, 2.0]]])

# What is done to one array of a shape, with others that are the same for the whole batch.
STEPS = {
    "elementwise, of fewer axes": ((2,), lambda a, g: a.elementwise("multiply", a.constant(draw(3, 2)), g)),
    "elementwise, of more axes": ((3, 2), lambda a, g: a.elementwise("add", g, a.constant(draw(2)))),
    "elementwise, of a number": ((), lambda a, g: a.elementwise("scale", g, a.constant(draw(2, 2)))),
    "elementwise, of two batches": ((2, 2), lambda a, g: a.elementwise("subtract", g, a.sum(g, (0,)))),
    "sum": ((2, 3, 2), lambda a, g: a.sum(g, (0, 2))),
    "matmul on the left": ((4, 3), lambda a, g: a.matmul(g, a.constant(draw(3, 2)))),
    "matmul on the right": ((3, 4), lambda a, g: a.matmul(a.constant(draw(2, 3)), g)),
    "matmul on the left, stacked": ((2, 1, 3), lambda a, g: a.matmul(g, a.constant(draw(2, 3, 5)))),
    "matmul on the right, stacked": ((2, 1, 3, 1), lambda a, g: a.matmul(a.constant(draw(2, 1, 4, 3)), g)),
    "solve": ((2, 3), lambda a, g: a.solve(a.constant(MATRIX), g)),
    "solve, stacked": ((2, 2, 1), lambda a, g: a.solve(a.constant(MATRICES), g)),
    "pick": ((2, 3), lambda a, g: a.pick([g], np.array([[5, 0], [0, 2]]))),
    "pick from several": (
        (2,),
        lambda a, g: a.pick(
            [a.constant(draw(3)), g, a.constant(draw(0)), a.constant(draw()), g], np.array([4, 6, 5, 7, 1])
        ),
    ),
    "scatter": ((2, 2), lambda a, g: a.scatter(g, np.array([[4, 1], [1, 0]]), 5)),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_step_of_a_batch_is_the_step_of_each(name):
    shape, step = STEPS[name]
    values = draw(COUNT, *shape, seed=1)
    found = step(ALGEBRA, Batch(balls(values)))
    assert isinstance(found, Batch)
    each = [floats(step(INNER, balls(value))) for value in values]
    assert floats(found.data).tolist() == np.stack(each).tolist()
    assert ALGEBRA.shape(found) == each[0].shape
    assert ALGEBRA.zeros(found).tolist() == (np.stack(each) == 0.0).tolist()


@pytest.mark.parametrize("name", STEPS)
def test_a_step_without_a_batch_is_that_of_the_inner_algebra(name):
    shape, step = STEPS[name]
    value = draw(*shape, seed=1)
    assert floats(step(ALGEBRA, balls(value))).tolist() == floats(step(INNER, balls(value))).tolist()


def test_one_array_stands_for_many_rows():
    assert floats(ALGEBRA.rows(balls([1.0, 2.0]), 2)).tolist() == [[1, 2], [1, 2]]
    assert floats(ALGEBRA.rows(Batch(balls([[1.0], [2.0]])), 2)).tolist() == [[1], [2]]
