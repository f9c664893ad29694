"""The same answer in another precision: does an error shrink as rounding does?"""

from dataclasses import dataclass

import numpy as np

from gradcmp.core.formats import FORMATS
from gradcmp.core.reasons import Shrinkage
from gradcmp.core.tensors import Tensor
from gradcmp.core.truth import TruthLeaf
from gradcmp.judge.codes import EXCESS, HIGH, WRONG, Codes
from gradcmp.judge.metrics import distance
from gradcmp.judge.tolerance import Supplier
from gradcmp.numbers.arrays import Flags, Floats
from gradcmp.numbers.rounding import split


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """One leaf of one target in another dtype, with its own truth: inputs are rounded to each dtype."""

    tensor: Tensor
    truth: TruthLeaf

    @property
    def dtype(self) -> str:
        return self.tensor.dtype


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrinking:
    """Per element: do the two precisions tell anything (`known`), do the errors shrink, is the other one `beyond`?

    `here` and `there` are the errors, relative where both true values are not zero.
    """

    dtype: str
    known: Flags
    shrinks: Flags
    beyond: Flags
    here: Floats
    there: Floats

    def at(self, place: tuple[int, ...]) -> Shrinkage | None:
        """What the other precision says of one element; None where it says nothing."""
        if not self.known[place]:
            return None
        here, there = float(self.here[place]), float(self.there[place])
        return Shrinkage(dtype=self.dtype, shrinks=bool(self.shrinks[place]), here=here, there=there)


def other_dtype(dtype: str) -> str | None:
    """The dtype whose answers tell excess rounding from a wrong derivative; None for whole numbers."""
    if dtype not in FORMATS:
        return None
    return "float32" if dtype == "float64" else "float64"


def shrinking(away: Floats, truth: TruthLeaf, dtype: str, elsewhere: Elsewhere, limits: Supplier) -> Shrinking | None:
    """What another precision tells of the errors `away`; None where its answer cannot be compared.

    Errors proportional to u would shrink by 2**(p_low - p_high), p the precisions in bits; half of that exponent,
    rounded up, is asked for (2**-15 between float32 and float64), because inputs and summation differ too. The lower
    precision's error counts as at least its unit roundoff: an answer that happens to be exact proves nothing.
    """
    other = elsewhere.truth
    if elsewhere.dtype not in FORMATS or elsewhere.dtype == dtype or dtype not in FORMATS:
        return None
    if elsewhere.tensor.shape != truth.high.shape or other.high.shape != truth.high.shape:
        return None
    away_there = distance(*split(elsewhere.tensor.array), other)
    bounds = limits(other, elsewhere.dtype)
    both = (truth.high != 0.0) & (other.high != 0.0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        here = away / np.where(both, np.abs(truth.high), 1.0)
        there = away_there / np.where(both, np.abs(other.high), 1.0)
    higher = FORMATS[dtype].precision > FORMATS[elsewhere.dtype].precision
    low, high = (there, here) if higher else (here, there)
    bits = abs(FORMATS[dtype].precision - FORMATS[elsewhere.dtype].precision)
    roundoff = max(FORMATS[dtype].unit_roundoff, FORMATS[elsewhere.dtype].unit_roundoff)
    shrinks = high <= 2.0 ** -((bits + 1) // 2) * np.maximum(low, np.where(both, roundoff, 0.0))
    known = np.isfinite(here) & np.isfinite(there)
    if other.kink is not None:
        known &= ~other.kink.tied
    return Shrinking(
        dtype=elsewhere.dtype,
        known=np.asarray(known),
        shrinks=np.asarray(shrinks),
        beyond=np.asarray(~(away_there <= np.maximum(bounds.high, bounds.rounding))),
        here=here,
        there=there,
    )


def decided(codes: Codes, shrinking: Shrinking, dtype: str) -> Codes:
    """The codes as the other precision decides them.

    What lies beyond the limits is `excess` where it shrinks, else `wrong`. What the limits of a lower precision still
    allow is `wrong` where the higher precision is beyond its own.
    """
    far = ((codes == EXCESS) | (codes == WRONG)) & shrinking.known
    settled = np.where(far, np.where(shrinking.shrinks, EXCESS, WRONG), codes)
    if FORMATS[shrinking.dtype].precision > FORMATS[dtype].precision:
        settled = np.where((codes == HIGH) & shrinking.known & shrinking.beyond & ~shrinking.shrinks, WRONG, settled)
    return settled.astype(np.int8)
