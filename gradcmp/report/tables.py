"""Grids → rich renderables: a table where it fits, a block per problem with targets as rows where it does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from itertools import groupby

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from gradcmp.report.cells import Cell
from gradcmp.report.columns import GAP, Columns, Span
from gradcmp.report.console import shown, styled
from gradcmp.report.grids import TIMING_PARTS, TRUTH, Grid, Row, aligned

STYLES: dict[str, str] = {
    "": "",
    "ok": "green",
    "note": "cyan",
    "warn": "yellow",
    "fail": "bold red",
    "known": "cyan",
    "skipped": "dim",
    "truth": "dim",
    "best": "bold green",
}


class Trimmed:
    """A renderable without the blanks at the ends of its lines."""

    def __init__(self, renderable: RenderableType) -> None:
        self.renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in console.render_lines(self.renderable, options, pad=False):
            while line and not line[-1].text.strip():
                line.pop()
            yield from line[:-1]
            if line:
                yield Segment(line[-1].text.rstrip(), line[-1].style)
            yield Segment.line()


def grid_parts(grid: Grid, console: Console) -> Iterator[RenderableType]:
    """The grid as wide as its content where the console has the room, else with targets as rows.

    A few problems that are too wide do not turn the whole table: they follow it.
    """
    narrow = _fitting(grid, console)
    if narrow:
        yield _columns(_only(grid, narrow), console)
    wide = _only(grid, {row.problem for row in grid.rows} - narrow)
    if narrow and wide.rows:
        yield Text()
    yield from _blocks(wide, console)


def _fitting(grid: Grid, console: Console) -> frozenset[str]:
    """The problems whose rows make a table that fits: as many as can be, or none where that is less than half."""
    widths: dict[str, int] = {}
    for row in grid.rows:
        width = sum(len(text) for text in (*row.labels, row.leaf, *(cell.text for cell in row.cells)))
        widths[row.problem] = max(width, widths.get(row.problem, 0))
    narrowest_first = sorted(widths, key=widths.__getitem__)
    low, high = (len(narrowest_first) + 1) // 2, len(narrowest_first)
    if _columns(grid, console).fits:
        return frozenset(widths)
    # The most problems that fit, by halving: the table only narrows as wide problems leave it.
    best: frozenset[str] = frozenset()
    while low <= high:
        middle = (low + high) // 2
        chosen = frozenset(narrowest_first[:middle])
        if _columns(_only(grid, chosen), console).fits:
            best, low = chosen, middle + 1
        else:
            high = middle - 1
    return best


def _only(grid: Grid, problems: Set[str]) -> Grid:
    return replace(grid, rows=tuple(row for row in grid.rows if row.problem in problems))


def cell_spans(cell: Cell, *, marks: bool = False) -> tuple[Span, ...]:
    """Value and mark; `marks`: the column has marks, so that a cell without one keeps their place.

    A value that is well keeps the terminal's own colour: the eye is for the others.
    """
    style = STYLES[cell.level]
    value = (cell.text, "" if cell.level == "ok" else style)
    return (value, (f" {cell.mark or ' '}", style)) if marks else (value,)


def _columns(grid: Grid, console: Console) -> Columns:
    marked = [any(row.cells[n].mark for row in grid.rows) for n in range(len(grid.headers))]
    headers = [
        "\n".join(f"{line}{'  ' if marks else ''}" for line in header.split("\n"))
        for header, marks in zip(grid.headers, marked, strict=True)
    ]
    columns = Columns(
        console,
        [*grid.label_headers, *headers],
        right=[False] * len(grid.label_headers) + [True] * len(headers),
    )
    sections = len({row.section for row in grid.rows}) > 1
    for section, rows in groupby(grid.rows, key=lambda row: row.section):
        if sections and section:
            columns.head(styled(section, console, "bold"))
        _add_rows(columns, list(rows), marked, indent="  " if sections and section else "")
    return columns


def _add_rows(columns: Columns, rows: Sequence[Row], marked: Sequence[bool], *, indent: str) -> None:
    """The rows of one section. A name stands once: the rows below it differ in what follows."""
    above = ""
    for row in rows:
        first = row.labels[0]
        label = first if first != above else ""
        above = first or above
        if row.leaf:
            # Leaves stand beneath each other, behind the name: `exp-x-w  x`.
            label = f"{label:<{len(above)}}  {row.leaf}"
        labels = (f"{indent}{label}", *row.labels[1:])
        cells = (cell_spans(cell, marks=marks) for cell, marks in zip(row.cells, marked, strict=True))
        columns.add(*(((text, ""),) for text in labels), *cells)


def _blocks(grid: Grid, console: Console) -> Iterator[RenderableType]:
    """The problem's id, then a line per target (the truth first) and leaf."""
    parts = list(dict.fromkeys(cell.parts for row in grid.rows for cell in row.cells if any(cell.parts)))
    texts = aligned((TIMING_PARTS, *parts)) if parts else []
    texts_by_parts = dict(zip(parts, texts[1:], strict=True)) if parts else {}
    width = 2 + max(len(name) for name in grid.names)
    for index, (problem, rows) in enumerate(groupby(grid.rows, key=lambda row: row.problem)):
        if index:
            yield Text()
        yield styled(problem, console, "bold")
        yield _block(list(rows), grid.names, width, texts_by_parts, console, texts[:1])


def _block(
    rows: Sequence[Row],
    names: Sequence[str],
    width: int,
    texts_by_parts: Mapping[tuple[str, ...], str],
    console: Console,
    header: Sequence[str],
) -> RenderableType:
    """Target, mark, leaf and value, the truth first; folded where they do not fit on a line."""
    leaves, marks = any(row.leaf for row in rows), any(cell.mark for row in rows for cell in row.cells)
    lines: list[tuple[tuple[Span, ...], ...]] = [
        ((("", ""),), *[(("", ""),)] * (marks + leaves), ((text, "bold"),)) for text in header
    ]
    for n in sorted(range(len(names)), key=lambda n: names[n] != TRUTH):
        name = f"{f'  {names[n]}':<{width}}"
        for row in (row for row in rows if row.cells[n].text.strip()):
            cell = row.cells[n]
            value = replace(cell, text=texts_by_parts.get(cell.parts, cell.text))
            mark = [((cell.mark, STYLES[cell.level]),)] if marks else []
            leaf = [((row.leaf, ""),)] if leaves else []
            lines.append((((name, ""),), *mark, *leaf, cell_spans(value)))
            name = ""
    count = 2 + marks + leaves
    columns = Columns(console, [""] * count, right=[False] * count)
    for line in lines:
        columns.add(*line)
    return columns if columns.fits else _folded(lines, width, console)


def _folded(lines: Sequence[tuple[tuple[Span, ...], ...]], width: int, console: Console) -> Table:
    table = Table.grid(padding=(0, GAP, 0, 0), pad_edge=False)
    for place in range(len(lines[0])):
        table.add_column(overflow="fold", min_width=width if place == 0 else None)
    for line in lines:
        table.add_row(
            *(
                Text.assemble(*((shown(text.rstrip(), console), style) for text, style in cell), overflow="fold")
                for cell in line
            )
        )
    return table
