"""The unit in the last place of a format, and where a value overflows it.

A true value is `high + low`, two float64 arrays: nothing is lost that a float64 answer could show.
"""

from functools import cache

import numpy as np

from gradcmp.core.formats import FORMATS
from gradcmp.numbers.arrays import Flags, Floats


def spacing(high: Floats, low: Floats, dtype: str) -> Floats:
    """One unit in the last place at the true values `high + low`: the spacing of `dtype` in their binade.

    2**(max(e, emin) - p + 1) with 2**e <= |x| < 2**(e + 1) (Muller et al., Handbook of Floating-Point Arithmetic, 2nd
    edition, definition 2.4): the smallest subnormal at the bottom, that of the largest numbers beyond the top
    (and of what is not finite), and 1 for integers.
    """
    if dtype not in FORMATS:
        return np.ones_like(high)
    form = FORMATS[dtype]
    bits = np.ascontiguousarray(high).view(np.int64).reshape(high.shape)
    exponent = ((bits >> _FRACTION_BITS) & 0x7FF) - _BIAS
    power = (bits & ((1 << _FRACTION_BITS) - 1)) == 0
    if power.any() and low.any():
        # A power of two that the true value stays just below: `high` is already in the next binade.
        exponent = exponent - (power & (np.signbit(high) != np.signbit(low)) & (low != 0.0))
    units: Floats = _units(dtype)[
        np.minimum(np.maximum(exponent, form.min_exponent), form.max_exponent) - form.min_exponent
    ]
    return np.asarray(units)


_FRACTION_BITS, _BIAS = 52, 1023
"""How float64 is stored (IEEE 754-2019, 3.4): one bit of sign, 11 of exponent, 52 of fraction."""


@cache
def _units(dtype: str) -> Floats:
    """The spacing in every binade of a format, from the lowest."""
    form = FORMATS[dtype]
    return np.ldexp(1.0, np.arange(form.min_exponent, form.max_exponent + 1) - form.precision + 1)


def overflows(high: Floats, low: Floats, dtype: str) -> Flags:
    """Where `high + low` is rounded to an infinity of `dtype`, or is none of its numbers to begin with."""
    if dtype not in FORMATS or dtype == "float64":
        return np.asarray(~np.isfinite(high))
    form = FORMATS[dtype]
    border = form.largest + float(_units(dtype)[-1]) / 2  # in the middle, where ties go away from the odd number
    just_below = (low != 0.0) & (np.signbit(high) != np.signbit(low))
    inside = (np.abs(high) < border) | ((np.abs(high) == border) & just_below)
    return np.asarray(~inside)


def spacing_at(high: float, low: float, dtype: str) -> float:
    """`spacing` of one number."""
    return float(spacing(np.asarray(high, dtype=np.float64), np.asarray(low, dtype=np.float64), dtype))
