"""Rounding of whole arrays is that of `core.formats`, element by element."""

import math
from fractions import Fraction

import numpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcmp.core.formats import FORMATS
from gradcmp.numbers.rounding import round_array, round_to

NEAR = st.builds(math.ldexp, st.integers(-(2**26), 2**26).map(float), st.integers(-1100, 990))
NUMBERS = st.one_of(st.floats(), NEAR, st.sampled_from([0.0, -0.0, math.inf, -math.inf, math.nan, 65519.999, 65520.0]))


@pytest.mark.parametrize("dtype", FORMATS)
@settings(derandomize=True, max_examples=200, deadline=None)
@given(values=st.lists(NUMBERS, max_size=20))
def test_it_agrees_with_the_scalar_rounding(dtype, values):
    found = round_array(numpy.array(values, dtype=numpy.float64), dtype)
    for value, rounded in zip(values, found.tolist(), strict=True):
        expected = FORMATS[dtype].round(value)
        assert rounded == expected or (math.isnan(rounded) and math.isnan(expected))
        assert math.copysign(1, rounded) == math.copysign(1, expected) or math.isnan(expected)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@settings(derandomize=True, max_examples=100, deadline=None)
@given(values=st.lists(NUMBERS, max_size=20))
def test_it_agrees_with_numpy_where_numpy_has_the_format(dtype, values):
    array = numpy.array(values, dtype=numpy.float64)
    with numpy.errstate(over="ignore", under="ignore", invalid="ignore"):
        numpy.testing.assert_array_equal(round_array(array, dtype), array.astype(dtype))


@pytest.mark.parametrize(
    ("value", "dtype", "once"),
    [
        (1 + 2**-8 + 2**-30, "bfloat16", 1 + 2**-7),  # by way of float32 the tail is lost and the tie goes to even: 1
        (1 + 2**-11 + 2**-40, "float16", 1 + 2**-10),
        (2.0**-134, "bfloat16", 0.0),
        (2.0**-133, "bfloat16", 2.0**-133),
        (3.3895313892515355e38 * 1.01, "bfloat16", math.inf),
    ],
)
def test_numbers_are_rounded_once(value, dtype, once):
    assert round_array(numpy.array(value), dtype).item() == once


def test_the_carriers():
    assert round_array(numpy.array([1.0]), "bfloat16").dtype == numpy.float32
    assert round_array(numpy.array([1.0]), "float16").dtype == numpy.float16
    assert round_array(numpy.array(1.0), "float64").shape == ()


ANY = st.floats(allow_nan=False, allow_infinity=False, width=64)
DTYPES = tuple(FORMATS)


def one(value):
    return np.asarray(value, dtype=np.float64)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@settings(max_examples=200, deadline=None)
@given(value=ANY)
def test_rounding_is_numpys(dtype, value):
    with np.errstate(over="ignore"):
        expected = float(np.dtype(dtype).type(value))
    assert float(round_to(one(value), one(0.0), dtype)) == expected


@settings(max_examples=200, deadline=None)
@given(value=ANY)
def test_rounding_to_bfloat16_is_that_of_the_formats(value):
    assert float(round_to(one(value), one(0.0), "bfloat16")) == FORMATS["bfloat16"].round(value)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_the_second_part_decides_a_tie(dtype):
    unit = 2.0 ** (1 - FORMATS[dtype].precision)
    half = one(1 + unit / 2)  # between 1 and 1 + unit; ties go to 1
    assert float(round_to(half, one(0.0), dtype)) == 1.0
    assert float(round_to(half, one(1e-40), dtype)) == 1 + unit
    assert float(round_to(half, one(-1e-40), dtype)) == 1.0
    above = one(1 + 1.5 * unit)  # ties go to 1 + 2 units
    assert float(round_to(above, one(-1e-40), dtype)) == 1 + unit


@settings(max_examples=200, deadline=None)
@given(steps=st.lists(st.integers(-4, 4), min_size=1, max_size=20), side=st.sampled_from([0.3, -0.3, 0.0]))
def test_rounding_a_pair_is_that_of_exact_arithmetic(steps, side):
    """Around the middle between two float32 numbers, where the second part decides."""
    middle = 1 + 2.0**-24
    high = np.array([middle + step * 2.0**-52 for step in steps])
    low = side * np.spacing(high)
    exact = [Fraction(h) + Fraction(r) for h, r in zip(high.tolist(), low.tolist(), strict=True)]
    up = [value > Fraction(middle) for value in exact]  # a tie goes to the even number, 1
    np.testing.assert_array_equal(round_to(high, low, "float32"), np.where(up, 1 + 2.0**-23, 1.0))
