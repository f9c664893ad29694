"""Arguments → the scenarios that they select, understood and checked, with every complaint in one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gradcmp.core.problems import Case, Problem
from gradcmp.core.scenarios import Scenario
from gradcmp.core.specifications import DEFAULT_MAX_BYTES
from gradcmp.core.suggest import did_you_mean
from gradcmp.errors import Complaint, Location, NothingSelectedError, UsageError
from gradcmp.scenario.build import build, read_once
from gradcmp.scenario.configuration import Configuration, find_configuration, shown
from gradcmp.scenario.identifiers import file_id, root_of, tidy
from gradcmp.scenario.nodes import Mapping as MappingNode
from gradcmp.scenario.reading import Reader
from gradcmp.scenario.selection import Choice, choose, members_at, no_such_member, shipped_folder
from gradcmp.scenario.suites import Draft, File, draft, open_file
from gradcmp.scenario.sweep import Value, read_sweep
from gradcmp.scenario.yaml_source import read_file

if TYPE_CHECKING:
    from gradcmp.program.ir import Program


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What was asked for. `problems` and `cases` are None where every one of the scenarios' is meant.

    Where only some arguments were problem or case ids, they restrict their own scenarios and no others: ask
    `selects_problem` and `selects_case`.
    """

    scenarios: tuple[Scenario, ...]
    problems: frozenset[str] | None = None
    cases: frozenset[str] | None = None
    root: Path
    configuration: Configuration
    whole: frozenset[str] = field(default=frozenset())
    """Ids of scenarios that were selected whole beside problems or cases of others."""
    slips: tuple[Complaint, ...] = ()
    """What is no error and probably not meant; nothing of an unchecked selection."""

    def selects_problem(self, problem: Problem) -> bool:
        if self.problems is None or problem.scenario.id in self.whole:
            return True
        return problem.id in self.problems

    def selects_case(self, case: Case) -> bool:
        if not self.selects_problem(case.problem):
            return False
        if self.cases is None or case.problem.scenario.id in self.whole:
            return True
        of_problem = any(given.startswith(f"{case.problem.id}@") for given in self.cases)
        return case.id in self.cases or not of_problem


def load(
    arguments: Sequence[str],
    *,
    folder: Path,
    shipped: bool = False,
    overrides: Mapping[str, tuple[Value, ...]] | None = None,
    max_bytes: int = DEFAULT_MAX_BYTES,
    checked: bool = True,
) -> Selection:
    """The scenarios that `arguments` select, one for each binding of their sweeps.

    `folder` is the current folder; `shipped` looks among the scenarios that come with gradcmp; `overrides` are values
    for names of sweeps; `max_bytes` bounds the inputs of a scenario. Not `checked`, functions and expectations are left
    unread (a scenario's `function` is its text alone, `expect` is empty): enough for a list, in half the time. Raises
    UsageError with every complaint about everything selected, NothingSelectedError where there is nothing to select.
    """
    folder = tidy(folder.absolute())
    overrides = overrides or {}
    if shipped:
        configuration = Configuration(scenarios=shipped_folder(), root=shipped_folder())
    else:
        configuration = find_configuration(folder)
    choices = choose(arguments, folder=folder, configuration=configuration, shipped=shipped)
    loader = _Loader(
        folder=folder, configuration=configuration, overrides=overrides, max_bytes=max_bytes, checked=checked
    )
    for choice in choices:
        loader.take(choice)
    loader.check_ids()
    if not loader.complaints and loader.drafts:
        loader.check_overrides()
    if loader.complaints:
        raise UsageError(*loader.in_order(loader.complaints))
    if not loader.scenarios:
        raise NothingSelectedError("nothing was selected: no scenario was found")
    problems = {choice.problem for choice in choices if choice.problem is not None}
    cases = {choice.case for choice in choices if choice.case is not None}
    return Selection(
        scenarios=tuple(loader.scenarios), problems=frozenset(problems) or None, cases=frozenset(cases) or None,
        root=configuration.scenarios, configuration=configuration,
        whole=frozenset(loader.whole) if problems else frozenset(), slips=tuple(loader.in_order(loader.slips)),
    )  # fmt: skip


