"""How arrays and the precision of a truth are named."""

from gradcmp.core.leaves import LeafType
from gradcmp.core.tensors import Key
from gradcmp.core.verdicts import Verdict
from gradcmp.words.figures import distance

FLOAT64_BITS = 53


def title(key: Key, place: tuple[int, ...] | None, size: int) -> str:
    """`dx at [0], the worst of 3 elements`."""
    at = f" at [{', '.join(map(str, place))}]" if place else ""
    return f"{leaf_name(key)}{at}, the worst of {size} elements" if place and size > 1 else f"{leaf_name(key)}{at}"


def leaf_name(key: Key) -> str:
    """`dx`, `output 0`, `the value`."""
    return LeafType(of=key[0], wrt=key[1]).label or "the value"


def in_short(verdict: Verdict | None, ulps: float | None) -> str:
    """`rounding, 1.2 ULPs at the most`."""
    return f"{verdict}" if ulps is None else f"{verdict}, {distance(ulps)} ULPs at the most"


def precision(bits: int) -> str:
    """What it took to certify a truth."""
    if bits == FLOAT64_BITS:
        return "balls of float64: the problem is too large for more bits within the budget"
    return f"{bits} bits were enough"
