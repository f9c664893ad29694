"""Distances from a true value, in units of the last place of a format.

The true value is `high + low` within `radius`, three float64 arrays (`core.truth.TruthLeaf`): nothing is lost that a
float64 answer could show.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from gradcmp.core.formats import FORMATS
from gradcmp.core.truth import TruthLeaf

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def spacing(high: Floats, low: Floats, dtype: str) -> Floats:
    """One unit in the last place at the true values `high + low`: the spacing of `dtype` in their binade.

    It is the smallest subnormal at the bottom, that of the largest numbers beyond the top, and 1 for integers.
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
    exponent = np.where(np.isfinite(high), exponent, 0)
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


def round_to(high: Floats, low: Floats, dtype: str) -> Floats:
    """`high + low` rounded once to `dtype` (ties to even, overflow to infinity), as float64.

    `high` is first rounded to odd: 53 bits suffice to make the second rounding the only one that counts (Boldo and
    Melquiond, "Emulation of a FMA and correctly rounded sums: proved algorithms using rounding to odd", 2008).
    """
    if dtype not in FORMATS or dtype == "float64":
        return high
    if dtype == "bfloat16":
        return _round_to_odd_first(high, low, dtype)
    high, low = np.asarray(high), np.asarray(low)
    with np.errstate(over="ignore"):
        rounded = high.astype(dtype).astype(np.float64)  # NumPy rounds float64 correctly, and fast
        if np.any(low):
            # `low` matters only where `high` and its neighbour on that side are rounded differently.
            beside = np.nextafter(high, np.where(low == 0.0, high, np.copysign(np.inf, low)))
            doubtful = rounded != beside.astype(dtype).astype(np.float64)
            if np.any(doubtful):
                rounded = np.array(rounded)
                rounded[doubtful] = _round_to_odd_first(high[doubtful], low[doubtful], dtype)
    return rounded


def _round_to_odd_first(high: Floats, low: Floats, dtype: str) -> Floats:
    form = FORMATS[dtype]
    finite = np.isfinite(high)
    value = np.where(finite, high, 0.0)
    with np.errstate(over="ignore"):  # the neighbour of the largest float64 is infinity, and rounds to it
        even = (np.abs(value).view(np.int64) & 1) == 0
        sticky = np.where((low != 0.0) & even, np.nextafter(value, np.copysign(np.inf, low)), value)
        exponent = np.maximum(np.frexp(sticky)[1] - 1, form.min_exponent)
        quantum = (exponent - form.precision + 1).astype(np.int64)
        rounded = np.ldexp(np.rint(np.ldexp(sticky, -quantum)), quantum)
        rounded = np.where(np.abs(rounded) > form.largest, np.copysign(np.inf, sticky), rounded)
    return np.where(finite, rounded, high)


def split(array: npt.NDArray[np.generic]) -> tuple[Floats, Floats]:
    """An array of any dtype as a float64 pair, exactly (integers above 2**53 need the second part)."""
    high = np.asarray(array).astype(np.float64)
    low = np.zeros_like(high)
    if np.asarray(array).dtype.kind in "iu":
        exact = np.asarray(array).astype(object)
        low = np.asarray(exact - np.vectorize(int, otypes=[object])(high), dtype=np.float64) if high.size else low
    return high, low


def distance(got: Floats, got_low: Floats, truth: TruthLeaf) -> Floats:
    """How far `got` lies from the true value, at the least: 0 within `radius`; NaN where either is not finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        away = np.abs((got - truth.high) + (got_low - truth.low))
        away = np.where(np.isfinite(got) & np.isfinite(truth.high), away, np.nan)
        nearest: Floats = np.maximum(away - truth.radius, 0.0)
        return nearest


def is_exact(got: Floats, got_low: Floats, truth: TruthLeaf, dtype: str) -> Flags:
    """Where `got` is the true value rounded to `dtype`.

    Either neighbour counts where `radius` straddles the rounding boundary. A radius above a quarter of a unit is no
    knowledge of the last place: nothing is exact then. NaN equals NaN here.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        same = (got == round_to(truth.high, truth.low, dtype)) & (got_low == (0.0 if dtype in FORMATS else truth.low))
        if np.any(truth.radius > 0.0):
            known = np.asarray(truth.radius <= spacing(truth.high, truth.low, dtype) / 4)
            other = known & ~same & (truth.radius > 0.0)
            same = np.array(same & known)
            if np.any(other):
                high, low, radius = truth.high[other], truth.low[other], truth.radius[other]
                below = round_to(*_renormalise(high, low - radius), dtype)
                above = round_to(*_renormalise(high, low + radius), dtype)
                same[other] = (below <= got[other]) & (got[other] <= above)
    return np.asarray(same | (np.isnan(got) & np.isnan(truth.high)))


def _renormalise(high: Floats, low: Floats) -> tuple[Floats, Floats]:
    """The same sum as the nearest float64 and what is left (Knuth's two-sum)."""
    total = high + low
    part = total - high
    rest = (high - (total - part)) + (low - part)
    return total, np.where(np.isfinite(total), rest, 0.0)
