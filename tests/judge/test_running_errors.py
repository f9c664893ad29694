"""Limits from the running errors of the program, and the verdicts that they give."""

import math

import numpy as np
import pytest

from gradcmp.core.formats import FORMATS
from gradcmp.core.scenarios import Tolerance
from gradcmp.core.truth import Truth
from gradcmp.core.verdicts import Evidence
from gradcmp.judge.tolerance import generous, interim, running
from gradcmp.words import limits
from tests.judge.cases import (
    DTYPES,
    JAX,
    TORCH,
    certified,
    certified_leaf,
    computed,
    finding,
    judged,
    message,
    rounded,
    true,
)


def off_by(units, dtype, *, value=1.0, **errors):
    """The finding on an answer that lies `units` unit roundoffs above a certified `value`."""
    got = value + units * FORMATS[dtype].unit_roundoff
    array = np.asarray([got], dtype="float64") if dtype == "float64" else rounded([got], dtype)
    return finding(computed(array, dtype), certified([value], **errors), dtype=dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("units", "rss", "worst", "verdict", "level"),
    [
        (0, 0.1, 0.1, "exact", "ok"),
        (2, 0.0, 0.0, "rounding", "ok"),  # one ULP is two unit roundoffs
        (4, 0.0, 0.0, "inaccurate", "warn"),  # no running error at all: two ULPs are too many
        (4, 0.5, 0.5, "rounding", "ok"),  # 8 x 0.5
        (6, 0.5, 6.0, "high", "ok"),
        (6, 0.5, 0.5, "inaccurate", "warn"),
        (14, 0.125, 0.2, "inaccurate", "warn"),
    ],
)
def test_the_ladder(units, rss, worst, verdict, level, dtype):
    found = off_by(units, dtype, rss=rss, worst=worst)
    assert (found.verdict, found.level, found.evidence) == (verdict, level, "certified")
    assert bool(message(found)) == (level != "ok")
    below = off_by(-units, dtype, rss=rss, worst=worst, value=1.5)
    assert below.verdict == verdict


@pytest.mark.parametrize("dtype", DTYPES)
def test_half_of_the_digits_or_twice_the_limit(dtype):
    """d = -log10(error / truth) of p log10(2), and what leaves no digit is lost while its limit is narrower."""
    form = FORMATS[dtype]
    half = 10 ** (-form.precision * math.log10(2) / 2) / form.unit_roundoff
    assert off_by(0.9 * half, dtype, rss=0.1, worst=0.1).verdict == "inaccurate"
    assert off_by(1.2 * half, dtype, rss=0.1, worst=0.1).verdict == "wrong"
    wide = min(1.5 * half, 0.06 / form.unit_roundoff)
    assert off_by(1.9 * wide, dtype, rss=0.1, worst=wide).verdict == "inaccurate"
    assert off_by(0.13 / form.unit_roundoff, dtype, rss=0.1, worst=0.07 / form.unit_roundoff).verdict == "wrong"
    assert off_by(-1 / form.unit_roundoff, dtype, rss=0.1, worst=0.1).verdict == "wrong"


@pytest.mark.parametrize("dtype", DTYPES)
def test_no_digits_are_left(dtype):
    """An eighth of the value is the border: three bits, less than one decimal digit, are right at the most."""
    u = FORMATS[dtype].unit_roundoff
    found = off_by(4, dtype, rss=1 / (8 * u) / 8 * 1.01, worst=0.0)
    assert (found.verdict, found.level) == ("no-digits", "note")
    assert "exceeds an eighth of the value, so nothing can be concluded" in message(found)
    assert off_by(4, dtype, rss=1 / (8 * u) / 8 * 0.99, worst=0.0).verdict == "rounding"
    assert off_by(8, dtype, rss=0.5, worst=0.13 / u).verdict == "no-digits"  # only the worst case explains it
    assert off_by(0, dtype, rss=1 / u, worst=1 / u).verdict == "exact"
    zero = finding(computed(rounded([1e-3], dtype), dtype), certified([0.0], rss=0.01, worst=1 / u), dtype=dtype)
    assert (zero.verdict, zero.level) == ("no-digits", "note")
    assert "the tolerance of 1 exceeds the value, so nothing can be concluded" in message(zero)
    # A true zero is as large as what cancelled: 1 / (8 u) here, of which 1e-3 is a rounding.
    small = finding(computed(rounded([1e-3], dtype), dtype), certified([0.0], rss=1 / u, worst=1 / u), dtype=dtype)
    assert small.verdict == ("high" if dtype == "bfloat16" else "rounding")


