"""Grids → rich renderables: a table where it fits, a block per problem with targets as rows where it does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from itertools import groupby

from rich.box import Box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Column, Table
from rich.text import Text

from gradcmp.report.cells import Cell
from gradcmp.report.console import UNBOUNDED, ascii_only, shown, styled
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

_RULED = Box("    \n    \n ── \n    \n    \n    \n    \n    \n")
_RULED_ASCII = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
_GAP = 2


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


class Sectioned:
    """A table whose rows are one line each, with lines of text between them that do not widen its columns."""

    def __init__(self, table: Table, headings: Mapping[int, Text]) -> None:
        """`headings`: number of the row → the line above it."""
        self.table = table
        self.headings = headings

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = console.render_lines(self.table, options, pad=False)
        head = len(lines) - self.table.row_count
        for number, line in enumerate(lines):
            heading = self.headings.get(number - head)
            if heading is not None:
                yield heading
            yield from line
            yield Segment.line()


def grid_table(grid: Grid, console: Console) -> RenderableType:
    """The grid as wide as its content where the console has the room, else with targets as rows.

    A few problems that are too wide do not turn the whole table: they follow it.
    """
    narrow = _fitting(grid, console)
    if not narrow:
        return Group(*_blocks(grid, console))
    table, headings = _table(_only(grid, narrow), console)
    wide = _only(grid, {row.problem for row in grid.rows} - narrow)
    if not wide.rows:
        return Sectioned(table, headings)
    return Group(Sectioned(table, headings), Text(), *_blocks(wide, console))


def _fitting(grid: Grid, console: Console) -> frozenset[str]:
    """The problems whose rows make a table that fits: as many as can be, or none where that is less than half."""
    widths: dict[str, int] = {}
    for row in grid.rows:
        width = sum(len(text) for text in (*row.labels, row.leaf, *(cell.text for cell in row.cells)))
        widths[row.problem] = max(width, widths.get(row.problem, 0))
    narrowest_first = sorted(widths, key=widths.__getitem__)
    low, high = (len(narrowest_first) + 1) // 2, len(narrowest_first)
    if fits(_table(grid, console)[0], console):
        return frozenset(widths)
    # The most problems that fit, by halving: the table only narrows as wide problems leave it.
    best: frozenset[str] = frozenset()
    while low <= high:
        middle = (low + high) // 2
        chosen = frozenset(narrowest_first[:middle])
        if fits(_table(_only(grid, chosen), console)[0], console):
            best, low = chosen, middle + 1
        else:
            high = middle - 1
    return best


def _only(grid: Grid, problems: Set[str]) -> Grid:
    return replace(grid, rows=tuple(row for row in grid.rows if row.problem in problems))


def ruled_table(console: Console) -> Table:
    """An empty table: a line beneath the headers, no other lines, no cell ever cut short."""
    return Table(
        box=_RULED_ASCII if ascii_only(console) else _RULED,
        show_edge=False,
        pad_edge=False,
        padding=(0, _GAP - 1, 0, 0),  # the box's own divider is the other column
        collapse_padding=True,
        header_style="bold",
        border_style="dim",
    )


def fits(renderable: RenderableType, console: Console) -> bool:
    """Does it need no more columns than the console has?"""
    unbounded = console.options.update(width=UNBOUNDED)
    return Measurement.get(console, unbounded, renderable).maximum <= console.width


def cell_text(cell: Cell, console: Console, *, marks: bool) -> Text:
    """Value and mark; `marks`: the column has marks, so that a cell without one keeps their place."""
    tail = f" {cell.mark or ' '}" if marks else ""
    style = STYLES[cell.level]
    # A value that is well keeps the terminal's own colour: the eye is for the others.
    return Text.assemble(
        (shown(cell.text, console), "" if cell.level == "ok" else style), (shown(tail, console), style), overflow="fold"
    )


def _table(grid: Grid, console: Console) -> tuple[Table, dict[int, Text]]:
    table = ruled_table(console)
    marked = [any(row.cells[n].mark for row in grid.rows) for n in range(len(grid.headers))]
    for header in grid.label_headers:
        table.add_column(styled(header, console), overflow="fold")
    for n, (header, marks) in enumerate(zip(grid.headers, marked, strict=True)):
        # Padded by hand: right-justified by rich, a text would lose the spaces that keep its parts in their columns.
        lines = [f"{line}{'  ' if marks else ''}" for line in header.split("\n")]
        width = max(len(text) for text in (*lines, *(f"{row.cells[n].text}{'  ' * marks}" for row in grid.rows)))
        text = "\n".join(f"{line:>{width}}" for line in lines)
        table.add_column(styled(text, console), min_width=width, justify="left", overflow="fold")
    headings: dict[int, Text] = {}
    sections = len({row.section for row in grid.rows}) > 1
    for section, rows in groupby(grid.rows, key=lambda row: row.section):
        if sections and section:
            headings[table.row_count] = styled(section, console, "bold")
        _add_rows(table, list(rows), marked, console, indent="  " if sections and section else "")
    return table, headings


def _add_rows(table: Table, rows: Sequence[Row], marked: Sequence[bool], console: Console, *, indent: str) -> None:
    """The rows of one section. A name stands once: the rows below it differ in what follows."""
    name = ""
    for place, row in enumerate(rows):
        first = row.labels[0]
        label = first if first != name else ""
        name = first or name
        if row.leaf:
            # Leaves stand beneath each other, behind the name: `exp-x-w  x`.
            head = label if first else " " * len(_name_above(rows, place))
            label = f"{head}  {row.leaf}"
        labels = (f"{indent}{label}" if label else "", *row.labels[1:])
        cells = (
            _padded(cell_text(cell, console, marks=marks), column)
            for cell, marks, column in zip(row.cells, marked, table.columns[len(labels) :], strict=True)
        )
        table.add_row(*(styled(text, console) for text in labels), *cells)


def _name_above(rows: Sequence[Row], place: int) -> str:
    return next(row.labels[0] for row in reversed(rows[: place + 1]) if row.labels[0])


def _padded(text: Text, column: Column) -> Text:
    text.pad_left(max(0, (column.min_width or 0) - text.cell_len))
    return text


def _blocks(grid: Grid, console: Console) -> Iterator[RenderableType]:
    """The problem's id, then a line per target (the truth first) and leaf."""
    parts = list(dict.fromkeys(cell.parts for row in grid.rows for cell in row.cells if any(cell.parts)))
    texts = aligned((TIMING_PARTS, *parts)) if parts else []
    texts_by_parts = dict(zip(parts, texts[1:], strict=True)) if parts else {}
    order = sorted(range(len(grid.names)), key=lambda n: grid.names[n] != TRUTH)
    width = 2 + max(len(name) for name in grid.names)
    for index, (problem, rows) in enumerate(groupby(grid.rows, key=lambda row: row.problem)):
        if index:
            yield Text()
        yield styled(problem, console, "bold")
        block = list(rows)
        table = Table.grid(padding=(0, _GAP, 0, 0), pad_edge=False)
        table.add_column(min_width=width, overflow="fold")
        leaves, marks = any(row.leaf for row in block), any(cell.mark for row in block for cell in row.cells)
        for _ in range(leaves + marks):
            table.add_column(overflow="fold")
        table.add_column(overflow="fold")
        if texts:
            table.add_row("", styled(texts[0], console, "bold"))
        for n in order:
            name = grid.names[n]
            for row in (row for row in block if row.cells[n].text.strip()):
                cell = row.cells[n]
                table.add_row(
                    styled(f"  {name}", console),
                    *([styled(cell.mark, console, STYLES[cell.level])] if marks else []),
                    *([styled(row.leaf, console)] if leaves else []),
                    cell_text(Cell(texts_by_parts.get(cell.parts, cell.text), "", cell.level), console, marks=False),
                )
                name = ""
        yield table