@dataclass(slots=True)
class _Loader:
    """Reads each file and each scenario once, whatever selects it."""

    folder: Path
    configuration: Configuration
    overrides: Mapping[str, tuple[Value, ...]]
    max_bytes: int
    checked: bool
    scenarios: list[Scenario] = field(default_factory=list)
    drafts: dict[tuple[Path, str | None], Draft | None] = field(default_factory=dict)
    complaints: list[Complaint] = field(default_factory=list)
    slips: list[Complaint] = field(default_factory=list)
    whole: set[str] = field(default_factory=set)
    swept: set[str] = field(default_factory=set)
    files: dict[Path, File | None] = field(default_factory=dict)

    def take(self, choice: Choice) -> None:
        """Load what one choice selects, unless it is loaded already."""
        file = self._file(choice.path)
        if file is None:
            return
        for member in self._members(file, choice):
            key = (choice.path, member)
            if key not in self.drafts:
                self.drafts[key] = self._scenario(file, member)
            known = self.drafts[key]
            if known is not None and choice.problem is None:
                self.whole.add(known.id)

    def _members(self, file: File, choice: Choice) -> Sequence[str | None]:
        if choice.line is not None:
            members, complaint = members_at(file, choice, shown(file.path, self.folder))
        elif choice.member is None:
            members, complaint = list(file.lines()), None
        elif file.members is not None and choice.member in file.members:
            members, complaint = [choice.member], None
        else:
            members, complaint = [], no_such_member(file, choice)
        if complaint is not None:
            self.complaints.append(complaint)
        return members

    def _file(self, path: Path) -> File | None:
        if path not in self.files:
            self.files[path] = self._read(path)
        return self.files[path]

    def _read(self, path: Path) -> File | None:
        name = shown(path, self.folder)
        identifier = file_id(path, root_of(path, configured=self.configuration.root, current=self.folder))
        if identifier is None:
            expected = "expected names of letters, digits, `_`, `.` and `-`, ending in .yaml"
            self.complaints.append(Complaint(what="the path makes no id", where=name, expected=expected))
            return None
        try:
            node = read_file(path, name)
        except UsageError as error:
            self.complaints += error.complaints
            return None
        reader = Reader()
        file = open_file(reader, node, identifier, path)
        self.complaints += reader.complaints
        return file

    def _scenario(self, file: File, member: str | None) -> Draft | None:
        reader = Reader()
        written = draft(reader, file, member, self.configuration.defaults)
        if written is not None:
            self._bindings(reader, written)
        self.complaints += [_within(complaint, file, member) for complaint in reader.complaints]
        self.slips += [_within(slip, file, member) for slip in reader.slips]
        return written

    def _bindings(self, reader: Reader, written: Draft) -> None:
        program: Program | None = read_once(reader, written, parsed=self.checked)
        bindings = read_sweep(reader, written.node.get("sweep"), self.overrides)
        for binding in bindings:
            self.swept |= binding.keys()
            reader.names = binding
            scenario = build(reader, written, program, self.max_bytes, checked=self.checked)
            if scenario is not None:
                self.scenarios.append(scenario)
                if self.checked:
                    from gradcmp.scenario.slips import slips  # a list does without

                    reader.slips += slips(reader, written, scenario.operators, scenario.protocols)

    def in_order(self, complaints: Sequence[Complaint]) -> list[Complaint]:
        """Complaints file by file, each from its first line to its last; none twice."""
        files: dict[str, list[Complaint]] = {}
        for complaint in dict.fromkeys(complaints):
            where = complaint.where
            files.setdefault(where.file if isinstance(where, Location) else str(where), []).append(complaint)
        return [complaint for in_file in files.values() for complaint in sorted(in_file, key=_place)]

    def check_ids(self) -> None:
        """Two scenarios with one id are an error that names both places."""
        first: dict[str, Location] = {}
        for written in self.drafts.values():
            if written is None:
                continue
            if written.id in first:
                what = f"two scenarios have the id `{written.id}`"
                hint = f"the other is at {first[written.id]}"
                self.complaints.append(Complaint(what=what, where=written.location, hint=hint))
            first.setdefault(written.id, written.location)

    def check_overrides(self) -> None:
        """A name that no selected scenario sweeps is a slip."""
        for name in self.overrides:
            if name not in self.swept:
                hint = did_you_mean(name, self.swept) or (
                    f"they sweep {', '.join(sorted(self.swept))}" * bool(self.swept)
                )
                what = f"`--param {name}` (in Python `parameters`): no selected scenario sweeps `{name}`"
                self.complaints.append(Complaint(what=what, hint=hint))


def _place(complaint: Complaint) -> tuple[int, int]:
    return (complaint.where.line, complaint.where.column) if isinstance(complaint.where, Location) else (0, 0)


def _within(complaint: Complaint, file: File, member: str | None) -> Complaint:
    """A complaint about a member of a suite says which, or that it is about the defaults that all members share."""
    node = None if file.members is None or member is None else file.members[member]
    prefix = f"scenarios.{member}"
    if node is None or complaint.path == prefix or complaint.path.startswith(f"{prefix}."):
        return complaint
    key, _, rest = complaint.path.partition(".")
    written = isinstance(node, MappingNode) and _writes(node, key, rest)
    if key and not written and _writes(file.defaults, key, rest):
        prefix = "defaults"
    return replace(complaint, path=f"{prefix}.{complaint.path}" if complaint.path else prefix)


def _writes(node: MappingNode, key: str, rest: str) -> bool:
    """Does the mapping itself say what stands at `key.rest`? `inputs` merge by name, everything else is whole."""
    value = node.get(key)
    if key != "inputs" or not rest or not isinstance(value, MappingNode):
        return value is not None
    return rest.partition(".")[0] in value
