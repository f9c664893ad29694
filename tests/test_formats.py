import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcmp.core.formats import FORMATS


@given(st.floats(allow_nan=False))
def test_float32_rounding_is_that_of_the_machine(value: float) -> None:
    try:
        expected = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        expected = float("inf") if value > 0 else float("-inf")
    assert FORMATS["float32"].round(value) == expected


@given(st.floats(allow_nan=False))
def test_float16_rounding_is_that_of_the_machine(value: float) -> None:
    try:
        expected = struct.unpack("<e", struct.pack("<e", value))[0]
    except OverflowError:
        expected = float("inf") if value > 0 else float("-inf")
    assert FORMATS["float16"].round(value) == expected


@given(st.floats(allow_nan=False))
def test_float64_rounding_changes_nothing(value: float) -> None:
    assert FORMATS["float64"].round(value) == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1 + 2**-8, 1.0),  # a tie goes to the even neighbour
        (1 + 2**-8 + 2**-40, 1 + 2**-7),  # rounding to float32 first would make this a tie
        (1 + 3 * 2**-8, 1 + 2**-6),
        (3.4e38, float("inf")),
        (1e-45, 0.0),
    ],
)
def test_bfloat16_rounds_once(value: float, expected: float) -> None:
    assert FORMATS["bfloat16"].round(value) == expected
