"""Arguments of the command line → files, members and lines; nothing is read that does not have to be."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import gradcmp
from gradcmp.core.suggest import nearest
from gradcmp.errors import Complaint, NothingSelectedError, UsageError
from gradcmp.scenario.configuration import Configuration, shown
from gradcmp.scenario.identifiers import (
    FOLDER,
    Identifier,
    candidates,
    file_id,
    files_below,
    parse_identifier,
    root_of,
    tidy,
    without_suffix,
)
from gradcmp.scenario.nodes import Mapping
from gradcmp.scenario.suites import File
from gradcmp.scenario.yaml_source import read_file

_AT_LINE = re.compile(r"(?P<file>.+\.ya?ml):(?P<line>\d{1,7})(:\d*)?")

MAX_SEARCHED = 500
"""Files that are opened to suggest ids of suites' members."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One file and what of it: a member, the scenario at a line, one problem, one case; else everything."""

    path: Path
    member: str | None = None
    line: int | None = None
    problem: str | None = None
    case: str | None = None


def shipped_folder() -> Path:
    """The scenarios that come with gradcmp: in the wheel, or beside the package in a checkout."""
    package = Path(gradcmp.__file__).resolve().parent
    inside = package / "shipped"
    return inside if inside.is_dir() else package.parent / FOLDER


def choose(
    arguments: Sequence[str], *, folder: Path, configuration: Configuration, shipped: bool = False
) -> list[Choice]:
    """What every argument means. Raises UsageError for all arguments that mean nothing, NothingSelectedError."""
    if not arguments:
        return _everything(configuration, folder)
    choices: list[Choice] = []
    complaints: list[Complaint] = []
    seen = _Seen(
        folder=folder, configured=configuration.root, start=configuration.scenarios if shipped else folder,
        bases=(configuration.scenarios,) if shipped else _roots(folder, configuration), shipped=shipped,
    )  # fmt: skip
    empty: list[str] = []
    for argument in arguments:
        try:
            found = _chosen(argument, seen)
        except (OSError, ValueError) as error:  # a name too long for the system, a NUL
            complaints.append(Complaint(what=f"`{argument[:200]}` is no path and no id: {error}"))
            continue
        if found is None:
            complaints.append(_unknown(argument, seen))
        elif not found:
            empty.append(argument)
        choices += found or ()
    if complaints:
        raise UsageError(*complaints)
    if not choices:
        raise NothingSelectedError(f"nothing was selected: there is no scenario file (*.yaml) in {', '.join(empty)}")
    return choices


def _everything(configuration: Configuration, folder: Path) -> list[Choice]:
    root = configuration.scenarios
    name = shown(root, folder)
    if not root.is_dir():
        raise NothingSelectedError(
            f"nothing was selected: there is no folder {name}; name a scenario file, write a first one with "
            "`gradcmp init`, or take those that come with gradcmp by `--shipped` (in Python `shipped=True`)"
        )
    files = files_below(root)
    if not files:
        raise NothingSelectedError(f"nothing was selected: there is no scenario file (*.yaml) in {name}")
    return [Choice(path=tidy(path)) for path in files]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """Where arguments are looked up: paths from `start`, ids below each of `bases`."""

    folder: Path
    configured: Path | None
    start: Path
    bases: tuple[Path, ...]
    shipped: bool = False


def _roots(folder: Path, configuration: Configuration) -> tuple[Path, ...]:
    """Folders that ids may begin at, seen from the current folder."""
    around = [parent for parent in (folder, *folder.parents) if parent.name == FOLDER][:1]
    return tuple(dict.fromkeys((configuration.scenarios, *around, folder)))


def _chosen(argument: str, seen: _Seen) -> list[Choice] | None:
    """What one argument selects; None where it means nothing, an empty list for a folder without scenarios."""
    path = seen.start / argument
    if argument and path.is_dir():
        return [Choice(path=tidy(file)) for file in files_below(path)]
    if argument and path.is_file():
        return [Choice(path=tidy(path))]
    at_line = _AT_LINE.fullmatch(argument)
    if at_line and (seen.start / at_line["file"]).is_file():
        return [Choice(path=tidy(seen.start / at_line["file"]), line=int(at_line["line"]))]
    identifier = parse_identifier(argument)
    if identifier is None:
        return None
    for base in seen.bases:
        for file in candidates(identifier.file, base):
            if _id_of(tidy(file), seen) == identifier.file:
                choice = Choice(
                    path=tidy(file), member=identifier.member, problem=identifier.problem, case=identifier.case
                )
                return [choice]
        if identifier.problem is None and identifier.member is None and (base / argument).is_dir():
            return [Choice(path=tidy(file)) for file in files_below(base / argument)]
    return None


