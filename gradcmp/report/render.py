"""A document on a console: the same for `gradcmp run` and `gradcmp report`."""

from collections.abc import Iterator, Mapping

from rich.console import Console, RenderableType
from rich.text import Text

from gradcmp.core.verdicts import Level, Verdict
from gradcmp.report.cases_view import cases_parts, limits_legend
from gradcmp.report.cells import Sign, case_signs
from gradcmp.report.ending import exit_line, incomplete_line, levels_line
from gradcmp.report.explanations import Explanation, explanations, unsteady, warnings
from gradcmp.report.grids import agreement_grid, timing_grid
from gradcmp.report.header import header_lines, machine_line
from gradcmp.report.scaling import scaling_grids
from gradcmp.report.summary import counts_line, evidence_line, limits_line, reasons_lines
from gradcmp.report.tables import STYLES, grid_parts
from gradcmp.report.text.console import shown
from gradcmp.report.text.lines import Line, enumeration, hanging, print_parts, styled
from gradcmp.result.document import Document

_TAIL_LINES = 4
_RANK = (Level.OK, "skipped", *list(Level)[1:], "known")


def render(document: Document, *, view: str = "tables", console: Console) -> None:
    """Print the document. `view` is one of `VIEWS`."""
    print_parts(renderables(document, view=view, console=console), console)


def renderables(document: Document, *, view: str, console: Console) -> Iterator[RenderableType]:
    """The parts in order, with the empty lines between them."""
    for line in header_lines(document, settings=view == "cases"):
        yield from _wrapped(line, console, "dim")
    if document.cases:
        yield from VIEWS[view](document, console)
    yield from _why(document, console)
    yield Line(console)
    yield from _wrapped(counts_line(document), console, "bold")
    if levels := levels_line(document):
        yield from _wrapped(levels, console, "bold")
    if document.problems:
        yield from _wrapped(evidence_line(document), console)
        for reason in reasons_lines(document):
            yield from _indented(reason, console, 2, "dim")
        if limits := limits_line(document):
            yield from _wrapped(limits, console)
    if incomplete := incomplete_line(document):
        yield from hanging(console, styled(incomplete, console, STYLES["warn"]))
    if ended := exit_line(document):
        yield from hanging(console, styled(ended, console, STYLES["fail"]))


def legend(document: Document) -> Mapping[str, str]:
    """The marks in use → the verdicts they stand for, from best to worst."""
    meanings: dict[str, list[str]] = {}
    signs = sorted(
        ((sign, case.verdict) for case in document.cases for sign in case_signs(case)),
        key=lambda pair: (_RANK.index(pair[0].level), _verdict(pair).rank),
    )
    for found, _ in signs:
        words = meanings.setdefault(found.mark, [])
        if found.word not in words:
            words.append(found.word)
    return {mark: ", ".join(words) for mark, words in meanings.items()}


def _verdict(pair: tuple[Sign, Verdict]) -> Verdict:
    """The verdict that a sign stands for: its word, or that of the case where the word is about an expectation."""
    sign, verdict = pair
    return sign.word if isinstance(sign.word, Verdict) else verdict


def _title(text: str, rest: str, console: Console) -> Iterator[Line]:
    title = Text.assemble((shown(text, console), "bold"), (shown(f"  {rest}", console), "dim"), overflow="fold")
    return hanging(console, title)


def _wrapped(text: str, console: Console, style: str = "") -> Iterator[RenderableType]:
    """The lines of a long enumeration; all but the first are indented."""
    return enumeration(text, console, style=style, deeper=2)


def _tables(document: Document, console: Console) -> Iterator[RenderableType]:
    grid = agreement_grid(document)
    if grid is None:
        return
    signs = "   ".join(f"{sign} {words}" for sign, words in legend(document).items())
    if len(grid.title) + 2 + len(signs) > console.width:
        signs = "\n".join(f"{sign} {words}" for sign, words in legend(document).items())
    yield Line(console)
    yield from hanging(console, styled(signs, console, "dim"), (f"{grid.title}  ", "bold"))
    yield Line(console)
    yield from grid_parts(grid, console)
    timings = timing_grid(document)
    if timings is not None:
        yield Line(console)
        yield from _title(timings.title, machine_line(document), console)
        yield Line(console)
        yield from grid_parts(timings, console)
        if note := unsteady(document):
            yield Line(console)
            yield from hanging(console, styled(note, console, "dim"))


def _cases(document: Document, console: Console) -> Iterator[RenderableType]:
    yield Line(console)
    yield from cases_parts(document, console)
    if note := limits_legend(document):
        yield Line(console)
        yield from hanging(console, styled(note, console, "dim"))


def _scaling(document: Document, console: Console) -> Iterator[RenderableType]:
    grids = scaling_grids(document)
    if not grids:
        yield Line(console)
        yield from hanging(
            console, styled("nothing to scale: no scenario was timed at two sizes of one swept number", console)
        )
    for grid in grids:
        yield Line(console)
        yield from _title(grid.title, "", console)
        yield Line(console)
        yield from grid_parts(grid, console)


VIEWS = {"tables": _tables, "cases": _cases, "scaling": _scaling}


def _why(document: Document, console: Console) -> Iterator[RenderableType]:
    found = explanations(document)
    for explanation in found:
        yield Line(console)
        yield from _paragraph(explanation, console)
    said = warnings(document)
    if said:
        yield Line(console)
    for where, warning in said:
        line = Line(console, ("! ", STYLES["warn"]), (f"{where}: {warning}", ""))
        if line.width <= console.width:
            yield line
        else:
            yield Line(console, ("! ", STYLES["warn"]), (f"{where}:", ""))
            yield from _indented(warning, console, 2)


def _paragraph(explanation: Explanation, console: Console) -> Iterator[RenderableType]:
    style = STYLES[explanation.level]
    first, *others = explanation.message.splitlines() or [""]
    said = shown(f": {first}" if first else "", console)
    head = Text.assemble((shown(explanation.head, console), style), said, overflow="fold")
    yield from hanging(console, head, (f"{explanation.mark} ", style))
    for line in others:
        yield from _indented(line, console, 4)
    for line in explanation.output_tail.splitlines()[-_TAIL_LINES:]:
        yield from _indented(line, console, 4, "dim")
    width = max(len(str(case.number)) for case in explanation.cases)
    for case in explanation.cases:
        yield Line(console, (f"  {f'#{case.number}':>{width + 1}} {case.id}", "dim"))


def _indented(line: str, console: Console, indent: int, style: str = "") -> Iterator[Line]:
    return hanging(console, styled(line, console, style), (" " * indent, ""))
