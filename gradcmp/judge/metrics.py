"""Distances from a true value, in units of the last place of a format.

The true value is `high + low` within `radius`, three float64 arrays (`core.truth.TruthLeaf`): nothing is lost that a
float64 answer could show.
"""

from __future__ import annotations

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
    mantissa, exponent = np.frexp(np.where(np.isfinite(high), high, 1.0))
    # A power of two that the true value stays just below: `high` is already in the next binade.
    just_below = (np.abs(mantissa) == 0.5) & (np.sign(low) == -np.sign(high))
    binade = np.where(high == 0.0, form.min_exponent, exponent - 1 - just_below)
    clipped = np.clip(binade, form.min_exponent, form.max_exponent)
    return np.asarray(np.ldexp(1.0, (clipped - form.precision + 1).astype(np.int64)))


def round_to(high: Floats, low: Floats, dtype: str) -> Floats:
    """`high + low` rounded once to `dtype` (ties to even, overflow to infinity), as float64.

    `high` is first rounded to odd: 53 bits suffice to make the second rounding the only one that counts (Boldo and
    Melquiond, "Emulation of a FMA and correctly rounded sums: proved algorithms using rounding to odd", 2008).
    """
    if dtype not in FORMATS or dtype == "float64":
        return high
    form = FORMATS[dtype]
    if dtype in ("float32", "float16") and not np.any(low):
        with np.errstate(over="ignore"):
            return high.astype(dtype).astype(np.float64)  # NumPy rounds float64 correctly, and fast
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
        wide = truth.radius > 0.0
        if np.any(wide):
            below = round_to(*_renormalise(truth.high, truth.low - truth.radius), dtype)
            above = round_to(*_renormalise(truth.high, truth.low + truth.radius), dtype)
            within = (below <= got) & (got <= above) & (truth.radius <= spacing(truth.high, truth.low, dtype) / 4)
            same = np.where(wide, within, same)
    return np.asarray(same | (np.isnan(got) & np.isnan(truth.high)))


def _renormalise(high: Floats, low: Floats) -> tuple[Floats, Floats]:
    """The same sum as the nearest float64 and what is left (Knuth's two-sum)."""
    total = high + low
    part = total - high
    rest = (high - (total - part)) + (low - part)
    return total, np.where(np.isfinite(total), rest, 0.0)
