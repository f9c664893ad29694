"""Units in the last place, at the edges of every format."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcmp.core.formats import FORMATS
from gradcmp.core.tensors import Tensor
from gradcmp.core.truth import TruthLeaf
from gradcmp.judge.elements import compare
from gradcmp.judge.metrics import distance, is_exact
from gradcmp.judge.tolerance import interim
from gradcmp.numbers.rounding import split
from gradcmp.numbers.ulp import spacing_at
from gradcmp.words import reasons
from tests.judge.cases import DTYPES, rounded, true

ANY = st.floats(allow_nan=False, allow_infinity=False, width=64)


def one(value):
    return np.asarray(value, dtype=np.float64)


def test_the_distance_keeps_the_second_part():
    third = TruthLeaf(high=one(1 / 3), low=one(float(Fraction(1, 3) - Fraction(1 / 3))), radius=one(0.0))
    away = float(distance(one(1 / 3), one(0.0), third))
    assert away == float(abs(Fraction(1, 3) - Fraction(1 / 3))) > 0
    assert bool(is_exact(one(1 / 3), one(0.0), third, "float64"))
    assert not bool(is_exact(one(np.nextafter(1 / 3, 1)), one(0.0), third, "float64"))


def test_either_neighbour_is_exact_where_the_radius_straddles():
    unit = 2.0**-23
    straddling = true(1 + unit / 2, radius=unit / 100)
    for got, exact in ((1.0, True), (1 + unit, True), (1 + 2 * unit, False), (1 - unit, False)):
        assert bool(is_exact(one(got), one(0.0), straddling, "float32")) is exact
    assert not bool(is_exact(one(1.0), one(0.0), true(1.0, radius=unit), "float32"))  # too vague to be exact


def test_nothing_that_is_not_a_number_has_a_distance():
    for got, high in ((np.nan, 1.0), (1.0, np.nan), (np.inf, 1.0), (np.inf, np.inf), (1.0, -np.inf)):
        assert np.isnan(distance(one(got), one(0.0), true(high)))


def test_whole_numbers_above_float64_are_told_apart():
    big = 2**60 + 1
    high, low = split(np.array(big))
    assert int(high) + int(low) == big
    leaf = TruthLeaf(high=high, low=low, radius=one(0.0))
    assert compare(Tensor(dtype="int64", array=np.array(big)), leaf, "int64", interim).verdict == "exact"
    assert compare(Tensor(dtype="int64", array=np.array(2**60)), leaf, "int64", interim).verdict == "wrong"


@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_further_away_is_never_better(dtype, data):
    """Monotonicity: of two answers on one side of the truth the nearer never gets the worse verdict or more ULPs."""
    form = FORMATS[dtype]
    value = data.draw(st.floats(-1e4, 1e4).map(form.round))
    steps = sorted(data.draw(st.lists(st.integers(0, 3000), min_size=2, max_size=2)))
    sign = data.draw(st.sampled_from([-1, 1]))
    unit = spacing_at(float(value), 0.0, dtype)
    found = []
    for step in steps:
        got = form.round(value + sign * step * unit)
        with np.errstate(over="ignore"):
            comparison = compare(Tensor(dtype=dtype, array=rounded(got, dtype)), true(value), dtype, interim)
        found.append((int(comparison.codes), comparison.errors.max_ulps))
    assert found[0][0] <= found[1][0]
    if None not in (found[0][1], found[1][1]):
        assert found[0][1] <= found[1][1]


def test_the_top_of_the_format_is_no_cliff():
    largest = FORMATS["float32"].largest
    just = true(largest * (1 + 2**-26))
    assert compare(Tensor(dtype="float32", array=np.float32(np.inf)), just, "float32", interim).verdict == "rounding"
    assert compare(Tensor(dtype="float32", array=np.float32(-np.inf)), just, "float32", interim).verdict == "nonfinite"
    beyond = true(1e60)
    assert compare(Tensor(dtype="float32", array=np.float32(np.inf)), beyond, "float32", interim).verdict == "exact"
    finite = compare(Tensor(dtype="float32", array=np.float32(3e38)), beyond, "float32", interim)
    assert finite.verdict == "nonfinite"


def test_flushing_to_zero_is_noted_and_more_is_not():
    tiny = true(1e-40)
    zero = compare(Tensor(dtype="float32", array=np.float32(0)), tiny, "float32", interim)
    assert zero.verdict == "flushed"
    assert compare(Tensor(dtype="float32", array=np.float32(1e-30)), tiny, "float32", interim).verdict == "wrong"
    half = compare(Tensor(dtype="float16", array=np.float16(0)), true(6e-6), "float16", interim)
    assert half.verdict == "wrong"  # float16 arithmetic does not flush


def test_errors_name_the_worst_place_and_the_tolerance_that_would_do():
    got = Tensor(dtype="float32", array=np.array([[1.0, 2.002], [3.0, 4.0]], dtype=np.float32))
    found = compare(got, true([[1.0, 2.0], [3.0, 4.0]]), "float32", interim)
    errors = found.errors
    assert (errors.worst_index, errors.differing, errors.size) == ((0, 1), 1, 4)
    assert errors.needed_rtol == pytest.approx(1e-3, rel=1e-3)
    assert errors.max_rel == errors.needed_rtol
    assert errors.max_ulps == pytest.approx(0.002 / 2**-22, rel=1e-3)
    assert (
        reasons.sentence(found.reason)
        == "dx: at [0, 1] 2.002 where 2.0 is true: 8389 ULPs away, interim limit of 16 ULPs, 2.9 of 7.2 digits right; 1 of 4 elements"
    )
    nowhere = compare(Tensor(dtype="float64", array=np.array([1e-3, 1.0])), true([0.0, 1.0]), "float64", interim)
    assert nowhere.errors.needed_rtol is None
    assert nowhere.verdict == "wrong"


def test_an_empty_array_is_exact():
    empty = Tensor(dtype="float32", array=np.zeros((0, 2), np.float32))
    assert compare(empty, true(np.zeros((0, 2))), "float32", interim).verdict == "exact"


@pytest.mark.parametrize(("dtype", "high"), [("float32", 1.4e74), ("float16", -1e6), ("bfloat16", 1e39)])
def test_what_all_of_a_wide_ball_rounds_to_is_exact(dtype, high):
    """An estimate far beyond the largest number leaves no doubt of the infinity."""
    wide = true(high, radius=abs(high) * 1e-3)
    right = np.copysign(np.inf, high)
    assert bool(is_exact(one(right), one(0.0), wide, dtype))
    assert not bool(is_exact(one(-right), one(0.0), wide, dtype))
    near = true(np.copysign(FORMATS[dtype].largest, high), radius=FORMATS[dtype].largest * 1e-2)
    assert not bool(is_exact(one(right), one(0.0), near, dtype))
