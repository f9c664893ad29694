"""Rows of one line each in columns as wide as their content.

A rich table would do, but it measures and wraps every cell anew; a run of ten thousand cases is printed in the time
that it takes to read the file.
"""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment

from gradcmp.report.text.console import ascii_only, room, shown
from gradcmp.report.text.lines import Line, Span, trimmed, width

GAP = 2


class Columns:
    """Headers of one or more lines, a rule, the rows, and headings between them that do not widen any column."""

    def __init__(self, console: Console, headers: Sequence[str], *, right: Sequence[bool]) -> None:
        """`right`: is the column flush right? Without any header there is no rule."""
        self.console = console
        self.right = tuple(right)
        lines = [[shown(line, console) for line in header.split("\n")] for header in headers]
        depth = max(map(len, lines), default=0)
        self.headed = any(headers)
        self.headers = [[""] * (depth - len(column)) + column for column in lines]
        self.rows: list[tuple[tuple[Span, ...], ...]] = []
        self.headings: dict[int, list[Line]] = {}
        self.widths = [max(map(cell_len, column), default=0) for column in self.headers]

    def add(self, *cells: Sequence[Span]) -> None:
        """A row; each cell is a sequence of spans."""
        row = tuple(tuple((shown(text, self.console), style) for text, style in cell) for cell in cells)
        self.rows.append(row)
        self.widths = [max(least, width(cell)) for least, cell in zip(self.widths, row, strict=True)]

    def head(self, heading: Line) -> None:
        """A line of its own above the next row."""
        self.headings.setdefault(len(self.rows), []).append(heading)

    @property
    def width(self) -> int:
        return sum(self.widths) + GAP * (len(self.widths) - 1)

    @property
    def fits(self) -> bool:
        return self.width <= room(self.console)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.headed:
            for line in zip(*self.headers, strict=True):
                yield from self._line([((text, "bold"),) for text in line])
            rule = ("-" if ascii_only(console) else "─") * self.width
            yield Segment(rule, console.get_style("dim"))
            yield Segment.line()
        for number, row in enumerate(self.rows):
            yield from self.headings.get(number, ())
            yield from self._line(row)

    def _line(self, cells: Sequence[Sequence[Span]]) -> RenderResult:
        """The segments of a line, without blanks at its end."""
        spans: list[Span] = []
        for cell, room_of_cell, right in zip(cells, self.widths, self.right, strict=True):
            blank = (" " * (room_of_cell - width(cell)), "")
            spans.extend([blank, *cell] if right else [*cell, blank])
            spans.append((" " * GAP, ""))
        for text, style in trimmed(spans):
            if text:
                yield Segment(text, self.console.get_style(style) if style else None)
        yield Segment.line()
