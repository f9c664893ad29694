"""Sums that no choice at a tie changes, against derivatives with choices of their own, in fractions."""

import random
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcmp.reference.budget import Budget
from gradcmp.reference.kinks.find import kinks_of
from tests.reference.kinks.test_find import deeper
from tests.reference.problems import problem


def sums(text, operator="gradient", **inputs):
    """By group the total and the weights by (output, input, place)."""
    found = {}
    for (of, wrt), leaf in kinks_of(problem(text, operator, **inputs), "float64", Budget(seconds=60)).items():
        known = leaf.kink.sums
        for place in () if known is None else np.ndindex(known.groups.shape):
            if known.groups[place] >= 0:
                total, weights = found.setdefault(int(known.groups[place]), (float(known.totals[place]), {}))
                assert total == known.totals[place]
                weights[(of, *wrt, *place)] = float(known.weights[place])
    return sorted(found.values(), key=str)


THREE = {("", "x", i): 1.0 for i in range(3)}
TABLE = [
    ("max", "max(x)", {"x": [1.0, 1.0, 1.0]}, [(1.0, THREE)]),
    ("min", "min(x)", {"x": [1.0, 1.0, 1.0]}, [(1.0, THREE)]),
    ("some that do not tie", "max(x)", {"x": [1.0, 1.0, 0.0]}, [(1.0, {("", "x", 0): 1.0, ("", "x", 1): 1.0})]),
    ("a matrix", "max(x)", {"x": [[2.0, 2.0], [2.0, 2.0]]}, [(1.0, {("", "x", i, j): 1.0 for i in (0, 1) for j in (0, 1)})]),
    ("along an axis", "sum(max(x, axis=1) * w)", {"x": [[1.0, 1.0], [2.0, 2.0]], "w": [3.0, -5.0]},
     [(w, {("", "x", i, 0): 1.0, ("", "x", i, 1): 1.0}) for i, w in ((1, -5.0), (0, 3.0))]),
    ("two inputs", "maximum(x, y)", {"x": 1.0, "y": 1.0}, [(1.0, {("", "x"): 1.0, ("", "y"): 1.0})]),
    ("of other slopes", "maximum(x, 2 * y)", {"x": 2.0, "y": 1.0}, [(1.0, {("", "x"): 1.0, ("", "y"): 0.5})]),
    ("a difference", "abs(x - y)", {"x": 2.0, "y": 2.0}, [(0.0, {("", "x"): 1.0, ("", "y"): 1.0})]),
    ("a sum", "abs(x + y)", {"x": 2.0, "y": -2.0}, [(0.0, {("", "x"): 1.0, ("", "y"): -1.0})]),
    ("both extremes", "max(x) ** 2 - min(x)", {"x": [3.0, 3.0, 3.0]}, [(5.0, THREE)]),
    ("a median", "maximum(minimum(x, y), minimum(maximum(x, y), z))", {"x": 1.0, "y": 1.0, "z": 1.0}, [(1.0, {("", n): 1.0 for n in "xyz"})]),
    # ties of their own have any choice each
    ("relu", "sum(relu(x))", {"x": [0.0, 0.0]}, []),
    ("abs", "sum(abs(x))", {"x": [0.0, 0.0]}, []),
    ("max of abs", "max(abs(x))", {"x": [0.0, 0.0]}, []),
    # what is no such tie
    ("norm", "norm(x)", {"x": [0.0, 0.0, 0.0]}, []),
    ("a condition", "where(x > y, x, y)", {"x": 1.0, "y": 1.0}, []),
    ("a pole beside", "max(x) + 1 / y", {"x": [1.0, 1.0], "y": 0.0}, []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "inputs", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_known_sums(text, inputs, expected):
    wrt = {name: value for name, value in inputs.items() if name != "w"}
    found = [(total, {k: v for k, v in weights.items() if k[1] in wrt}) for total, weights in sums(text, **inputs)]
    assert found == expected


def test_a_jacobian_has_sums_by_row():
    found = sums("maximum(x, y)", "jacobian", x=[1.0, 2.0], y=[1.0, 2.0])
    assert found == [(1.0, {("", n, i, i): 1.0 for n in "xy"}) for i in (0, 1)]


def test_a_vjp_weighs_them():
    found = sums("max(x, axis=0)", "vjp", x=[[1.0, 5.0], [1.0, 2.0]], cotangents={"": [7.0, 1.0]})
    assert found == [(7.0, {("", "x", i, 0): 1.0 for i in (0, 1)})]


def test_many_elements():
    ((total, weights),) = sums("max(x)", x=np.zeros(3000))
    assert (total, len(weights), set(weights.values())) == (1.0, 3000, {1.0})


# Random programs ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Slopes:
    """A number with its derivatives by x, y and z."""

    value: Fraction
    by: tuple[Fraction, ...] = (Fraction(0),) * 3

    def __add__(self, other):
        other = lifted(other)
        return Slopes(self.value + other.value, tuple(a + b for a, b in zip(self.by, other.by, strict=True)))

    def __mul__(self, other):
        other = lifted(other)
        return Slopes(
            self.value * other.value,
            tuple(a * other.value + b * self.value for a, b in zip(self.by, other.by, strict=True)),
        )

    def __sub__(self, other):
        return self + Slopes(Fraction(-1)) * lifted(other)

    def __neg__(self):
        return Slopes(Fraction(-1)) * self

    __radd__, __rmul__ = __add__, __mul__


def lifted(x):
    return x if isinstance(x, Slopes) else Slopes(Fraction(x))


def larger(chance, x, y, sign=1):
    """The larger one, at a tie in a ratio drawn at random: what a framework may choose."""
    x, y = lifted(x), lifted(y)
    if x.value != y.value:
        return x if (x.value > y.value) == (sign > 0) else y
    share = chance.choice([Fraction(0), Fraction(1), Fraction(1, 2), Fraction(1, 3)])
    return x * Slopes(share) + y * Slopes(1 - share)


def by_a_convention(text, point, chance):
    def maximum(x, y):
        return larger(chance, x, y)

    def minimum(x, y):
        return larger(chance, x, y, -1)

    names = {
        "maximum": maximum,
        "minimum": minimum,
        "relu": lambda x: maximum(x, 0),
        "abs": lambda x: maximum(x, -x),
        "clip": lambda x, low, high: minimum(maximum(x, low), high),
    }
    for i, name in enumerate("xyz"):
        names[name] = Slopes(Fraction(point[name]), tuple(Fraction(int(i == j)) for j in range(3)))
    return dict(zip("xyz", eval(text, {"__builtins__": {}}, names).by, strict=True))


TIES = st.recursive(st.sampled_from(["x", "y", "z"]), deeper, max_leaves=6).map(
    lambda text: f"{text} + 0.0 * (x + y + z)"
)


@given(TIES, st.sampled_from([0.0, 1.0, -1.0]))
@settings(max_examples=250, deadline=None)
def test_every_convention_fulfils_the_sums(text, value):
    """Most of these programs have some: all their numbers are alike."""
    point = dict.fromkeys("xyz", value)
    known = sums(text, **point)
    chance = random.Random(0)
    for _ in range(10 if known else 0):
        slopes = by_a_convention(text, point, chance)
        for total, weights in known:
            found = sum(Fraction(weight) * slopes[name] for (_, name), weight in weights.items())
            assert float(found) == pytest.approx(total, abs=1e-12), (text, point, slopes)