def _id_of(file: Path, seen: _Seen) -> str | None:
    return file_id(file, root_of(file, configured=seen.configured, current=seen.folder))


def _unknown(argument: str, seen: _Seen) -> Complaint:
    """The complaint about an argument that means nothing: a path that is not there, or an id with its neighbours."""
    at_line = _AT_LINE.fullmatch(argument)
    name = at_line["file"] if at_line else argument
    if without_suffix(Path(name).name) or name.startswith((".", "/", "~")) or name.endswith("/") or not argument:
        near = nearest(Path(name).name, _siblings(seen.start / name), cutoff=0.7)
        hint = f"did you mean `{Path(name).parent / near[0]}`?" if near else ""
        return Complaint(what=f"there is no file or folder `{name}`", hint=hint)
    identifier = parse_identifier(argument) or Identifier(scenario=argument)
    if not seen.shipped and _is_shipped(argument):
        hint = "it is among the scenarios that come with gradcmp: add `--shipped` (in Python `shipped=True`)"
        return Complaint(what=f"there is no scenario, file or folder `{argument}`", hint=hint)
    found = nearest(identifier.scenario, _all_ids(seen), cutoff=0.5, count=3)
    hint = f"did you mean {' or '.join(f'`{known}`' for known in found)}?" if found else "`gradcmp list` shows all ids"
    return Complaint(what=f"there is no scenario, file or folder `{argument}`", hint=hint)


def _is_shipped(argument: str) -> bool:
    """Would `--shipped` find it?"""
    folder = shipped_folder()
    seen = _Seen(folder=folder, configured=folder, start=folder, bases=(folder,), shipped=True)
    choices = _chosen(argument, seen)
    if not choices or choices[0].member is None:
        return bool(choices)
    identifier = _id_of(choices[0].path, seen)
    return f"{identifier}::{choices[0].member}" in _ids_of(choices[0].path, str(identifier))


def _siblings(path: Path) -> list[str]:
    try:
        return [entry.name for entry in path.parent.iterdir()][:1000]
    except (OSError, ValueError):
        return []


def _all_ids(seen: _Seen) -> list[str]:
    """The ids below the first folder that is there; members of suites too, where a file can be read."""
    base = next((base for base in seen.bases if base.is_dir()), None)
    ids: list[str] = []
    for file in files_below(base)[:MAX_SEARCHED] if base is not None else ():
        identifier = _id_of(tidy(file), seen)
        if identifier is None:
            continue
        ids += _ids_of(file, identifier)
    return ids


def _ids_of(file: Path, identifier: str) -> list[str]:
    """The id of a file, and those of its members where it can be read."""
    try:
        node = read_file(file, file.name)
    except UsageError:
        return [identifier]
    members = node.get("scenarios") if isinstance(node, Mapping) else None
    found = members.entries if isinstance(members, Mapping) else ()
    return [identifier, *(f"{identifier}::{member}" for member in found)]


def members_at(file: File, choice: Choice, name: str) -> tuple[list[str | None], Complaint | None]:
    """The scenario at a line of a file: the last one that begins there or above."""
    assert choice.line is not None
    lines = file.lines()
    first, last = min(lines.values()), len(file.path.read_bytes().splitlines())
    if not first <= choice.line <= last:
        what = f"no scenario is at line {choice.line}"
        return [], Complaint(what=what, where=name, expected=f"expected a line from {first} to {last}")
    return [[member for member, line in lines.items() if line <= choice.line][-1]], None


def no_such_member(file: File, choice: Choice) -> Complaint:
    """The complaint about `file::member` where there is no such member."""
    members = [] if file.members is None else list(file.members.entries)
    found = nearest(choice.member or "", members, cutoff=0.5, count=3)
    what = f"there is no scenario `{file.id}::{choice.member}`"
    if not members:
        return Complaint(what=what, hint=f"the file holds one scenario: `{file.id}`")
    hint = f"did you mean {' or '.join(f'`{file.id}::{known}`' for known in found)}?" if found else ""
    return Complaint(what=what, hint=hint or f"`{file.id}` has {', '.join(f'`{known}`' for known in members[:10])}")
