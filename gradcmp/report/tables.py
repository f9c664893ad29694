"""Grids → rich renderables: a table where it fits, a block per problem with targets as rows where it does not."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from itertools import groupby

from rich.cells import cell_len
from rich.console import Console, RenderableType

from gradcmp.report.cells import Cell
from gradcmp.report.grids import TIMING_PARTS, TRUTH, Grid, Row, aligned, pruned
from gradcmp.report.text.columns import GAP, Columns
from gradcmp.report.text.console import room, shown
from gradcmp.report.text.lines import Line, Span, hanging, styled, trimmed

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


_MOST_TABLES = 6
_FEWEST_ROWS = 3  # problems in a table, where not all are in one
_INDENT = 6


def grid_parts(grid: Grid, console: Console) -> Iterator[RenderableType]:
    """The grid as wide as its content where the console has the room, else with targets as rows.

    Before that it is taken apart: problems that other targets answer have a table of their own, and a few problems that
    are too wide do not turn a whole table, but follow it.
    """
    tables = _tables(grid, console)
    for place, problems in enumerate(tables):
        if place:
            yield Line(console)
        yield _columns(_only(grid, problems), console)
    turned = {row.problem for row in grid.rows}.difference(*tables)
    if turned:
        if tables:
            yield Line(console)
        yield from _blocks(_only(grid, turned), console)


def _tables(grid: Grid, console: Console) -> list[Set[str]]:
    """The problems of each table that fits: one where all do, else one for each set of targets that problems have."""
    if _columns(grid, console).fits:
        return [{row.problem for row in grid.rows}]
    members: dict[frozenset[int], set[str]] = {}
    for problem, rows in groupby(grid.rows, key=lambda row: row.problem):
        used = frozenset(n for row in rows for n, cell in enumerate(row.cells) if cell.text or grid.names[n] == TRUTH)
        members.setdefault(used, set()).add(problem)
    if len(members) > _MOST_TABLES:
        return [problems] if (problems := _fitting(grid, console)) else []
    narrow = {used: set(_fitting(_only(grid, problems), console)) for used, problems in members.items()}
    for used in sorted(narrow, key=len):
        for wider in sorted((other for other in narrow if other > used), key=len):
            if narrow[wider] and _columns(_only(grid, narrow[used] | narrow[wider]), console).fits:
                narrow[wider] |= narrow.pop(used)
                break
    return [problems for problems in narrow.values() if len(problems) >= _FEWEST_ROWS]


def _fitting(grid: Grid, console: Console) -> frozenset[str]:
    """The problems whose rows make a table that fits: as many as can be, or none where that is less than half.

    From the narrowest on, each problem is taken that leaves the table within the room.
    """
    whole = _columns(grid, console)
    needed: dict[str, list[int]] = {}
    for row, cells in zip(grid.rows, whole.rows, strict=True):
        widths = [sum(cell_len(text) for text, _ in cell) for cell in cells]
        needed[row.problem] = list(map(max, widths, needed.get(row.problem, widths)))
    table = [max(map(cell_len, column)) for column in whole.headers]
    chosen: list[str] = []
    for problem in sorted(needed, key=lambda name: sum(needed[name])):
        wider = list(map(max, table, needed[problem]))
        if sum(wider) + GAP * (len(wider) - 1) <= room(console):
            table = wider
            chosen.append(problem)
    # A name that stands once for several problems may come to stand in another row.
    while chosen and not _columns(_only(grid, set(chosen)), console).fits:
        chosen.pop()
    return frozenset(chosen) if 2 * len(chosen) >= len(needed) else frozenset()


def _only(grid: Grid, problems: Set[str]) -> Grid:
    """The rows of some problems, in the columns that they use."""
    rows = [row for row in grid.rows if row.problem in problems]
    if len(rows) == len(grid.rows):
        return grid
    used = [n for n in range(len(grid.names)) if any(row.cells[n].text for row in rows)]
    part = replace(
        grid,
        headers=tuple(grid.headers[n] for n in used),
        names=tuple(grid.names[n] for n in used),
        rows=tuple(replace(row, cells=tuple(row.cells[n] for n in used)) for row in rows),
    )
    return pruned(part)


def value_span(cell: Cell, text: str) -> Span:
    """A value that is well keeps the terminal's own colour: the eye is for the others."""
    return text, "" if cell.level == "ok" else STYLES[cell.level]


