"""The story of a case on a console."""

from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import Console, RenderableType

from gradcmp.report.cells import sign
from gradcmp.report.explanations import headline
from gradcmp.report.story import Section, Teller
from gradcmp.report.tables import STYLES
from gradcmp.report.text.console import shown
from gradcmp.report.text.lines import Line, hanging, print_parts, styled, trimmed

_INDENT = 2
_FEWEST_WORDS = 24  # columns that a sentence needs beside its name


def explain(teller: Teller, console: Console) -> None:
    """Print why the case has its verdict."""
    print_parts(_parts(teller, console), console)


def _parts(teller: Teller, console: Console) -> Iterator[RenderableType]:
    case = teller.case
    verdict_sign = sign(case)
    yield Line(console, (f"#{case.number} ", "dim"), (case.id, "bold"))
    yield Line(console, (f"{verdict_sign.mark} {headline(case)}", STYLES[verdict_sign.level]))
    for section in teller.sections():
        if section.title:
            yield Line(console, ("", ""))
            yield Line(console, (section.title, "bold"))
        yield from _lines(section, console)


def _lines(section: Section, console: Console) -> Iterator[Line]:
    width = max((cell_len(entry.name) for entry in section.lines), default=0)
    margin = _INDENT + width + 2 * bool(width)
    if console.width - margin < _FEWEST_WORDS:
        width, margin = 0, 2 * _INDENT
    for entry in section.lines:
        name = shown(entry.name, console)
        if name and not width:
            yield Line(console, (f"{' ' * _INDENT}{name}", "dim"))
            name = ""
        head = (f"{' ' * _INDENT}{name:<{margin - _INDENT}}", "dim")
        if entry.verbatim:
            yield Line(console, *([head, (entry.text, "")] if entry.text else trimmed([head])))
        else:
            yield from hanging(console, styled(entry.text, console), head)
