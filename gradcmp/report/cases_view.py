"""The view of cases: a line each with errors and timings."""

from collections.abc import Iterator
from itertools import groupby

from rich.console import Console, RenderableType

from gradcmp.core.reasons import KinkSummary
from gradcmp.core.verdicts import Evidence, Level
from gradcmp.report.cells import leaf_label, mark, side_text
from gradcmp.report.tables import STYLES
from gradcmp.report.text.columns import Columns
from gradcmp.report.text.console import room
from gradcmp.report.text.lines import Line, enumeration, hanging, styled
from gradcmp.result.document import Document
from gradcmp.result.records import CaseRecord
from gradcmp.words import conventions, limits
from gradcmp.words.figures import distance, duration, interval, ratio

HEADERS = (
    "verdict",
    "kink",
    "ULP",
    "limits",
    "relative",
    "at",
    "elements",
    "needed rtol",
    "first call",
    "compile",
    "steady [95 %]",
    "∇f/f",
)


def case_fields(case: CaseRecord) -> tuple[str, ...]:
    """The texts beneath `HEADERS`; empty where there is nothing to tell."""
    worst, timing = case.worst, case.timing
    errors = ("",) * 6
    if worst is not None:
        at = leaf_label((worst.of, worst.wrt)) if len(case.errors) > 1 else ""
        index = "" if worst.worst_index is None else f"[{', '.join(str(place) for place in worst.worst_index)}]"
        errors = (
            distance(worst.max_ulps),
            limits.sizes(worst.limit) if worst.limit else "",
            distance(worst.max_rel),
            f"{at}{index}",
            elements(case),
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
    return (f"{case.verdict}, known" if case.known else case.verdict, kink_text(case.kink), *errors, *times)


def kink_text(kink: KinkSummary | None) -> str:
    """What an answer is at a kink and the derivatives on both sides: `right of -1 | 1`."""
    return "" if kink is None else f"{conventions.name(kink)} of {side_text(kink.left)} | {side_text(kink.right)}"


def elements(case: CaseRecord) -> str:
    """How many have which verdict, from worst to best: `1 wrong, 3 exact`; all of one: `4`."""
    counts = case.verdicts
    if len(counts) < 2:
        return "".join(map(str, counts.values()))
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def cases_parts(document: Document, console: Console) -> Iterator[RenderableType]:
    """A table grouped by problem where it fits, else a paragraph per case."""
    rows = [(case, case_fields(case)) for case in document.cases]
    used = [n for n in range(len(HEADERS)) if any(fields[n] for _, fields in rows)]
    headers = ["  case", "", *(HEADERS[n] for n in used)]
    columns = Columns(console, headers, right=[False, False, *(n > 0 for n in used)])
    for problem, group in groupby(rows, key=lambda row: row[0].problem):
        for line in _heading(document, problem, console):
            columns.head(line)
        for case, fields in group:
            style = STYLES["known" if case.known else case.level]
            columns.add(
                ((f"  #{case.number} {case.target}", ""),),
                ((mark(case), style),),
                *(((fields[n], style if n == 0 and case.level is not Level.OK else ""),) for n in used),
            )
    if columns.fits:
        yield columns
    else:
        yield from _paragraphs(document, rows, console)


def _heading(document: Document, problem: str, console: Console) -> Iterator[Line]:
    """The problem, what its verdicts rest on, with how many bits and why on nothing better, and within which limits."""
    view = document.problem_by_id.get(problem)
    errors = (errors for case in document.cases_of[problem] for errors in case.errors)
    used = dict.fromkeys(limits.text(each.limit) for each in errors if each.limit)
    known: list[str] = []
    if view is not None and view.evidence is not Evidence.NONE:
        bits = [f"{view.bits} bits"] if view.bits and view.evidence is Evidence.CERTIFIED else []
        known = [view.evidence, *bits]
    if view is not None and view.reference_reason and view.evidence is not Evidence.CERTIFIED:
        known.append(view.reference_reason)
    said = " · ".join([*known, *used])
    line = Line(console, (problem, "bold"), (f"  {said}" if said else "", "dim"))
    if not said or line.width <= room(console):
        yield line
    else:
        yield Line(console, (problem, "bold"))
        yield from hanging(console, styled(said, console, "dim"), ("  ", ""), room=room(console))


def _paragraphs(
    document: Document, rows: list[tuple[CaseRecord, tuple[str, ...]]], console: Console
) -> Iterator[RenderableType]:
    words = (
        "{}", "{}", "{} ULP", "limits {} ULP", "relative {}", "at {}", "elements {}", "needed rtol {}", "first call {}",
        "compile {}", "steady {}", "∇f/f {}",
    )  # fmt: skip
    for place, (problem, group) in enumerate(groupby(rows, key=lambda row: row[0].problem)):
        if place:
            yield Line(console)
        yield from _heading(document, problem, console)
        for case, fields in group:
            style = STYLES["known" if case.known else case.level]
            yield Line(console, (f"  #{case.number} {case.target} ", ""), (f"{mark(case)} {fields[0]}", style))
            for part in (slice(1, 8), slice(8, 12)):
                said = [word.format(field) for word, field in zip(words[part], fields[part], strict=True) if field]
                if said:
                    yield from enumeration(" · ".join(said), console, style="dim", indent=5)
