"""The same answer in another precision: does an error shrink as rounding does?

It explains an error, and convicts one in a lower precision; it acquits none.
"""

import math
from dataclasses import dataclass

import numpy as np

from gradcmp.core.formats import FORMATS
from gradcmp.core.reasons import Shrinkage
from gradcmp.core.tensors import Tensor
from gradcmp.core.truth import TruthLeaf
from gradcmp.judge.codes import HIGH, INACCURATE, WRONG, Codes
from gradcmp.judge.digits import Accuracy, accuracy, tolerable
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


LIKE = 4.0
"""Times smaller an error may be here than in a higher precision, and still be the same one beside its rounding."""

HALF_TYPES = ("float16", "bfloat16")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrinking:
    """Per element: do the two precisions tell anything (`known`), do the errors shrink, is the other one `wrong`?

    `here` and `there` are the errors, relative where both true values are not zero, and `digits` those of the other
    precision. `bits` more has the higher one.
    """

    dtype: str
    higher: bool
    bits: int
    known: Flags
    shrinks: Flags
    wrong: Flags
    here: Floats
    there: Floats
    digits: Floats

    def at(self, place: tuple[int, ...], digits: float) -> Shrinkage | None:
        """What the other precision says of one element, `digits` of which are right; None where it says nothing."""
        if not self.known[place]:
            return None
        here, there = float(self.here[place]), float(self.there[place])
        low, high = (here, there) if self.higher else (there, here)
        return Shrinkage(
            dtype=self.dtype,
            shrinks=bool(self.shrinks[place]),
            here=here,
            there=there,
            fold=low / high if high else math.inf,
            rounding_fold=2.0**self.bits,
            digits=float(self.digits[place]) if self.higher else digits,
        )


def other_dtype(dtype: str) -> str | None:
    """The dtype whose answers explain an error best; None for whole numbers."""
    if dtype not in FORMATS:
        return None
    return "float64" if dtype == "float32" else "float32"


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
    bounds, digits = limits(other, elsewhere.dtype), accuracy(away_there, other, elsewhere.dtype)
    assert digits is not None  # a format
    both = (truth.high != 0.0) & (other.high != 0.0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        here = away / np.where(both, np.abs(truth.high), 1.0)
        there = away_there / np.where(both, np.abs(other.high), 1.0)
    bits = FORMATS[elsewhere.dtype].precision - FORMATS[dtype].precision
    low, high = (here, there) if bits > 0 else (there, here)
    roundoff = max(FORMATS[dtype].unit_roundoff, FORMATS[elsewhere.dtype].unit_roundoff)
    shrinks = high <= 2.0 ** -((abs(bits) + 1) // 2) * np.maximum(low, np.where(both, roundoff, 0.0))
    known = np.isfinite(here) & np.isfinite(there)
    if other.kink is not None:
        known &= ~other.kink.tied
    beyond = ~(away_there <= np.maximum(bounds.high, bounds.rounding))
    return Shrinking(
        dtype=elsewhere.dtype,
        higher=bits > 0,
        bits=abs(bits),
        known=np.asarray(known),
        shrinks=np.asarray(shrinks),
        wrong=np.asarray(beyond & ~tolerable(away_there, other, digits, bounds)),
        here=here,
        there=there,
        digits=digits.correct,
    )


def convicted(codes: Codes, shrinking: Shrinking, digits: Accuracy, dtype: str) -> Codes:
    """`wrong` where a higher precision is wrong by a like relative error, whatever the limits of this one allow.

    In half types whatever digits are right (a rule that is off by 1 % has its two), in float32 where fewer than half.
    """
    if not shrinking.higher:
        return codes
    like = shrinking.known & shrinking.wrong & ~shrinking.shrinks & (shrinking.here >= shrinking.there / LIKE)
    suspect = (codes == HIGH) | (codes == INACCURATE)
    if dtype not in HALF_TYPES:
        suspect &= ~digits.half
    return np.where(like & suspect, WRONG, codes).astype(np.int8)


def is_open(codes: Codes, digits: Accuracy, dtype: str) -> Flags:
    """Where another precision would tell more: errors that it explains, and those that it may convict."""
    beyond = (codes == INACCURATE) | (codes == WRONG)
    if dtype == "float64":
        return np.asarray(beyond)
    return np.asarray(beyond | ((codes == HIGH) & ((dtype in HALF_TYPES) | ~digits.half)))