def _columns(grid: Grid, console: Console) -> Columns:
    marked = [any(row.cells[n].mark for row in grid.rows) for n in range(len(grid.headers))]
    noted = [any(row.cells[n].note for row in grid.rows) for n in range(len(grid.headers))]
    headers, right = list(grid.label_headers), [False] * len(grid.label_headers)
    for header, marks, notes in zip(grid.headers, marked, noted, strict=True):
        headers += ["\n".join(f"{line}{'  ' if marks else ''}" for line in header.split("\n")), *[""] * notes]
        right += [True, *[False] * notes]
    columns = Columns(console, headers, right=right)
    for section, rows in groupby(grid.rows, key=lambda row: row.section):
        if grid.sectioned and section:
            columns.head(Line(console, (section, "bold")))
        _add_rows(columns, list(rows), marked, noted, indent="  " if grid.sectioned and section else "")
    return columns


def _add_rows(
    columns: Columns, rows: Sequence[Row], marked: Sequence[bool], noted: Sequence[bool], *, indent: str
) -> None:
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
        cells: list[tuple[Span, ...]] = []
        for cell, marks, notes in zip(row.cells, marked, noted, strict=True):
            # A cell without a mark keeps its place.
            cells.append((value_span(cell, cell.text), *[(f" {cell.mark or ' '}", STYLES[cell.level])] * marks))
            cells += [((cell.note, STYLES[cell.level]),)] * notes
        columns.add(*(((text, ""),) for text in labels), *cells)


def _blocks(grid: Grid, console: Console) -> Iterator[RenderableType]:
    """The problem's id, then a line per target (the truth first) and leaf."""
    parts = list(dict.fromkeys(cell.parts for row in grid.rows for cell in row.cells if any(cell.parts)))
    texts = aligned((TIMING_PARTS, *parts)) if parts else []
    texts_by_parts = dict(zip(parts, texts[1:], strict=True)) if parts else {}
    width = 2 + max(len(name) for name in grid.names)
    for index, (problem, rows) in enumerate(groupby(grid.rows, key=lambda row: row.problem)):
        if index:
            yield Line(console)
        yield Line(console, (problem, "bold"))
        yield from _block(list(rows), grid.names, width, texts_by_parts, console, texts[:1])


def _block(
    rows: Sequence[Row],
    names: Sequence[str],
    width: int,
    texts_by_parts: Mapping[tuple[str, ...], str],
    console: Console,
    header: Sequence[str],
) -> Iterator[RenderableType]:
    """Target, mark, leaf and value, the truth first; values folded where they do not fit on a line."""
    leaves, marks = any(row.leaf for row in rows), any(cell.mark for row in rows for cell in row.cells)
    lines: list[tuple[Span, ...]] = [(*[("", "")] * (1 + marks + leaves), (text, "bold")) for text in header]
    for n in sorted(range(len(names)), key=lambda n: names[n] != TRUTH):
        name = f"{f'  {names[n]}':<{width}}"
        for row in (row for row in rows if row.cells[n].text.strip()):
            cell = row.cells[n]
            value = value_span(cell, texts_by_parts.get(cell.parts, cell.whole).rstrip())
            mark = [(cell.mark, STYLES[cell.level])] if marks else []
            leaf = [(row.leaf, "")] if leaves else []
            lines.append(((name, ""), *mark, *leaf, value))
            name = ""
    columns = Columns(console, [""] * len(lines[0]), right=[False] * len(lines[0]))
    for line in lines:
        columns.add(*((span,) for span in line))
    if columns.width <= console.width:
        yield columns
    else:
        yield from _folded(lines, columns.widths[:-1], console)


def _folded(lines: Sequence[tuple[Span, ...]], widths: Sequence[int], console: Console) -> Iterator[RenderableType]:
    """Values broken between numbers, beside their names where every number fits there, else beneath."""
    beside = sum(widths) + GAP * len(widths)
    longest = max(cell_len(word) for *_, (text, _) in lines for word in shown(text, console).split(" "))
    indent = beside if beside + longest <= console.width else _INDENT
    for *before, (text, style) in lines:
        names: list[Span] = [(f"{name:<{width + GAP}}", of) for (name, of), width in zip(before, widths, strict=True)]
        if indent < beside:
            if any(name for name, _ in before):
                yield Line(console, *trimmed(names))
            names = [(" " * indent, "")]
        yield from hanging(console, styled(text, console, style), *names)
