"""Kinks: left and right derivatives, jumps and limiting derivatives, against what is known of each function."""

import itertools
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcmp.reference.algebra import EvaluationError
from gradcmp.reference.algebras import germ_steps, jets
from gradcmp.reference.budget import Budget
from gradcmp.reference.kinks import by_coordinates, piecewise_linear
from gradcmp.reference.kinks.find import kinks_of
from tests.reference.problems import problem

NAN, INF = math.nan, math.inf


def kinks(asked, dtype, budget):
    return {key: each.kink for key, each in kinks_of(asked, dtype, budget).items()}


def found(text, operator="gradient", *, dtype="float64", seconds=20.0, **options):
    asked = problem(text, operator, dtype=dtype, **options)
    return kinks(asked, dtype, Budget(seconds=seconds))


def left_and_right(text, operator="gradient", **options):
    """Both sides by input, or the words for their absence."""
    by_leaf = {",".join(key[1]): kink for key, kink in found(text, operator, **options).items()}
    return {path: (kink.left.tolist(), kink.right.tolist()) for path, kink in by_leaf.items()}


def same(a, b):
    return np.array_equal(np.asarray(a, dtype=float), np.asarray(b, dtype=float), equal_nan=True)


HUBER = "where(abs(x) <= 1, 0.5 * x * x, abs(x) - 0.5)"
NETWORK = "sum(relu(relu(x @ w) @ v))"

