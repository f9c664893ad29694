"""Distances from a true value, and whether an answer is that value rounded.

The true value is `high + low` within `radius` (`core.truth.TruthLeaf`).
"""

import numpy as np

from gradcmp.core.formats import FORMATS
from gradcmp.core.truth import TruthLeaf
from gradcmp.numbers.arrays import Flags, Floats
from gradcmp.numbers.rounding import renormalise, round_to
from gradcmp.numbers.ulp import spacing


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
    knowledge of the last place: nothing is exact then, but what all of the ball rounds to, as infinity beyond the
    largest number. NaN equals NaN here.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        same = (got == round_to(truth.high, truth.low, dtype)) & (got_low == (0.0 if dtype in FORMATS else truth.low))
        wide = truth.radius > 0.0
        if np.any(wide):
            high, low, radius = truth.high[wide], truth.low[wide], truth.radius[wide]
            below = round_to(*renormalise(high, low - radius), dtype)
            above = round_to(*renormalise(high, low + radius), dtype)
            known = (radius <= spacing(high, low, dtype) / 4) | (below == above)
            same = np.array(same)
            same[wide] = known & (below <= got[wide]) & (got[wide] <= above)
    return np.asarray(same | (np.isnan(got) & np.isnan(truth.high)))
