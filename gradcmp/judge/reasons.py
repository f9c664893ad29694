"""Why an element is judged as it is: place, values, distance, limit."""

from dataclasses import dataclass, replace

import numpy as np

from gradcmp.core.formats import FORMATS
from gradcmp.core.reasons import Claim, Element, LimitKind, Reason, ReasonCode, Shrinkage
from gradcmp.core.tensors import Tensor
from gradcmp.core.truth import TruthLeaf
from gradcmp.judge.codes import (
    CONVENTION,
    FLUSHED,
    FRAGILE,
    HIGH,
    NO_DIGITS,
    NONFINITE,
    RANGE,
    REMOVABLE,
    UNJUDGED,
    Codes,
)
from gradcmp.judge.digits import Accuracy
from gradcmp.judge.kinks import Reading
from gradcmp.judge.precision import Shrinking, other_dtype
from gradcmp.judge.tolerance import Limits
from gradcmp.numbers.arrays import Floats
from gradcmp.numbers.ulp import spacing

_ORDINARY = {
    NONFINITE: ReasonCode.NONFINITE,
    FRAGILE: ReasonCode.FRAGILE,
    NO_DIGITS: ReasonCode.NO_DIGITS,
    FLUSHED: ReasonCode.FLUSHED,
    RANGE: ReasonCode.RANGE,
}
_AT_A_KINK = {REMOVABLE: ReasonCode.REMOVABLE, CONVENTION: ReasonCode.CONVENTION, UNJUDGED: ReasonCode.NO_DERIVATIVE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was measured of one array. `truth` is what each element was held against, `away` the distances from it."""

    tensor: Tensor
    truth: TruthLeaf
    dtype: str
    codes: Codes
    away: Floats
    bounds: Limits
    digits: Accuracy | None
    claim: Claim
    reading: Reading | None = None
    shrinking: Shrinking | None = None
    asked: bool = False

    def unit(self, place: tuple[int, ...]) -> float:
        """One unit in the last place at an element."""
        return float(spacing(self.truth.high[place], self.truth.low[place], self.dtype))


def reason_at(measured: Measured, place: tuple[int, ...]) -> Reason | None:
    """Why the element at `place`, the worst one, is what it is; None where there is nothing to explain."""
    verdict, truth, reading = int(measured.codes[place]), measured.truth, measured.reading
    if verdict <= HIGH:
        return None
    code = _ORDINARY.get(verdict, ReasonCode.FAR)
    more = int(np.count_nonzero(measured.codes == verdict)) - 1
    element = Element(
        index=place,
        dtype=measured.dtype,
        value=float(measured.tensor.array[place]),
        true=float(truth.high[place]),
        half_unit=truth.half_unit,
        claim=measured.claim,
        more=more,
        size=int(measured.codes.size),
    )
    entry = reading.entry(place, measured.codes.shape) if reading is not None and verdict != FRAGILE else None
    if reading is not None and entry is not None:
        missed = reading.sum_at(entry)
        code = ReasonCode.INCOMPATIBLE if missed else _AT_A_KINK.get(verdict, ReasonCode.OUTSIDE)
        element = replace(element, kink=reading.at(entry, place), together=reading.together, sum=missed)
    elif code is ReasonCode.FRAGILE and truth.otherwise is not None:
        element = replace(element, otherwise=float(truth.otherwise[place]))
    elif code is ReasonCode.NO_DIGITS:
        element = replace(element, tolerance=_too_wide(measured, place))
    elif code is ReasonCode.RANGE:
        element = replace(element, digits=None if measured.digits is None else measured.digits.at(place))
    elif code is ReasonCode.FAR:
        element = _with_distance(element, measured)
    return Reason(code=code, of=truth.of, wrt=truth.wrt, element=element)


def _too_wide(measured: Measured, place: tuple[int, ...]) -> float:
    """Which tolerance leaves no digit: the smallest that lets the element pass."""
    away = float(measured.away[place])
    sizes = (float(measured.bounds.rounding[place]), float(measured.bounds.high[place]))
    allowed = min((size for size in sizes if away <= size), default=0.0)
    return max(allowed, float(measured.truth.radius[place]))


def _with_distance(element: Element, measured: Measured) -> Element:
    """How far it is from the truth, within which limit it should be, and what another precision says."""
    place, bounds, shrinking = element.index, measured.bounds, measured.shrinking
    away, unit = float(measured.away[place]), measured.unit(place)
    digits = None if measured.digits is None else measured.digits.at(place)
    shrinkage = None
    if measured.asked and digits is not None and bounds.used.kind is LimitKind.RUNNING:
        told = shrinking.at(place, digits.correct) if shrinking is not None else None
        shrinkage = told or Shrinkage(dtype=other_dtype(element.dtype) or "")
    return replace(
        element,
        away=away,
        # At a true zero the last place is that of the smallest number: a count of it says nothing.
        ulps=away / unit if element.dtype in FORMATS and element.true != 0.0 else None,
        digits=digits,
        limit=bounds.at(place, unit),
        shrinkage=shrinkage,
    )
