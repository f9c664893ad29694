"""The judge's reasons in sentences."""

from collections.abc import Sequence

from gradcmp.core.leaves import LeafType
from gradcmp.core.reasons import STANDING, Reason, ReasonCode, Wanted
from gradcmp.words.elements import sentence as of_element
from gradcmp.words.lists import listed

_CONSTANT = {
    ReasonCode.MISSING_ZERO: "no gradient was returned; the true one is zero",
    ReasonCode.MISSING_NOT_ZERO: "no gradient was returned; the true one is not zero",
    ReasonCode.MISSING_OF_OTHERS: "no gradient was returned; others computed one that is not zero",
    ReasonCode.MISSING_UNKNOWN: "no gradient was returned; nothing tells whether the true one is zero",
    ReasonCode.NO_NUMBER: ("the targets agree on something that is no number, and nothing tells whether it should be"),
    ReasonCode.NO_EVIDENCE: "nothing to judge it by",
    ReasonCode.NONE_EXPECTED: "no gradient is expected where the true one is not zero",
    ReasonCode.VACUOUS: "vacuous: the derivative is zero at this point, so little is tested",
}


def message(reasons: Sequence[Reason]) -> str:
    """Why a case is judged as it is: how it stands to its expectation, then a line for each array that is not well."""
    stance = "; ".join(sentence(reason) for reason in reasons if reason.code in STANDING)
    lines = "\n".join(filter(None, (sentence(reason) for reason in reasons if reason.code not in STANDING)))
    return "; ".join(filter(None, (stance, lines)))


def sentence(reason: Reason) -> str:
    """One fact, with the name of its array before it."""
    label = LeafType(of=reason.of, wrt=reason.wrt).label
    text = _sentence(reason)
    return f"{label}: {text}" if label else text


def _sentence(reason: Reason) -> str:
    code = reason.code
    if reason.element is not None:
        return of_element(code, reason.element)
    if reason.wanted is not None:
        return _stance(code, wanted(reason.wanted))
    if reason.because is not None:
        what = "value" if reason.of_values else "derivative"
        return f"the certified {what} contradicts `expect`: {sentence(reason.because)}"
    returned, defined = (part if isinstance(part, str) else list(part) for part in (reason.returned, reason.defined))
    if code is ReasonCode.SHAPE_EXPECTED:
        return f"shape {returned} is expected where {defined} is true"
    if code in (ReasonCode.SHAPE, ReasonCode.DTYPE):
        return f"has {code} {returned}, but {defined} is what the operator defines"
    if code is ReasonCode.VALUE_UNTRUE:
        return f"the function's value is not the true one on {listed(reason.targets)}"
    if code is ReasonCode.OUTSIDE_DOMAIN:
        return f"a finite number where no derivative exists on {listed(reason.targets)}"
    if code is ReasonCode.BETTER:
        return f"better: {listed(reason.targets)}"
    if code is ReasonCode.VALUES_APART and reason.others:
        return f"the function's value on {listed(reason.targets)} differs from that on {listed(reason.others)}"
    if code is ReasonCode.VALUES_APART:
        return f"the function's value differs between {listed(reason.targets)}"
    return _CONSTANT.get(code, reason.text)


def _stance(code: ReasonCode, expected: str) -> str:
    if code is ReasonCode.NOT_JUDGED_YET:
        return f"{expected} is expected, which is not judged yet: not checked"
    if code is ReasonCode.NEEDS_REFERENCE:
        return f"{expected} is expected, which needs the certified reference: not checked"
    if code is ReasonCode.FAULT_GONE:
        return f"{expected} was expected; that fault has gone"
    return f"{expected} was expected" if code is ReasonCode.NOT_AS_WANTED else expected


def wanted(expected: Wanted) -> str:
    """What a scenario expects."""
    if expected.verdict is not None:
        return f"the verdict `{expected.verdict}`"
    if not expected.outcome:
        return "another value" if expected.another else "a value"
    text = f"`{expected.exception or expected.outcome}`"
    return text if expected.match is None else f"{text} with a message that matches {expected.match!r}"
