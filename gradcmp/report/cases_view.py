"""The view of cases: a line each with errors and timings."""

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby

from rich.console import Console, RenderableType

from gradcmp.core.reasons import KinkSummary
from gradcmp.core.verdicts import Evidence, Level, Verdict
from gradcmp.report.cells import leaf_label, mark, side_text
from gradcmp.report.grids import MODE
from gradcmp.report.modes import differ, modes_of
from gradcmp.report.tables import STYLES
from gradcmp.report.text.columns import Columns
from gradcmp.report.text.console import room
from gradcmp.report.text.lines import Line, enumeration, hanging, styled
from gradcmp.result.document import Document
from gradcmp.result.records import CaseRecord, ErrorsRecord, TimingRecord
from gradcmp.words import conventions, limits
from gradcmp.words.figures import digits, distance, duration, interval, ratio


def case_fields(case: CaseRecord, *, by_mode: bool = False) -> tuple[str, ...]:
    """The texts beneath the heads of `COLUMNS`; empty where there is nothing to tell.

    `by_mode`: the targets of this problem differ in their modes.
    """
    return tuple("" if head == MODE and not by_mode else text(case) for head, text in COLUMNS.items())


def _of_worst(text: Callable[[ErrorsRecord], str]) -> Callable[[CaseRecord], str]:
    return lambda case: "" if case.worst is None else text(case.worst)


def _of_timing(text: Callable[[TimingRecord], str]) -> Callable[[CaseRecord], str]:
    return lambda case: "" if case.timing is None else text(case.timing)


def _place(case: CaseRecord) -> str:
    if case.worst is None:
        return ""
    index = "" if case.worst.worst_index is None else f"[{', '.join(map(str, case.worst.worst_index))}]"
    return f"{leaf_label(case.worst.key)}{index}" if len(case.errors) > 1 else index


def _steady(timing: TimingRecord) -> str:
    if timing.median_s is None:
        return ""
    median = f"{'~' if timing.warnings else ''}{duration(timing.median_s)}"
    return f"{median} {interval(*timing.ci95_s)}" if timing.ci95_s else median


def kink_text(kink: KinkSummary | None) -> str:
    """What an answer is at a kink and the derivatives on both sides: `right of -1 | 1`."""
    return "" if kink is None else f"{conventions.name(kink)} of {side_text(kink.left)} | {side_text(kink.right)}"


def elements(case: CaseRecord) -> str:
    """How many have which verdict, from worst to best: `1 wrong, 3 exact`; all of one: `4`."""
    counts = case.verdicts
    if len(counts) < 2:
        return "".join(map(str, counts.values()))
    return ", ".join(f"{count} {name}" for name, count in counts.items())


COLUMNS: Mapping[str, Callable[[CaseRecord], str]] = {
    "verdict": lambda case: f"{case.verdict}, known" if case.known else case.verdict,
    MODE: lambda case: case.mode or "",
    "kink": lambda case: kink_text(case.kink),
    "digits": _of_worst(lambda worst: "" if worst.digits is None else digits(worst.digits)),
    "most ULP": _of_worst(lambda worst: distance(worst.max_ulps)),
    "limits": _of_worst(lambda worst: limits.sizes(worst.limit) if worst.limit else ""),
    "most relative": _of_worst(lambda worst: distance(worst.max_rel)),
    "at": _place,
    "elements": lambda case: elements(case) if case.worst is not None else "",
    "needed rtol": _of_worst(lambda worst: distance(worst.needed_rtol)),
    "first call": _of_timing(lambda timing: duration(timing.first_call_s)),
    "compile": _of_timing(lambda timing: "" if timing.compile_s is None else duration(timing.compile_s)),
    "steady [95 %]": _of_timing(_steady),
    "∇f/f": _of_timing(lambda timing: "" if timing.cost_ratio is None else ratio(timing.cost_ratio)),
}
"""Head → the text of a case."""


def limits_legend(document: Document) -> str:
    """Which of two limits is which; empty where no case has two."""
    used = (case.worst.limit for case in document.cases if case.worst is not None)
    sigmas = next((f"{limit.sigmas:g}" for limit in used if limit is not None and limits.sizes(limit)), None)
    if sigmas is None:
        return ""
    return (
        f"limits A / B: up to A, {sigmas} root-sum-square running errors, an answer is {Verdict.ROUNDING}; "
        f"up to B, the worst-case running error, it is {Verdict.HIGH}; in ULPs of the worst element"
    )


def cases_parts(document: Document, console: Console) -> Iterator[RenderableType]:
    """A table grouped by problem where it fits, else a paragraph per case."""
    by_mode = {problem for problem, cases in document.cases_of.items() if differ(modes_of(cases))}
    rows = [(case, case_fields(case, by_mode=case.problem in by_mode)) for case in document.cases]
    used = [n for n in range(len(COLUMNS)) if any(fields[n] for _, fields in rows)]
    headers = ["  case", "", *(tuple(COLUMNS)[n] for n in used)]
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
        "{}", "mode {}", "{}", "{} digits", "at most {} ULP", "limits {} ULP", "at most {} relative", "at {}",
        "elements {}",
        "needed rtol {}", "first call {}", "compile {}", "steady {}", "∇f/f {}",
    )  # fmt: skip
    for place, (problem, group) in enumerate(groupby(rows, key=lambda row: row[0].problem)):
        if place:
            yield Line(console)
        yield from _heading(document, problem, console)
        for case, fields in group:
            style = STYLES["known" if case.known else case.level]
            yield Line(console, (f"  #{case.number} {case.target} ", ""), (f"{mark(case)} {fields[0]}", style))
            for part in (slice(1, 10), slice(10, 14)):
                said = [word.format(field) for word, field in zip(words[part], fields[part], strict=True) if field]
                if said:
                    yield from enumeration(" · ".join(said), console, style="dim", indent=5)
