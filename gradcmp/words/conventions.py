"""What an answer is at a kink, in words. `docs/verdicts.md` has them at length."""

import math

from gradcmp.core.reasons import KinkSummary
from gradcmp.core.verdicts import Convention

_FINITE_SIDES = (
    "where no side has a finite derivative",
    "although one side has a finite derivative",
    "although both sides have a finite derivative",
)


def name(kink: KinkSummary) -> str:
    """`right` where all tied elements are, else `2 left, 1 right`."""
    convention = of_all(kink)
    return convention or ", ".join(f"{count} {each}" for each, count in kink.counts.items())


def of_all(kink: KinkSummary) -> Convention | None:
    """What every tied element is; None where they differ."""
    alike = len(kink.counts) == 1 and kink.tied == sum(kink.counts.values())
    return next(iter(kink.counts)) if alike else None


def meaning(kink: KinkSummary) -> str:
    """`right: the derivative from the right`."""
    convention = of_all(kink)
    if convention is None or not convention.meaning:
        return name(kink)
    text = f"{convention}: {convention.meaning}"
    if convention is Convention.NOT_A_NUMBER:
        text += f", {_FINITE_SIDES[math.isfinite(kink.left) + math.isfinite(kink.right)]}"
    return text
