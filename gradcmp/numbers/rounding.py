"""Correct rounding into a format: once, ties to even."""

from typing import Any

import numpy as np
import numpy.typing as npt

from gradcmp.core.formats import FORMATS
from gradcmp.numbers.arrays import Floats
from gradcmp.numbers.bfloat16 import carrier


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


def round_array(values: npt.NDArray[Any], dtype: str) -> npt.NDArray[Any]:
    """float64 `values` rounded to the floating `dtype`, in the dtype that carries it."""
    exact = np.asarray(values, dtype=np.float64)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        return round_to(exact, np.zeros_like(exact), dtype).astype(carrier(dtype))


def split(array: npt.NDArray[np.generic]) -> tuple[Floats, Floats]:
    """An array of any dtype as a float64 pair, exactly (integers above 2**53 need the second part)."""
    high = np.asarray(array).astype(np.float64)
    low = np.zeros_like(high)
    if np.asarray(array).dtype.kind in "iu":
        exact = np.asarray(array).astype(object)
        low = np.asarray(exact - np.vectorize(int, otypes=[object])(high), dtype=np.float64) if high.size else low
    return high, low


def renormalise(high: Floats, low: Floats) -> tuple[Floats, Floats]:
    """The same sum as the nearest float64 and what is left (Knuth's two-sum)."""
    total = high + low
    part = total - high
    rest = (high - (total - part)) + (low - part)
    return total, np.where(np.isfinite(total), rest, 0.0)
