"""How a story shows arrays, and which it tells of first."""

from __future__ import annotations

import math

from gradcmp.core.findings import LeafErrors
from gradcmp.core.verdicts import Verdict
from gradcmp.report.cells import leaf_text
from gradcmp.report.views import LeafView
from gradcmp.words.figures import shape


def primal(leaf: LeafView) -> str:
    """`x: float32 3, [0, 1, -2]`."""
    kept = f"{leaf.dtype} {shape(leaf.shape)}".rstrip() + ", not kept: it is large" if leaf.missing else array(leaf)
    return f"{leaf.of}: {kept}"


def array(leaf: LeafView) -> str:
    """`float32 3, [0, 1, -2]`; `float32 ‖179.28‖ 40×30` of a larger one."""
    if leaf.missing:
        return "no gradient"
    numbers = leaf_text(leaf, leaf.dtype, digits=17)
    if numbers.startswith("‖"):  # it tells the shape
        return f"{leaf.dtype} {numbers}"
    return f"{leaf.dtype} {shape(leaf.shape)}".rstrip() + f", {numbers}"


def badness(errors: LeafErrors) -> tuple[int, int, float]:
    """For finding the worst array: by level, then by verdict, then by distance."""
    verdict = errors.verdict or Verdict.EXACT
    ulps = errors.max_ulps
    size = -1.0 if ulps is None else math.inf if math.isnan(ulps) else ulps
    return (errors.level or verdict.level).rank, verdict.rank, size
