from __future__ import annotations

import math

import numpy
import pytest

from gradcmp.words.figures import distance, duration, interval, nested, number, ratio, shape
from gradcmp.words.lists import plural


@pytest.mark.parametrize(
    ("value", "dtype", "text"),
    [
        (4.0, "float32", "4"),
        (-0.0, "float32", "-0"),
        (409600.0, "float32", "409600"),
        (9999999.0, "float64", "9999999"),
        (1e7, "float64", "1e+07"),
        (5.43656365691809, "float64", "5.43656"),
        (float(numpy.float32(0.1)), "float32", "0.1"),
        (float(numpy.float32(0.1)), "float64", "0.1"),
        (0.1 + 0.2, "float64", "0.3"),
        (float(numpy.float16(3.14159)), "float16", "3.14"),
        (3.140625, "bfloat16", "3.14"),
        (1e-45, "float32", "1e-45"),
        (5e-324, "float64", "5e-324"),
        (math.inf, "float32", "inf"),
        ("nan", "float32", "nan"),
        (7, "int64", "7"),
        (True, "bool", "true"),
    ],
)
def test_numbers_are_short(value, dtype, text):
    assert number(value, dtype) == text


def test_more_digits_are_shown_where_asked_but_never_more_than_there_are():
    assert number(1 / 3, digits=10) == "0.3333333333"
    assert number(0.5, digits=17) == "0.5"
    assert number(float(numpy.float32(1 / 3)), "float32", digits=17) == "0.33333334"


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_at_full_length_every_number_reads_back(dtype):
    kind = numpy.dtype(dtype).type
    for value in numpy.random.RandomState(0).lognormal(sigma=3, size=200).astype(kind):
        assert kind(number(float(value), dtype, digits=17)) == value


def test_nested_lists_follow_the_shape():
    assert nested([[4.0, 0.5], ["nan", -1.0]]) == "[[4, 0.5], [nan, -1]]"
    assert (shape((64, 3)), shape((7,))) == ("64×3", "7")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (4.12e-5, "41.2 µs"), (0.2124, "212 ms"), (1.5, "1.50 s"), (95.04, "95.0 s"), (9.996e-7, "1.00 µs"),
        (9.999e-4, "1.00 ms"), (0.99951, "1.00 s"), (3e-9, "3.00 ns"), (4321.0, "4321 s"), (0.0, "0.00 ns"),
        (9.996e-3, "10.0 ms"),
    ],
)  # fmt: skip
def test_durations_have_three_digits_in_the_unit_that_fits(seconds, text):
    assert duration(seconds) == text


def test_intervals_have_one_unit():
    assert interval(9.5e-4, 1.05e-3) == "[0.95, 1.05] ms"
    assert interval(1.0, 2000.0) == "[1.00, 2000] s"


def test_small_things():
    assert [distance(value) for value in (None, 0.0, 3.0, 2.14e-7, math.inf, math.nan)] == [
        "–",
        "0",
        "3",
        "2.14e-07",
        "inf",
        "nan",
    ]
    assert [ratio(value) for value in (0.62, 2.34, 12.345, 1448.0)] == ["0.6×", "2.3×", "12.3×", "1448×"]
    assert [plural(count, "case") for count in (0, 1, 2)] == ["0 cases", "1 case", "2 cases"]
