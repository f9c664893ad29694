"""A project's configuration: `gradcmp.toml`, or `[tool.gradcmp]` in `pyproject.toml`."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gradcmp.core.targets import TargetPattern
from gradcmp.errors import Location, UsageError
from gradcmp.scenario.identifiers import FOLDER, tidy
from gradcmp.scenario.keys import CONFIGURATION, check_keys
from gradcmp.scenario.nodes import Mapping, Scalar, from_plain
from gradcmp.scenario.patterns import check_pattern
from gradcmp.scenario.reading import Reader

_NOTHING = Mapping(entries={}, location=Location(file=""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """`file` is None where there is none. `scenarios` is the scenario folder, absolute; `root` where ids begin, None
    where nobody says; `require` target patterns; `defaults` the scenario keys that it sets."""

    file: Path | None = None
    scenarios: Path
    root: Path | None = None
    require: tuple[TargetPattern, ...] = ()
    defaults: Mapping = field(default=_NOTHING, repr=False)


_MAY_HAVE_TABLE = re.compile(rb"""(?m)^\s*\[?\s*["']?tool["']?\s*(\.\s*["']?gradcmp|\]|=)""")
"""A table for gradcmp in any of TOML's spellings; most projects have none, and their files need not be read."""


def find_configuration(folder: Path) -> Configuration:
    """The configuration of the nearest folder that has one, from `folder` upwards. Raises UsageError."""
    for parent in (folder, *folder.parents):
        table = _table(parent / "gradcmp.toml", folder) or _table(parent / "pyproject.toml", folder)
        if table is not None:
            return _understood(*table, folder)
    return Configuration(scenarios=folder / FOLDER)


def shown(path: Path, folder: Path) -> str:
    """A path as messages show it: relative to the current folder where it lies below it."""
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


def _table(path: Path, folder: Path) -> tuple[Path, dict[str, Any]] | None:
    """The table for gradcmp in a TOML file, None where there is none."""
    whole = path.name == "gradcmp.toml"
    try:
        data = path.read_bytes()
    except OSError:  # not there, or not for us to read
        return None
    if not whole and not _MAY_HAVE_TABLE.search(data):
        return None
    import tomllib  # most projects have no configuration

    try:
        document: Any = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        if not whole and b"tool.gradcmp" not in data:
            return None
        reader = Reader()
        reader.complain(Location(file=shown(path, folder)), "", f"this is not TOML: {error}")
        raise UsageError(*reader.complaints) from error
    if not whole:
        document = document.get("tool", {}).get("gradcmp") if isinstance(document.get("tool"), dict) else None
    return None if document is None else (path, document)


def _understood(path: Path, document: Any, folder: Path) -> Configuration:
    reader = Reader()
    where = Location(file=shown(path, folder))
    node = from_plain(document, where)
    scenarios = path.parent / FOLDER
    require: list[TargetPattern] = []
    defaults = _NOTHING
    if not isinstance(node, Mapping):
        reader.wrong(node, "tool.gradcmp", "a table")
    else:
        settings, defaults = (
            Mapping(entries={n: e for n, e in node.entries.items() if (n in CONFIGURATION) is only}, location=where)
            for only in (True, False)
        )
        check_keys(reader, settings, known=CONFIGURATION)
        check_keys(reader, defaults)
        if "scenarios" in settings:
            folder_name = reader.text(settings["scenarios"], "scenarios", "a folder")
            scenarios = path.parent / (folder_name or FOLDER)
        require = [
            TargetPattern(text=item.text)
            for item in (reader.listed(settings["require"]) if "require" in settings else ())
            if isinstance(item, Scalar) and check_pattern(reader, item, "require")
        ]
    if reader.complaints:
        raise UsageError(*reader.complaints)
    scenarios = tidy(scenarios)
    return Configuration(file=path, scenarios=scenarios, root=scenarios, require=tuple(require), defaults=defaults)
