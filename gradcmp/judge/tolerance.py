"""How far from the truth is still rounding: limits per element.

They come from the running errors of the same program, where the reference has passed them on with the truth; else from
interim limits, which know nothing of the program. A scenario's own tolerance replaces both.
"""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from gradcmp.core.formats import FORMATS
from gradcmp.core.reasons import Limit, LimitKind
from gradcmp.core.scenarios import Tolerance
from gradcmp.core.truth import TruthLeaf
from gradcmp.numbers.arrays import Floats
from gradcmp.numbers.ulp import spacing

SIGMAS = 8.0
"""Root-sum-square running errors that are rounding; at most 2.7 were measured but for two weak derivative rules."""

INTERIM_ULPS: dict[str, float] = {"float64": 64.0, "float32": 16.0, "float16": 8.0, "bfloat16": 8.0}
"""Units of the element's own last place."""

INTERIM_SCALE_ULPS: dict[str, float] = {"float64": 64.0, "float32": 32.0, "float16": 4.0, "bfloat16": 4.0}
"""Units of the last place of the largest element of the leaf.

Chosen from torch's gradients of twelve small programs, ten draws each, against float64. In float32 the 99th percentile
of the error is 1 to 140 of an element's own units (up to 10**7 where terms cancel), but 0.6 to 4 of the largest
element's units (19 for an 8 x 8 determinant; at most 36). float16 and bfloat16 accumulate in float32: at most 7.4.
"""


FLUSHING = ("float64", "float32", "bfloat16")
"""Formats whose subnormal numbers hardware may flush to zero; those of float16 are computed as normal float32."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Absolute limits per element: distances up to `rounding` are rounding, up to `high` still explainable.

    `used` says which they are; `rss` and `worst` are the running errors that they come from. `judged` False: a
    scenario's author set them, so they are not questioned.
    """

    rounding: Floats
    high: Floats
    used: Limit
    rss: Floats | None = None
    worst: Floats | None = None
    judged: bool = True

    def at(self, place: tuple[int, ...], unit: float) -> Limit:
        """What was used, with its sizes at one element, `unit` in whose last place."""
        if self.rss is None or self.worst is None:
            return self.used
        return replace(self.used, rss=float(self.rss[place]), worst=float(self.worst[place]), unit=unit)


class Supplier(Protocol):
    """Limits of the shape of a truth, for answers in `dtype`."""

    def __call__(self, truth: TruthLeaf, dtype: str) -> Limits: ...


def interim(truth: TruthLeaf, dtype: str) -> Limits:
    """Limits without knowledge of the program.

    `rounding` is n units in the last place of the element itself. `high` is a few units in the last place of the
    largest element of the leaf, because sums round at the size of their terms: what it alone lets through is `high`,
    or `no-digits` where it exceeds the element, so that nothing near a true zero passes in silence. It is also the
    smallest normal number, below which hardware may flush to zero (never done in float16).
    """
    unit = spacing(truth.high, truth.low, dtype)
    if dtype not in FORMATS:
        return Limits(rounding=np.zeros_like(unit), high=np.zeros_like(unit), used=Limit(kind=LimitKind.WHOLE))
    form, ulps, scale = FORMATS[dtype], INTERIM_ULPS[dtype], INTERIM_SCALE_ULPS[dtype]
    finite = np.abs(truth.high[np.isfinite(truth.high)])
    largest = np.asarray(min(finite.max(initial=0.0), form.largest), dtype=np.float64)
    floor = scale * float(spacing(largest, np.zeros_like(largest), dtype)) if largest > 0.0 else 0.0
    return Limits(
        rounding=ulps * unit,
        high=np.full_like(unit, max(floor, _flushed(dtype))),
        used=Limit(kind=LimitKind.INTERIM, ulps=ulps),
    )


def running(truth: TruthLeaf, dtype: str) -> Limits:
    """Limits from the running errors of the truth; the interim ones for elements that have none (NaN).

    With u the unit roundoff: `rounding` is the larger of 1 ULP and 8 u rss, `high` is u worst or the smallest normal
    number as in `interim`.
    """
    if truth.errors is None or dtype not in FORMATS:
        return interim(truth, dtype)
    u = FORMATS[dtype].unit_roundoff
    rss, worst = SIGMAS * u * truth.errors.rss, u * truth.errors.worst
    rounding = np.maximum(rss, spacing(truth.high, truth.low, dtype))
    high = np.maximum(worst, _flushed(dtype))
    unknown = np.isnan(rss) | np.isnan(worst)
    if np.any(unknown):
        plain = interim(truth, dtype)
        rounding, high = np.where(unknown, plain.rounding, rounding), np.where(unknown, plain.high, high)
    return Limits(rounding=rounding, high=high, used=Limit(kind=LimitKind.RUNNING, sigmas=SIGMAS), rss=rss, worst=worst)


def _flushed(dtype: str) -> float:
    """Below it hardware may flush to zero; 0 where it never does."""
    return FORMATS[dtype].smallest_normal if dtype in FLUSHING else 0.0


def chosen(tolerance: Tolerance) -> Supplier:
    """The limits that a scenario's `tolerance` sets in place of the judged ones."""

    def limits(truth: TruthLeaf, dtype: str) -> Limits:
        with np.errstate(over="ignore", invalid="ignore"):
            if tolerance.ulps is not None:
                bound = tolerance.ulps * spacing(truth.high, truth.low, dtype)
                used = Limit(kind=LimitKind.ULPS, ulps=tolerance.ulps)
            else:
                rtol, atol = tolerance.rtol or 0.0, tolerance.atol or 0.0
                bound = atol + rtol * np.where(np.isfinite(truth.high), np.abs(truth.high), 0.0)
                used = Limit(kind=LimitKind.RELATIVE, rtol=rtol, atol=atol)
        return Limits(rounding=bound, high=bound, used=used, judged=False)

    return limits


def supplier(tolerance: Tolerance | None) -> Supplier:
    """The scenario's own limits where it has any, else those of the running errors, else the interim ones."""
    return running if tolerance is None else chosen(tolerance)


def _larger(limit: Floats, plain: Floats) -> Floats:
    return np.maximum(np.where(np.isfinite(limit), limit, plain), plain)


def generous(limits: Supplier) -> Supplier:
    """`limits`, but never below the interim ones, which also stand for infinite ones; an author's are left as they are.

    For derivatives whose running errors are those of another way through the program: the other side of a kink, the
    other branch of a comparison, a closed form.
    """

    def wider(truth: TruthLeaf, dtype: str) -> Limits:
        narrow = limits(truth, dtype)
        if not narrow.judged:
            return narrow
        plain = interim(truth, dtype)
        rounding, high = _larger(narrow.rounding, plain.rounding), _larger(narrow.high, plain.high)
        return replace(narrow, rounding=rounding, high=high)

    return wider
