"""A planned problem made ready to be asked: arrays drawn, program checked, lowered for every target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gradcmp.core.outcomes import Outcome, Skipped, Unsupported
from gradcmp.core.problems import Case, Problem
from gradcmp.core.requests import Request, WorkerKey
from gradcmp.materialise.arrays import Materialised, materialise
from gradcmp.plan import PlannedProblem
from gradcmp.program.check import check
from gradcmp.program.ir import ArrayType, Checked
from gradcmp.program.lower import CannotLower, Lowered, lower
from gradcmp.registry import Registry

QUICK_S = 0.1
"""Budget of `--timing quick`, seconds a case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the command line says of time, memory and chance; None leaves it to the scenario."""

    timing: str | float | None = None
    timeout_s: float | None = None
    compile_timeout_s: float | None = None
    threads: int | None = None
    max_memory_bytes: int | None = None
    max_bytes: int = 2**30
    seed: int = 0
    jobs: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`requests` go to workers; `decided` are the cases that need none, by case id."""

    planned: PlannedProblem
    checked: Checked
    arrays: Materialised
    requests: tuple[Request, ...]
    decided: Mapping[str, Outcome]


def worker_key(case: Case) -> WorkerKey:
    """The worker that a case belongs to."""
    target = case.target
    return WorkerKey(backend=target.backend, environment=target.environment, device=target.device)


def make_question(planned: PlannedProblem, registry: Registry, limits: Limits) -> Question:
    """The question of a problem.

    Raises UsageError where the arrays cannot be made or do not fit the function.
    """
    arrays, checked = understand(planned.problem, limits)
    requests: list[Request] = []
    decided: dict[str, Outcome] = {}
    for case in planned.cases:
        answer = Skipped(message=case.left_out) if case.left_out else _request(case, checked, arrays, registry, limits)
        if isinstance(answer, Request):
            requests.append(answer)
        else:
            decided[case.id] = answer
    return Question(planned=planned, checked=checked, arrays=arrays, requests=tuple(requests), decided=decided)


def understand(problem: Problem, limits: Limits) -> tuple[Materialised, Checked]:
    """The arrays of a problem and its program, checked against them; raises UsageError."""
    arrays = materialise(problem, seed=limits.seed, max_bytes=limits.max_bytes)
    kinds = {path: specification.kind for path, specification in problem.scenario.inputs.leaves()}
    leaves = {
        path: ArrayType(kind=kinds.get(path, "float"), dtype=tensor.dtype, shape=tensor.shape)
        for path, tensor in arrays.inputs.items()
    }
    parameters = static_parameters(problem.scenario.parameters)
    return arrays, check(problem.scenario.function, leaves, dtype=problem.dtype, parameters=parameters)


def static_parameters(parameters: Mapping[str, int | float | str]) -> dict[str, int | float]:
    """The sweep names that are numbers: the ones that a function may use."""
    return {name: value for name, value in parameters.items() if not isinstance(value, str)}


def lower_for(checked: Checked, case: Case, registry: Registry) -> Lowered:
    """The framework code that a case runs; raises CannotLower."""
    descriptor = registry.descriptors[case.target.backend]
    execution = descriptor.execution(case.target.execution)
    if execution is None:
        raise CannotLower(f"{descriptor.title} has no execution `{case.target.execution}`")
    try:
        spelling = descriptor.load_spelling()
    except (ImportError, AttributeError) as error:
        raise CannotLower(f"the spelling of {descriptor.title} cannot be loaded: {error}") from error
    return lower(
        checked,
        spelling,
        lowering=execution.lowering,
        max_iterations=case.problem.scenario.max_iterations if execution.compiles else None,
    )


def _request(
    case: Case, checked: Checked, arrays: Materialised, registry: Registry, limits: Limits
) -> Request | Unsupported:
    try:
        lowered = lower_for(checked, case, registry)
    except CannotLower as error:
        return Unsupported(message=str(error))
    problem, scenario = case.problem, case.problem.scenario
    return Request(
        case=case.id,
        worker=worker_key(case),
        source=lowered.source,
        entry=lowered.entry,
        finished=lowered.finished,
        inputs=arrays.inputs,
        wrt=scenario.wrt,
        outputs=tuple(path for path, _ in checked.outputs),
        operator=problem.operator,
        mode=problem.mode,
        protocol=problem.protocol,
        execution=case.target.execution,
        cotangents=arrays.cotangents,
        tangents=arrays.tangents,
        timing_s=0.0 if problem.protocol else timing_budget(limits.timing, scenario.timing),
        timeout_s=limits.timeout_s or scenario.timeout_s or 60.0,
        compile_timeout_s=limits.compile_timeout_s or scenario.compile_timeout_s or 300.0,
    )


def timing_budget(chosen: str | float | None, written: str | float | None) -> float:
    """Seconds of repetitions a case: the command line's word, else the scenario's, else `quick`."""
    word = chosen if chosen is not None else written
    if word is None or word == "quick":
        return QUICK_S
    return 0.0 if word == "off" else float(word)
