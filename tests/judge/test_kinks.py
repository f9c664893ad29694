"""What an answer at a kink is: a named convention, removable, or wrong."""

import numpy as np
import pytest

from gradcmp.core.expectations import Expectation, Expectations
from gradcmp.core.expected import ExpectedVerdict
from gradcmp.core.operators import Operator
from gradcmp.core.verdicts import Verdict
from gradcmp.judge.hull import in_hull
from gradcmp.words import conventions
from tests.judge.cases import (
    DTYPES,
    JAX,
    TORCH,
    WHERE,
    certified,
    computed,
    finding,
    judged,
    kink,
    message,
    rounded,
    warnings,
)

NAN, INF = np.nan, np.inf
CONVENTION, REMOVABLE, OK, FOUL = "convention", "removable", "exact", "nonfinite"

# Function, left, right, then for each framework the answer, the verdict and the name; as measured in float32 with
# torch 2.13, jax 0.10.2 and tensorflow 2.21.
MEASURED = [
    ("abs at 0", [-1], [1], {"torch": ([0], CONVENTION, "midpoint"), "jax": ([1], CONVENTION, "right"), "tensorflow": ([0], CONVENTION, "midpoint")}),
    ("relu at 0", [0], [1], dict.fromkeys(("torch", "jax", "tensorflow"), ([0], CONVENTION, "left"))),
    ("max, two tied", [0, 0], [1, 1], dict.fromkeys(("torch", "jax", "tensorflow"), ([0.5, 0.5], CONVENTION, "midpoint"))),
    ("max, three tied", [0] * 3, [1] * 3, dict.fromkeys(("torch", "jax", "tensorflow"), ([1 / 3] * 3, CONVENTION, "in between"))),
    ("maximum of equals", [0, 0], [1, 1], {"torch": ([0.5, 0.5], CONVENTION, "midpoint"), "jax": ([0.5, 0.5], CONVENTION, "midpoint"), "tensorflow": ([1, 0], CONVENTION, "1 left, 1 right")}),
    ("maximum(x, 0.)", [0], [1], {"torch": ([0.5], CONVENTION, "midpoint"), "jax": ([0.5], CONVENTION, "midpoint"), "tensorflow": ([1], CONVENTION, "right")}),
    ("clip at both bounds", [0, 1], [1, 0], {"torch": ([1, 1], CONVENTION, "1 left, 1 right"), "jax": ([0.5, 0.5], CONVENTION, "midpoint"), "tensorflow": ([1, 1], CONVENTION, "1 left, 1 right")}),
    ("sqrt at 0", [NAN], [INF], dict.fromkeys(("torch", "jax", "tensorflow"), ([INF], CONVENTION, "infinite"))),
    ("norm at 0", [-1, -1], [1, 1], {"torch": ([0, 0], CONVENTION, "midpoint"), "jax": ([NAN, NAN], FOUL, "NaN"), "tensorflow": ([NAN, NAN], FOUL, "NaN")}),
    ("sqrt(sum(x * x)) at 0", [-1, -1], [1, 1], dict.fromkeys(("torch", "jax", "tensorflow"), ([NAN, NAN], FOUL, "NaN"))),
    ("relu(x) - relu(-x) at 0", [1], [1], dict.fromkeys(("torch", "jax", "tensorflow"), ([0], REMOVABLE, "removable"))),
    ("x * abs(x) at 0", [0], [0], dict.fromkeys(("torch", "jax", "tensorflow"), ([0], OK, None))),
    ("sqrt(x**4) at 0", [0], [0], dict.fromkeys(("torch", "jax", "tensorflow"), ([NAN], FOUL, "NaN"))),
    ("x**1.5 at 0", [NAN], [0], dict.fromkeys(("torch", "jax", "tensorflow"), ([0], CONVENTION, "right"))),
    ("abs(x - y), equal", [-1, -1], [1, 1], {"torch": ([0, 0], CONVENTION, "midpoint"), "jax": ([1, -1], CONVENTION, "1 left, 1 right"), "tensorflow": ([0, 0], CONVENTION, "midpoint")}),
    ("where(x > 0, x, x / 8) at 0", [0.125], [1], dict.fromkeys(("torch", "jax", "tensorflow"), ([0.125], CONVENTION, "left"))),
    ("sin(x) / x at 0", [0], [0], dict.fromkeys(("torch", "jax", "tensorflow"), ([NAN], FOUL, "NaN"))),
    ("a network of relu with a zero before one", [0, 4, 0, 2, 0, 1], [3, 4, 1, 2, 1, 1], dict.fromkeys(("torch", "jax", "tensorflow"), ([0, 4, 0, 2, 0, 1], CONVENTION, "3 left"))),
    ("huber at the seam", [1], [1], dict.fromkeys(("torch", "jax", "tensorflow"), ([1], OK, None))),
]  # fmt: skip
CASES = [
    pytest.param(left, right, *answer, id=f"{name}: {framework}")
    for name, left, right, answers in MEASURED
    for framework, answer in answers.items()
]


