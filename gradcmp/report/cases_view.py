"""The view of cases: a line each with errors and timings."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from gradcmp.report.cells import leaf_label, mark
from gradcmp.report.columns import Columns
from gradcmp.report.console import styled
from gradcmp.report.document import CaseView, Document
from gradcmp.report.figures import distance, duration, interval, ratio
from gradcmp.report.tables import STYLES

HEADERS = (
    "verdict",
    "ULP",
    "relative",
    "at",
    "differ",
    "needed rtol",
    "first call",
    "compile",
    "steady [95 %]",
    "∇f/f",
)


def case_fields(case: CaseView) -> tuple[str, ...]:
    """The texts beneath `HEADERS`; empty where there is nothing to tell."""
    worst, timing = case.worst, case.timing
    errors = ("",) * 5
    if worst is not None:
        at = leaf_label((worst.of, worst.wrt)) if len(case.errors) > 1 else ""
        index = "" if worst.worst_index is None else f"[{', '.join(str(place) for place in worst.worst_index)}]"
        errors = (
            distance(worst.max_ulps),
            distance(worst.max_rel),
            f"{at}{index}",
            f"{sum(errors.differing for errors in case.errors)}/{sum(errors.size for errors in case.errors)}",
            distance(worst.needed_rtol),
        )
    times = ("",) * 4
    if timing is not None:
        steady = "" if timing.median_s is None else f"{'~' if timing.warnings else ''}{duration(timing.median_s)}"
        times = (
            duration(timing.first_call_s),
            "" if timing.compile_s is None else duration(timing.compile_s),
            f"{steady} {interval(*timing.ci95_s)}" if timing.ci95_s else steady,
            "" if timing.cost_ratio is None else ratio(timing.cost_ratio),
        )
    return (f"{case.verdict}, known" if case.known else case.verdict, *errors, *times)


def cases_parts(document: Document, console: Console) -> Iterator[RenderableType]:
    """A table grouped by problem where it fits, else a paragraph per case."""
    rows = [(case, case_fields(case)) for case in document.cases]
    used = [n for n in range(len(HEADERS)) if any(fields[n] for _, fields in rows)]
    headers = ["  case", "", *(HEADERS[n] for n in used)]
    columns = Columns(console, headers, right=[False, False, *(n > 0 for n in used)])
    for problem, group in groupby(rows, key=lambda row: row[0].problem):
        columns.head(styled(problem, console, "bold"))
        for case, fields in group:
            style = STYLES["known" if case.known else case.level]
            columns.add(
                ((f"  #{case.number} {case.target}", ""),),
                ((mark(case), style),),
                *(((fields[n], style if n == 0 and case.level != "ok" else ""),) for n in used),
            )
    if columns.fits:
        yield columns
    else:
        yield from _paragraphs(rows, console)


def _paragraphs(rows: list[tuple[CaseView, tuple[str, ...]]], console: Console) -> Iterator[RenderableType]:
    words = (
        "{}", "{} ULP", "relative {}", "at {}", "{} differ", "needed rtol {}", "first call {}", "compile {}",
        "steady {}", "∇f/f {}",
    )  # fmt: skip
    for place, (problem, group) in enumerate(groupby(rows, key=lambda row: row[0].problem)):
        if place:
            yield Text()
        yield styled(problem, console, "bold")
        for case, fields in group:
            style = STYLES["known" if case.known else case.level]
            head = styled(f"  #{case.number} {case.target} ", console)
            yield head.append_text(styled(f"{mark(case)} {fields[0]}", console, style))
            for part in (slice(1, 6), slice(6, 10)):
                said = [word.format(field) for word, field in zip(words[part], fields[part], strict=True) if field]
                if said:
                    yield Padding(styled(" · ".join(said), console, "dim"), (0, 0, 0, 5), expand=False)
