"""Where a function jumps without a comparison in the program: arctan2 on its cut, and whole parts in forward mode."""

import math

import pytest
from mpmath import mp

from gradcmp.reference.budget import Budget
from gradcmp.reference.certify import certify
from tests.reference.problems import problem


def truth(text, operator="gradient", **options):
    asked = problem(text, operator, **options)
    return certify(asked, "float64", Budget(seconds=20.0))


def sides(text, operator="gradient", **options):
    """Of the sole leaf: the derivative, then what is known of a kink: left, right, whether the function jumps."""
    found = truth(text, operator, **options)
    assert found.evidence == "certified", found.reason
    (leaf,) = found.derivatives
    kink = leaf.kink
    if kink is None or not kink.tied.any():
        return leaf.high.tolist(), None
    return leaf.high.tolist(), (kink.left.tolist(), kink.right.tolist(), kink.jump.tolist())


def difference(x, a, way):
    """The one-sided difference quotient of the angle itself, from what it nears on that side of x = `x`."""
    with mp.workprec(400):
        near, far = (mp.atan2(x + way * mp.ldexp(1, -bits), a) for bits in (150, 100))
        return float((far - near) / (way * (mp.ldexp(1, -100) - mp.ldexp(1, -150))))


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("arctan2(x, a)", 0.0),
        ("arctan2(x, -2.0) + 0 * a", 0.0),
        ("arctan2(x - 1, a)", 1.0),
        ("arctan2(x * 1.0, a)", -0.0),
        ("arctan2(-x, a)", 0.0),
    ],
)
def test_across_the_cut_it_jumps(text, x):
    sign = -1 if "-x" in text else 1
    left, right = (sign * difference(0.0, -2.0, way) for way in (-sign, sign))
    assert math.isclose(left, -0.5 * sign, rel_tol=1e-12)
    assert math.isclose(right, -0.5 * sign, rel_tol=1e-12)
    middle, kink = sides(text, wrt=("x",), x=x, a=-2.0)
    assert (middle, kink) == (-0.5 * sign, (-0.5 * sign, -0.5 * sign, True))
    assert sides(text, "jvp", wrt=("x",), tangents={"x": 1.0}, x=x, a=-2.0)[1] == kink


@pytest.mark.parametrize(
    ("text", "wrt", "inputs", "derivative"),
    [
        ("arctan2(x, a)", "a", {"x": 0.0, "a": -2.0}, 0.0),  # along the cut
        ("arctan2(x, a)", "x", {"x": 0.0, "a": 2.0}, 0.5),
        ("arctan2(x, a)", "x", {"x": 1e-300, "a": -2.0}, -0.5),
        ("arctan2(x, a)", "x", {"x": 1.0, "a": -2.0}, -0.4),
        ("arctan2(x * x, a)", "x", {"x": 0.0, "a": -2.0}, 0.0),  # from above on both sides
        ("sin(arctan2(x, a))", "x", {"x": 0.0, "a": -2.0}, 0.5),  # x / norm
        ("arctan2(x, a) * arctan2(x, a)", "x", {"x": 0.0, "a": 2.0}, 0.0),
        ("arctan2(0.0, a) + x", "x", {"x": 0.0, "a": -2.0}, 1.0),
        ("arctan2(stop_gradient(x), a) + x", "x", {"x": 0.0, "a": -2.0}, 1.0),
    ],
)
@pytest.mark.parametrize("operator", ["gradient", "jvp"])
def test_elsewhere_it_does_not(text, wrt, inputs, derivative, operator):
    tangents = {"tangents": {wrt: 1.0}} if operator == "jvp" else {}
    found, kink = sides(text, operator, wrt=(wrt,), **tangents, **inputs)
    assert math.isclose(found, derivative, rel_tol=1e-15, abs_tol=1e-30)
    assert kink is None


def test_element_by_element_and_broadcast():
    found, kink = sides("sum(arctan2(x, a))", wrt=("x",), x=[0.0, 1.0], a=[[-2.0], [2.0]])
    assert found == [0.0, 0.0]  # -1/2 and 1/2, -2/5 and 2/5
    assert kink == ([0.0, 0.0], [0.0, 0.0], [True, False])


@pytest.mark.parametrize(("operator", "tangents"), [("hessian", {}), ("hvp", {"tangents": {"x": 1.0}})])
@pytest.mark.parametrize("text", ["arctan2(x, a)", "x // 1 + x * x * a", "sign(x) + x * x * a"])
def test_what_jumps_has_no_second_derivative(text, operator, tangents):
    found = truth(text, operator, wrt=("x",), x=0.0, a=-2.0, **tangents)
    assert found.evidence == "none"
    assert "not defined where the function jumps" in found.reason
    assert truth(text, operator, wrt=("x",), x=0.5, a=-2.0, **tangents).evidence == "certified"


@pytest.mark.parametrize(("text", "slope"), [("x // 1 + x", 1.0), ("x % 1 + x * x", 5.0)])
def test_whole_parts_jump_in_forward_mode_too(text, slope):
    kink = (slope, slope, True)
    assert sides(text, x=2.0) == (slope, kink)
    assert sides(text, "jvp", tangents={"x": 1.0}, x=2.0) == (slope, kink)
    assert sides(text, "jvp", tangents={"x": 1.0}, x=2.5)[1] is None