def at_a_kink(got, left, right, *, dtype="float32", high=None, **more):
    errors = {name: more.pop(name) for name in ("rss", "worst", "otherwise") if name in more}
    # What the reference has as the derivative of a tied element is that of the branch taken: any of the two.
    high = [one if np.isfinite(one) else 0.0 for one in left] if high is None else high
    known = certified(high, at=kink(left, right, **more), **errors)
    array = np.float64(got) if dtype == "float64" else rounded(got, dtype)
    return finding(computed(array, dtype), known, dtype=dtype)


def name_of(found):
    summary = found.errors[0].kink
    return None if summary is None else conventions.name(summary)


@pytest.mark.parametrize(("left", "right", "got", "verdict", "name"), CASES)
@pytest.mark.parametrize(
    "errors",
    [{}, {"rss": 0.0, "worst": 0.0}, {"rss": INF, "worst": INF}],
    ids=["interim limits", "running errors", "errors not known"],
)
def test_what_frameworks_do(left, right, got, verdict, name, errors):
    found = at_a_kink(got, left, right, **errors)
    assert (found.verdict, name_of(found)) == (verdict, name)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("got", "left", "right", "verdict", "name"),
    [
        (2, -1, 1, "wrong", "outside"),
        (-1.5, -1, 1, "wrong", "outside"),
        (0.25, -1, 1, CONVENTION, "in between"),
        (1, 1, -1, CONVENTION, "left"),  # a maximum: the left derivative is the larger one
        (INF, -1, 1, FOUL, "infinite"),
        (-INF, NAN, INF, FOUL, "infinite"),
        (INF, 1, INF, CONVENTION, "infinite"),
        (1, 1, INF, CONVENTION, "left"),
        (7, 1, INF, CONVENTION, "in between"),
        (0, 1, INF, "wrong", "outside"),
        (0, NAN, INF, FOUL, "outside"),  # a finite number where the derivative is infinite
        (0, INF, INF, FOUL, "outside"),
        (INF, INF, INF, CONVENTION, "infinite"),
        (0, -INF, INF, CONVENTION, "in between"),
        (NAN, -INF, INF, CONVENTION, "NaN"),  # no side is finite
        (NAN, NAN, INF, CONVENTION, "NaN"),
        (NAN, NAN, NAN, "unjudged", "NaN"),  # outside the domain
        (NAN, NAN, 0, FOUL, "NaN"),
        (1, NAN, 0, "wrong", "outside"),
        (3, NAN, NAN, "unjudged", "undefined"),
        (INF, NAN, NAN, CONVENTION, "infinite"),  # a pole
        (2, 1, 1, REMOVABLE, "removable"),
        (INF, 1, 1, FOUL, "infinite"),
        (NAN, 1, 1, FOUL, "NaN"),
    ],
)
def test_every_place_an_answer_can_have(got, left, right, verdict, name, dtype):
    found = at_a_kink([got], [left], [right], dtype=dtype)
    assert (found.verdict, name_of(found)) == (verdict, name)
    assert message(found)
    assert found.errors[0].kink.index == (0,)
    np.testing.assert_array_equal([found.errors[0].kink.left, found.errors[0].kink.right], [left, right])


@pytest.mark.parametrize(
    ("got", "left", "right", "verdict", "name"),
    [
        (0, 0, 0, CONVENTION, "jump"),
        (NAN, 0, 0, CONVENTION, "NaN"),
        (INF, 0, 0, CONVENTION, "infinite"),
        (3, 0, 0, "wrong", "outside"),
        (3, NAN, NAN, CONVENTION, "jump"),
        (0, INF, 0, CONVENTION, "right"),
        (1, 0, 2, CONVENTION, "midpoint"),
    ],
)
def test_a_jump(got, left, right, verdict, name):
    found = at_a_kink([got], [left], [right], jump=True)
    assert (found.verdict, name_of(found)) == (verdict, name)


