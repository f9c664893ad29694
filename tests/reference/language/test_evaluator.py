"""Programs as written, parsed and checked, evaluated exactly."""

import math
from fractions import Fraction

import numpy as np
import pytest
from flint import ctx
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcmp.core.tensors import Tensor
from gradcmp.errors import Location
from gradcmp.program.check import check
from gradcmp.program.ir import ArrayType
from gradcmp.program.parse import parse
from gradcmp.reference.algebra import EvaluationError, NeverDecided
from gradcmp.reference.algebras.balls import BallAlgebra
from gradcmp.reference.budget import Budget
from tests.reference.problems import over, problem, value_truth

KINDS = {"f": "float", "i": "int", "b": "bool"}


def program(text, arrays, dtype="float64", parameters=None):
    leaves = {}
    for path, array in arrays.items():
        kind = KINDS[array.dtype.kind]
        leaves[path] = ArrayType(kind=kind, dtype=dtype if kind == "float" else str(array.dtype), shape=array.shape)
    return check(
        parse(text, location=Location(file="s.yaml", line=1)), leaves, dtype=dtype, parameters=parameters or {}
    )


def values(text, dtype="float64", seconds=10.0, **arrays):
    arrays = {name.replace("__", "."): np.asarray(array) for name, array in arrays.items()}
    tensors = {
        path: Tensor(dtype=dtype if a.dtype.kind == "f" else str(a.dtype), array=a) for path, a in arrays.items()
    }
    return {leaf.of: leaf for leaf in value_truth(program(text, arrays, dtype), tensors, seconds=seconds)}


def value(text, dtype="float64", **arrays):
    return values(text, dtype, **arrays)[""].high.tolist()


NOTEBOOK = """
def f(a):
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    if b.sum() > 0:
        c = b
    else:
        c = 100 * b
    return c
"""


@pytest.mark.parametrize(("a", "expected"), [(0.7, 0.7 * 2**11), (-0.7, -0.7 * 2**11 * 100), (1000.0, 2000.0)])
def test_the_notebooks_control_flow(a, expected):
    assert value(NOTEBOOK, a=a) == expected


def test_loops_branches_trees_indices_and_several_outputs():
    text = """
u = stop_gradient(x * x)
t = 0
for i in range(4):
    t = t + x[i] * i / 3
return {"a": sum(u * x), "b": t, "c": x[1:3], "d": x[None, -1], "e": p.q.w @ x}
"""
    found = values(text, x=np.arange(4.0), p__q__w=np.ones((2, 4)))
    assert {of: leaf.high.tolist() for of, leaf in found.items()} == {
        "a": 36.0, "b": float(Fraction(14, 3)), "c": [1.0, 2.0], "d": [3.0], "e": [6.0, 6.0]
    }  # fmt: skip


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_literal_is_the_decimal_that_is_written(dtype):
    assert value("0.1 * x", dtype, x=np.dtype(dtype).type(1.0)) == 0.1
    assert value("3 * (0.1 * x) - 0.3 * x", dtype, x=np.dtype(dtype).type(1.0)) == 0.0
    assert value("x * 1e6 * 1e-6", dtype, x=np.dtype(dtype).type(1.0)) == 1.0
    with pytest.raises(NeverDecided, match="may be equal"):  # ten tenths; `certify` goes on with binary numbers
        value("s = 0.0\nwhile s < 1:\n  s = s + 0.1\nreturn s * x", dtype, x=np.dtype(dtype).type(1.0))


def test_a_carried_whole_number_stays_one():
    assert value("k = 0\nwhile k < 5:\n  k = k + 1\nreturn x * k", x=1.5) == 7.5


def test_a_loop_takes_the_mathematical_number_of_rounds():
    text = "y = x * 1.0\nwhile y > 1:\n  y = y * 0.5\nreturn y"
    assert value(text, x=1024.0) == 1.0
    assert value(text, x=math.nextafter(1024.0, math.inf)) == math.nextafter(1024.0, math.inf) / 2048


