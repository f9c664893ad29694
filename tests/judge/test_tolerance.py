"""Limits: a scenario's own and the interim ones."""

import numpy as np
import pytest

from gradcmp.core.scenarios import Tolerance
from gradcmp.core.tensors import Tensor
from gradcmp.judge.elements import compare
from gradcmp.judge.tolerance import INTERIM_SCALE_ULPS, INTERIM_ULPS, chosen, interim
from gradcmp.words import limits
from tests.judge.cases import DTYPES, computed, finding, message, true, truth


def verdict(got, value, limits, dtype="float32"):
    return compare(Tensor(dtype=dtype, array=np.asarray(got, dtype=dtype)), true(value), dtype, limits).verdict


def test_a_scenarios_tolerance_replaces_the_judged_one():
    assert verdict([1.01], [1.0], chosen(Tolerance(rtol=0.1))) == "rounding"
    assert verdict([1.2], [1.0], chosen(Tolerance(rtol=0.1))) == "wrong"
    assert verdict([1e-9], [0.0], chosen(Tolerance(rtol=0.1))) == "wrong"
    assert verdict([1e-9], [0.0], chosen(Tolerance(atol=1e-8))) == "rounding"
    one_off = [np.nextafter(np.float32(1), np.float32(2))]
    assert verdict(one_off, [1.0], chosen(Tolerance(ulps=1))) == "rounding"
    assert verdict(one_off, [1.0], chosen(Tolerance(ulps=0))) == "wrong"
    assert verdict([np.nan], [1.0], chosen(Tolerance(rtol=1e9, atol=1e9))) == "nonfinite"
    assert verdict([1.0], [np.nan], chosen(Tolerance(rtol=1e9, atol=1e9))) == "nonfinite"


def test_it_is_shown_as_such():
    found = finding(computed(np.float32([1.5])), truth([1.0]), tolerance=Tolerance(rtol=0.1, atol=1e-8))
    assert limits.text(found.errors[0].limit) == "the scenario's limit of rtol 0.1, atol 1e-08"
    assert "the scenario's limit" in message(found)
    found = finding(computed(np.float32([1.5])), truth([1.0]))
    assert limits.text(found.errors[0].limit) == "interim limit of 16 ULPs"


@pytest.mark.parametrize("dtype", DTYPES)
def test_limits_never_depend_on_an_absolute_size(dtype):
    """Scaling everything by a power of two scales the limits, away from the bottom of the format."""
    small, large = true([1.0, 3.0, 0.25]), true([16.0, 48.0, 4.0])
    np.testing.assert_array_equal(16 * interim(small, dtype).high, interim(large, dtype).high)
    np.testing.assert_array_equal(16 * interim(small, dtype).rounding, interim(large, dtype).rounding)


def test_what_only_the_size_of_the_leaf_excuses_is_said():
    # 1e-5 beside 100: a few units of 100 are more than the small element is worth.
    assert verdict([100.0, 3e-5], [100.0, 1e-5], interim) == "no-digits"
    assert verdict([100.0, 1.00003], [100.0, 1.0], interim) == "high"
    assert verdict([100.0, 1.001], [100.0, 1.0], interim) == "wrong"


def test_every_dtype_has_interim_limits():
    assert set(INTERIM_ULPS) == set(INTERIM_SCALE_ULPS) == set(DTYPES)