def test_the_message_names_the_convention_and_both_sides():
    found = at_a_kink([1], [-1], [1])
    assert (found.level, found.evidence) == ("note", "certified")
    assert message(found) == "dx: convention: right; at [0] 1.0 at a kink with left -1.0, right 1.0"
    assert "at a kink with right inf, where left does not exist" in message(at_a_kink([INF], [NAN], [INF]))
    assert message(at_a_kink([3], [NAN], [NAN])) == "dx: at [0] 3.0 where a derivative does not exist"
    removable = at_a_kink([0], [1], [1])
    assert removable.level == "warn"
    assert message(removable).startswith("dx: removable: at [0] 0.0 where 1.0 is true")
    outside = at_a_kink([3], [-1], [1])
    assert message(outside) == "dx: at [0] 3.0 at a kink with left -1.0, right 1.0: neither of them nor between"


def test_names_are_counted():
    found = at_a_kink([0, 1, 0, 0.25], [0] * 4, [1] * 4)
    assert found.errors[0].kink.counts == {"left": 2, "right": 1, "in between": 1}
    assert "convention: 2 left, 1 right, 1 in between" in message(found)
    worse = at_a_kink([0, 1, 5, 0.25], [0] * 4, [1] * 4)
    assert (worse.verdict, worse.errors[0].worst_index, worse.errors[0].kink.index) == ("wrong", (2,), (2,))


def test_a_branch_that_is_masked_is_no_kink():
    """where(x > 0, sqrt(x), 0) at -1: the derivative is 0, and torch and jax return NaN."""
    known = certified([0.0, 1.0], rss=0.0, worst=0.0)
    found = finding(computed(np.float32([NAN, 1.0])), known)
    assert (found.verdict, name_of(found)) == ("nonfinite", None)
    assert finding(computed(np.float32([0.0, 1.0])), known).verdict == "exact"


def test_elements_that_are_not_tied_are_judged_as_ever():
    tied = [True, False, False]
    right = at_a_kink([0, 4, 5], [0, 4, 5], [1, 4, 5], tied=tied, rss=1.0, worst=1.0)
    assert right.verdicts == {"convention": 1, "exact": 2}
    for faulty, verdict in ((4.001, "wrong"), (NAN, "nonfinite"), (0, "wrong")):
        found = at_a_kink([0, faulty, 5], [0, 4, 5], [1, 4, 5], tied=tied, rss=1.0, worst=1.0)
        assert (found.verdict, found.verdicts["convention"]) == (verdict, 1)
        assert found.errors[0].worst_index == (1,)
    plain = at_a_kink([4.0], [4.0], [4.0], tied=[False])
    assert (plain.verdict, name_of(plain)) == ("exact", None)


def test_a_tie_that_does_not_matter_is_no_kink():
    found = at_a_kink([1.0000001], [1], [1], high=[0.0])
    assert (found.verdict, found.level, name_of(found)) == ("rounding", "ok", None)
    assert at_a_kink([1.001], [1], [1], high=[0.0]).verdict == "removable"
    apart = at_a_kink([1.0], [1.0], [np.nextafter(1.0, 2)], high=[0.0], dtype="float64")
    assert (apart.verdict, name_of(apart)) == ("exact", None)