TABLE = [
    # what, text, inputs, left and right by input; no entry: no kink
    ("abs", "abs(x)", {"x": 0.0}, {"x": (-1, 1)}),
    ("relu", "relu(x)", {"x": 0.0}, {"x": (0, 1)}),
    ("max of two", "max(x)", {"x": [1.0, 1.0]}, {"x": ([0, 0], [1, 1])}),
    ("max of three", "max(x)", {"x": [1.0, 1.0, 1.0]}, {"x": ([0, 0, 0], [1, 1, 1])}),
    ("max of three of five", "max(x)", {"x": [0.0, 2, 1, 2, 2]}, {"x": ([0] * 5, [0, 1, 0, 1, 1])}),
    ("min of three", "min(x)", {"x": [1.0, 1.0, 1.0]}, {"x": ([1, 1, 1], [0, 0, 0])}),
    ("maximum(x, y)", "maximum(x, y)", {"x": 1.0, "y": 1.0}, {"x": (0, 1), "y": (0, 1)}),
    ("minimum(x, y)", "minimum(x, y)", {"x": 1.0, "y": 1.0}, {"x": (1, 0), "y": (1, 0)}),
    ("maximum(x, 0.)", "maximum(x, 0.)", {"x": 0.0}, {"x": (0, 1)}),
    ("clip", "sum(clip(x, -1., 1.))", {"x": [-1.0, 0.5, 1.0]}, {"x": ([0, 1, 1], [1, 1, 0])}),
    ("sqrt", "sqrt(x)", {"x": 0.0}, {"x": (NAN, INF)}),
    ("norm", "norm(x)", {"x": [0.0, 0.0]}, {"x": ([-1, -1], [1, 1])}),
    ("root of squares", "sqrt(sum(x**2))", {"x": [0.0, 0.0]}, {"x": ([-1, -1], [1, 1])}),
    ("relu(x) - relu(-x)", "relu(x) - relu(-x)", {"x": 0.0}, {"x": (1, 1)}),
    ("x abs(x)", "x * abs(x)", {"x": 0.0}, {}),
    ("sqrt(x^4)", "sqrt(x**4)", {"x": 0.0}, {"x": (0, 0)}),
    ("x**1.5", "x**1.5", {"x": 0.0}, {"x": (NAN, 0)}),
    ("abs(x - y)", "abs(x - y)", {"x": 2.0, "y": 2.0}, {"x": (-1, 1), "y": (-1, 1)}),
    ("where", "where(x > 0, x, x / 8)", {"x": 0.0}, {"x": (0.125, 1)}),
    ("sin(x) / x", "sin(x) / x", {"x": 0.0}, {"x": (0, 0)}),
    ("masked root", "where(x > 0, sqrt(x), 0)", {"x": -1.0}, {}),
    ("masked chain", "where(x > 0, log(x) * sqrt(2 * x) + 1, 0)", {"x": -1.0}, {}),
    ("prod, one zero", "prod(x)", {"x": [0.0, 2.0, 3.0]}, {}),
    ("prod, two zeros", "prod(x)", {"x": [0.0, 0.0, 3.0]}, {}),
    ("huber's seam", HUBER, {"x": 1.0}, {}),
    (
        "a network with a zero pre-activation",
        NETWORK,
        {"x": [[1.0, -1.0]], "w": [[1.0, 2.0], [1.0, -1.0]], "v": [[2.0], [1.0]]},
        # relu(2 relu(0) + relu(3)): the first pre-activation is w00 - w10 = 0
        {"x": ([[2, -1]], [[4, 1]]), "w": ([[0, 1], [-2, -1]], [[2, 1], [0, -1]])},
    ),
    # singular points beside the table of the evidence
    ("root, squared", "sqrt(x)**2", {"x": 0.0}, {"x": (NAN, 1)}),
    ("a power with an inexact exponent", "x**0.1", {"x": 0.0}, {"x": (NAN, INF)}),
    ("1 / x", "1 / x", {"x": 0.0}, {"x": (-INF, -INF)}),
    ("arcsin", "arcsin(x)", {"x": 1.0}, {"x": (INF, NAN)}),
    ("cube root of a cube", "(x**3)**(1/2)", {"x": 0.0}, {"x": (NAN, 0)}),
    ("masked division", "where(x > 0.5, 1 / x, x)", {"x": 0.0}, {}),
    # a pole beside others: a term that does not move has no part in the derivative
    ("two poles", "sum(1 / x)", {"x": [0.0, 0.0]}, {"x": ([-INF, -INF], [-INF, -INF])}),
    ("two double poles", "sum(x ** -2)", {"x": [0.0, 0.0]}, {"x": ([INF, INF], [-INF, -INF])}),
    (
        "two weighted poles",
        "sum(w * (1 / x))",
        {"w": [3.0, -3.0], "x": [0.0, 0.0]},
        {"x": ([-INF, INF], [-INF, INF]), "w": ([NAN, NAN], [NAN, NAN])},
    ),
    (
        "poles of a difference",
        "sum(1 / (x - 0.5))",
        {"x": [0.5, 0.5, 1.0]},
        {"x": ([-INF, -INF, -4], [-INF, -INF, -4])},
    ),
    ("two roots", "sum(sqrt(x))", {"x": [0.0, 0.0]}, {"x": ([NAN, NAN], [INF, INF])}),
    ("two roots below", "sum(rsqrt(x))", {"x": [0.0, 0.0]}, {"x": ([NAN, NAN], [-INF, -INF])}),
    ("a logarithm", "log(x)", {"x": 0.0}, {"x": (NAN, INF)}),
    ("two logarithms", "sum(log(x))", {"x": [0.0, 0.0]}, {"x": ([NAN, NAN], [INF, INF])}),
    ("a logarithm and one outside", "sum(log(x))", {"x": [0.0, -1.0, 2.0]}, {"x": ([NAN, NAN, 0.5], [INF, NAN, 0.5])}),
    ("a logarithm of a size", "log(abs(x))", {"x": 0.0}, {"x": (-INF, INF)}),
    ("a shifted logarithm", "sum(log1p(x))", {"x": [-1.0, -2.0, 1.0]}, {"x": ([NAN, NAN, 0.5], [INF, NAN, 0.5])}),
    ("a logarithm by two", "log2(x)", {"x": 0.0}, {"x": (NAN, INF)}),
    # compositions
    ("leaky relu", "leaky_relu(x, 0.25)", {"x": 0.0}, {"x": (0.25, 1)}),
    ("elu", "elu(x, 2.0)", {"x": 0.0}, {"x": (2, 1)}),
    ("elu, smooth", "elu(x, 1.0)", {"x": 0.0}, {"x": (1, 1)}),
    ("softplus", "softplus(x)", {"x": 0.0}, {}),
    ("gelu", "gelu(x)", {"x": 0.0}, {}),
    ("max(abs(x), abs(y))", "maximum(abs(x), abs(y))", {"x": 0.0, "y": 0.0}, {"x": (-1, 1), "y": (-1, 1)}),
    ("max of abs", "max(abs(x))", {"x": [1.0, -1.0]}, {"x": ([0, -1], [1, 0])}),
    ("clip of relu", "clip(relu(x), 0., 1.)", {"x": 0.0}, {"x": (0, 1)}),
    ("clip of relu above", "clip(relu(x), -1., 1.)", {"x": 1.0}, {"x": (1, 0)}),
    ("nested maximum", "maximum(maximum(x, y), 2 * x)", {"x": 0.0, "y": 0.0}, {"x": (0, 2), "y": (0, 1)}),
    ("abs of abs", "abs(abs(x) - 1)", {"x": 1.0}, {"x": (-1, 1)}),
    ("maximum, chained", "maximum(x, maximum(-x, 3 * x))", {"x": 0.0}, {"x": (-1, 3)}),
    ("curved", "exp(abs(x)) + sin(x)", {"x": 0.0}, {"x": (0, 2)}),
    ("square of abs", "abs(x)**2 + x", {"x": 0.0}, {}),
    ("root of abs", "sqrt(abs(x))", {"x": 0.0}, {"x": (-INF, INF)}),
    ("remainder inside", "x % 3.0", {"x": 1.0}, {}),
]


