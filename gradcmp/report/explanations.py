"""Why: one paragraph for each kind of verdict above `ok`, with the cases that it holds for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gradcmp.core.verdicts import LEVELS, VERDICTS
from gradcmp.report.cells import mark
from gradcmp.report.document import CaseView, Document

_ORDER = list(VERDICTS)
_BY = {
    "certified": "by the certified value",
    "expected": "by the expected value",
    "numerical": "by differences",
    "consensus": "by consensus",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Cases with the same verdict for the same reason. `level` is that of the cases, `skipped` or `known`."""

    mark: str
    level: str
    head: str
    message: str
    cases: tuple[CaseView, ...]
    output_tail: str = ""


def explanations(cases: Iterable[CaseView]) -> tuple[Explanation, ...]:
    """Worst first; what was foreseen and what was skipped last."""
    groups: dict[tuple[str, ...], list[CaseView]] = {}
    for case in cases:
        if case.level != "ok" or case.known or case.verdict == "skipped":
            # What a worker wrote before it went belongs to one case alone.
            own = case.id if case.output_tail and case.level != "ok" else ""
            key = (_level(case), case.verdict, case.expectation, _head(case), message(case), own)
            groups.setdefault(key, []).append(case)
    rank = {level: place for place, level in enumerate((*reversed(LEVELS), "known", "skipped"))}
    ordered = sorted(groups.items(), key=lambda item: (rank[item[0][0]], -_ORDER.index(item[0][1])))
    return tuple(
        Explanation(
            mark=mark(group[0]),
            level=key[0],
            head=_head(group[0]),
            message=message(group[0]),
            cases=tuple(group),
            output_tail=(group[0].output_tail or "") if key[-1] else "",
        )
        for key, group in ordered
    )


def message(case: CaseView) -> str:
    """What the judge says, and what the outcome itself says where that is not part of it."""
    reason, said = (case.reason or "").strip(), (case.message or "").strip()
    if said in reason:
        return reason
    return said if reason in said else f"{reason}\n{said}"


def warnings(document: Document) -> tuple[tuple[str, str], ...]:
    """(problem id, warning)."""
    return tuple((problem.id, warning) for problem in document.problems for warning in problem.warnings)


def unsteady(document: Document) -> str:
    """What the sign `~` before a time means, and how many have it; empty where none has."""
    timed = [case.timing for case in document.cases if case.timing and case.timing.median_s is not None]
    count = sum(bool(timing.warnings) for timing in timed)
    return f"~ {count} of {len(timed)} noisy or of few samples: the view of cases has the intervals" if count else ""


def _level(case: CaseView) -> str:
    return "known" if case.known else "skipped" if case.verdict == "skipped" else case.level


def _head(case: CaseView) -> str:
    """`wrong by the certified value`; `raised, known`; `exact, expectation not met`."""
    judged = case.evidence != "none" and case.outcome == "computed"
    parts = [f"{case.verdict} {_BY[case.evidence]}" if judged else case.verdict]
    if case.known:
        parts.append("known")
    elif case.expectation == "unmet":
        parts.append("expectation not met")
    elif case.expectation == "fixed":
        parts.append("an expected fault has gone")
    return ", ".join(parts)
