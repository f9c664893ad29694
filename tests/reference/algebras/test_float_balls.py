"""Balls of float64: what they hold, and what they do not claim to know."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, arb_mat

from gradcmp.reference.algebra import Undecided
from gradcmp.reference.algebras.float_balls import FloatBall, FloatBallAlgebra
from gradcmp.reference.precision import at
from gradcmp.reference.steps import STEPS

A = FloatBallAlgebra()
NUMBERS = [0.0, 1.0, -1.0, 0.1, -3.7, 1e-3, 2.0**-1074, -3e-320, 2.0**-1022, 1e-160, 1e160, -1e300, 2.0**53 + 2, 1 / 3]
INFINITE = math.inf


def ball(middle, radius=0.0):
    middle = np.asarray(middle, dtype=np.float64)
    return FloatBall(middle, np.broadcast_to(np.asarray(radius, dtype=np.float64), middle.shape).copy())


def holds(found, exact):
    """Each exact number (a `Fraction`, or a narrow `arb`) lies inside its ball."""
    for middle, radius, number in zip(
        found.middle.ravel(), found.radius.ravel(), np.ravel(np.asarray(exact, dtype=object)), strict=True
    ):
        if radius == INFINITE:
            continue
        if isinstance(number, Fraction):
            assert abs(Fraction(float(middle)) - number) <= Fraction(float(radius)), (middle, radius, float(number))
        else:
            with at(2200):
                assert arb(float(middle), float(radius)).overlaps(number), (middle, radius, number)


def unknown(found):
    return (found.radius == INFINITE).tolist()


@pytest.mark.parametrize("step", ["add", "subtract", "multiply", "divide", "maximum", "minimum"])
def test_every_pair_of_numbers_to_the_last_rounding(step):
    exact = {
        "add": lambda x, y: x + y, "subtract": lambda x, y: x - y, "multiply": lambda x, y: x * y,
        "divide": lambda x, y: x / y, "maximum": max, "minimum": min,
    }[step]  # fmt: skip
    pairs = [(x, y) for x in NUMBERS for y in NUMBERS if y or step != "divide"]
    found = A.elementwise(step, ball([x for x, _ in pairs]), ball([y for _, y in pairs]))
    holds(found, [exact(Fraction(x), Fraction(y)) for x, y in pairs])
    assert sum(unknown(found)) < len(pairs) / 4


@pytest.mark.parametrize(
    "step", ["negative", "abs", "square", "sqrt", "exp", "tanh", "erf", "sin", "arctan", "rsqrt", "log"]
)
def test_every_number_to_the_last_rounding(step):
    numbers = [x for x in NUMBERS if x > 0 or step not in ("sqrt", "rsqrt", "log")]
    found = A.elementwise(step, ball(numbers))
    with at(2200):
        holds(found, [STEPS[step].ball(arb(x)) for x in numbers])


@pytest.mark.parametrize("step", ["add", "multiply", "divide", "subtract", "maximum"])
def test_the_ends_of_balls_stay_inside(step):
    random = np.random.default_rng(0)
    x, y = (
        ball(random.normal(size=400) * 10.0 ** random.integers(-3, 4, 400), 10.0 ** random.uniform(-9, -1, 400))
        for _ in range(2)
    )
    found = A.elementwise(step, x, y)
    for sx in (-1, 1):
        for sy in (-1, 1):
            with at(300):
                left = [arb(m) + sx * arb(r) for m, r in zip(x.middle.tolist(), x.radius.tolist(), strict=True)]
                right = [arb(m) + sy * arb(r) for m, r in zip(y.middle.tolist(), y.radius.tolist(), strict=True)]
                holds(found, [STEPS[step].ball(a, b) for a, b in zip(left, right, strict=True)])


def test_sums_and_products_that_cancel():
    numbers = [1e16, 1.0, -1e16, 2.0**-60, 1e300, -1e300, 0.1]
    holds(A.sum(ball(numbers), (0,)), [sum(map(Fraction, numbers))])
    few = numbers[:4]
    rows = [few, few[::-1]]
    products = [sum(Fraction(a) * Fraction(b) for a, b in zip(row, few, strict=True)) for row in rows]
    holds(A.matmul(ball(rows), ball([[x] for x in few])), products)
    spread = A.scatter(ball([0.1, 0.2, 0.3, 1e16]), np.array([0, 2, 0, 2]), 3)
    holds(spread, [Fraction(0.1) + Fraction(0.3), Fraction(0), Fraction(0.2) + Fraction(1e16)])
    assert spread.radius[1] == 0


def test_matrices():
    random = np.random.default_rng(2)
    m = random.normal(size=(3, 3))
    with at(300):
        exact = arb_mat(3, 3, [arb(x) for x in m.ravel().tolist()])
        holds(A.det(ball(m)), [exact.det()])
        holds(A.inv(ball(m)), exact.inv().entries())
        holds(
            A.solve(ball(m), ball(m[:, :1])), exact.solve(arb_mat(3, 1, [arb(x) for x in m[:, 0].tolist()])).entries()
        )
    with pytest.raises(Undecided):
        A.inv(ball([[1.0, 2.0], [2.0, 4.0]]))


def test_what_is_unknown_is_infinite():
    assert unknown(A.elementwise("divide", ball([1.0, 1.0, 0.0]), ball([0.0, 0.5, 0.0], [0.0, 0.5, 0.0]))) == [True] * 3
    assert unknown(A.elementwise("multiply", ball([1e200]), ball([1e200]))) == [True]
    assert unknown(A.elementwise("log", ball([-1.0, 0.0, 1.0]))) == [True, True, False]
    assert unknown(A.elementwise("sqrt", ball([-1.0, 0.0, 4.0], [0.0, 0.1, 0.1]))) == [True, True, False]
    assert unknown(A.sum(ball([1e308, 1e308]), (0,))) is True
    assert unknown(A.matmul(ball([[1e308, 1e308]]), ball([[1.0], [1.0]]))) == [[True]]


@pytest.mark.parametrize("step", ["multiply", "scale"])
def test_nothing_times_the_unknown_is_unknown(step):
    nothing, anything = ball([0.0, 0.0]), ball([0.0, 3.0], [INFINITE, INFINITE])
    assert unknown(A.elementwise(step, nothing, anything)) == [True, True]
    assert A.elementwise(step, nothing, ball([5.0, 1e300])).radius.tolist() == [0, 0]
    assert unknown(A.matmul(ball([[0.0]]), ball([[1.0]], INFINITE))) == [[True]]


def test_comparisons_are_decided_or_not():
    assert A.compare(ball([1.0, 2.0, 2.0]), ball([2.0, 1.0, 2.0])).tolist() == [-1, 1, 0]
    for x, y in (
        (ball([1.0], 0.1), ball([1.05])),
        (ball([1.0], 1e-300), ball([1.0])),
        (ball([math.nan]), ball([1.0])),
        (ball([1.0], INFINITE), ball([9.0])),
    ):
        with pytest.raises(Undecided):
            A.compare(x, y)
    with pytest.raises(Undecided):
        A.elementwise("floor", ball([2.0], 1e-9))


def test_zeros_are_proven():
    assert A.zeros(ball([0.0, 0.0, 1.0], [0.0, 1e-300, 0.0])).tolist() == [True, False, False]


def test_a_whole_number_that_float64_does_not_hold():
    found = A.constant(np.asarray([2**53 + 1, 3], dtype=object))
    holds(found, [Fraction(2**53 + 1), Fraction(3)])
    assert found.radius.tolist()[1] == 0 < found.radius.tolist()[0]
