"""Lines that are never broken, and texts broken between words or items into such lines."""

import re
from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from gradcmp.report.text.console import shown

Span = tuple[str, str | Style]
"""Text and style."""

_BETWEEN_ITEMS = re.compile("(?<=[,·;|]) ")


class Line:
    """A line that is never broken: an id stays whole, however narrow the console, so that it can be copied."""

    def __init__(self, console: Console, *spans: Span) -> None:
        self.spans = [(shown(text, console), style) for text, style in spans]

    @property
    def width(self) -> int:
        return width(self.spans)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for text, style in self.spans:
            yield Segment(text, console.get_style(style) if style else None)
        yield Segment.line()


def print_parts(parts: Iterable[RenderableType], console: Console) -> None:
    """Print lines and columns as they are."""
    for part in parts:
        console.print(part, end="", crop=False)


def width(spans: Iterable[Span]) -> int:
    """The columns that they take."""
    return sum(cell_len(text) for text, _ in spans)


def trimmed(spans: Sequence[Span]) -> list[Span]:
    """Without the blanks at the end."""
    kept = list(spans)
    while kept and not kept[-1][0].strip():
        kept.pop()
    return [*kept[:-1], *((text.rstrip(), style) for text, style in kept[-1:])]


def styled(text: str, console: Console, style: str | Style = "") -> Text:
    """`text` made fit to show; never read as markup, never cut."""
    return Text(shown(text, console), style=style, overflow="fold")


def hanging(console: Console, text: Text, *head: Span, room: int | None = None) -> Iterator[Line]:
    """The text behind `head`, and where it does not fit in `room` columns in more lines, as far in as the first."""
    margin = width((shown(part, console), style) for part, style in head)
    rest = max(1, (room or console.width) - margin)
    fits = cell_len(text.plain) <= rest and text.plain.isprintable()
    for line in [text] if fits else text.wrap(console, rest) or [Text()]:
        segments = Text().join([line]).render(console)
        spans = ((segment.text, segment.style or "") for segment in segments)
        yield Line(console, *trimmed([*head, *spans]))
        head = ((" " * margin, ""),)


def enumeration(
    text: str, console: Console, *, style: str = "", indent: int = 0, deeper: int = 0
) -> Iterator[RenderableType]:
    """The lines of `4 exact, 1 wrong`, broken between items where they fit; all but the first are `deeper` in."""
    lines: list[str] = []
    for item in _BETWEEN_ITEMS.split(shown(text, console)):
        if lines and cell_len(f"{lines[-1]} {item}") <= console.width:
            lines[-1] = f"{lines[-1]} {item}"
        else:
            lines.append(f"{' ' * (indent + (deeper if lines else 0))}{item}")
    for line in lines:
        words = line.lstrip()
        yield from hanging(console, styled(words, console, style), (" " * (len(line) - len(words)), ""))
