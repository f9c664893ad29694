"""The tables in GitHub Markdown."""

from collections.abc import Iterator

from gradcmp.report.ending import exit_line, incomplete_line, levels_line
from gradcmp.report.explanations import explanations, unsteady, warnings
from gradcmp.report.grids import Grid, agreement_grid, timing_grid
from gradcmp.report.header import header_lines, machine_line
from gradcmp.report.render import legend
from gradcmp.report.summary import counts_line, evidence_line, limits_line, reasons_lines
from gradcmp.result.document import Document

MOST_CASES = 20
"""Case ids under one explanation; GitHub drops a step summary above 1 MiB."""


def to_markdown(document: Document) -> str:
    """The default view as Markdown: header, agreement, timings, explanations, counts."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Document) -> Iterator[str]:
    yield from _summary(document)
    yield ""
    for line in header_lines(document):
        yield f"{_escaped(line)}  "
    if (grid := agreement_grid(document)) is not None:
        yield from _table(grid)
        yield ""
        yield " · ".join(f"{sign} {words}" for sign, words in legend(document).items())
        timings = timing_grid(document)
        if timings is not None:
            yield from _table(timings)
            yield ""
            yield " · ".join(_escaped(part) for part in (machine_line(document), unsteady(document)) if part)
    for explanation in explanations(document):
        first, *rest = explanation.message.splitlines() or [""]
        yield ""
        yield f"{explanation.mark} **{_escaped(explanation.head)}**{': ' if first else ''}{_escaped(first)}  "
        for line in rest:
            yield f"{_escaped(line)}  "
        yield ""
        for case in explanation.cases[:MOST_CASES]:
            yield f"- `{case.id}`"
        if len(explanation.cases) > MOST_CASES:
            yield f"- and {len(explanation.cases) - MOST_CASES} more"
    said = warnings(document)
    if said:
        yield ""
    for where, warning in said:
        yield f"- `{where}`: {_escaped(warning)}"


def _summary(document: Document) -> Iterator[str]:
    yield f"**{_escaped(counts_line(document))}**"
    for line in (levels_line(document), incomplete_line(document), exit_line(document)):
        if line:
            yield ""
            yield _escaped(line)
    yield ""
    yield _escaped(evidence_line(document))
    for reason in reasons_lines(document):
        yield f"- {_escaped(reason)}"
    if limits := limits_line(document):
        yield ""
        yield _escaped(limits)


def _table(grid: Grid) -> Iterator[str]:
    headers = [*grid.label_headers, *(header.replace("\n", "<br>") for header in grid.headers)]
    leaves = any(row.leaf for row in grid.rows)
    yield ""
    yield f"### {grid.title}"
    yield ""
    yield _row([headers[0], *(["leaf"] if leaves else []), *headers[1:]])
    yield _row(["---"] * (len(grid.label_headers) + leaves) + ["--:"] * len(grid.headers))
    for row in grid.rows:
        name, *labels = row.labels
        name = row.problem.partition("[")[0] if row.section and name else name
        cells = [f"{cell.whole} {cell.mark}" for cell in row.cells]
        yield _row([_cell(name), *([_cell(row.leaf)] if leaves else []), *map(_cell, labels), *map(_cell, cells)])


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return _escaped(" ".join(text.split()))


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    for character in "\\`*_[]|~":
        text = text.replace(character, f"\\{character}")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\\~", "~")