def test_distances_are_those_from_the_derivative_that_an_answer_is_taken_for():
    found = at_a_kink([1.0], [-1], [1])
    assert (found.errors[0].max_abs, found.errors[0].differing) == (0.0, 0)
    found = at_a_kink([3.0], [-1], [1])
    assert (found.errors[0].max_abs, found.errors[0].needed_rtol) == (2.0, 2.0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_rounding_at_a_kink(dtype):
    """A side that took rounding to reach is still that side; a planted 1e-10 is seen in float64."""
    third = rounded([1 / 3], dtype)
    assert name_of(at_a_kink(third, [0], [1 / 3], dtype=dtype)) == "right"
    if dtype == "float64":
        assert name_of(at_a_kink([1 / 3 * (1 + 1e-10)], [0], [1 / 3], dtype=dtype)) == "outside"
        assert name_of(at_a_kink([1 / 3 * (1 - 1e-10)], [0], [1 / 3], dtype=dtype)) == "in between"


def test_a_side_that_overflows():
    assert at_a_kink([INF], [0], [1e60]).verdict == CONVENTION
    assert at_a_kink([INF], [0], [1e60], dtype="float64").verdict == "nonfinite"


def test_limiting_gradients():
    pieces = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    third = at_a_kink([1 / 3] * 3, [0] * 3, [1] * 3, limiting=pieces)
    assert message(third).endswith("together in the hull of limiting gradients")
    assert message(at_a_kink([0, 1, 0], [0] * 3, [1] * 3, limiting=pieces)).endswith("together a limiting gradient")
    for odd in ([1, 1, 1], [0, 0, 0], [0.5, 0.5, 0.5]):
        found = at_a_kink(odd, [0] * 3, [1] * 3, limiting=pieces)
        assert found.verdict == CONVENTION  # the hull is only sampled
        assert "together" not in message(found)
    # A gradient nearby may lie beyond both one-sided derivatives, or be neither of them.
    assert name_of(at_a_kink([2], [0], [1], limiting=[[2], [0]])) == "limiting"
    assert name_of(at_a_kink([1.5], [0], [1], limiting=[[2], [0]])) == "in between"
    assert name_of(at_a_kink([0.25], [0], [1], limiting=[[0.25], [1]])) == "limiting"
    assert at_a_kink([2.5], [0], [1], limiting=[[2], [0]]).verdict == "wrong"


def test_hulls():
    square = np.array([[0.0, 0], [1, 0], [0, 1], [1, 1]])
    generator = np.random.RandomState(0)
    for _ in range(50):
        weights = generator.dirichlet(np.ones(4))
        assert in_hull(weights @ square, square, 1e-9)
    for outside in ([1.001, 0.5], [-0.001, 0], [2, 2], [0.5, 1.01]):
        assert in_hull(np.array(outside), square, 1e-9) is False
    points = generator.normal(size=(40, 12))
    assert in_hull(generator.dirichlet(np.ones(40)) @ points, points, 1e-9)
    assert in_hull(points.max(axis=0) + 1, points, 1e-9) is False
    assert in_hull(1e-8 * square[3] / 2, 1e-8 * square, 1e-9)  # sizes do not matter
    assert in_hull(np.zeros(2), np.zeros((3, 2)), 1e-9)
    assert in_hull(np.array([NAN, 0]), square, 1e-9) is None
    assert in_hull(np.zeros(2), np.zeros((0, 2)), 1e-9) is None


def test_scalars_and_matrices():
    scalar = at_a_kink(0.0, np.asarray(0.0), np.asarray(1.0), high=0.0)
    assert (scalar.verdict, scalar.errors[0].kink.index) == (CONVENTION, ())
    assert message(scalar) == "dx: convention: left; 0.0 at a kink with left 0.0, right 1.0"
    left, right = np.zeros((2, 3)), np.zeros((2, 3))
    right[1, 2] = 1
    matrix = at_a_kink(right, left, right, high=left, tied=right == 1)
    assert (matrix.verdicts, matrix.errors[0].kink.index) == ({"exact": 5, "convention": 1}, (1, 2))


def test_a_missing_gradient_at_a_kink_with_zero_between_is_a_note():
    known = certified([1.0], at=kink([0.0], [1.0]))
    assert (finding(computed(None), known).verdict, finding(computed(None), known).level) == ("missing", "note")
    away = certified([1.0], at=kink([1.0], [2.0]))
    assert finding(computed(None), away).level == "fail"


def test_a_kink_at_zero_is_not_vacuous():
    zero = computed(np.float32([0.0]))
    assert not judged({TORCH: zero}, certified([0.0], at=kink([0.0], [1.0]))).warnings
    assert judged({TORCH: zero}, certified([0.0], at=kink([0.0], [0.0]))).warnings


def test_an_expected_verdict_at_a_kink():
    def standing(got, verdict):
        entry = Expectation(
            pattern=None, operator=Operator.GRADIENT, expected=ExpectedVerdict(verdict=Verdict(verdict)), location=WHERE
        )
        known = certified([0.0], at=kink([0.0], [1.0]))
        outcomes = {TORCH: computed(np.float32(got))}
        return judged(outcomes, known, expect=Expectations(entries=(entry,))).findings[0].expectation

    assert standing([0.0], "convention") == "met"
    assert standing([2.0], "convention") == "unmet"
    assert standing([0.0], "removable") == "unmet"


def test_kinks_ask_for_no_other_precision():
    at = kink([0.0], [1.0])
    for got in (0.0, 0.3, 1.0001, 7.0):
        found = judged({TORCH: computed(np.float32([got]))}, certified([0.0], at=at, rss=0.0, worst=0.0))
        assert found.requests == ()


def test_a_finite_number_outside_the_domain_is_a_warning():
    known = certified([NAN, 0.25], at=kink([NAN, NAN], [NAN, NAN], tied=[True, False]))
    found = judged({TORCH: computed(np.float32([0.0, 0.25])), JAX: computed(np.float32([NAN, 0.25]))}, known)
    assert [each.verdict for each in found.findings] == ["unjudged", "unjudged"]
    assert warnings(found) == (f"a finite number where no derivative exists on {TORCH}",)
