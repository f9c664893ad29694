"""Planted faults against a certified truth with running errors as real programs have them: every one is caught.

The running errors are the smallest and largest that were measured: of a dot product (none), of an elementwise program,
of a small network (worst 500 times rss), each for elements of ordinary size.
"""

import numpy as np
import pytest

from gradcmp.core.findings import OtherPrecision
from gradcmp.core.formats import FORMATS
from gradcmp.judge.precision import other_dtype
from tests.judge.cases import DTYPES, TORCH, certified, computed, judged, message, rounded

MATRIX = np.random.RandomState(0).uniform(0.5, 2.0, (3, 3)) * np.array([[1, -1, 1], [-1, 1, 1], [1, 1, -1]])
PROGRAMS = {
    "dot": {"rss": 0.0, "worst": 0.0},
    "elementwise": {"rss": 1.5 * np.abs(MATRIX), "worst": 4 * np.abs(MATRIX)},
    "network": {"rss": 2 * np.abs(MATRIX), "worst": 1000 * np.abs(MATRIX)},
}


def with_one(array, value):
    changed = np.array(array)
    changed[1, 2] = value
    return changed


MUTANTS = {
    "sign": lambda array: -array,
    "transposed": lambda array: array.T.copy(),
    "one sign": lambda array: with_one(array, -array[1, 2]),
    "nan": lambda array: with_one(array, np.nan),
    "inf": lambda array: with_one(array, np.inf),
    "minus inf": lambda array: with_one(array, -np.inf),
    "all nan": lambda array: np.full_like(array, np.nan),
    "all zeros": np.zeros_like,
    "one zero": lambda array: with_one(array, 0),
    "wrong shape": lambda array: array.reshape(9),
    "no gradient": lambda _array: None,
}


def in_dtype(values, dtype):
    return np.array(values, dtype=np.float64) if dtype == "float64" else rounded(values, dtype)


def findings(plant, dtype, errors):
    """The finding on a planted fault: by one precision alone, and with the same fault in the other one."""
    other = other_dtype(dtype)
    known = certified(MATRIX, **errors)
    answer = computed(plant(in_dtype(MATRIX, dtype)), dtype)
    there = OtherPrecision(outcomes={TORCH: computed(plant(in_dtype(MATRIX, other)), other)}, truth=known)
    alone = judged({TORCH: answer}, known, dtype=dtype, shape=(3, 3))
    both = judged({TORCH: answer}, known, dtype=dtype, shape=(3, 3), other={other: there})
    return alone.findings[0], both.findings[0]


# Of the network's elements, 1000 unit roundoffs leave no digit in 16 bits: nothing can be concluded there.
JUDGEABLE = [(p, d) for p in PROGRAMS for d in DTYPES if p != "network" or d in ("float32", "float64")]


@pytest.mark.parametrize(("program", "dtype"), JUDGEABLE)
@pytest.mark.parametrize("name", MUTANTS)
def test_gross_faults_fail_in_every_precision(name, program, dtype):
    for found in findings(MUTANTS[name], dtype, PROGRAMS[program]):
        assert found.level == "fail"
        assert message(found)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", MUTANTS)
def test_where_no_digit_is_left_nothing_passes_in_silence(name, dtype):
    for found in findings(MUTANTS[name], dtype, PROGRAMS["network"]):
        assert found.level in ("note", "fail")


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    ("factor", "word"),
    [
        (1 + 1e-10, ("inaccurate", "warn")),
        (1 - 1e-10, ("inaccurate", "warn")),
        (1 + 1e-6, ("wrong", "fail")),
        (1.001, ("wrong", "fail")),
    ],
)
def test_a_small_factor_in_float64(factor, word, program):
    for found in findings(lambda array: array * array.dtype.type(factor), "float64", PROGRAMS[program]):
        assert (found.verdict, found.level) == word


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("program", ["dot", "elementwise"])
def test_a_small_factor_in_other_precisions(program, dtype):
    factor = 1 + max(1e-3, 40 * FORMATS[dtype].unit_roundoff)  # it leaves half of the digits in 16 bits

    def plant(array):
        return in_dtype(array * np.float64(factor), dtype if array.dtype != np.float64 else "float64")

    alone, both = findings(plant, dtype, PROGRAMS[program])
    assert alone.level in ("warn", "fail")
    assert (both.verdict, both.level) == ("wrong", "fail")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("other", DTYPES)
def test_a_wrong_dtype_is_caught(dtype, other):
    found = judged({TORCH: computed(in_dtype(MATRIX, other), other)}, certified(MATRIX), dtype=dtype, shape=(3, 3))
    assert (found.findings[0].verdict == "misshapen") == (dtype != other)


@pytest.mark.parametrize("place", [0, 4321, 9999])
@pytest.mark.parametrize(("dtype", "factor"), [("float64", 1 + 1e-6), ("float32", 1.001), ("float32", -1.0)])
def test_one_element_of_ten_thousand(dtype, factor, place):
    values = np.random.RandomState(1).uniform(0.5, 2.0, 10_000)
    faulty = in_dtype(values, dtype)
    faulty[place] *= factor
    known = certified(values, rss=2.0, worst=100.0)
    found = judged({TORCH: computed(faulty, dtype)}, known, dtype=dtype, shape=(10_000,))
    one = found.findings[0]
    assert (one.level, one.errors[0].worst_index) == ("fail", (place,))
    assert one.verdicts.get("wrong") == 1
    assert f"[{place}]" in message(one)
    assert found.requests


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("units", [-8, -3, 3, 8])
def test_rounding_is_no_false_alarm(dtype, units):
    got = in_dtype(MATRIX * (1 + units * FORMATS[dtype].unit_roundoff), dtype)
    found = judged({TORCH: computed(got, dtype)}, certified(MATRIX, **PROGRAMS["elementwise"]), dtype=dtype)
    assert (found.findings[0].level, message(found.findings[0])) == ("ok", "")
