"""Why an element is judged as it is: place, values, distance, limit."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gradcmp.core.formats import FORMATS
from gradcmp.core.tensors import Tensor
from gradcmp.core.truth import TruthLeaf
from gradcmp.core.verdicts import Verdict
from gradcmp.judge.codes import (
    CONVENTION,
    EXCESS,
    FRAGILE,
    HIGH,
    NO_DIGITS,
    NONFINITE,
    REMOVABLE,
    UNJUDGED,
    WRONG,
    Codes,
)
from gradcmp.judge.kinks import Reading
from gradcmp.judge.precision import Shrinking, other_dtype
from gradcmp.judge.tolerance import Limits
from gradcmp.numbers.arrays import Floats
from gradcmp.numbers.ulp import spacing


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was found of one array. `truth` is what each element was held against, `away` the distances from it."""

    tensor: Tensor
    truth: TruthLeaf
    dtype: str
    codes: Codes
    away: Floats
    bounds: Limits
    reading: Reading | None = None
    told: Shrinking | None = None

    def unit(self, place: tuple[int, ...]) -> float:
        """One unit in the last place at an element."""
        return float(spacing(self.truth.high[place], self.truth.low[place], self.dtype))


def message(facts: Facts, place: tuple[int, ...]) -> str:
    """Why the element at `place`, the worst one, is what it is; empty where there is nothing to explain."""
    verdict = int(facts.codes[place])
    if verdict <= HIGH:
        return ""
    entry = facts.reading.entry(place, facts.codes.shape) if facts.reading is not None else None
    if facts.reading is not None and entry is not None and verdict != FRAGILE:
        text = _at_a_kink(facts, facts.reading, entry, place)
    else:
        text = _ordinary(facts, place, verdict)
    others = int(np.count_nonzero(facts.codes == verdict)) - 1
    told_by_name = verdict == CONVENTION
    return text if not others or told_by_name else f"{text}, and {others} more of {facts.codes.size} elements"


def _ordinary(facts: Facts, place: tuple[int, ...], verdict: int) -> str:
    true = shown(float(facts.truth.high[place]), facts.dtype)
    text = f"{_got(facts, place)} where {true} is true"
    if verdict == NONFINITE:
        return text
    if verdict == FRAGILE:
        other = facts.truth.otherwise
        assert other is not None
        return (
            f"{text}: a comparison on the way is decided by rounding; the other way it is "
            f"{shown(float(other[place]), facts.dtype)}"
        )
    bounds, unit = facts.bounds, facts.unit(place)
    if verdict == NO_DIGITS:
        return f"{text}: {_too_wide(facts, place)}, so nothing can be concluded"
    away = float(facts.away[place])
    # At a true zero the last place is that of the smallest number: a count of it says nothing.
    counts = facts.dtype in FORMATS and float(facts.truth.high[place]) != 0.0
    distance = f"{away / unit:.4g} ULPs" if counts else f"{away:.4g}"
    return f"{text}: {distance} away, {bounds.largest_at(place, unit)}{_precision(facts, place, verdict)}"


def _too_wide(facts: Facts, place: tuple[int, ...]) -> str:
    """Which tolerance leaves no digit: the smallest that lets the element pass."""
    size, away = abs(float(facts.truth.high[place])), float(facts.away[place])
    allowed = min(
        (limit for limit in (float(facts.bounds.rounding[place]), float(facts.bounds.high[place])) if away <= limit),
        default=0.0,
    )
    allowed = max(allowed, float(facts.truth.radius[place]))
    if math.isinf(allowed):
        return "how far rounding may go is not known"
    return f"the tolerance of {allowed:.3g} exceeds {'the value' if allowed > size else 'an eighth of the value'}"


def _precision(facts: Facts, place: tuple[int, ...], verdict: int) -> str:
    """What another precision says, or that it was not asked."""
    if facts.bounds.excess is None or verdict not in (EXCESS, WRONG):
        return ""
    told = facts.told.describe(place, facts.dtype) if facts.told is not None else ""
    if told:
        return f"; the error {told}"
    unasked = f"{other_dtype(facts.dtype)} does not tell" if facts.told is not None else ""
    if verdict == EXCESS:
        return "; " + ", ".join(part for part in (unasked, "within 64 worst-case running errors") if part)
    return f"; {unasked}" if unasked else ""


def _at_a_kink(facts: Facts, reading: Reading, entry: int, place: tuple[int, ...]) -> str:
    left, right = float(reading.left[entry]), float(reading.right[entry])
    verdict = int(facts.codes[place])
    got = _got(facts, place)
    if verdict == REMOVABLE:
        return (
            f"removable: {got} where {shown(left, facts.dtype)} is true; a kink lies on the way, but the derivative "
            "exists"
        )
    both = f"left {_side(left, facts.dtype)}, right {_side(right, facts.dtype)}"
    if verdict == CONVENTION:
        text = f"{Verdict.CONVENTION}: {reading.name}; {got} at a kink with {both}"
        return f"{text}; {reading.together}" if reading.together else text
    if verdict == UNJUDGED:
        return f"{got} where no derivative is known: {both}"
    return f"{got} at a kink with {both}: neither of them nor between"


def _side(value: float, dtype: str) -> str:
    return "none" if math.isnan(value) else shown(value, dtype)


def _got(facts: Facts, place: tuple[int, ...]) -> str:
    at = f"at [{', '.join(map(str, place))}] " if place else ""
    return f"{at}{shown(float(facts.tensor.array[place]), facts.dtype)}"


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