@pytest.mark.parametrize(("text", "inputs", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_both_sides_of_known_kinks(text, inputs, expected, dtype):
    both = left_and_right(text, dtype=dtype, **inputs)
    assert set(both) == set(expected)
    for path, (left, right) in expected.items():
        assert same(both[path][0], left), (path, both)
        assert same(both[path][1], right), (path, both)


@pytest.mark.parametrize(
    ("text", "x"), [("sign(x)", 0.0), ("where(x > 0, 1., 0.)", 0.0), ("x // 1", 2.0), ("1 / x", 0.0), ("where(x == 1, 5., x)", 1.0), ("sum(1 / x)", [0.0, 0.0])]
)  # fmt: skip
def test_jumps_are_told(text, x):
    (kink,) = found(text, x=x).values()
    assert kink.jump.all()


@pytest.mark.parametrize("text", ["abs(x)", "where(x > 0, x, x / 8)", "sqrt(x)", "sin(x) / x"])
def test_what_is_continuous_does_not_jump(text):
    (kink,) = found(text, x=0.0).values()
    assert kink.jump.tolist() is False


def test_only_the_tied_elements_are_marked():
    (kink,) = found("sum(abs(x) * y)", wrt=["x"], x=[0.0, -2.0, 0.0], y=[1.0, 3.0, 5.0]).values()
    assert kink.tied.tolist() == [True, False, True]
    assert kink.left.tolist() == [-1.0, -3.0, -5.0]
    assert kink.right.tolist() == [1.0, -3.0, 5.0]


def test_what_stays_undecided_says_so():
    with pytest.raises(EvaluationError, match="may be equal"):
        found("abs(sqrt(2 * x)**2 - 2)", x=1.0)


@pytest.mark.parametrize("operator", ["hvp", "hessian"])
def test_second_derivatives_have_no_sides(operator):
    with pytest.raises(EvaluationError, match="second derivative"):
        found("abs(x)", operator, x=0.0)


def test_what_has_no_name_says_so():
    with pytest.raises(EvaluationError, match="logarithm"):
        found("where(x > 0, x * log(x), 0)", x=0.0)


def test_an_unused_logarithm_does_no_harm():
    assert left_and_right("where(x > 0, x, where(x < 0, 2 * x, log(x)))", x=0.0) == {"x": (2.0, 1.0)}


def test_the_budget_holds():
    with pytest.raises(EvaluationError, match="more work"):
        found("sum(where(x > 0, x, x / 8))", x=np.zeros(500), seconds=0.05)


def test_a_tie_of_the_program_itself():
    text = """
def f(x):
    if x[0] > 0:
        return max(x[1:]) + 3 * x[0]
    else:
        return x[1]
"""
    (kink,) = found(text, x=[0.0, 1.0, 1.0]).values()
    assert kink.left.tolist() == [0.0, 1.0, 0.0]
    assert kink.right.tolist() == [3.0, 1.0, 0.0]
    assert kink.tied.tolist() == [True, False, False]


# The other operators -----------------------------------------------------------------------------------------


def test_along_a_tangent():
    options = {"x": 2.0, "y": 2.0, "tangents": {"x": 1.0, "y": -1.0}}
    assert left_and_right("abs(x - y)", "jvp", **options) == {"": (-2.0, 2.0)}
    assert left_and_right("abs(x - y)", "jvp", x=2.0, y=2.0, tangents={"x": 1.0, "y": 1.0}) == {}


@pytest.mark.parametrize(
    ("text", "x", "v", "expected"),
    [
        ("relu(x)", 0.0, -3.0, (-3.0, 0.0)),
        ("where(x > 0, x, x / 8)", 0.0, -8.0, (-8.0, -1.0)),
        ("norm(x)", [0.0, 0.0], [3.0, 4.0], (-5.0, 5.0)),
        ("max(x)", [1.0, 1.0, 1.0], [1.0, 2.0, -3.0], (-3.0, 2.0)),
        ("sqrt(x)", 0.0, 1.0, (NAN, INF)),
        ("x // 1", 2.0, 1.0, (0.0, 0.0)),
        ("x**1.5", 0.0, 1.0, (NAN, 0.0)),
        ("log(x)", 0.0, 1.0, (NAN, INF)),
        ("log(x)", 0.0, -1.0, (-INF, NAN)),
        ("sum(1 / x)", [0.0, 0.0], [1.0, 0.0], (-INF, -INF)),
    ],
)
def test_along_a_tangent_at_known_kinks(text, x, v, expected):
    both = left_and_right(text, "jvp", x=x, tangents={"x": v})
    assert same(both[""], expected)


def test_a_cotangent_weighs_the_outputs():
    both = left_and_right("abs(x)", "vjp", x=[0.0, 1.0, 0.0], cotangents={"": [2.0, 1.0, 0.0]})
    assert both == {"x": ([-2.0, 1.0, 0.0], [2.0, 1.0, 0.0])}


def test_a_jacobian_by_rows():
    (kink,) = found("concatenate([abs(x), where(x > 0, x, 3 * x)])", "jacobian", x=[0.0, 1.0]).values()
    assert kink.left.tolist() == [[-1, 0], [0, 1], [3, 0], [0, 1]]
    assert kink.right.tolist() == [[1, 0], [0, 1], [1, 0], [0, 1]]
    assert kink.tied.tolist() == [[True, False], [False, False], [True, False], [False, False]]


def test_several_outputs_have_a_kink_each():
    by_key = found('return {"a": abs(x), "b": x * x, "c": relu(-x)}', x=0.0)
    assert {key: (kink.left.item(), kink.right.item()) for key, kink in by_key.items()} == {
        ("a", ("x",)): (-1.0, 1.0),
        ("c", ("x",)): (-1.0, 0.0),
    }


# Limiting derivatives ----------------------------------------------------------------------------------------


def limiting(text, **options):
    return {tuple(np.ravel(row).tolist()) for kink in found(text, **options).values() for row in kink.limiting}


def test_a_three_way_tie_has_three_limits_and_no_more():
    assert limiting("max(x)", x=[1.0, 1.0, 1.0]) == {(1, 0, 0), (0, 1, 0), (0, 0, 1)}


def test_limits_of_inputs_belong_together():
    by_key = found("maximum(x, y)", x=1.0, y=1.0)
    rows = zip(*(by_key["", (path,)].limiting.tolist() for path in ("x", "y")), strict=True)
    assert sorted(rows) == [(0.0, 1.0), (1.0, 0.0)]


def test_limits_of_several_kinks_are_the_combinations():
    assert limiting("sum(clip(x, -1., 1.))", x=[-1.0, 1.0]) == set(itertools.product((0.0, 1.0), repeat=2))
    assert limiting("maximum(abs(x), abs(y))", wrt=["x"], x=0.0, y=0.0) == {(-1,), (1,)}


def test_limits_by_rays():
    assert limiting("where(x > 0, x, x / 8)", x=0.0) == {(0.125,), (1.0,)}
    sampled = limiting("norm(x)", x=[0.0, 0.0])
    assert 10 <= len(sampled) <= 40
    assert all(math.hypot(*row) == pytest.approx(1.0) for row in sampled)


def test_a_direction_along_the_kink_is_no_limit():
    assert limiting("abs(x - y)", wrt=["x", "y"], x=1.0, y=1.0) == {(-1.0,), (1.0,)}
    assert limiting("where(x > y, x, y)", wrt=["x"], x=1.0, y=1.0) == {(0.0,), (1.0,)}


# Larger problems ---------------------------------------------------------------------------------------------


def test_many_separate_kinks_share_their_passes():
    (kink,) = found("sum(relu(x) * x + abs(x))", x=np.zeros(1000)).values()
    assert (kink.left == -1.0).all()
    assert (kink.right == 1.0).all()
    assert kink.limiting.shape == (40, 1000)


def test_ties_that_share_coordinates():
    text = "sum(relu(x[:-1] - x[1:]))"
    (kink,) = found(text, x=np.zeros(9)).values()
    assert kink.left.tolist() == [0.0] + [-1.0] * 7 + [-1.0]
    assert kink.right.tolist() == [1.0] * 8 + [0.0]


def network():
    generator = np.random.default_rng(0)
    x, w = (generator.integers(-4, 5, shape) * 1.0 for shape in ((32, 20), (20, 10)))
    return {"x": x, "w": w, "v": generator.standard_normal((10, 1))}


def test_a_small_network_by_switches_and_by_rays():
    """The two ways are independent: one form with `where`, which only rays can decide."""
    inputs = network()
    assert 5 <= np.count_nonzero(inputs["x"] @ inputs["w"] == 0) <= 10
    asked = ("mean(square(relu(x @ w) @ v))", "mean(square(where(x @ w > 0, x @ w, 0) @ v))")
    first, second = (found(text, wrt=["w", "v"], **inputs) for text in asked)
    assert set(first) == set(second)
    for key, kink in first.items():
        assert kink.tied.sum() > 50
        assert np.array_equal(kink.tied, second[key].tied)
        np.testing.assert_array_max_ulp(kink.left, second[key].left, 1)
        np.testing.assert_array_max_ulp(kink.right, second[key].right, 1)


def test_certified_leaves_fill_what_is_not_tied():
    asked = problem("sum(abs(x) * exp(y))", x=[0.0, 1.0], y=[1.0, 2.0])
    complete = kinks_of(asked, "float64", Budget())
    known = {key: each.left for key, each in complete.items()}
    again = kinks_of(asked, "float64", Budget(), known=known)
    for key, each in complete.items():
        assert same(each.kink.left, again[key].kink.left)
        assert same(each.right.low, again[key].right.low)
        assert (np.abs(each.left.radius) < 1e-17).all()
    assert complete["", ("x",)].kink.right[0] == math.e


# Random programs ---------------------------------------------------------------------------------------------


def relu(x):
    return max(x, Fraction(0))


def clip(x, low, high):
    return min(max(x, Fraction(low)), Fraction(high))


EXACT = {"maximum": max, "minimum": min, "relu": relu, "abs": abs, "clip": clip}
LEAVES = st.sampled_from(["x", "y", "z", "0.0", "1.0", "-2.0"])


def deeper(inner):
    pair = st.tuples(inner, inner)
    return st.one_of(
        pair.map(lambda p: f"maximum({p[0]}, {p[1]})"),
        pair.map(lambda p: f"minimum({p[0]}, {p[1]})"),
        pair.map(lambda p: f"({p[0]} + {p[1]})"),
        pair.map(lambda p: f"({p[0]} - {p[1]})"),
        inner.map(lambda e: f"relu({e})"),
        inner.map(lambda e: f"abs({e})"),
        inner.map(lambda e: f"clip({e}, -1.0, 2.0)"),
        st.tuples(st.sampled_from(["-1.0", "2.0", "0.5"]), inner).map(lambda p: f"({p[0]} * {p[1]})"),
    )


PROGRAMS = st.recursive(LEAVES, deeper, max_leaves=8).map(lambda text: f"{text} + 0.0 * (x + y + z)")
POINTS = st.fixed_dictionaries({name: st.sampled_from([0.0, 1.0, -1.0, 2.0]) for name in "xyz"})
STEP = Fraction(1, 2**60)
"""Small beside the distance to any other kink: slopes are at most 2**8 and numbers are halves."""


def exact_quotients(text, point, name):
    """Difference quotients to the left and to the right, exact where the program is linear on the step."""

    def value(step):
        numbers = {key: Fraction(each) + (step if key == name else 0) for key, each in point.items()}
        return eval(text, {"__builtins__": {}}, EXACT | numbers | {"Fraction": Fraction})

    start = value(0)
    return tuple(float((value(sign * STEP) - start) / (sign * STEP)) for sign in (-1, 1))


def in_fractions(text):
    for number in ("0.0", "1.0", "2.0", "0.5"):
        text = text.replace(number, f"Fraction('{number}')")
    return text


def check_sides(text, point):
    by_path = {key[1][0]: kink for key, kink in found(text, **point).items()}
    for name in "xyz":
        left, right = exact_quotients(in_fractions(text), point, name)
        kink = by_path.get(name)
        if kink is None:
            assert left == right, (text, point, name)
        else:
            assert (kink.left.item(), kink.right.item()) == (left, right), (text, point, name)


@given(PROGRAMS, POINTS)
@settings(max_examples=150, deadline=None)
def test_sides_of_random_programs_are_their_difference_quotients(text, point):
    check_sides(text, point)


@given(PROGRAMS, POINTS)
@settings(max_examples=60, deadline=None)
def test_rays_find_what_switches_find(text, point):
    switched = found(text, **point)
    asked = problem(text, **point)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(by_coordinates, "pieces", singular_pieces)
        by_rays = kinks(asked, "float64", Budget(seconds=20))
    assert set(switched) == set(by_rays)
    for key, kink in switched.items():
        assert same(kink.left, by_rays[key].left)
        assert same(kink.right, by_rays[key].right)


def singular_pieces(*arguments):
    """As if some slope were not finite, so that only rays are left."""
    form = piecewise_linear.pieces(*arguments)
    form.singular = True
    return form


# Planted faults ----------------------------------------------------------------------------------------------


def wrong_rows():
    wrong = []
    for what, text, inputs, expected in TABLE:
        try:
            both = left_and_right(text, **inputs)
        except EvaluationError:
            both = None
        fine = both is not None and set(both) == set(expected)
        if not (fine and all(same(both[path], expected[path]) for path in expected)):
            wrong.append(what)
    return wrong


def test_the_table_itself_is_right():
    assert wrong_rows() == []


def test_switches_that_always_stay_left_are_caught(monkeypatch):
    whole = piecewise_linear.Pieces.one_sided

    def left_only(self):
        return {j: [replace(kink, right=kink.left) for kink in both] for j, both in whole(self).items()}

    monkeypatch.setattr(piecewise_linear.Pieces, "one_sided", left_only)
    assert {"abs", "relu", "max of three", "clip", "leaky relu", "maximum, chained"} <= set(wrong_rows())


def test_an_algebra_that_resolves_ties_to_the_left_is_caught(monkeypatch):
    honest = germ_steps.compared

    def leaning(x, y, most):
        difference = germ_steps.minus(x, y, most)
        if jets.moves(difference) and jets.limit(difference).is_zero():
            return -1
        return honest(x, y, most)

    monkeypatch.setattr(germ_steps, "compared", leaning)
    monkeypatch.setattr("gradcmp.reference.algebras.germs.compared", leaning)
    assert "where" in wrong_rows()


def test_switches_that_forget_each_other_are_caught(monkeypatch):
    monkeypatch.setattr(piecewise_linear.Pieces, "users", lambda _: {})
    assert {"max of three", "nested maximum", "maximum, chained"} & set(wrong_rows())


def test_a_zero_slope_that_annihilates_is_caught(monkeypatch):
    """sqrt(x)² at 0: the slope of the square is zero there, and hides that of the root."""
    monkeypatch.setattr("gradcmp.reference.algebras.strict_balls.NOTHING", arb(0))
    plain = "gradcmp.reference.algebras.strict_balls.StrictBalls.step"
    monkeypatch.setattr(plain, lambda self, name: super(type(self), self).step(name))
    assert "root, squared" in wrong_rows()