def test_a_true_zero_is_told_without_ulps():
    found = finding(computed(np.float32([1e-3])), certified([0.0], rss=1.0, worst=1.0))
    assert (found.verdict, found.level) == ("wrong", "fail")
    assert "0.001 away" in message(found)


def test_flushing_to_zero_is_noted():
    flushed = finding(computed(np.float32([0.0])), certified([1e-40], rss=0.0, worst=0.0))
    assert (flushed.verdict, flushed.level) == ("flushed", "note")
    assert "below the smallest normal number" in message(flushed)
    for dtype, value in (("float64", 1e-310), ("float32", 1e-40), ("bfloat16", 1e-40)):
        tiny = certified([value], rss=0.0, worst=0.0)
        zero = computed(np.zeros(1) if dtype == "float64" else rounded([0.0], dtype), dtype)
        assert finding(zero, tiny, dtype=dtype).verdict == "flushed"
        near = value * {"float64": 1 + 1e-9, "float32": 1 + 1e-4, "bfloat16": 1.02}[dtype]
        close = computed(np.float64([near]) if dtype == "float64" else rounded([near], dtype), dtype)
        assert finding(close, tiny, dtype=dtype).level == "ok"
    # float16 is computed as normal float32: nothing is flushed
    assert (
        finding(computed(np.float16([0.0]), "float16"), certified([3e-5], rss=0, worst=0), dtype="float16").verdict
        == "wrong"
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_step_that_leaves_the_range_is_judged_by_digits(dtype):
    def word(*got, step=("`square` overflows",)):
        known = certified([1.0], rss=np.inf, worst=np.inf, out_of_range=step)
        arrays = (np.float64([one]) if dtype == "float64" else rounded([one], dtype) for one in got)
        return judged({n: computed(a, dtype) for n, a in zip((TORCH, JAX), arrays, strict=False)}, known, dtype=dtype)

    held = FORMATS[dtype].precision * math.log10(2)
    half = 10 ** (-held / 2)
    assert word(1.0).findings[0].verdict == "exact"
    assert word(1 + 0.8 * half).findings[0].verdict == "high"
    for got in (1 + 1.3 * half, 0.0, -1.0, np.inf, np.nan):
        found = word(got).findings[0]
        assert (found.verdict, found.level) == ("range", "warn")
        assert "`square` overflows" in message(found)
    both = word(np.nan, 1.0).findings
    assert [f.verdict for f in both] == ["range", "exact"]
    assert message(both[0]).endswith("better: jax-eager-cpu")
    assert word(np.nan, step=()).findings[0].verdict == "nonfinite"  # by no step of the program


def test_an_element_has_its_own_limits():
    u = FORMATS["float32"].unit_roundoff
    known = certified([1.0, 1.0, 1.0], rss=[0.1, 100.0, np.nan], worst=[0.1, 100.0, np.nan])
    found = finding(computed(np.float32([1 + 20 * u] * 3)), known)
    assert found.verdicts == {"inaccurate": 1, "rounding": 2}  # the third has the interim limit of 16 ULPs
    far = finding(computed(np.float32([1, 1, 1.001])), known)
    assert far.verdict == "wrong"


def test_infinite_running_errors_conclude_nothing():
    found = finding(computed(np.float32([7.0])), certified([1.0], rss=np.inf, worst=np.inf))
    assert found.verdict == "no-digits"
    assert "how far rounding may go is not known" in message(found)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nothing_that_is_not_finite_is_within_any_limit(value):
    for errors in ({"rss": 1e30, "worst": 1e30}, {"rss": np.inf, "worst": np.inf}, {"rss": np.nan, "worst": np.nan}):
        found = finding(computed(np.float32([value, 1.0])), certified([1.0, 1.0], **errors))
        assert (found.verdict, found.verdicts["nonfinite"]) == ("nonfinite", 1)
        both = finding(computed(np.float32([value])), certified([1.0], otherwise=[2.0], **errors))
        assert both.verdict == "nonfinite"


def test_a_truth_that_overflows():
    for right, got, verdict in ((1e60, np.inf, "exact"), (1e60, -np.inf, "nonfinite"), (-1e60, 3e38, "nonfinite")):
        found = finding(computed(np.float32([got])), certified([right], rss=1.0, worst=1.0))
        assert found.verdict == verdict


def test_a_scenarios_tolerance_wins():
    known = certified([1.0], rss=0.1, worst=0.1)
    off = computed(np.float32([1.01]))
    assert finding(off, known).verdict == "wrong"
    assert finding(off, known, tolerance=Tolerance(rtol=0.1)).verdict == "rounding"
    loose = certified([1.0], rss=1e9, worst=1e9)
    found = judged({TORCH: off}, loose, tolerance=Tolerance(rtol=1e-3))
    assert (found.findings[0].verdict, found.requests) == ("wrong", ())
    assert "the scenario's limit of rtol 0.001" in message(found.findings[0])


def test_without_running_errors_the_limits_are_the_interim_ones():
    found = judged({TORCH: computed(np.float32([1.01]))}, certified([1.0]))
    assert (found.findings[0].verdict, found.requests) == ("wrong", ())
    assert "interim limit" in message(found.findings[0])


def test_the_limit_and_its_source_are_told():
    u = FORMATS["float32"].unit_roundoff
    sums = off_by(400, "float32", rss=1.0, worst=80.0)
    assert message(sums).startswith(
        "dx: at [0] 1.0000238 where 1.0 is true: 200 ULPs away, limit of worst-case running"
    )
    assert "worst-case running error = 40 ULPs" in message(sums)
    assert limits.text(sums.errors[0].limit) == "8 root-sum-square running errors or the worst case"
    assert limits.at_worst(sums.errors[0].limit) == (
        "8 root-sum-square running errors = 4 ULPs, worst-case running error = 40 ULPs"
    )
    short = off_by(100, "float32", rss=0.8, worst=1.6)
    assert "limit of 8 root-sum-square running errors = 3.2 ULPs" in message(short)
    tight = off_by(100, "float32", rss=0.0, worst=1e-9 / u)
    assert "limit of 1 ULP" in message(tight)


def test_the_digits_of_the_true_value_tell_it_from_the_answer():
    third = np.float64(1 / 3)
    got = third * (1 + 1e-14)
    found = finding(computed(np.float64([got]), "float64"), certified([third], rss=1.0, worst=1.0), dtype="float64")
    assert "0.33333333333333665 where 0.3333333333333333 is true" in message(found)


def test_generous_limits_are_never_below_either():
    leaf = certified_leaf([1.0, 100.0], rss=[0.1, 1e6], worst=[0.1, 1e6])
    wide, strict, plain = (limits(leaf, "float32") for limits in (generous(running), running, interim))
    np.testing.assert_array_equal(wide.high, np.maximum(strict.high, plain.high))
    np.testing.assert_array_equal(wide.rounding, np.maximum(strict.rounding, plain.rounding))
    assert strict.high[0] < plain.high[0]
    assert strict.high[1] > plain.high[1]


def test_an_estimate_that_is_wider_than_the_value_concludes_nothing():
    def by(evidence, radius):
        known = Truth(evidence=Evidence(evidence), derivatives=(true([1.0], radius=radius),))
        return finding(computed(np.float32([1.0001])), known)

    assert by("numerical", 0.01).verdict == "rounding"
    assert (by("numerical", 0.2).verdict, by("numerical", 0.2).evidence) == ("no-digits", "numerical")
    assert by("expected", 0.2).verdict == "rounding"  # the author's own words


def test_pairs_agree_where_both_are_within_the_running_errors():
    a, b = computed(np.float32([1 - 3e-5])), computed(np.float32([1 + 3e-5]))
    known = certified([1.0], rss=100.0, worst=1000.0)
    found = judged({TORCH: a, "jax-eager-cpu": b}, known)
    assert {f.level for f in found.findings} == {"ok"}
    assert found.pairs[0].agree
    assert not judged({TORCH: a, "jax-eager-cpu": b}, certified([1.0], rss=1.0, worst=1.0)).pairs[0].agree
