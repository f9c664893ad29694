"""Scenarios × selection × targets → the cases to run, with the reason for every one left out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradcmp.core.expected import ExpectedExpression, ExpectedResult
from gradcmp.core.formats import FLOAT_DTYPES
from gradcmp.core.keywords import parse_keywords
from gradcmp.core.operators import OPERATORS, Operator
from gradcmp.core.problems import Case, Problem
from gradcmp.core.requests import WorkerKey
from gradcmp.core.scenarios import Scenario
from gradcmp.core.suggest import nearest, unknown_name
from gradcmp.core.targets import Target, TargetPattern, resolve_device
from gradcmp.errors import Complaint, MissingTargetError, NothingSelectedError, UsageError
from gradcmp.registry import Descriptor, Registry
from gradcmp.session.demands import Demand, complaint_about, demands_of, extra_workers
from gradcmp.session.request import RunRequest

if TYPE_CHECKING:
    from gradcmp.scenario.load import Selection

Installed = Callable[[Descriptor], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedProblem:
    """A problem and its cases, those left out included."""

    problem: Problem
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`workers` are those that the cases need, then those that have to start for the sake of a demand."""

    problems: tuple[PlannedProblem, ...]
    demands: tuple[Demand, ...] = ()
    workers: tuple[WorkerKey, ...] = ()

    @property
    def cases(self) -> Iterator[Case]:
        return (case for planned in self.problems for case in planned.cases)

    @property
    def expects_expressions(self) -> bool:
        """Does a scenario expect something that has to be evaluated?"""
        expectations = (entry for planned in self.problems for entry in planned.problem.scenario.expect.entries)
        return any(
            isinstance(leaf, ExpectedExpression)
            for entry in expectations
            if isinstance(entry.expected, ExpectedResult)
            for leaf in entry.expected.leaves.values()
        )


def make_plan(selection: Selection, registry: Registry, installed: Installed, request: RunRequest) -> Plan:
    """The plan of a run. What the request names wins over the scenarios, except that `operators` only narrows.

    Raises UsageError for names that nobody knows, MissingTargetError for a target that is demanded and known to be
    absent, NothingSelectedError where nothing is left or an id is that of nothing.
    """
    _refuse_unknown_names(registry, request)
    required = (*(TargetPattern(text=name) for name in request.required), *selection.configuration.require)
    demands = demands_of(request.backends or (), request.devices or (), required)
    unmet = [complaint for demand in demands if (complaint := complaint_about(demand, registry, installed))]
    if unmet:
        raise MissingTargetError(*unmet)
    keep = parse_keywords(request.keywords) if request.keywords else None
    _refuse_ids_of_nothing(selection, registry, installed, request)
    planned = []
    for scenario in selection.scenarios:
        for problem in problems_of(scenario, request.dtypes, request.operators):
            wanted = selection.selects_problem(problem) and (request.only is None or problem.id in request.only)
            if not wanted or not _in_shard(problem.id, request.shard):
                continue
            cases = tuple(filter(selection.selects_case, _cases(problem, registry, installed, request)))
            if keep is not None:
                cases = tuple(case for case in cases if keep((case.id, *scenario.tags)))
            if cases:
                planned.append(PlannedProblem(problem=problem, cases=cases))
    if not planned:
        none_installed = not any(map(installed, registry.descriptors.values()))
        hint = "`gradcmp list` prints what there is"
        if selection.scenarios and none_installed:
            hint = "no framework is installed; `gradcmp backends` prints what to install"
        raise NothingSelectedError(Complaint(what="nothing was selected", hint=hint))
    targets = (case.target for entry in planned for case in entry.cases if case.left_out is None)
    workers = tuple(dict.fromkeys(map(WorkerKey.of, targets)))
    extra = extra_workers(demands, registry, installed, workers)
    return Plan(problems=tuple(planned), demands=demands, workers=(*workers, *extra))


def problems_of(
    scenario: Scenario, dtypes: Iterable[str] | None = None, operators: Collection[str] | None = None
) -> Iterator[Problem]:
    """Every problem of a scenario: dtypes × operators (or protocols) × modes."""
    for dtype in _without_all(dtypes or scenario.dtypes or ("float32",), FLOAT_DTYPES):
        for protocol in scenario.protocols if operators is None else ():
            yield Problem(scenario=scenario, operator=Operator.GRADIENT, protocol=protocol, dtype=dtype)
        for operator in () if scenario.protocols else scenario.operators:
            if operators is None or operator in operators:
                for mode in scenario.modes or (None,):
                    yield Problem(scenario=scenario, operator=operator, dtype=dtype, mode=mode)


