from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcmp.report.digits import MOST, known_digits

PI = (math.pi, 1.2246467991473532e-16)


@pytest.mark.parametrize(
    ("high", "low", "radius", "text", "count"),
    [
        (12.0, 0.0, 0.0, "12", MOST),
        (0.0, 0.0, 0.0, "0", MOST),
        (-0.5, 0.0, 0.0, "-0.5", MOST),
        (*PI, 0.0, "3.1415926535897932385", MOST),
        (*PI, 1e-32, "3.1415926535897932385", MOST),
        (*PI, 1e-12, "3.14159265359", 12),
        (0.5, 0.0, 1e-5, "0.5000", 4),
        (1600.0, 0.0, 60.0, "2e+3", 1),
        (409600.0, 0.0, 0.0, "409600", MOST),
        (1e30, 0.0, 0.0, "1.0000000000000000199e+30", MOST),
        (5e-324, 0.0, 0.0, "4.9406564584124654418e-324", MOST),
        (0.0, 0.0, 1e-9, "0.0", 0),
        (2.0, 0.0, 3.0, "2.0", 0),
        (2.0, 0.0, math.nan, "2.0", 0),
        (math.inf, 0.0, 0.0, "inf", MOST),
        (math.nan, 0.0, math.nan, "nan", MOST),
    ],
)
def test_no_digit_is_shown_that_is_not_known(high, low, radius, text, count):
    assert (known_digits(high, low, radius).text, known_digits(high, low, radius).count) == (text, count)


@given(
    high=st.floats(allow_nan=False, allow_infinity=False),
    part=st.floats(-0.5, 0.5),
    relative=st.floats(0, 1e-3),
    where=st.floats(-1, 1),
)
def test_the_last_digit_is_right_within_one_unit_wherever_the_value_lies(high, part, relative, where):
    low, radius = part * math.ulp(high), relative * abs(high)
    found = known_digits(high, low, radius)
    if found.count and Fraction(high) + Fraction(low):
        true = Fraction(high) + Fraction(low) + Fraction(radius) * Fraction(where)
        place = Decimal(found.text).adjusted() + 1 - found.count
        assert abs(true - Fraction(found.text)) <= Fraction(10) ** place
