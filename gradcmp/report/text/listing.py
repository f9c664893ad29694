"""Listings: columns whose last one is broken between words, or a paragraph per row where there is no room for that."""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console

from gradcmp.report.text.columns import GAP
from gradcmp.report.text.console import shown
from gradcmp.report.text.lines import Line, hanging, print_parts, styled

FEWEST_WORDS = 24
"""Columns that the last column of a listing needs."""

_INDENT = 2


def print_listing(heads: Sequence[str], rows: Sequence[Sequence[str]], console: Console) -> None:
    """Print the rows. Nothing is cut, and the first cell, a name, is never broken. Empty columns are left out."""
    used = [n for n in range(len(heads)) if n == 0 or any(row[n] for row in rows)]
    lines = [[shown(row[n], console) for n in used] for row in (heads, *rows)]
    widths = [max(cell_len(line[n]) for line in lines) for n in range(len(used))]
    before = sum(widths[:-1]) + GAP * (len(widths) - 1)
    fits = before + min(widths[-1], FEWEST_WORDS) <= console.width
    print_parts(_columns(lines, widths, console) if fits else _paragraphs(lines[1:], console), console)


def _columns(lines: Sequence[Sequence[str]], widths: Sequence[int], console: Console) -> Iterator[Line]:
    for number, (*cells, last) in enumerate(lines):
        style = "" if number else "bold"
        padded = (f"{cell}{' ' * (width - cell_len(cell) + GAP)}" for cell, width in zip(cells, widths, strict=False))
        yield from hanging(console, styled(last, console, style), ("".join(padded), style))


def _paragraphs(lines: Sequence[Sequence[str]], console: Console) -> Iterator[Line]:
    """The name; on a line of their own the short cells; the last one."""
    for first, *short, last in lines:
        yield Line(console, (first, "bold"))
        for cell in filter(None, (shown(" · ", console).join(filter(None, short)), last)):
            yield from hanging(console, styled(cell, console), (" " * _INDENT, ""))
