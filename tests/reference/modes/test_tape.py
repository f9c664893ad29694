"""The tape: transposes of its steps, shared nodes, ties."""

from __future__ import annotations

import numpy as np
import pytest
from flint import arb

from gradcmp.reference.algebra import EvaluationError, Undecided
from gradcmp.reference.algebras.balls import BallAlgebra
from gradcmp.reference.modes.both_modes import adjugate, reduced
from gradcmp.reference.modes.tape import TapeAlgebra

INNER = BallAlgebra()


def balls(values):
    return INNER.constant(np.asarray(values, dtype=np.float64))


def floats(array):
    return np.asarray([float(x) for x in array.ravel().tolist()]).reshape(array.shape)


@pytest.fixture
def tape():
    return TapeAlgebra(INNER)


def pulled(tape, node, seed, inputs):
    return [floats(g) for g in tape.backward([(node, balls(seed))], inputs)]


def test_a_node_used_twice_collects_both_cotangents(tape):
    x = tape.input(balls([2.0, 3.0]))
    square = tape.elementwise("multiply", x, x)
    total = tape.elementwise("add", square, x)
    assert pulled(tape, total, [1.0, 10.0], [x])[0].tolist() == [5.0, 70.0]


def test_several_seeds_add_up(tape):
    x = tape.input(balls(3.0))
    y = tape.elementwise("square", x)
    z = tape.elementwise("square", y)
    (g,) = tape.backward([(y, balls(1.0)), (z, balls(1.0)), (x, balls(100.0))], [x])
    assert float(g.item()) == 6 + 4 * 27 + 100


def test_the_way_back_may_be_gone_twice(tape):
    x = tape.input(balls([1.0, 2.0]))
    y = tape.elementwise("exp", x)
    first, second = pulled(tape, y, [1.0, 0.0], [x]), pulled(tape, y, [0.0, 1.0], [x])
    assert first[0][1] == second[0][0] == 0
    assert first[0][0] == np.exp(1.0)


def test_what_no_input_reaches_has_no_way_back(tape):
    x, y = tape.input(balls([1.0])), tape.input(balls([[2.0]]))
    constant = tape.elementwise("exp", tape.constant(np.ones(3)))
    assert not constant.live
    assert not constant.pulls
    assert not tape.constantly(tape.elementwise("sin", x)).live
    z = tape.elementwise("multiply", x, tape.constantly(x))
    assert [g.tolist() for g in pulled(tape, z, [1.0], [x, y])] == [[1.0], [[0.0]]]


