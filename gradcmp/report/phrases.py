"""How a story shows arrays, and which it tells of first."""

import math

from gradcmp.core.verdicts import Verdict
from gradcmp.report.cells import leaf_text
from gradcmp.result.records import ArrayRecord, ErrorsRecord, PrimalRecord
from gradcmp.words.figures import shape


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
