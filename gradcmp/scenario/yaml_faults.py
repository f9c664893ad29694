"""What a YAML parser complains of, in plain words and at the place where something is to be done."""

from dataclasses import dataclass
from typing import Any

from gradcmp.errors import Complaint, Location


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """A parser's complaint: its words, where it gave up, and where the thing begins that it was reading.

    Places are (line, column) from 0; `opened` is None where the parser names no beginning.
    """

    message: str
    place: tuple[int, int]
    opened: tuple[int, int] | None
    lines: list[str]

    @property
    def at_end(self) -> bool:
        return not any(line.strip() for line in self.lines[self.place[0] :])

    @property
    def before(self) -> str:
        """What stands before the place, on its line."""
        line, column = self.place
        return self.lines[line][:column].strip() if line < len(self.lines) else ""

    def character(self, place: tuple[int, int]) -> str:
        line, column = place
        return self.lines[line][column : column + 1] if line < len(self.lines) else ""


Words = tuple[str, str, str, tuple[int, int]]
"""What, expected, hint, place."""


def syntax_complaint(error: Any, text: str, shown: str) -> Complaint:
    """The complaint about a `yaml.YAMLError` in the text of the file `shown`."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    message = getattr(error, "problem", None) or str(error).split("\n", 1)[0]
    if mark is None:
        return Complaint(what=f"this is not YAML: {message}", where=Location(file=shown))
    begin = getattr(error, "context_mark", None)
    fault = _Fault(
        message=message,
        place=(mark.line, mark.column),
        opened=None if begin is None else (begin.line, begin.column),
        lines=text.splitlines(),
    )
    what, expected, hint, (line, column) = _words(fault)
    where = Location(file=shown, line=line + 1, column=column + 1)
    return Complaint(what=what, where=where, expected=expected, hint=hint)


def _words(fault: _Fault) -> Words:
    for part, words in _FAULTS:
        if part in fault.message:
            return words(fault)
    return f"this is not YAML: {fault.message}", "", "", _seen(fault)


def _seen(fault: _Fault) -> tuple[int, int]:
    """The place of the fault; the end of the file says nothing, where the thing began does."""
    if fault.at_end and fault.opened is not None and fault.character(fault.opened):
        return fault.opened
    return min(fault.place, (max(len(fault.lines) - 1, 0), fault.place[1]))


def _bracket(fault: _Fault) -> Words:
    """A flow mapping or list, in which neither a comma nor its end comes next."""
    opened = fault.opened or fault.place
    bracket, character = fault.character(opened), fault.character(fault.place)
    closing = {"{": "}", "[": "]"}.get(bracket, "}")
    if not fault.at_end and character in ("[", "{"):
        hint = "inside {…} and […] an expression with a bracket needs quotes"
        return f"this is not YAML: `{character}` stands inside a text", "", hint, fault.place
    if not fault.at_end and character in ("]", "}"):
        return f"this is not YAML: `{bracket}` is closed by `{character}`", f"expected `{closing}`", "", fault.place
    if fault.at_end or fault.place[0] > opened[0]:
        return f"this is not YAML: `{bracket}` is not closed", f"expected `{closing}`", "", opened
    return (
        "this is not YAML: more follows after a value", f"expected `,` or `{closing}`",
        "quote a text that contains quotes", fault.place,
    )  # fmt: skip


def _key(fault: _Fault) -> Words:
    """Something that is no key stands where a key is due."""
    character = fault.character(fault.place)
    if character and character in "]}":
        return f"this is not YAML: `{character}` closes nothing", "", "leave it out", fault.place
    if fault.before:
        hint = "put the whole text in quotes of the other kind"
        return "this is not YAML: more follows after a value", "expected the end of the line", hint, fault.place
    expected = "expected `key: value`, indented as far as the keys that it belongs to"
    return "this is not YAML: the line does not fit those above it", expected, "", fault.place


def _colon(fault: _Fault) -> Words:
    """A `: ` where no key can stand: a second one on a line, or a line that is indented below a value."""
    if ":" in fault.before:
        what = "this is not YAML: a second `: ` on this line"
        return what, "", "quote a text that contains `: `", fault.place
    what = "this is not YAML: the line is indented below one that has a value already"
    return what, "expected keys of one mapping to be equally indented", "", fault.place


def _start(fault: _Fault) -> Words:
    what = "this is not YAML: the line does not belong to what stands above it"
    return what, "expected one mapping, its keys equally indented", "", fault.place


def _token(fault: _Fault) -> Words:
    character = fault.character(fault.place)
    if character == "\t":
        return _tab(fault)
    return f"a value cannot begin with `{character}`", "", "quote the text", fault.place


def _tab(fault: _Fault) -> Words:
    return "a tab cannot indent", "", "use spaces", fault.place


def _quoted(fault: _Fault) -> Words:
    return "this is not YAML: the file ends inside a quoted text", "expected a closing quote", "", _seen(fault)


def _escape(fault: _Fault) -> Words:
    hint = "write `\\\\` for a backslash, or put the text in '…'"
    return 'this is not YAML: a `\\` in "…" begins no escape that there is', "", hint, _seen(fault)


def _no_colon(fault: _Fault) -> Words:
    hint = "indent the lines of a text further than its key"
    return "this is not YAML: the line has no key", "expected `key: value`", hint, fault.opened or fault.place


def _name(fault: _Fault) -> Words:
    opened = fault.opened or fault.place
    what = f"this is not YAML: `{fault.character(opened)}` begins a name, and none follows"
    return what, "", "quote the text", opened


def _missing(fault: _Fault) -> Words:
    if fault.at_end:
        place = _seen(fault)
        return "this is not YAML: the file ends inside {…} or […]", "expected a closing bracket", "", place
    return "this is not YAML: a value is missing", "", "", fault.place


_FAULTS = (
    ("',' or '", _bracket),
    ("found a tab", _tab),
    ("cannot start any token", _token),
    ("mapping values are not allowed", _colon),
    ("document start", _start),
    ("found unexpected end of stream", _quoted),
    ("escape character", _escape),
    ("could not find expected ':'", _no_colon),
    ("alphabetic or numeric character", _name),
    ("node content", _missing),
    ("expected key", _key),
    ("<block end>", _key),
    ("'-' indicator", _key),
)
"""Parts of the parser's words (libyaml's and PyYAML's) → what they mean here; the first that fits."""
