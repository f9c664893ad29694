"""A file → its scenarios as written: one, or the members of a suite with the suite's defaults."""

from dataclasses import dataclass
from pathlib import Path

from gradcmp.core.suggest import did_you_mean
from gradcmp.errors import Location
from gradcmp.scenario.identifiers import NAME
from gradcmp.scenario.keys import SCENARIO, SUITE, check_keys
from gradcmp.scenario.nodes import Entry, Mapping, Node, Scalar, describe
from gradcmp.scenario.reading import Reader, joined, listing
from gradcmp.scenario.yaml_source import EXPECTED_FILE

_MEANT = {word: key.name for key in SUITE.values() for word in key.meant}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A scenario as written: its keys after defaults, where they stand, and what relative files are relative to.

    `written` are the keys that it writes itself, which win over conflicting defaults. `suite`: the suite's description.
    """

    id: str
    suite: str = ""
    node: Mapping
    written: frozenset[str]
    location: Location
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A scenario file that has been read: `members` is None for a file with one scenario.

    `description` is that of the suite as a whole.
    """

    id: str
    path: Path
    description: str = ""
    root: Mapping
    defaults: Mapping
    members: Mapping | None

    def lines(self) -> dict[str | None, int]:
        """Member → the line of its name; None → the first line of a file with one scenario."""
        if self.members is None:
            return {None: self.root.location.line}
        return {name: entry.key.location.line for name, entry in self.members.entries.items()}


def open_file(reader: Reader, node: Node, identifier: str, path: Path) -> File | None:
    """Suite or scenario? Complains about what is neither."""
    empty = Mapping(entries={}, location=node.location)
    if not isinstance(node, Mapping):
        reader.complain(node, "", f"found {describe(node)}", EXPECTED_FILE)
        return None
    if "scenarios" not in node and not ("defaults" in node and "function" not in node):
        return File(id=identifier, path=path, root=node, defaults=empty, members=None)
    for name, entry in node.entries.items():
        if name not in SUITE:
            hint = "put it below `defaults`" if name in SCENARIO else did_you_mean(name, SUITE, _MEANT)
            what = "unknown key of a suite"
            reader.complain(entry.key, name, what, f"expected {listing(SUITE)}", hint)
    defaults = node.get("defaults")
    members = node.get("scenarios")
    described = node.get("description")
    description = "" if described is None else reader.text(described, "description") or ""
    if defaults is not None and not isinstance(defaults, Mapping):
        reader.wrong(defaults, "defaults", "keys of scenarios")
    if not isinstance(members, Mapping) or not members.entries:
        reader.wrong(members or node, "scenarios", "names with scenarios, such as `{exp: {function: exp(x)}}`")
        return None
    if isinstance(defaults, Mapping):
        check_keys(reader, defaults, "defaults")
    else:
        defaults = empty
    return File(id=identifier, path=path, description=description, root=node, defaults=defaults, members=members)


def draft(reader: Reader, file: File, member: str | None, configured: Mapping) -> Draft | None:
    """One scenario's keys with the file's and the configuration's defaults filled in; `inputs` merge by name."""
    if file.members is None:
        node: Node = file.root
        identifier, location = file.id, file.root.location
    else:
        assert member is not None
        entry = file.members.entries[member]
        node, identifier, location = entry.value, f"{file.id}::{member}", entry.key.location
        if not NAME.fullmatch(member):
            reader.complain(entry.key, joined("scenarios", member), f"`{member}` cannot be a name",
                            "expected letters from A to Z, digits, `_`, `.` and `-`")  # fmt: skip
    if not isinstance(node, Mapping):
        if isinstance(node, Scalar) and node.is_empty:
            node = Mapping(entries={}, location=location)
        else:
            reader.wrong(node, joined("scenarios", member or ""), "a scenario: `function`, `inputs`, …")
            return None
    check_keys(reader, node)
    merged = merge(merge(configured, file.defaults), node)
    return Draft(
        id=identifier, suite=file.description, node=merged, written=frozenset(node.entries), location=location,
        folder=file.path.parent,
    )  # fmt: skip


def merge(defaults: Mapping, written: Mapping) -> Mapping:
    """`written` over `defaults`: key by key, whole, except that `inputs` merge by name."""
    if not defaults.entries:
        return written
    entries = {**defaults.entries, **written.entries}
    inputs, default_inputs = written.get("inputs"), defaults.get("inputs")
    if isinstance(inputs, Mapping) and isinstance(default_inputs, Mapping):
        both = Mapping(entries={**default_inputs.entries, **inputs.entries}, location=inputs.location)
        entries["inputs"] = Entry(key=written.entries["inputs"].key, value=both)
    return Mapping(entries=entries, location=written.location)
