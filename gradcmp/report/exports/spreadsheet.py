"""CSV: a row per case, or a row per timing sample."""

import csv
import io
from collections.abc import Iterable, Iterator

from gradcmp.report.explanations import message
from gradcmp.result.document import Document
from gradcmp.result.records import CaseRecord

CASE_COLUMNS = (
    "case", "problem", "scenario", "operator", "dtype", "target", "backend", "environment", "execution", "device",
    "outcome", "mode", "verdict", "level", "expectation", "evidence", "max_ulps", "max_abs", "max_rel", "needed_rtol",
    "differing", "size", "first_call_s", "compile_s", "median_s", "ci95_low_s", "ci95_high_s", "value_median_s",
    "message",
)  # fmt: skip
SAMPLE_COLUMNS = ("case", "sample", "seconds_per_call", "calls_per_sample")


def cases_csv(document: Document) -> str:
    """A row per case; empty where there is nothing to tell. The errors are those of the leaf that is furthest off."""
    return _csv(CASE_COLUMNS, (_case_row(document, case) for case in document.cases))


def samples_csv(document: Document) -> str:
    """A row per timing sample."""
    return _csv(SAMPLE_COLUMNS, _sample_rows(document))


def _case_row(document: Document, case: CaseRecord) -> tuple[object, ...]:
    problem = document.problem_by_id.get(case.problem)
    target = next((target for target in document.targets if target.id == case.target), None)
    worst, timing = case.worst, case.timing
    low, high = timing.ci95_s if timing and timing.ci95_s else (None, None)
    return (
        case.id, case.problem, case.scenario,
        *((problem.asked, problem.dtype) if problem else (None, None)),
        case.target,
        *((target.backend, target.environment, target.execution, target.device) if target else (None,) * 4),
        case.outcome, case.mode, case.verdict, case.level, case.expectation, case.evidence,
        *((worst.max_ulps, worst.max_abs, worst.max_rel, worst.needed_rtol) if worst else (None,) * 4),
        *((sum(e.differing for e in case.errors), sum(e.size for e in case.errors)) if worst else (None, None)),
        *((timing.first_call_s, timing.compile_s, timing.median_s) if timing else (None,) * 3),
        low, high, timing.value_median_s if timing else None, message(document, case),
    )  # fmt: skip


def _sample_rows(document: Document) -> Iterator[tuple[object, ...]]:
    for case in document.cases:
        if case.timing is not None:
            calls = case.timing.calls_per_sample
            for place, seconds in enumerate(case.timing.samples_s, start=1):
                yield case.id, place, seconds / calls, calls


def _csv(columns: Iterable[str], rows: Iterable[tuple[object, ...]]) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return buffer.getvalue()
