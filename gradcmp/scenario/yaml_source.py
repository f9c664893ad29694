"""YAML text → nodes with places: the core schema of YAML 1.2, and limits that no file can get around.

PyYAML's parser (libyaml's where it is there) gives events; everything after that is here: what a plain word means,
duplicate keys, anchors, depth. https://yaml.org/spec/1.2.2/#103-core-schema
"""

import codecs
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from gradcmp.errors import Complaint, Location, UsageError
from gradcmp.scenario.nodes import Entry, Mapping, Node, Scalar, Sequence
from gradcmp.scenario.yaml_faults import syntax_complaint

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 50
MAX_REPEATED = 10_000
"""Nodes that aliases may add to a file."""
MAX_DIGITS = 400
MOST_COMPLAINTS = 100

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((f"{sign}.{word}" for sign in ("", "+") for word in ("inf", "Inf", "INF")), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


def resolve_plain(text: str) -> bool | int | float | str | None:
    """What an unquoted word means in the core schema of YAML 1.2.

    >>> resolve_plain("1e-5"), resolve_plain("0o17"), resolve_plain("on")
    (1e-05, 15, 'on')
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789" or len(text) > MAX_DIGITS:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _HEXADECIMAL.fullmatch(text):
        return int(text[2:], 16)
    return text


def read_file(path: Path, shown: str) -> Node:
    """The nodes of the file at `path`, which complaints call `shown`. Raises UsageError with all that is wrong."""
    whole = Location(file=shown)
    try:
        if not path.is_file():
            what = "this is not a file" if path.exists() else "there is no such file"
            raise UsageError(Complaint(what=what, where=whole))
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise UsageError(
                Complaint(what=f"the file has {size} bytes", where=whole, expected="expected at most 1 MiB")
            )
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(Complaint(what=f"the file cannot be read: {reason}", where=whole)) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(_not_utf_8(data, error.start, shown)) from error
    return read_text(text, shown)


def _not_utf_8(data: bytes, start: int, shown: str) -> Complaint:
    """The complaint about bytes that are no text; the first wrong one is at `start`."""
    hint = "save the file as UTF-8"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Complaint(what="this is text in UTF-16", where=Location(file=shown), hint=hint)
    begin = data.rfind(b"\n", 0, start) + 1
    column = len(data[begin:start].decode("utf-8", "replace").removeprefix("\ufeff")) + 1
    where = Location(file=shown, line=data.count(b"\n", 0, start) + 1, column=column)
    return Complaint(what=f"the byte 0x{data[start]:02x} is no text in UTF-8", where=where, hint=hint)


def read_text(text: str, shown: str) -> Node:
    """The nodes of a YAML text. Raises UsageError with everything that is wrong."""
    control = _CONTROL.search(text)
    if control:
        line = text.count("\n", 0, control.start()) + 1
        column = control.start() - text.rfind("\n", 0, control.start())
        what = f"the character U+{ord(control[0]):04X} does not belong in a text file"
        raise UsageError(
            Complaint(what=what, where=Location(file=shown, line=line, column=column), hint="leave it out")
        )
    builder = _Builder(text=text, file=shown)
    try:
        for event in yaml.parse(text, Loader=LOADER):
            builder.take(event)
    except yaml.YAMLError as error:
        raise UsageError(*builder.complaints, syntax_complaint(error, text, shown)) from error
    except (ValueError, RecursionError) as error:  # surrogates and the like: what libyaml cannot encode
        raise UsageError(Complaint(what=f"this is not YAML: {error}", where=Location(file=shown))) from error
    if builder.complaints:
        raise UsageError(*builder.complaints)
    if builder.root is None:
        raise UsageError(Complaint(what="the file is empty", where=Location(file=shown), expected=EXPECTED_FILE))
    return builder.root


EXPECTED_FILE = "expected a scenario (`inputs`, `function`) or a suite (`scenarios`)"

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(slots=True)
class _Frame:
    """A list or mapping that is being read. `items` alternate keys and values in a mapping."""

    event: Any
    is_mapping: bool
    count: int
    items: list[Node] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)  # of the items, in characters


@dataclass(slots=True)
class _Builder:
    """Takes events one by one; never recurses, so depth is only a number."""

    text: str
    file: str
    complaints: list[Complaint] = field(default_factory=list)
    root: Node | None = None
    frames: list[_Frame] = field(default_factory=list)
    anchors: dict[str, tuple[Node, int]] = field(default_factory=dict)
    documents: int = 0
    count: int = 0
    repeated: int = 0
    lines: list[str] | None = None

    def take(self, event: Any) -> None:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._check_tag(event)
            self._add(self._scalar(event), event, 1)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._check_tag(event)
            if len(self.frames) >= MAX_DEPTH:
                self._fail(event, f"more than {MAX_DEPTH} levels of nesting are refused")
            self.frames.append(_Frame(event=event, is_mapping=kind is yaml.MappingStartEvent, count=self.count))
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            frame = self.frames.pop()
            node = self._mapping(frame) if frame.is_mapping else self._sequence(frame)
            self._add(node, frame.event, self.count - frame.count + 1, end=event.end_mark.index)
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.DocumentStartEvent:
            self.documents += 1
            if self.documents > 1:
                self._fail(event, "a second document begins here", "write one scenario or suite per file")

    def _add(self, node: Node, event: Any, size: int, end: int | None = None) -> None:
        self.count += 1
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, size)
        self._place(node, event.start_mark.index, event.end_mark.index if end is None else end)

    def _place(self, node: Node, start: int, end: int) -> None:
        if not self.frames:
            self.root = node if self.root is None else self.root
            return
        frame = self.frames[-1]
        if frame.is_mapping and len(frame.items) % 2 == 0 and not isinstance(node, Scalar):
            self._note(Complaint(what="a key must be a word, not a list or mapping", where=node.location))
        frame.items.append(node)
        frame.spans.append((start, end))

    def _alias(self, event: Any) -> None:
        if event.anchor not in self.anchors:
            inside = any(frame.event.anchor == event.anchor for frame in self.frames)
            what = "repeats the value that it stands in" if inside else f"has no anchor `&{event.anchor}` before it"
            self._fail(event, f"the alias `*{event.anchor}` {what}", "quote a text that begins with `*`" * (not inside))
        node, size = self.anchors[event.anchor]
        self.count += size
        self.repeated += size
        if self.repeated > MAX_REPEATED:
            self._fail(event, f"aliases repeat more than {MAX_REPEATED} values", "write the values out, or use a sweep")
        self._place(node, event.start_mark.index, event.end_mark.index)

    def _check_tag(self, event: Any) -> None:
        if event.tag is None:
            return
        where = self._location(event.start_mark)
        shown = event.tag.replace("tag:yaml.org,2002:", "!!")
        self._note(Complaint(what=f"the tag `{shown}` is refused", where=where, hint="leave it out, or quote the text"))

    def _scalar(self, event: Any) -> Scalar:
        text: str = event.value
        location = self._location(event.start_mark)
        style: str = event.style if event.style in ("'", '"', "|", ">") else ""
        content, indent = location, 0
        value: bool | int | float | str | None = text
        folded = style == ">"
        if not style:
            value = resolve_plain(text)
            folded = event.end_mark.line > event.start_mark.line
            if value == text and len(text) > MAX_DIGITS and _FLOAT.fullmatch(text):
                self._note(Complaint(what=f"a number of more than {MAX_DIGITS} characters is refused", where=location))
        elif style in ("'", '"'):
            content = Location(file=self.file, line=location.line, column=location.column + 1)
        else:
            indent = self._block_indent(event)
            content = Location(file=self.file, line=location.line + 1, column=indent + 1)
        return Scalar(
            value=value, text=text, style=style, location=location, content=content, indent=indent, folded=folded
        )

    def _block_indent(self, event: Any) -> int:
        """The columns that a block (`|`, `>`) takes off: those before its first character."""
        if self.lines is None:
            self.lines = self.text.splitlines()
        first = event.value.lstrip("\n")
        own = len(first) - len(first.lstrip(" "))  # an explicit indicator (`|2`) leaves spaces to the text
        for line in self.lines[event.start_mark.line + 1 :]:
            if line.strip():
                return max(len(line) - len(line.lstrip(" ")) - own, 0)
        return 0

    def _sequence(self, frame: _Frame) -> Sequence:
        return Sequence(items=tuple(frame.items), location=self._location(frame.event.start_mark))

    def _mapping(self, frame: _Frame) -> Mapping:
        entries: dict[str, Entry] = {}
        commas = _split_expressions(frame, self.text) if frame.event.flow_style else {}
        pieces = {piece for start, (_, last) in commas.items() for piece in range(start + 2, last + 1, 2)}
        for position in range(0, len(frame.items) - 1, 2):
            key, value = frame.items[position], frame.items[position + 1]
            if position in commas:
                self._note(_unquoted(commas[position][0], value))
            if not isinstance(key, Scalar) or position in pieces:
                continue  # complained about already
            if key.text == "<<" and not key.style:
                hint = "what the members of a suite share stands below `defaults`"
                self._note(Complaint(what="`<<` is no key: YAML 1.2 does not merge", where=key.location, hint=hint))
            elif key.text in entries:
                earlier = entries[key.text].key.location
                what = f"the key `{key.text}` is written twice"
                self._note(Complaint(what=what, where=key.location, hint=f"the first one is on line {earlier.line}"))
            else:
                entries[key.text] = Entry(key=key, value=value)
        return Mapping(entries=entries, location=self._location(frame.event.start_mark))

    def _location(self, mark: Any) -> Location:
        return Location(file=self.file, line=mark.line + 1, column=mark.column + 1)

    def _note(self, complaint: Complaint) -> None:
        self.complaints.append(complaint)
        if len(self.complaints) >= MOST_COMPLAINTS:
            raise UsageError(*self.complaints)

    def _fail(self, event: Any, what: str, hint: str = "") -> None:
        complaint = Complaint(what=what, where=self._location(event.start_mark), hint=hint)
        raise UsageError(*self.complaints, complaint)


def _split_expressions(frame: _Frame, text: str) -> dict[int, tuple[str, int]]:
    """Positions of values that an unquoted comma cut in pieces → the expression as meant, and where its last piece is.

    `{function: maximum(x, 0)}` is to YAML the entry `function: maximum(x` and a key `0)` without a value.
    """
    found: dict[int, tuple[str, int]] = {}
    for position in range(0, len(frame.items) - 1, 2):
        value = frame.items[position + 1]
        if not _is_plain(value) or value.text.count("(") <= value.text.count(")"):  # type: ignore[union-attr]  # a Scalar
            continue
        open_count = value.text.count("(") - value.text.count(")")  # type: ignore[union-attr]
        last = position
        while open_count > 0 and last + 3 < len(frame.items):
            key, following = frame.items[last + 2], frame.items[last + 3]
            if not _is_plain(key) or not isinstance(following, Scalar) or not following.is_empty:
                break
            last += 2
            open_count -= key.text.count(")") - key.text.count("(")  # type: ignore[union-attr]
        if last > position:
            start, end = frame.spans[position + 1][0], frame.spans[last][1]
            found[position] = (text[start:end], last)
    return found


def _is_plain(node: Node) -> bool:
    return isinstance(node, Scalar) and not node.style


def _unquoted(written: str, value: Node) -> Complaint:
    what = f"the comma in `{written}` ends the value: inside {{…}} an expression with a comma needs quotes"
    return Complaint(what=what, where=value.location, hint=f'write "{written}"')
