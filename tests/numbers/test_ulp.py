"""Units in the last place, at the edges of every format."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcmp.core.formats import FORMATS
from gradcmp.numbers.rounding import round_to
from gradcmp.numbers.ulp import overflows, spacing, spacing_at

DTYPES = tuple(FORMATS)
ANY = st.floats(allow_nan=False, allow_infinity=False, width=64)


def one(value):
    return np.asarray(value, dtype=np.float64)


def ulp(value, dtype, low=0.0):
    return float(spacing(one(value), one(low), dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_spacing_at_the_edges(dtype):
    form = FORMATS[dtype]
    unit = 2.0 ** (1 - form.precision)
    assert ulp(1.0, dtype) == ulp(-1.0, dtype) == unit
    assert ulp(1.0, dtype, low=-1e-30) == unit / 2  # the true value lies below the power of two
    assert ulp(-1.0, dtype, low=1e-30) == unit / 2
    assert ulp(1.0, dtype, low=1e-30) == unit
    assert ulp(2.0 - unit, dtype) == unit
    smallest_subnormal = 2.0 ** (form.min_exponent - form.precision + 1)
    assert ulp(0.0, dtype) == ulp(smallest_subnormal, dtype) == smallest_subnormal
    assert ulp(form.smallest_normal, dtype) == ulp(form.smallest_normal / 2, dtype) == smallest_subnormal
    assert ulp(form.largest, dtype) == math.ldexp(1.0, form.max_exponent - form.precision + 1)
    assert ulp(math.inf, dtype) > 0


def test_numpys_own_spacing_agrees():
    values = np.array([1.0, 1.5, 3e-39, 1e38, 7.0, 0.1], dtype=np.float32)
    np.testing.assert_array_equal(spacing(values.astype(float), np.zeros(6), "float32"), np.spacing(values))


@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=200, deadline=None)
@given(value=ANY, low=st.sampled_from([0.0, 1e-9, -1e-9, 0.5, -0.5]), scale=st.sampled_from([0.0, 1.0, 2.0, 4.0]))
def test_overflow_is_that_of_rounding(dtype, value, low, scale):
    form = FORMATS[dtype]
    last = math.ldexp(1.0, form.max_exponent - form.precision + 1)
    high = one(value if scale == 0.0 else form.largest + last / scale)
    with np.errstate(all="ignore"):
        rest = one(low * math.ulp(float(high)) if np.isfinite(high) else 0.0)
    assert bool(overflows(high, rest, dtype)) == (not np.isfinite(round_to(high, rest, dtype)))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("value", [1.0, 1.5, 2.0, -3.25, 1e-3, 60000.0, 6e-8, 0.0])
def test_a_unit_is_the_spacing_of_the_dtype(dtype, value):
    kind = np.dtype(dtype).type
    assert spacing_at(float(kind(value)), 0.0, dtype) == float(np.spacing(abs(kind(value))))


def test_a_unit_just_below_a_power_of_two_is_that_of_the_binade_below():
    assert spacing_at(1.0, -1e-20, "float32") == 2.0**-24
    assert spacing_at(1.0, 1e-20, "float32") == 2.0**-23
    assert spacing_at(-1.0, 1e-20, "float32") == 2.0**-24
    assert spacing_at(3.0, 0.0, "int64") == 1.0
    assert spacing_at(math.inf, 0.0, "float16") == 32.0
