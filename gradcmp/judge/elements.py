"""One array against the truth, element by element."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gradcmp.core.formats import FORMATS
from gradcmp.core.tensors import Tensor
from gradcmp.core.truth import TruthLeaf
from gradcmp.core.verdicts import LeafErrors, worst
from gradcmp.judge.metrics import Flags, Floats, distance, is_exact, round_to, spacing, split
from gradcmp.judge.tolerance import Limits, Supplier

CODES: tuple[str, ...] = ("exact", "rounding", "high", "no-digits", "wrong", "nonfinite", "disagrees")
"""The verdicts that an element can get; `Comparison.codes` holds places in this tuple."""
EXACT, ROUNDING, HIGH, NO_DIGITS, WRONG, NONFINITE, DISAGREES = range(len(CODES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """An array judged by a truth of the same shape: a verdict per element, distances, and the worst place in words."""

    codes: npt.NDArray[np.int8]
    errors: LeafErrors
    message: str

    @property
    def counts(self) -> Mapping[str, int]:
        """Verdict → number of elements; an empty array counts as one exact element."""
        if not self.codes.size:
            return {"exact": 1}
        found, numbers = np.unique(self.codes, return_counts=True)
        return {CODES[int(code)]: int(number) for code, number in zip(found, numbers, strict=True)}

    @property
    def verdict(self) -> str:
        return worst(self.counts)

    @property
    def agrees(self) -> bool:
        """Nothing lies beyond its limit."""
        return not np.any(self.codes >= WRONG)


def compare(tensor: Tensor, truth: TruthLeaf, dtype: str, limits: Supplier) -> Comparison:
    """`tensor` judged by `truth` (of one shape) in units of `dtype`."""
    got, got_low = split(tensor.array)
    bounds = limits(truth, dtype)
    away = distance(_with_top(got, truth, dtype), got_low, truth)
    exact = is_exact(got, got_low, truth, dtype)
    codes = _codes(got, exact, away, truth, bounds, dtype)
    errors, place = _errors(truth, dtype, away, exact, codes, bounds)
    message = "" if place is None else _message(tensor, truth, dtype, codes, place, away, bounds)
    return Comparison(codes=codes, errors=errors, message=message)


def _with_top(got: Floats, truth: TruthLeaf, dtype: str) -> Floats:
    """`got` with infinity read as the first number that overflows, where the truth lies at the top of the format.

    There the last finite number and infinity are one unit apart.
    """
    if dtype not in FORMATS or dtype == "float64":
        return got
    top = math.ldexp(1.0, FORMATS[dtype].max_exponent + 1)
    near = np.isinf(got) & (np.abs(truth.high) >= FORMATS[dtype].largest / 2) & np.isfinite(truth.high)
    return np.where(near, np.copysign(top, got), got)


def _codes(
    got: Floats, exact: Flags, away: Floats, truth: TruthLeaf, bounds: Limits, dtype: str
) -> npt.NDArray[np.int8]:
    """Best verdict last, so that it overwrites; every comparison is `<=`, which NaN never passes."""
    size = np.abs(truth.high)
    codes = np.full(got.shape, WRONG, dtype=np.int8)
    mismatch = np.isfinite(got) != np.isfinite(round_to(truth.high, truth.low, dtype))
    codes[mismatch | ~np.isfinite(got)] = NONFINITE
    for limit, verdict in ((bounds.high, HIGH), (bounds.rounding, ROUNDING)):
        within = away <= limit
        codes[within] = verdict
        if bounds.judged:  # a limit above an eighth of the value leaves no digit to judge
            codes[within & (limit > size / 8)] = NO_DIGITS
    if bounds.judged and dtype in FORMATS:
        codes[away <= spacing(truth.high, truth.low, dtype)] = ROUNDING
    codes[(away == 0.0) & (truth.radius > 0.0)] = ROUNDING  # inside what is known of the truth
    codes[exact] = EXACT
    return codes


def _errors(
    truth: TruthLeaf,
    dtype: str,
    away: Floats,
    exact: Flags,
    codes: npt.NDArray[np.int8],
    bounds: Limits,
) -> tuple[LeafErrors, tuple[int, ...] | None]:
    """The distances of a leaf, and the place of the worst element (None where all are exact)."""
    size = int(codes.size)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ulps = away / spacing(truth.high, truth.low, dtype)
        relative = np.where(away == 0.0, 0.0, away / np.abs(truth.high))
    measured = np.isfinite(away)
    solid = measured & (truth.high != 0.0)
    unbounded = bool(np.any(~exact & ~solid & ~(away == 0.0)))  # no relative tolerance lets these pass
    place: tuple[int, ...] | None = None
    if size and not bool(exact.all()):
        rank = np.where(exact, -1.0, np.where(measured, ulps, np.inf))
        level = np.where(codes == codes.max(), rank, -2.0)
        place = tuple(int(i) for i in np.unravel_index(int(np.argmax(level)), codes.shape))
    errors = LeafErrors(
        of=truth.of,
        wrt=truth.wrt,
        max_ulps=_largest(ulps, measured),
        max_abs=_largest(away, measured),
        max_rel=_largest(relative, solid),
        worst_index=place,
        differing=int(size - np.count_nonzero(exact)),
        size=size,
        needed_rtol=None if unbounded else (_largest(relative, solid & ~exact) or 0.0),
        limit=bounds.words,
    )
    return errors, place


def _largest(values: Floats, where: Flags) -> float | None:
    chosen = values[where]
    return float(chosen.max()) if chosen.size else None


def _message(
    tensor: Tensor,
    truth: TruthLeaf,
    dtype: str,
    codes: npt.NDArray[np.int8],
    place: tuple[int, ...],
    away: Floats,
    bounds: Limits,
) -> str:
    """Why the worst element is what it is: place, both values, distance, limit."""
    verdict = int(codes[place])
    if verdict <= HIGH:
        return ""
    got, high = tensor.array[place], float(truth.high[place])
    at = f"at [{', '.join(map(str, place))}] " if place else ""
    both = f"{at}{shown(float(got), dtype)} where {shown(high, dtype)} is true"
    if verdict == NONFINITE:
        return both
    unit = float(spacing(truth.high[place], truth.low[place], dtype))
    ulps = f"{float(away[place]) / unit:.4g} ULPs" if dtype in FORMATS else f"{float(away[place]):.4g}"
    if verdict == NO_DIGITS:
        allowed = max(float(bounds.high[place]), float(bounds.rounding[place]))
        return f"{both}: the tolerance of {allowed:.3g} exceeds the value, so nothing can be concluded"
    others = int(np.count_nonzero(codes == verdict)) - 1
    more = f", and {others} more of {codes.size} elements" if others else ""
    return f"{both}: {ulps} away, {bounds.words}{more}"


def shown(value: float, dtype: str) -> str:
    """A number in the shortest form that its dtype reads back, a true value in at most float64's."""
    if math.isnan(value) or math.isinf(value):
        return str(value)
    if dtype in ("float32", "float16"):
        narrow = np.dtype(dtype).type
        with np.errstate(over="ignore"):
            if float(narrow(value)) == value:
                return str(narrow(value))
    if dtype == "bfloat16":
        return f"{value:.4g}" if abs(value - float(f"{value:.4g}")) <= abs(value) * 2**-10 else repr(value)
    return repr(value) if dtype in FORMATS else f"{value:.17g}"