def test_a_comparison_is_decided_with_as_much_precision_as_it_takes():
    assert value("where(sin(x) ** 2 + cos(x) ** 2 < 1 + y, 1.0, 0.0)", x=1.0, y=2.0**-400) == 1.0
    assert value("where((x + y) - x > 0, 1.0, 0.0)", x=1e16, y=2.0**-300) == 1.0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x if sqrt(x) * sqrt(x) > x else -x", "may be equal"),
        ("where(sqrt(x) * sqrt(x) > x, x, -x)", "may be equal"),
        ("log(x - 2)", "not a finite number"),
        ("1 / (x - 2)", "not a finite number"),
        ("floor_divide(sqrt(x) * sqrt(x), x)", "which whole number"),
        ("inv(outer(stack([x, x]), stack([x, x])))", "singular"),
        ("y = x\nwhile y > 0:\n  y = y + 1\nreturn y", "more work|rounds"),
    ],
)
def test_what_cannot_be_certified_has_a_reason(text, reason):
    before = ctx.prec
    with pytest.raises(EvaluationError, match=reason):
        values(text, x=2.0, seconds=0.3)
    assert ctx.prec == before


def test_a_loop_has_a_budget_of_rounds_in_every_pass():
    budget = Budget(rounds=10)

    def looped(rounds):
        text = f"s = x\nfor j in range({rounds}):\n    s = s + 1\nreturn s"
        over(BallAlgebra(), problem(text, "value", x=2.0), "float64", budget)

    looped(10)
    looped(10)
    with pytest.raises(EvaluationError, match="more rounds"):
        looped(11)


def test_an_array_too_large_for_exact_numbers_is_refused_before_it_is_made():
    with pytest.raises(EvaluationError, match="too large"):
        value("sum(outer(x, x))", x=np.ones(10_000))


def test_a_zero_by_cancellation_is_zero_within_a_radius():
    leaf = values("sqrt(x) * sqrt(x) - x", x=2.0)[""]
    assert abs(float(leaf.high)) <= float(leaf.radius) < 1e-300


def test_what_float64_cannot_hold():
    assert value("exp(x)", x=1000.0) == math.inf
    tiny = values("exp(x)", x=-1000.0)[""]
    assert float(tiny.high) == 0.0 < float(tiny.radius)
    assert value("exp(x) - exp(x + y)", x=100.0, y=0.0) == 0.0


def test_the_second_part_holds_what_float64_drops():
    leaf = values("x / 3", x=1.0)[""]
    exact = Fraction(float(leaf.high)) + Fraction(float(leaf.low))
    assert abs(exact - Fraction(1, 3)) <= Fraction(float(leaf.radius)) < Fraction(1, 2**100)


def test_whole_numbers_and_truth_values():
    assert value("x < 3", x=np.arange(5.0)) == [1, 1, 1, 0, 0]
    assert value("take(x, i)", x=np.array([1.0, 2.0, 3.0]), i=np.array([2, 0])) == [3.0, 1.0]
    assert value("i * 3 + 1", x=1.0, i=np.array([1, 2])) == [4.0, 7.0]
    with pytest.raises(EvaluationError, match="outside"):
        value("take(x, i)", x=np.array([1.0, 2.0]), i=np.array([2]))


FINITE = st.floats(-1e3, 1e3, allow_nan=False).map(lambda x: x + 0.0)


@settings(max_examples=40, deadline=None)
@given(st.lists(FINITE, min_size=1, max_size=6), FINITE)
def test_polynomials_are_exact(xs, y):
    leaf = values("sum(x * x * y - 2 * x + 1)", x=np.array(xs), y=np.float64(y))[""]
    exact = sum(Fraction(x) ** 2 * Fraction(y) - 2 * Fraction(x) + 1 for x in xs)
    assert abs(Fraction(float(leaf.high)) + Fraction(float(leaf.low)) - exact) <= Fraction(float(leaf.radius))
    # Where the ball holds the tie between two numbers, either of them may stand for it.
    assert abs(Fraction(float(leaf.low))) <= Fraction(float(np.spacing(abs(leaf.high)))) / 2 + Fraction(
        float(leaf.radius)
    )


@settings(max_examples=15, deadline=None)
@given(st.floats(0.01, 50), st.floats(0.01, 50))
def test_functional_equations(x, y):
    for text in ("exp(x + y) - exp(x) * exp(y)", "log(x * y) - log(x) - log(y)", "lgamma(x + 1) - lgamma(x) - log(x)",
                 "digamma(x + 1) - digamma(x) - 1 / x", "erf(x) + erf(-x)", "sigmoid(x) + sigmoid(-x) - 1",
                 "tanh(x) - (exp(2 * x) - 1) / (exp(2 * x) + 1)", "arctan2(x, y) - arctan(x / y)"):  # fmt: skip
        leaf = values(text, x=x, y=y)[""]
        assert abs(float(leaf.high)) <= float(leaf.radius) < 1e-200, text