def _without_all(names: Iterable[str], every: Iterable[str]) -> tuple[str, ...]:
    """The names, each once; `all` stands for every one that there is."""
    return tuple(dict.fromkeys(name for given in names for name in (every if given == "all" else (given,))))


def _cases(problem: Problem, registry: Registry, installed: Installed, request: RunRequest) -> Iterator[Case]:
    scenario = problem.scenario
    named = request.backends or scenario.backends
    for name in named or tuple(registry.descriptors):
        descriptor = registry.descriptors.get(name)
        if descriptor is None:
            left_out = str(unknown_name("backend", name, registry.descriptors))
            yield Case(problem=problem, target=Target(backend=name), left_out=left_out)
            continue
        absent = None if installed(descriptor) else f"{descriptor.title} is not installed: {descriptor.install}"
        if absent and named is None:
            continue
        known = _known_executions(registry)
        for execution in _executions(descriptor, request.executions or scenario.executions or ("eager",), known):
            unknown = None if execution in known else str(unknown_name("execution", execution, [*known, "all"]))
            for device in request.devices or scenario.devices or ("cpu",):
                target = Target(backend=name, execution=execution, device=resolve_device(device))
                skipped = next((reason for pattern, reason in scenario.skip if pattern.matches(target)), None)
                yield Case(problem=problem, target=target, left_out=unknown or absent or skipped)


def _executions(descriptor: Descriptor, names: Iterable[str], known: Collection[str]) -> tuple[str, ...]:
    """Those that the backend has, and those that no backend has, which are told and not dropped."""
    every = tuple(execution.name for execution in descriptor.executions)
    return tuple(name for name in _without_all(names, every) if name in every or name not in known)


def _known_executions(registry: Registry) -> frozenset[str]:
    return frozenset(e.name for descriptor in registry.descriptors.values() for e in descriptor.executions)


def _in_shard(identifier: str, shard: tuple[int, int]) -> bool:
    index, count = shard
    digest = hashlib.sha256(identifier.encode()).digest()
    return int.from_bytes(digest[:8], "big") % count == index - 1


def _refuse_unknown_names(registry: Registry, request: RunRequest) -> None:
    known: Mapping[str, tuple[Iterable[str] | None, Iterable[str]]] = {
        "execution": (request.executions, [*_known_executions(registry), "all"]),
        "dtype": (request.dtypes, [*FLOAT_DTYPES, "all"]),
        "operator": (request.operators, OPERATORS),
    }
    complaints = [
        unknown_name(kind, name, names)
        for kind, (given, names) in known.items()
        for name in given or ()
        if name not in names
    ]
    if complaints:
        raise UsageError(*complaints)


def _refuse_ids_of_nothing(selection: Selection, registry: Registry, installed: Installed, request: RunRequest) -> None:
    """An id is held against everything that there is with and without the options, which may leave it out again."""
    if not selection.problems and not selection.cases:
        return
    either = (RunRequest(folder=request.folder), request)
    problems = {
        problem.id: problem
        for scenario in selection.scenarios
        for asked in either
        for problem in problems_of(scenario, asked.dtypes, asked.operators)
    }
    unknown = sorted((selection.problems or frozenset()) - problems.keys())
    complaints = [no_such("problem", identifier, problems) for identifier in unknown]
    for identifier in sorted(selection.cases or ()):
        problem = problems.get(identifier.partition("]@")[0] + "]")
        if problem is not None:
            cases = dict.fromkeys(case.id for asked in either for case in _cases(problem, registry, installed, asked))
            if identifier not in cases:
                complaints.append(no_such("case", identifier, cases))
    if complaints:
        raise NothingSelectedError(*complaints)


def no_such(kind: str, identifier: str, known: Iterable[str]) -> Complaint:
    """That an id is that of nothing, with its neighbours in the same scenario."""
    scenario = identifier.partition("[")[0]
    siblings = [name for name in known if name.partition("[")[0] == scenario]
    near = nearest(identifier, siblings, cutoff=0.0, count=3)
    names = " or ".join(f"`{name}`" for name in near)
    hint = f"did you mean {names}?" if near else "`gradcmp list` prints what there is"
    return Complaint(what=f"nothing was selected: there is no {kind} `{identifier}`", hint=hint)
