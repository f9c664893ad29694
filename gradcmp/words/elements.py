"""What was measured at one element, in a sentence: place, values, distance, limit."""

import math

import numpy as np

from gradcmp.core.formats import FORMATS
from gradcmp.core.reasons import Claim, Element, LimitKind, ReasonCode, Shrinkage, Sum, Together
from gradcmp.core.verdicts import Convention, Verdict
from gradcmp.words import conventions, limits
from gradcmp.words.figures import digits, fold, number
from gradcmp.words.lists import listed, plural
from gradcmp.words.truths import DOES_NOT_EXIST

_CLAIMS = {
    Claim.TRUE: ("", "is true"),
    Claim.OTHERS: ("", "is what others computed"),
    Claim.EXPECTED: (" is expected", "is true"),
}
_TOGETHER = {
    Together.LIMITING: "together a limiting gradient",
    Together.HULL: "together in the hull of limiting gradients",
}


def sentence(code: ReasonCode, element: Element) -> str:
    """`at [1] 2.0 where 2.5 is true: 4 ULPs away, limit of 1 ULP, 6.1 of 7.2 digits right; 4 of 8 elements`."""
    text = _at_a_kink(code, element) if element.kink is not None else _ordinary(code, element)
    # Conventions are counted by their names.
    counted = element.size > 1 and code is not ReasonCode.CONVENTION
    return f"{text}; {element.more + 1} of {element.size} elements" if counted else text


def _ordinary(code: ReasonCode, element: Element) -> str:
    true, claim = shown(element.true, element.dtype), _CLAIMS[element.claim][1]
    if element.half_unit is not None:
        claim = f"is expected to half a unit of its last digit, {element.half_unit:g}"
    text = f"{_value(element)} where {true} {claim}"
    if code is ReasonCode.FRAGILE:
        otherwise = shown(math.nan if element.otherwise is None else element.otherwise, element.dtype)
        return f"{text}: a comparison on the way is decided by rounding; the other way it is {otherwise}"
    if code is ReasonCode.FLUSHED:
        return f"{text}: below the smallest normal number, which hardware may flush to zero"
    if code is ReasonCode.RANGE and element.digits is not None:
        return (
            f"{text}: a step of the program leaves the range of {element.dtype}, {digits(element.digits)} digits right"
        )
    if code is ReasonCode.NO_DIGITS:
        return f"{text}: {_too_wide(element)}, so nothing can be concluded"
    if element.away is None:
        return text
    written = element.limit is not None and element.limit.kind is LimitKind.ABOUT
    distance = (
        f"{element.away:.{7 if written else 4}g}" if element.ulps is None or written else f"{element.ulps:.4g} ULPs"
    )
    limit = f", {limits.largest(element.limit)}" if element.limit is not None else ""
    beyond = "beyond that" if element.half_unit is not None else "away"
    right = f", {digits(element.digits)} digits right" if element.digits is not None else ""
    other = f"; {_shrinks(element.shrinkage, element.dtype)}" if element.shrinkage is not None else ""
    return f"{text}: {distance} {beyond}{limit}{right}{other}"


def _too_wide(element: Element) -> str:
    allowed = element.tolerance
    if allowed is None or math.isinf(allowed):
        return "how far rounding may go is not known"
    part = "the value" if allowed > abs(element.true) else "an eighth of the value"
    return f"the tolerance of {allowed:.3g} exceeds {part}"


def _shrinks(shrinkage: Shrinkage, dtype: str) -> str:
    """What another precision says; it tells nothing where it is not finite, or has a kink there."""
    if shrinkage.shrinks is None:
        return f"{shrinkage.dtype} does not tell"
    lower, higher = sorted((dtype, shrinkage.dtype), key=lambda name: FORMATS[name].precision)
    errors = f"error {shrinkage.here:.3g} in {dtype}, {shrinkage.there:.3g} in {shrinkage.dtype}"
    if math.isinf(shrinkage.fold):
        return f"there is no error in {higher}"
    if shrinkage.fold < 2.0:
        return f"the error does not shrink from {lower} to {higher} ({errors})"
    text = f"the error shrinks {fold(shrinkage.fold)}-fold from {lower} to {higher} ({errors})"
    if shrinkage.shrinks:
        return f"{text}, as rounding does ({fold(shrinkage.rounding_fold)}-fold)"
    stops = f"the algorithm stops at {plural(round(shrinkage.digits), 'digit')}"
    return f"{text}; rounding alone would shrink {fold(shrinkage.rounding_fold)}-fold: {stops}"


def _at_a_kink(code: ReasonCode, element: Element) -> str:
    assert element.kink is not None
    left, right, value = element.kink.left, element.kink.right, _value(element)
    if code is ReasonCode.REMOVABLE:
        text = f"{Convention.REMOVABLE}: {value} where {shown(left, element.dtype)} is true"
        return f"{text}; a kink lies on the way, but the derivative exists"
    text = f"{value} {_sides(left, right, element.dtype)}"
    if code is ReasonCode.CONVENTION:
        text = f"{Verdict.CONVENTION}: {conventions.name(element.kink)}; {text}"
        return f"{text}; {_TOGETHER[element.together]}" if element.together else text
    if code is ReasonCode.NO_DERIVATIVE:
        return text
    if element.sum is not None:
        return f"{text}: {_sum(element.sum)}"
    return f"{text}: neither of them nor between"


def _sum(of: Sum) -> str:
    """`the 3 elements that tie must sum to 1; they sum to 0`."""
    across = f" in {listed(of.leaves)}" if len(of.leaves) > 1 else ""
    times = ", each times a number of its own," if of.weighted else ""
    tied = f"the {of.count} elements that tie{across}{times}"
    return f"{tied} must sum to {number(of.due)}; they sum to {number(of.found)}"


def _sides(left: float, right: float, dtype: str) -> str:
    """`at a kink with left -1.0, right 1.0`."""
    both = {"left": left, "right": right}
    absent = [name for name, side in both.items() if math.isnan(side)]
    if len(absent) == len(both):
        return f"where a derivative {DOES_NOT_EXIST}"
    sides = ", ".join(f"{name} {shown(side, dtype)}" for name, side in both.items() if name not in absent)
    return f"at a kink with {sides}" + "".join(f", where {name} {DOES_NOT_EXIST}" for name in absent)


def _value(element: Element) -> str:
    at = f"at [{', '.join(map(str, element.index))}] " if element.index else ""
    return f"{at}{shown(element.value, element.dtype)}{_CLAIMS[element.claim][0]}"


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
