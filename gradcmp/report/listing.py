"""Listings: columns whose last one is broken between words, or a paragraph per row where there is no room for that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console, RenderableType

from gradcmp.report.columns import GAP
from gradcmp.report.console import Line, shown, styled

FEWEST_WORDS = 24
"""Columns that the last column of a listing needs."""

_INDENT = 2


def print_listing(heads: Sequence[str], rows: Sequence[Sequence[str]], console: Console) -> None:
    """Print the rows. Nothing is cut, and the first cell, a name, is never broken. Empty columns are left out."""
    used = [n for n in range(len(heads)) if n == 0 or any(row[n] for row in rows)]
    lines = [[shown(row[n], console) for n in used] for row in (heads, *rows)]
    widths = [max(cell_len(line[n]) for line in lines) for n in range(len(used))]
    before = sum(widths[:-1]) + GAP * (len(widths) - 1)
    if before + min(widths[-1], FEWEST_WORDS) <= console.width:
        found = _columns(lines, widths, before, console)
    else:
        found = _paragraphs(lines[1:], console)
    for renderable in found:
        console.print(renderable, end="", crop=False)


def _columns(
    lines: Sequence[Sequence[str]], widths: Sequence[int], before: int, console: Console
) -> Iterator[RenderableType]:
    for number, (*cells, last) in enumerate(lines):
        style = "" if number else "bold"
        head = "".join(
            f"{cell}{' ' * (width - cell_len(cell) + GAP)}" for cell, width in zip(cells, widths, strict=False)
        )
        for text in _broken(last, console.width - before, console):
            yield Line(console, (f"{head}{text}".rstrip(), style))
            head = " " * before


def _paragraphs(lines: Sequence[Sequence[str]], console: Console) -> Iterator[RenderableType]:
    """The name; on a line of their own the short cells; the last one."""
    for first, *short, last in lines:
        yield Line(console, (first, "bold"))
        for cell in filter(None, (shown(" · ", console).join(filter(None, short)), last)):
            for text in _broken(cell, console.width - _INDENT, console):
                yield Line(console, (f"{' ' * _INDENT}{text}", ""))


def _broken(text: str, width: int, console: Console) -> list[str]:
    """The text in lines of at most `width` columns, if its words allow."""
    if cell_len(text) <= width and "\n" not in text:
        return [text.rstrip()]
    return [line.plain.rstrip() for line in styled(text, console).wrap(console, max(1, width))] or [""]
