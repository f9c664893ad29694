"""Ids: a scenario's is its path below the scenario root, never what was typed."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

NAME = re.compile(r"[A-Za-z0-9_.-]+")
SUFFIXES = (".gradcmp.yaml", ".gradcmp.yml", ".yaml", ".yml")
FOLDER = "scenarios"

_PARTS = re.compile(r"(?P<scenario>[^\[\]@]+)(\[(?P<inside>[^\[\]]*)\](@(?P<target>.+))?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """An id taken apart: `SCENARIO`, `SCENARIO[…]` (a problem) or `SCENARIO[…]@TARGET` (a case)."""

    scenario: str
    problem: str | None = None
    case: str | None = None

    @property
    def file(self) -> str:
        return self.scenario.partition("::")[0]

    @property
    def member(self) -> str | None:
        return self.scenario.partition("::")[2] or None


def parse_identifier(text: str) -> Identifier | None:
    """The parts of an id, None where the text has not the form of one."""
    match = _PARTS.fullmatch(text)
    if match is None or not is_scenario_id(match["scenario"]):
        return None
    problem = f"{match['scenario']}[{match['inside']}]" if match["inside"] is not None else None
    return Identifier(scenario=match["scenario"], problem=problem, case=text if match["target"] else None)


def is_scenario_id(text: str) -> bool:
    """Names joined by `/`, perhaps with `::member`."""
    file, colons, member = text.partition("::")
    parts = file.split("/")
    sound = all(NAME.fullmatch(part) and part.strip(".") for part in parts)
    return sound and (not colons or bool(NAME.fullmatch(member)))


def without_suffix(name: str) -> str | None:
    """A file name without `.yaml`, `.yml` or `.gradcmp.yaml`; None for other files."""
    return next((name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix) and name != suffix), None)


def root_of(file: Path, *, configured: Path | None, current: Path) -> Path:
    """The folder that the ids of a file begin at: the configured one, else the nearest parent named `scenarios`, else
    the current folder where the file lies below it, else the file's own. All paths absolute."""
    if configured is not None and file.is_relative_to(configured):
        return configured
    for parent in file.parents:
        if parent.name == FOLDER:
            return parent
    return current if file.is_relative_to(current) else file.parent


def tidy(path: Path) -> Path:
    """An absolute path without `..`; links stay, so that an id is the path that people see."""
    return Path(os.path.normpath(path))


def file_id(file: Path, root: Path) -> str | None:
    """The id of a scenario file, None where a part of its path is no name."""
    relative = file.relative_to(root)
    stem = without_suffix(relative.name)
    if stem is None:
        return None
    parts = (*relative.parts[:-1], stem)
    return "/".join(parts) if all(NAME.fullmatch(part) for part in parts) else None


def files_below(folder: Path) -> list[Path]:
    """Every scenario file below a folder, in the order of its path; hidden files and folders are left out."""
    paths: list[Path] = []
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths += [Path(parent, name) for name in files if not name.startswith(".") and without_suffix(name)]
    return sorted(paths)


def candidates(identifier: str, root: Path) -> list[Path]:
    """Files that may have an id: those that are there, below `root`."""
    return [path for path in (root / f"{identifier}{suffix}" for suffix in SUFFIXES) if path.is_file()]