@pytest.mark.parametrize(
    ("step", "shapes"),
    [
        (lambda t, x: t.sum(x, (0,)), [(2, 3)]),
        (lambda t, x: t.sum(x, (0, 1)), [(2, 3)]),
        (lambda t, x, y: t.matmul(x, y), [(2, 3), (3, 4)]),
        (lambda t, x, y: t.matmul(x, y), [(2, 2, 3), (2, 3, 1)]),
        (lambda t, x, y: t.solve(x, y), [(2, 1, 3, 3), (2, 1, 3, 2)]),
        (lambda t, x: t.inv(x), [(2, 3, 3)]),
        (lambda t, x: t.det(x), [(2, 3, 3)]),
        (lambda t, x, y: t.pick([x, x, y], np.array([0, 7, 6, 12, 1])), [(2, 3), (2,)]),
        (lambda t, x, y: t.solve(x, y), [(3, 3), (3, 2)]),
        (lambda t, x: t.inv(x), [(3, 3)]),
        (lambda t, x: t.det(x), [(3, 3)]),
        (lambda t, x, y: t.pick([x, y], np.array([[0, 5, 5], [6, 0, 2]])), [(2, 3), (2,)]),
        (lambda t, x: t.scatter(x, np.array([1, 1, 4]), 6), [(3,)]),
        (lambda t, x: t.whole_power(x, 3), [(3,)]),
        (lambda t, x: t.whole_power(x, 0), [(3,)]),
        (lambda t, x, y: t.elementwise("multiply", x, y), [(2, 1, 3), (4, 1)]),
        (lambda t, x, y: t.elementwise("maximum", x, y), [(3,), (2, 3)]),
    ],
)
def test_a_step_is_transposed(step, shapes):
    """<c, J v> by differences equals <Jᵀ c, v> by the tape."""
    random = np.random.default_rng(1)
    points, directions = ([random.integers(-8, 9, s) / 4 + 0.3 for s in shapes] for _ in range(2))

    def value(h):
        plain = TapeAlgebra(INNER)
        return floats(
            step(plain, *(plain.input(balls(x + h * v)) for x, v in zip(points, directions, strict=True))).primal
        )

    tape = TapeAlgebra(INNER)
    inputs = [tape.input(balls(x)) for x in points]
    result = step(tape, *inputs)
    c = random.integers(-8, 9, tape.shape(result)) / 4
    gradients = pulled(tape, result, c, inputs)
    assert [g.shape for g in gradients] == [x.shape for x in points]
    h = 2.0**-17
    forward = float(np.sum(c * (value(h) - value(-h))) / (2 * h))
    reverse = float(sum(np.sum(g * v) for g, v in zip(gradients, directions, strict=True)))
    assert reverse == pytest.approx(forward, rel=1e-7, abs=1e-7)


def test_what_is_taken_apart_is_put_together_once():
    class Counting(BallAlgebra):
        elements = 0

        def pick(self, arrays, places):
            self.elements += places.size
            return super().pick(arrays, places)

    algebra = Counting()
    tape = TapeAlgebra(algebra)
    x = tape.input(balls(np.arange(100.0)))
    parts = [tape.pick([x], np.array(place)) for place in (*range(100), 3, 3)]
    whole = tape.pick(parts, np.arange(len(parts)))
    algebra.elements = 0
    ones, found = np.ones(100), pulled(tape, whole, np.arange(102.0), [x])[0]
    assert found.tolist() == [3.0 + 100 + 101 if place == 3 else place * each for place, each in enumerate(ones)]
    assert algebra.elements <= 5 * 102


def test_pieces_and_whole_arrays_add_up(tape):
    x = tape.input(balls([1.0, 2.0, 3.0]))
    head = tape.pick([x], np.array([0]))
    turned = tape.pick([x], np.array([2, 1, 0]))
    total = tape.sum(tape.elementwise("multiply", tape.elementwise("multiply", x, turned), head), (0,))
    assert pulled(tape, total, 1.0, [x])[0].tolist() == [16, 4, 2], "of 2 x0² x2 + x0 x1²"


def test_an_exact_zero_hides_a_pole(tape):
    x = tape.input(balls([0.0, 4.0]))
    root = tape.elementwise("sqrt", x)
    chosen = tape.pick([root, x], np.array([2, 1]))
    assert pulled(tape, chosen, [1.0, 1.0], [x])[0].tolist() == [1.0, 0.25]
    assert np.isnan(pulled(tape, root, [1.0, 1.0], [x])[0][0])


def test_a_selection_goes_to_the_first_at_a_tie_and_notes_it(tape):
    x, y = tape.input(balls([1.0, 2.0, 3.0])), tape.input(balls([1.0, 5.0, 3.0]))
    larger = tape.elementwise("maximum", x, y)
    assert not tape.ties
    gx, gy = pulled(tape, larger, [1.0, 1.0, 0.0], [x, y])
    assert (gx.tolist(), gy.tolist()) == ([1, 0, 0], [0, 1, 0])
    assert tape.ties.selections == 1, "where no cotangent arrives there is no kink"
    smaller = tape.elementwise("minimum", x, y)
    assert pulled(tape, smaller, [1.0, 1.0, 1.0], [x, y])[0].tolist() == [1, 1, 1]
    turned = tape.elementwise("abs", tape.elementwise("negative", x))
    assert pulled(tape, turned, [1.0, 1.0, 1.0], [x])[0].tolist() == [1, 1, 1]


