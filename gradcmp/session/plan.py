"""Scenarios × selection × targets → the cases to run, with the reason for every one left out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gradcmp.core.expectations import ExpectedExpression, ExpectedResult
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

Installed = Callable[[Descriptor], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What the command line says; None leaves it to the scenario. It wins over the scenario everywhere,
    except that `operators` only narrows.

    `problems` and `cases` are ids that were named; each must be the id of something.
    """

    backends: tuple[str, ...] | None = None
    executions: tuple[str, ...] | None = None
    devices: tuple[str, ...] | None = None
    dtypes: tuple[str, ...] | None = None
    operators: tuple[str, ...] | None = None
    required: tuple[TargetPattern, ...] = ()
    keywords: str | None = None
    shard: tuple[int, int] = (1, 1)
    problems: frozenset[str] = frozenset()
    cases: frozenset[str] = frozenset()
    selects_problem: Callable[[Problem], bool] = lambda problem: True  # noqa: ARG005  # everything
    selects_case: Callable[[Case], bool] = lambda case: True  # noqa: ARG005  # likewise


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


def make_plan(
    scenarios: Sequence[Scenario], registry: Registry, installed: Installed, preferences: Preferences
) -> Plan:
    """The plan of a run.

    Raises UsageError for names that nobody knows, MissingTargetError for a target that is demanded and known to be
    absent, NothingSelectedError where nothing is left or an id is that of nothing.
    """
    _refuse_unknown_names(registry, preferences)
    demands = demands_of(preferences.backends or (), preferences.devices or (), preferences.required)
    unmet = [complaint for demand in demands if (complaint := complaint_about(demand, registry, installed))]
    if unmet:
        raise MissingTargetError(*unmet)
    keep = parse_keywords(preferences.keywords) if preferences.keywords else None
    _refuse_ids_of_nothing(scenarios, registry, installed, preferences)
    planned = []
    for scenario in scenarios:
        for problem in problems_of(scenario, preferences):
            if not preferences.selects_problem(problem) or not _in_shard(problem.id, preferences.shard):
                continue
            cases = tuple(filter(preferences.selects_case, _cases(problem, registry, installed, preferences)))
            if keep is not None:
                cases = tuple(case for case in cases if keep((case.id, *scenario.tags)))
            if cases:
                planned.append(PlannedProblem(problem=problem, cases=cases))
    if not planned:
        raise NothingSelectedError(
            Complaint(what="nothing was selected", hint=_why_nothing(scenarios, registry, installed))
        )
    asked = (case.target for one in planned for case in one.cases if case.left_out is None)
    workers = tuple(dict.fromkeys(map(WorkerKey.of, asked)))
    extra = extra_workers(demands, registry, installed, workers)
    return Plan(problems=tuple(planned), demands=demands, workers=(*workers, *extra))


_NONE = Preferences()


def problems_of(scenario: Scenario, preferences: Preferences = _NONE) -> Iterator[Problem]:
    """Every problem of a scenario: dtypes × operators (or protocols) × modes."""
    for dtype in _dtypes(preferences.dtypes or scenario.dtypes or ("float32",)):
        for protocol in scenario.protocols:
            if preferences.operators is None:
                yield Problem(scenario=scenario, operator=Operator.GRADIENT, protocol=protocol, dtype=dtype)
        if scenario.protocols:
            continue
        for operator in scenario.operators:
            if preferences.operators is not None and operator not in preferences.operators:
                continue
            for mode in scenario.modes or (None,):
                yield Problem(scenario=scenario, operator=operator, dtype=dtype, mode=mode)


def _dtypes(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(dtype for name in names for dtype in (FLOAT_DTYPES if name == "all" else (name,))))


def _cases(problem: Problem, registry: Registry, installed: Installed, preferences: Preferences) -> Iterator[Case]:
    scenario = problem.scenario
    named = preferences.backends or scenario.backends
    for name in named or tuple(registry.descriptors):
        descriptor = registry.descriptors.get(name)
        if descriptor is None:
            yield Case(
                problem=problem,
                target=Target(backend=name),
                left_out=str(unknown_name("backend", name, registry.descriptors)),
            )
            continue
        absent = None if installed(descriptor) else f"{descriptor.title} is not installed: {descriptor.install}"
        if absent and named is None:
            continue
        known = _known_executions(registry)
        for execution in _executions(descriptor, preferences.executions or scenario.executions or ("eager",), known):
            unknown = None if execution in known else str(unknown_name("execution", execution, [*known, "all"]))
            for device in preferences.devices or scenario.devices or ("cpu",):
                target = Target(backend=name, execution=execution, device=resolve_device(device))
                yield Case(problem=problem, target=target, left_out=unknown or absent or _skip_reason(scenario, target))


def _executions(descriptor: Descriptor, names: Iterable[str], known: Collection[str]) -> tuple[str, ...]:
    """Those that the backend has, and those that no backend has, which are told and not dropped."""
    every = tuple(execution.name for execution in descriptor.executions)
    wanted = dict.fromkeys(one for name in names for one in (every if name == "all" else (name,)))
    return tuple(name for name in wanted if name in every or name not in known)


def _known_executions(registry: Registry) -> frozenset[str]:
    return frozenset(e.name for descriptor in registry.descriptors.values() for e in descriptor.executions)


def _skip_reason(scenario: Scenario, target: Target) -> str | None:
    return next((reason for pattern, reason in scenario.skip if pattern.matches(target)), None)


def _in_shard(identifier: str, shard: tuple[int, int]) -> bool:
    index, count = shard
    digest = hashlib.sha256(identifier.encode()).digest()
    return int.from_bytes(digest[:8], "big") % count == index - 1


def _refuse_unknown_names(registry: Registry, preferences: Preferences) -> None:
    known: Mapping[str, tuple[Iterable[str] | None, Iterable[str]]] = {
        "execution": (preferences.executions, [*_known_executions(registry), "all"]),
        "dtype": (preferences.dtypes, [*FLOAT_DTYPES, "all"]),
        "operator": (preferences.operators, OPERATORS),
    }
    complaints = [
        unknown_name(kind, name, names)
        for kind, (given, names) in known.items()
        for name in given or ()
        if name not in names
    ]
    if complaints:
        raise UsageError(*complaints)


def _refuse_ids_of_nothing(
    scenarios: Sequence[Scenario], registry: Registry, installed: Installed, preferences: Preferences
) -> None:
    """An id is held against everything that there is with and without the options, which may leave it out again."""
    if not preferences.problems and not preferences.cases:
        return
    either = (_NONE, preferences)
    problems = {problem.id: problem for scenario in scenarios for p in either for problem in problems_of(scenario, p)}
    unknown = sorted(preferences.problems - problems.keys())
    complaints = [no_such("problem", identifier, problems) for identifier in unknown]
    for identifier in sorted(preferences.cases):
        problem = problems.get(identifier.partition("]@")[0] + "]")
        if problem is not None:
            cases = dict.fromkeys(case.id for p in either for case in _cases(problem, registry, installed, p))
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


def _why_nothing(scenarios: Sequence[Scenario], registry: Registry, installed: Installed) -> str:
    if scenarios and not any(installed(descriptor) for descriptor in registry.descriptors.values()):
        return "no framework is installed; `gradcmp backends` prints what to install"
    return "`gradcmp list` prints what there is"
