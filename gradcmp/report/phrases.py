"""Words of a story: how arrays, conventions and precisions are named."""

from __future__ import annotations

import math

from gradcmp.core.leaves import LeafType
from gradcmp.core.verdicts import Verdict
from gradcmp.report.cells import leaf_text
from gradcmp.report.elements import Key, Place
from gradcmp.report.figures import distance, shape
from gradcmp.report.meanings import CONVENTION_MEANINGS
from gradcmp.result.records import ArrayRecord, ErrorsRecord, KinkRecord, PrimalRecord

FLOAT64_BITS = 53

_FINITE_SIDES = (
    "where no side has a finite derivative",
    "although one side has a finite derivative",
    "although both sides have a finite derivative",
)


def title(key: Key, place: Place | None, size: int) -> str:
    """`dx at [0], the worst of 3 elements`."""
    at = f" at [{', '.join(map(str, place))}]" if place else ""
    return f"{leaf_name(key)}{at}, the worst of {size} elements" if place and size > 1 else f"{leaf_name(key)}{at}"


def leaf_name(key: Key) -> str:
    """`dx`, `output 0`, `the value`."""
    return LeafType(of=key[0], wrt=key[1]).label or "the value"


def in_short(errors: ErrorsRecord) -> str:
    """`rounding, 1.2 ULPs at the most`."""
    ulps = f", {distance(errors.max_ulps)} ULPs at the most" if errors.max_ulps is not None else ""
    return f"{errors.verdict}{ulps}"


def precision(bits: int) -> str:
    """What it took to certify a truth."""
    if bits == FLOAT64_BITS:
        return "balls of float64: the problem is too large for more bits within the budget"
    return f"{bits} bits were enough"


def convention(kink: KinkRecord) -> str:
    """`right: the derivative from the right`."""
    meaning = CONVENTION_MEANINGS.get(kink.name)
    if meaning and kink.name == "NaN":
        finite = math.isfinite(kink.left) + math.isfinite(kink.right)
        meaning += f", {_FINITE_SIDES[finite]}"
    return f"{kink.name}: {meaning}" if meaning else kink.name


def primal(leaf: PrimalRecord) -> str:
    """`x: float32 3, [0, 1, -2]`."""
    text = array(leaf.array)
    if leaf.data is None:
        text = f"{leaf.dtype} {shape(leaf.shape)}".rstrip() + ", not kept: it is large"
    return f"{leaf.path}: {text}"


def array(leaf: ArrayRecord) -> str:
    """`float32 3, [0, 1, -2]`; `float32 ‖179.28‖ 40×30` of a larger one."""
    if leaf.missing:
        return "no gradient"
    numbers = leaf_text(leaf, leaf.dtype or "", digits=17)
    if numbers.startswith("‖"):  # it tells the shape
        return f"{leaf.dtype} {numbers}"
    return f"{leaf.dtype} {shape(leaf.lengths)}".rstrip() + f", {numbers}"


def badness(errors: ErrorsRecord) -> tuple[int, int, float]:
    """For finding the worst array: by level, then by verdict, then by distance."""
    verdict = errors.verdict or Verdict.EXACT
    ulps = errors.max_ulps
    size = -1.0 if ulps is None else math.inf if math.isnan(ulps) else ulps
    return (errors.level or verdict.level).rank, verdict.rank, size
