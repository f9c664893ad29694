"""Counts of a run, and whether it ends well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime

from gradcmp.core.verdicts import EVIDENCE, LEVELS, VERDICTS
from gradcmp.report.document import Document
from gradcmp.report.figures import duration, plural
from gradcmp.report.records import Record


def worst_level(levels: Iterable[str]) -> str:
    """The worst level reached; `ok` where nothing ran."""
    return max(levels, key=LEVELS.index, default="ok")


def has_findings(summary: Record, fail_on: Collection[str] = ("fail",)) -> bool:
    """Is something at or above the lowest level of `fail_on`, or skipped where `skipped` is among them?

    `never` alone means no; `slower`, `inconclusive` and `gone` come from a comparison, not from a result.
    """
    levels = [LEVELS.index(name) for name in fail_on if name in LEVELS]
    counts = {level: count for level, count in summary["levels"].items() if count}
    if levels and LEVELS.index(worst_level(counts)) >= min(levels):
        return True
    return "skipped" in fail_on and summary["verdicts"].get("skipped", 0) > 0


def counts_line(document: Document) -> str:
    """`12 cases of 4 problems in 8.4 s: 9 exact, 2 rounding, 1 wrong`, from best to worst."""
    counted = Counter(case.verdict for case in document.cases)
    known = sum(case.known for case in document.cases)
    verdicts = ", ".join(f"{counted[name]} {name}" for name in VERDICTS if counted[name])
    size = f"{plural(len(document.cases), 'case')} of {plural(len(document.problems), 'problem')}"
    seconds = wall_seconds(document)
    wall = f" in {duration(seconds)}" if seconds else ""
    known_text = f" ({known} known)" if known else ""
    return f"{size}{wall}: {verdicts or 'nothing ran'}{known_text}"


def evidence_line(document: Document) -> str:
    """`truth: 3 certified, 1 consensus`, from the best grade to the worst."""
    counted = Counter(problem.evidence for problem in document.problems)
    return "truth: " + ", ".join(f"{counted[grade]} {grade}" for grade in reversed(EVIDENCE) if counted[grade])


def wall_seconds(document: Document) -> float | None:
    """From start to finish; None where the run did not end or its clock makes no sense."""
    try:
        started, finished = (
            datetime.fromisoformat(str(document.run[key]).replace("Z", "+00:00")) for key in ("started", "finished")
        )
    except (KeyError, ValueError):
        return None
    return max(0.0, (finished - started).total_seconds())
