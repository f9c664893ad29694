"""Result files read back, complete or partial."""

import json
import re
import stat
from pathlib import Path
from typing import Any

from gradcmp.errors import Complaint, UsageError
from gradcmp.result.document import FORMAT, Document
from gradcmp.result.journal import SECTIONS, Counts
from gradcmp.result.values import plain_record, quoted

_OBJECTS, _LISTS = ("run", "machine"), ("targets", *SECTIONS)
_NOT_OURS = "it is JSON, but no result of gradcmp"
_WRITES_ONE = "`gradcmp run -o FILE` writes one"


Json = dict[str, Any]

_TOKEN = re.compile(r'(?P<text>"(?:[^"\\]|\\.)*")(?P<key>\s*:)?|[{}]|NaN|-?Infinity', re.DOTALL)


class _Damage(json.JSONDecodeError):
    """JSON that Python reads and that JSON has not, or does not give a meaning."""


def read_document(path: Path) -> Document:
    """The document in `path`, or in `path`.partial where a run is going on or was cut off before its end.

    Raises UsageError with the file and the reason.
    """
    return Document.of(read_json(path), where=str(path))


def read_json(path: Path) -> Json:
    """The same as JSON has it; its records are not looked at."""
    partial = path.with_name(f"{path.name}.partial")
    if not path.exists() and partial.exists():
        path = partial
    document = _parse(path, _text(path))
    _check(path, document)
    return document


def _text(path: Path) -> str:
    try:
        if stat.S_ISCHR(path.stat().st_mode) or stat.S_ISBLK(path.stat().st_mode):
            raise _unreadable(path, "it is a device")  # such as /dev/zero, which has no end
        return path.read_bytes().decode("utf-8-sig", "surrogatepass")
    except FileNotFoundError as error:
        raise _unreadable(path, "there is no such file", hint=_WRITES_ONE) from error
    except OSError as error:
        raise _unreadable(path, str(error.strerror or error)) from error
    except UnicodeDecodeError as error:
        raise _unreadable(path, "it is not text in UTF-8", hint=_WRITES_ONE) from error
    except MemoryError as error:
        raise _unreadable(path, "it is larger than the memory") from error


def _parse(path: Path, text: str) -> Json:
    if not text.strip():
        raise _unreadable(path, "it is empty", hint=_WRITES_ONE)
    try:
        document = _loads(text)
    except (ValueError, RecursionError) as error:
        if text.startswith('{"kind":"run"'):
            return _parse_partial(path, text)
        if not isinstance(error, json.JSONDecodeError):
            raise _unreadable(
                path, "it is JSON that no run writes: it is nested too deep, or a number is too long"
            ) from error
        if isinstance(error, _Damage):
            reason = f"it is damaged: {error.msg}"
        elif text.startswith('{\n"format": "gradcmp-result/'):
            reason = "it is damaged" if text.rstrip().endswith("}") else "its end is missing"
        else:
            reason = "it is not JSON"
        raise _unreadable(f"{path}:{error.lineno}:{error.colno}", reason, hint=_WRITES_ONE) from error
    if isinstance(document, dict) and document.get("kind") == "run":
        return _parse_partial(path, text)
    if not isinstance(document, dict):
        raise _unreadable(path, _NOT_OURS, hint=_WRITES_ONE)
    return document


def _loads(text: str) -> Any:
    """The value of a text in JSON. Raises _Damage for bare `NaN` and `Infinity` and for a key that stands twice.

    Raises what `json.loads` does for what that does not read.
    """
    damaged = False

    def constant(name: str) -> float:
        nonlocal damaged
        damaged = True
        return float(name)

    def once(pairs: list[tuple[str, Any]]) -> Json:
        nonlocal damaged
        entries = dict(pairs)
        damaged = damaged or len(entries) < len(pairs)
        return entries

    value = json.loads(text, parse_constant=constant, object_pairs_hook=once)
    if damaged:
        raise _damage(text)
    return value


def _damage(text: str) -> _Damage:
    """The first place where a text that Python reads is no good JSON."""
    seen: list[set[str]] = []
    for token in _TOKEN.finditer(text):
        if token["key"]:
            key = json.loads(token["text"])
            if key in seen[-1]:
                return _Damage(f"the key {quoted(key)} stands twice", text, token.start())
            seen[-1].add(key)
        elif token[0] == "{":
            seen.append(set())
        elif token[0] == "}":
            seen.pop()
        elif not token["text"]:
            return _Damage(f"`{token[0]}` is no number in JSON", text, token.start())
    raise AssertionError("there is no damage")


def _parse_partial(path: Path, text: str) -> Json:
    """JSON lines → a document. A last line that was cut off is dropped; damage elsewhere is an error."""
    sections = {kind: section for section, kind in SECTIONS.items()}
    document: Json = {section: [] for section in SECTIONS}
    counts = Counts()
    lines = [line for line in text.split("\n") if line.strip()]
    for number, line in enumerate(lines, start=1):
        try:
            entry = _loads(line)
            kind, record = entry["kind"], entry["record"]
            if not isinstance(record, dict):
                raise TypeError(kind)
        except _Damage as error:
            raise _unreadable(f"{path}:{number}:{error.colno}", f"it is damaged: {error.msg}") from error
        except (ValueError, RecursionError, LookupError, TypeError) as error:
            if number == len(lines) and number > 1:
                break
            raise _unreadable(f"{path}:{number}", "this line of a partial result is damaged") from error
        if kind == "run":
            document |= record
        elif kind in sections:
            document[sections[kind]].append(record)
        if kind == "case":
            counts.add(str(record.get("verdict")), str(record.get("level")))
    return document | {"summary": plain_record(counts.summary)}


def _check(path: Path, document: Json) -> None:
    found = document.get("format")
    if found != FORMAT:
        if isinstance(found, str) and found.startswith("gradcmp-result/"):
            raise _unreadable(
                path,
                f"its format is `{found}`",
                expected=f"expected `{FORMAT}`",
                hint="read it with the gradcmp that wrote it",
            )
        raise _unreadable(path, _NOT_OURS, expected=f"expected `format` to be `{FORMAT}`")
    for names, kind, words in ((_OBJECTS, dict, "object"), (_LISTS, list, "list")):
        for name in names:
            if not isinstance(document.get(name), kind):
                raise _unreadable(path, f"its `{name}` is missing, or no {words}")


def _unreadable(where: Path | str, reason: str, *, expected: str = "", hint: str = "") -> UsageError:
    return UsageError(
        Complaint(what=f"the result file cannot be read: {reason}", where=str(where), expected=expected, hint=hint)
    )
