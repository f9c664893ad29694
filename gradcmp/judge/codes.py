"""The verdicts of an array's elements as small numbers: the larger, the worse."""

import numpy as np
import numpy.typing as npt

from gradcmp.core.verdicts import Verdict

Codes = npt.NDArray[np.int8]

VERDICTS: tuple[Verdict, ...] = tuple(Verdict)
"""Code → verdict."""

EXACT = Verdict.EXACT.rank
ROUNDING = Verdict.ROUNDING.rank
HIGH = Verdict.HIGH.rank
UNJUDGED = Verdict.UNJUDGED.rank
NO_DIGITS = Verdict.NO_DIGITS.rank
CONVENTION = Verdict.CONVENTION.rank
FRAGILE = Verdict.FRAGILE.rank
FLUSHED = Verdict.FLUSHED.rank
INACCURATE = Verdict.INACCURATE.rank
RANGE = Verdict.RANGE.rank
REMOVABLE = Verdict.REMOVABLE.rank
DISAGREES = Verdict.DISAGREES.rank
WRONG = Verdict.WRONG.rank
NONFINITE = Verdict.NONFINITE.rank
