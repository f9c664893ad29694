"""Where a program's text stands in its file: spans become file:line:column with the line and a caret."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from gradcmp.core.suggest import did_you_mean
from gradcmp.errors import Complaint, Location
from gradcmp.program.ir import Node, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gradcmp.program.programs import Program

Part = TypeVar("Part")
Read = TypeVar("Read")

WIDTH = 100
"""Columns of a line that a snippet shows."""

LONGEST = 400
"""Characters of a complaint: names and numbers in it may be any length."""

MOST_COMPLAINTS = 50
"""Complaints about one text; what comes after them helps nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A text, where its first character stands, and the columns that a YAML block takes off every later line.

    Equal where the texts are.
    """

    text: str
    location: Location = field(compare=False)
    indent: int = field(default=0, compare=False)

    @classmethod
    def of(cls, program: Program) -> Source:
        return cls(text=program.text, location=program.location, indent=program.indent)

    def locate(self, line: int, column: int) -> Location:
        """The place in the file of a place in the text; both count from 1."""
        first_line, first_column = max(self.location.line, 1), max(self.location.column, 1)
        moved = first_column - 1 if line == 1 else self.indent
        return Location(file=self.location.file, line=first_line + line - 1, column=column + moved)

    def snippet(self, span: Span) -> str:
        """The line with a caret under the span's first line."""
        lines = self.text.split("\n")
        if not 1 <= span.line <= len(lines):
            return ""
        line = "".join(character if character.isprintable() else " " for character in lines[span.line - 1])
        start = min(max(span.column - 1, 0), len(line))
        end = min(span.end_column - 1, len(line)) if span.end_line == span.line else len(line)
        left = max(0, start - WIDTH // 2)
        shown = line[left : left + WIDTH].rstrip()
        carets = "^" * max(1, min(end, left + WIDTH) - start)
        number = str(self.locate(span.line, span.column).line)
        return f"{number} | {shown}\n{' ' * len(number)} | {' ' * (start - left)}{carets}"

    def complain(self, span: Span, what: str, *, expected: str = "", hint: str = "") -> Complaint:
        """A complaint about a stretch of the text."""
        where = self.locate(span.line, span.column)
        what = what if len(what) <= LONGEST else f"{what[:LONGEST]}…"
        return Complaint(what=what, where=where, expected=expected, hint=hint, snippet=self.snippet(span))


class Refused(Exception):  # never leaves the package: the complaint has been noted
    """A part makes no sense; the reason is among the complaints."""


class Complaints:
    """Collects the complaints about one text, so that all of them are told in one pass."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.complaints: list[Complaint] = []

    def complain(self, place: Span | Node, what: str, hint: str = "", expected: str = "") -> None:
        """Note a complaint and go on; a place is complained about once."""
        span = place if isinstance(place, Span) else place.span
        complaint = self.source.complain(span, what, hint=hint, expected=expected)
        if len(self.complaints) < MOST_COMPLAINTS and all(other.where != complaint.where for other in self.complaints):
            self.complaints.append(complaint)

    def refuse(self, place: Span | Node, what: str, hint: str = "", expected: str = "") -> Refused:
        """Note a complaint; what is returned is to be raised, which gives up on this part."""
        self.complain(place, what, hint, expected)
        return Refused()

    def each(self, parts: Iterable[Part], read: Callable[[Part], Read]) -> tuple[Read, ...]:
        """Read all of the parts before giving up on any."""
        results, refused = [], False
        for part in parts:
            try:
                results.append(read(part))
            except Refused:
                refused = True
        if refused:
            raise Refused
        return tuple(results)

    def suggest(self, word: str, candidates: Iterable[str]) -> str:
        """The nearest name, while the complaints are few enough for anybody to read."""
        return did_you_mean(word, candidates) if len(self.complaints) < 20 else ""

    def in_order(self) -> list[Complaint]:
        """The complaints by line and column."""
        nowhere = Location(file="")
        return sorted(
            self.complaints, key=lambda complaint: complaint.where if isinstance(complaint.where, Location) else nowhere
        )
