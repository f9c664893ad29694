"""How far from the truth is still rounding: limits per element, handed to the judge from outside.

The interim limits below know nothing of the program; the reference's tolerance pass replaces them by returning other
`Limits` from the same kind of function.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from gradcmp.core.formats import FORMATS
from gradcmp.core.scenarios import Tolerance
from gradcmp.core.truth import TruthLeaf
from gradcmp.judge.metrics import Floats, spacing

INTERIM_ULPS: dict[str, float] = {"float64": 64.0, "float32": 16.0, "float16": 8.0, "bfloat16": 8.0}
"""Units of the element's own last place."""

INTERIM_SCALE_ULPS: dict[str, float] = {"float64": 64.0, "float32": 32.0, "float16": 4.0, "bfloat16": 4.0}
"""Units of the last place of the largest element of the leaf.

Chosen from torch's gradients of twelve small programs, ten draws each, against float64. In float32 the 99th percentile
of the error is 1 to 140 of an element's own units (up to 10**7 where terms cancel), but 0.6 to 4 of the largest
element's units (19 for an 8 x 8 determinant; at most 36). float16 and bfloat16 accumulate in float32: at most 7.4.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Absolute limits per element: distances up to `rounding` are rounding, up to `high` still explainable.

    `words` say what was used. `judged` False: a scenario's author set them, so they are not questioned.
    """

    rounding: Floats
    high: Floats
    words: str
    judged: bool = True


class Supplier(Protocol):
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
        return Limits(rounding=np.zeros_like(unit), high=np.zeros_like(unit), words="whole numbers have no rounding")
    form, own, scale = FORMATS[dtype], INTERIM_ULPS[dtype], INTERIM_SCALE_ULPS[dtype]
    finite = np.abs(truth.high[np.isfinite(truth.high)])
    largest = np.asarray(min(finite.max(initial=0.0), form.largest), dtype=np.float64)
    floor = scale * float(spacing(largest, np.zeros_like(largest), dtype)) if largest > 0.0 else 0.0
    if dtype != "float16":
        floor = max(floor, form.smallest_normal)
    return Limits(rounding=own * unit, high=np.full_like(unit, floor), words=f"interim limit of {own:g} ULPs")


def chosen(tolerance: Tolerance) -> Supplier:
    """The limits that a scenario's `tolerance` sets in place of the judged ones."""

    def limits(truth: TruthLeaf, dtype: str) -> Limits:
        with np.errstate(over="ignore", invalid="ignore"):
            if tolerance.ulps is not None:
                bound = tolerance.ulps * spacing(truth.high, truth.low, dtype)
                words = f"the scenario's limit of {tolerance.ulps:g} ULPs"
            else:
                rtol, atol = tolerance.rtol or 0.0, tolerance.atol or 0.0
                bound = atol + rtol * np.where(np.isfinite(truth.high), np.abs(truth.high), 0.0)
                words = f"the scenario's limit of rtol {rtol:g}, atol {atol:g}"
        return Limits(rounding=bound, high=bound, words=words, judged=False)

    return limits


def supplier(tolerance: Tolerance | None) -> Supplier:
    """The scenario's own limits where it has any, else the interim ones."""
    return interim if tolerance is None else chosen(tolerance)
