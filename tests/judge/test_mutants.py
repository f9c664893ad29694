"""Planted faults: each must be caught, in every dtype, by an expected truth and by a majority of three."""

import numpy as np
import pytest

from gradcmp.core.formats import FORMATS
from gradcmp.judge.tolerance import INTERIM_ULPS
from tests.judge.cases import DTYPES, JAX, TENSORFLOW, TORCH, computed, judged, message, rounded, truth

MATRIX = np.random.RandomState(0).uniform(0.5, 2.0, (3, 3)) * np.array([[1, -1, 1], [-1, 1, 1], [1, 1, -1]])


def scaled(array, dtype):
    """x 1.001, or what leaves fewer than half of the digits that the dtype has: bfloat16 has 2.4 of them."""
    held = FORMATS[dtype].precision * np.log10(2)
    factor = 1 + max(1e-3, 2 * 10 ** (-held / 2), 4 * INTERIM_ULPS[dtype] * FORMATS[dtype].unit_roundoff)
    return rounded(np.asarray(array, dtype=np.float64) * factor, dtype)


def with_one(array, value):
    changed = np.array(array)
    changed[1, 2] = value
    return changed


def replaced(value):
    return lambda array, _dtype: with_one(array, value)


MUTANTS = {
    "scaled": (scaled, "wrong"),
    "sign": (lambda array, _dtype: -array, "wrong"),
    "transposed": (lambda array, _dtype: array.T.copy(), "wrong"),
    "nan": (replaced(np.nan), "nonfinite"),
    "inf": (replaced(np.inf), "nonfinite"),
    "minus inf": (replaced(-np.inf), "nonfinite"),
    "all nan": (lambda array, _dtype: np.full_like(array, np.nan), "nonfinite"),
    "all zeros": (lambda array, _dtype: np.zeros_like(array), "wrong"),
    "one element": (lambda array, dtype: with_one(array, scaled(array, dtype)[1, 2]), "wrong"),
    "wrong shape": (lambda array, _dtype: array.reshape(9), "misshapen"),
    "one dimension more": (lambda array, _dtype: array[None], "misshapen"),
    "no gradient": (lambda _array, _dtype: None, "missing"),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_fault_is_caught_by_an_expected_truth(name, dtype):
    right = rounded(MATRIX, dtype)
    plant, verdict = MUTANTS[name]
    faulty = plant(right, dtype)
    found = judged(
        {TORCH: computed(faulty, dtype), JAX: computed(right, dtype)}, truth(MATRIX), dtype=dtype, shape=(3, 3)
    ).findings
    assert (found[0].verdict, found[0].level, found[0].evidence) == (verdict, "fail", "expected")
    assert message(found[0])
    assert (found[1].verdict, found[1].level) == ("exact", "ok")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", MUTANTS)
@pytest.mark.parametrize("shape", [(3, 3), None], ids=["shape known", "shape unknown"])
def test_a_planted_fault_is_caught_by_two_others(name, dtype, shape):
    right = rounded(MATRIX, dtype)
    plant, verdict = MUTANTS[name]
    found = judged(
        {TENSORFLOW: computed(right, dtype), TORCH: computed(plant(right, dtype), dtype), JAX: computed(right, dtype)},
        dtype=dtype,
        shape=shape,
    ).findings
    assert [f.verdict for f in found] == ["rounding", verdict, "rounding"]
    assert [f.level for f in found] == ["ok", "fail", "ok"]
    assert found[0].evidence == "consensus"


@pytest.mark.parametrize(("dtype", "factor"), [("float64", 1 + 1e-10), ("float32", 1 + 1e-4), ("float16", 1.0156)])
def test_a_fault_that_leaves_half_of_the_digits_is_a_warning(dtype, factor):
    right = rounded(MATRIX, dtype)
    answers = {TORCH: computed(rounded(MATRIX * factor, dtype), dtype), JAX: computed(right, dtype)}
    found = judged(answers, truth(MATRIX), dtype=dtype, shape=(3, 3)).findings[0]
    assert (found.verdict, found.level, found.evidence) == ("inaccurate", "warn", "expected")
    trio = judged({**answers, TENSORFLOW: computed(right, dtype)}, dtype=dtype, shape=(3, 3)).findings
    assert [f.verdict for f in trio] == ["inaccurate", "rounding", "rounding"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("other", DTYPES)
def test_a_wrong_dtype_is_caught(dtype, other):
    found = judged({TORCH: computed(rounded(MATRIX, other), other)}, truth(MATRIX), dtype=dtype, shape=(3, 3)).findings[
        0
    ]
    assert (found.verdict == "misshapen") == (dtype != other)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("place", [0, 4321, 9999])
def test_one_element_of_ten_thousand_is_caught_and_named(dtype, place):
    values = np.random.RandomState(1).uniform(0.5, 2.0, 10_000)
    right = rounded(values, dtype)
    faulty = right.copy()
    faulty[place] = scaled(right[place], dtype)
    found = judged({TORCH: computed(faulty, dtype)}, truth(values), dtype=dtype, shape=(10_000,)).findings[0]
    assert (found.verdict, found.verdicts["wrong"], found.errors[0].worst_index) == ("wrong", 1, (place,))
    assert f"[{place}]" in message(found)
    trio = judged(
        {TORCH: computed(faulty, dtype), JAX: computed(right, dtype), TENSORFLOW: computed(right, dtype)},
        dtype=dtype,
        shape=(10_000,),
    )
    assert [f.verdict for f in trio.findings] == ["wrong", "rounding", "rounding"]
    assert trio.evidence == "consensus"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("direction", [-np.inf, np.inf])
def test_one_unit_in_the_last_place_is_no_false_alarm(dtype, direction):
    values = np.concatenate([MATRIX.ravel(), 2.0 ** np.arange(-3, 4), -(2.0 ** np.arange(-3, 4)), [1 - 2**-8, 3e-4]])
    right = rounded(values, dtype)
    if dtype == "bfloat16":
        bits = right.view(np.uint32)
        moved = (bits.astype(np.int64) + (0x10000 if direction > 0 else -0x10000)).astype(np.uint32).view(np.float32)
    else:
        moved = np.nextafter(right, right.dtype.type(direction))
    known = truth(right.astype(np.float64))
    found = judged({TORCH: computed(moved, dtype)}, known, dtype=dtype, shape=moved.shape).findings[0]
    assert (found.verdict, found.level, message(found)) == ("rounding", "ok", "")
    trio = judged(
        {TORCH: computed(moved, dtype), JAX: computed(right, dtype), TENSORFLOW: computed(right, dtype)}, dtype=dtype
    )
    assert {f.level for f in trio.findings} == {"ok"}
    assert all(pair.agree for pair in trio.pairs)


def test_a_small_value_at_a_true_zero_never_passes_in_silence():
    for values in ([0.0, 4.0, 8.0, 12.0], [0.0, 1e3], [0.0, 0.0]):
        for dtype in DTYPES:
            got = rounded(values, dtype)
            got[0] = 1e-12 if dtype != "float16" else 1e-6
            found = judged({TORCH: computed(got, dtype)}, truth(values), dtype=dtype).findings[0]
            assert found.level in ("note", "fail"), (values, dtype)
            assert message(found)