def test_a_comparison_of_equals_is_noted_where_an_input_takes_part(tape):
    x, three = tape.input(balls([3.0])), tape.constant(np.array([3.0]))
    tape.compare(three, three)
    assert tape.ties.comparisons == 0
    assert tape.compare(x, three).tolist() == [0]
    assert tape.ties.comparisons == 1


def test_a_whole_part_has_no_slope_and_jumps_at_whole_numbers(tape):
    x = tape.input(balls([1.5, 2.0]))
    low = tape.elementwise("floor", x)
    assert pulled(tape, low, [1.0, 1.0], [x])[0].tolist() == [0, 0]
    assert tape.ties.comparisons == 1


def test_what_a_tie_may_be_is_not_decided(tape):
    third = INNER.elementwise("divide", balls([1.0]), balls([3.0]))
    x = tape.input(third)
    one = tape.elementwise("multiply", x, tape.constant(np.array([3.0])))
    with pytest.raises(Undecided):
        pulled(tape, tape.elementwise("maximum", one, tape.constant(np.array([1.0]))), [1.0], [x])


def test_a_step_without_a_rule_says_so(tape):
    with pytest.raises(EvaluationError, match="tetragamma"):
        pulled(tape, tape.elementwise("tetragamma", tape.input(balls(2.0))), 1.0, [])
    assert not tape.elementwise("tetragamma", tape.constant(np.asarray(2.0))).live


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ([[1.0, 2.0], [2.0, 4.0]], [[4, -2], [-2, 1]]),
        ([[0.0, 0.0], [0.0, 0.0]], [[0, 0], [0, 0]]),
        ([[7.0]], [[1]]),
        ([[0.0]], [[1]]),
        ([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]], [[-3, 6, -3], [6, -12, 6], [-3, 6, -3]]),
        ([[2.0, 1.0], [0.0, 3.0]], [[3, -1], [0, 2]]),
    ],
)
def test_the_adjugate_of_singular_matrices_too(matrix, expected):
    found = adjugate(INNER, balls(matrix))
    for ball, number in zip(found.ravel().tolist(), np.ravel(expected).tolist(), strict=True):
        assert ball.overlaps(arb(number))
        assert ball.rad() < 1e-12


def test_the_adjugates_of_a_stack_of_which_one_is_singular():
    found = adjugate(INNER, balls([[[[1.0, 2.0], [2.0, 4.0]]], [[[2.0, 1.0], [0.0, 3.0]]]]))
    np.testing.assert_allclose(floats(found), [[[[4, -2], [-2, 1]]], [[[3, -1], [0, 2]]]], rtol=1e-15)
    np.testing.assert_allclose(floats(adjugate(INNER, balls([[[0.0]], [[7.0]]]))), [[[1]], [[1]]], rtol=1e-15)


def test_reduced_sums_what_was_broadcast():
    x = balls(np.arange(24.0).reshape(2, 3, 4))
    assert (
        floats(reduced(INNER, x, (3, 1))).tolist()
        == np.arange(24.0).reshape(2, 3, 4).sum(0).sum(1, keepdims=True).tolist()
    )
    assert floats(reduced(INNER, x, ())).tolist() == 276
    assert reduced(INNER, x, (2, 3, 4)) is x
    assert floats(reduced(INNER, balls(np.ones((1, 2))), (2,))).tolist() == [1, 1]


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_a_tie_with_a_constant_in_front_is_noted(tape, name):
    x = tape.input(balls([0.0]))
    y = tape.elementwise(name, tape.constant(np.zeros(1)), x)
    tape.backward([(y, balls([1.0]))], [x])
    assert tape.ties.selections == 1
