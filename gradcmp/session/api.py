"""`gradcmp.run`: a run for programs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from numbers import Integral, Real
from os import PathLike, fspath
from pathlib import Path
from typing import Any, get_type_hints

from msgspec import ValidationError, convert

from gradcmp.core.scenarios import swept
from gradcmp.core.suggest import unknown_name
from gradcmp.errors import Complaint, Terminated, UsageError
from gradcmp.result.document import Document
from gradcmp.result.reading import read_document
from gradcmp.session.open import open_session
from gradcmp.session.record import record
from gradcmp.session.request import RunOptions, RunRequest

Paths = str | PathLike[str] | Iterable[str | PathLike[str]]

_OPTIONS = get_type_hints(RunOptions)
_REQUEST = {name: kind for name, kind in get_type_hints(RunRequest).items() if name not in ("arguments", "options")}
_KNOWN = _REQUEST | _OPTIONS
_NAMES = (tuple[str, ...], tuple[str, ...] | None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run found. `document` has the problems, cases and pairs of the result file; arrays are those kept in it.

    `exit_code` is that of the command line: 0 where nothing reaches `fail_on`, else 1.
    """

    document: Document
    exit_code: int

    @property
    def levels(self) -> dict[str, int]:
        """Level → number of cases."""
        counted: dict[str, int] = {}
        for case in self.document.cases:
            counted[str(case.level)] = counted.get(str(case.level), 0) + 1
        return counted


def run(paths: Paths = (), options: Mapping[str, Any] | None = None) -> Report:
    """As `gradcmp.run`, where the arguments are documented."""
    request = request_of(paths, options or {})
    started = datetime.now(UTC)
    with open_session(request) as session:
        recorded = record(session, started=started)
        if recorded.interrupted:
            raise Terminated if recorded.exit_code == Terminated().code else KeyboardInterrupt
        document = read_document(recorded.path)
    return Report(document=document, exit_code=recorded.exit_code)


def request_of(paths: Paths, options: Mapping[str, Any]) -> RunRequest:
    """The request, its values converted to the types of its fields; a text where several are expected is one of them.

    Raises TypeError for an option that there is not, UsageError for a value of another type.
    """
    for name in options:
        if name not in _KNOWN:
            raise TypeError(f"run(): {unknown_name('option', name, _KNOWN)}")
    given = {
        name: _several(value) if _REQUEST.get(name) in _NAMES else _plain(value) for name, value in options.items()
    }
    if isinstance(given.get("parameters"), Mapping):
        given["parameters"] = {_plain(name): _values(value) for name, value in given["parameters"].items()}
    given["arguments"] = _several(paths)
    given["options"] = {name: given.pop(name) for name in _OPTIONS if name in given}
    try:
        return convert(given, RunRequest, dec_hook=_path)
    except ValidationError as error:
        what, _, place = str(error).partition(" - at `$.")
        path = place.rstrip("`").removeprefix("options.").replace("arguments", "paths")
        raise UsageError(Complaint(what=what, where="run()", path=path)) from None


def _several(value: Any) -> Any:
    """One text, path or number as a tuple of one; paths as texts, numbers as Python's own."""
    if isinstance(value, str | PathLike | Real):
        value = (value,)
    try:
        return tuple(fspath(each) if isinstance(each, PathLike) else _plain(each) for each in value)
    except TypeError:  # no iterable
        return value


def _plain(value: Any) -> Any:
    """A number or text, such as those of NumPy, as Python's own; the same of a tuple or list."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, tuple | list):
        return tuple(map(_plain, value))
    if isinstance(value, bool) or not isinstance(value, Real):
        return value
    return int(value) if isinstance(value, Integral) else float(value)


def _values(value: Any) -> tuple[Any, ...]:
    """The values of a name that is swept, as the command line has them."""
    several = _several(value)
    values = several if isinstance(several, tuple) else (several,)
    return tuple(each if (known := swept(each)) is None else known for each in values)


def _path(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str | PathLike):
        return Path(value)
    raise TypeError(f"Expected `{kind.__name__}`, got `{type(value).__name__}`")
