"""A planned problem made ready to be asked: arrays drawn, program checked, lowered for every target."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gradcmp.core.outcomes import Outcome, Raised, Skipped, Unsupported
from gradcmp.core.problems import Case, Problem
from gradcmp.core.requests import REFEREE, Inquiry, Request, Task, Wanted, WorkerKey
from gradcmp.errors import Complaint, UsageError
from gradcmp.materialise.arrays import Materialised, check_size, materialise
from gradcmp.program.check import check
from gradcmp.program.ir import ArrayType, Checked
from gradcmp.program.lower import CannotLower, Lowered, lower
from gradcmp.registry import CannotLoad, Registry
from gradcmp.session.expectations import Expected, expected_of
from gradcmp.session.plan import Plan, PlannedProblem
from gradcmp.session.request import RunOptions

QUICK_S = 0.1
"""Budget of `--timing quick`, seconds a case."""

EXPRESSIONS_BUDGET_S = 10.0
"""Nominal seconds that evaluating what a scenario expects may take."""

RUNAWAY_S = 60.0
"""Seconds by the clock after which the reference is taken for a runaway, and as many for each of its budget: its stages
together may take eight budgets, and a busy machine is many times slower than a nominal second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """The arrays of a problem, its program as they make it, and the results that the scenario expects.

    `expressions` are those of `expected`: text and dtype by name, or why one cannot be evaluated.
    """

    arrays: Materialised
    checked: Checked
    expected: Expected
    expressions: Mapping[str, tuple[str, str] | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`requests` go to workers; `decided` are the cases that need none, by case id; inquiries go to the reference.

    `truth` asks for the problem's truth, `expressions` for what the scenario expects. `understood` is None where there
    is nothing to ask: every case is left out, or the arrays cannot be made.
    """

    planned: PlannedProblem
    understood: Understood | None = None
    requests: tuple[Request, ...] = ()
    truth: Inquiry | None = None
    expressions: Inquiry | None = None
    decided: Mapping[str, Outcome]

    @property
    def tasks(self) -> tuple[Task, ...]:
        """Everything that has to be asked, the reference first."""
        return (*(inquiry for inquiry in (self.truth, self.expressions) if inquiry is not None), *self.requests)

    @property
    def awaited(self) -> tuple[str, ...]:
        """What has to be answered before the problem can be judged."""
        return tuple(dict.fromkeys((*(case.id for case in self.planned.cases), *(task.case for task in self.tasks))))

    @property
    def hashes(self) -> Mapping[str, str]:
        """The inputs' hashes by leaf path."""
        return self.understood.arrays.hashes if self.understood else {}


def refuse_too_large(plan: Plan, options: RunOptions) -> None:
    """Raise UsageError for every problem whose arrays are too large, as far as the files' headers tell.

    Scenarios were measured when they were read, in the first of their dtypes and without seeds.
    """
    complaints: dict[Complaint, None] = {}
    for planned in plan.problems:
        try:
            if any(case.left_out is None for case in planned.cases):
                check_size(planned.problem, options.max_bytes)
        except UsageError as error:
            complaints |= dict.fromkeys(error.complaints)
    if complaints:
        raise UsageError(*complaints)


def make_question(planned: PlannedProblem, registry: Registry, options: RunOptions) -> Question:
    """The question of a problem.

    Where its arrays cannot be made any more (a file has changed or gone since the scenario was read), every case that
    should have run has raised what there is to say of that.
    """
    decided: dict[str, Outcome] = {
        case.id: Skipped(message=case.left_out) for case in planned.cases if case.left_out is not None
    }
    asked = [case for case in planned.cases if case.left_out is None]
    if not asked:
        return Question(planned=planned, decided=decided)
    try:
        understood = understand(planned.problem, options, planned.cases)
    except UsageError as error:
        raised = Raised(exception="UsageError", message=f"UsageError: {error}")
        return Question(planned=planned, decided=decided | dict.fromkeys((case.id for case in asked), raised))
    requests: list[Request] = []
    for case in asked:
        answer = _request(case, understood, registry, options)
        if isinstance(answer, Request):
            requests.append(answer)
        else:
            decided[case.id] = answer
    return Question(
        planned=planned,
        understood=understood,
        requests=tuple(requests),
        truth=_truth_inquiry(planned.problem, understood, options) if options.reference and requests else None,
        expressions=_expressions_inquiry(planned.problem, understood),
        decided=decided,
    )


def understand(problem: Problem, options: RunOptions, cases: Sequence[Case] = ()) -> Understood:
    """The arrays of a problem, its program as they make it, what `cases` are expected to give; raises UsageError."""
    arrays = materialise(problem, seed=options.seed, max_bytes=options.max_bytes)
    kinds = {path: specification.kind for path, specification in problem.scenario.inputs.leaves()}
    leaves = {
        path: ArrayType(kind=kinds.get(path, "float"), dtype=tensor.dtype, shape=tensor.shape)
        for path, tensor in arrays.inputs.items()
    }
    parameters = static_parameters(problem.scenario.parameters)
    checked = check(problem.scenario.function, leaves, dtype=problem.dtype, parameters=parameters)
    expected = expected_of(problem, cases, checked)
    return Understood(
        arrays=arrays, checked=checked, expected=expected, expressions=expected.expressions(problem, checked)
    )


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
    except CannotLoad as error:
        raise CannotLower(str(error)) from error
    return lower(
        checked,
        spelling,
        lowering=execution.lowering,
        max_iterations=case.problem.scenario.max_iterations if execution.compiles else None,
    )


def _request(case: Case, understood: Understood, registry: Registry, options: RunOptions) -> Request | Unsupported:
    arrays, checked = understood.arrays, understood.checked
    try:
        lowered = lower_for(checked, case, registry)
    except CannotLower as error:
        return Unsupported(message=str(error))
    problem, scenario = case.problem, case.problem.scenario
    return Request(
        case=case.id,
        worker=WorkerKey.of(case.target),
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
        timing_s=0.0 if problem.protocol else timing_budget(options.timing, scenario.timing),
        timeout_s=options.timeout_s or scenario.timeout_s or 60.0,
        compile_timeout_s=options.compile_timeout_s or scenario.compile_timeout_s or 300.0,
    )


def _truth_inquiry(problem: Problem, understood: Understood, options: RunOptions) -> Inquiry | None:
    """What the reference is asked; None of a protocol, whose answer is no derivative of the function alone."""
    if problem.protocol is not None:
        return None
    return inquiry_of(problem, understood, Wanted.TRUTH, options.reference_budget_s)


def _expressions_inquiry(problem: Problem, understood: Understood) -> Inquiry | None:
    sound = {name: each for name, each in understood.expressions.items() if not isinstance(each, str)}
    if not sound:
        return None
    inquiry = inquiry_of(problem, understood, Wanted.EXPRESSIONS, EXPRESSIONS_BUDGET_S)
    return replace(inquiry, case=f"{inquiry.case}:expect", expressions=sound)


def inquiry_of(problem: Problem, understood: Understood, wanted: Wanted, budget_s: float) -> Inquiry:
    """A question about a problem to the reference."""
    arrays, checked, scenario = understood.arrays, understood.checked, problem.scenario
    return Inquiry(
        case=f"{problem.id}@{REFEREE.backend}",
        wanted=wanted,
        source=checked.program.text,
        inputs=arrays.inputs,
        wrt=scenario.wrt,
        operator=problem.operator,
        cotangents=arrays.cotangents,
        tangents=arrays.tangents,
        timeout_s=RUNAWAY_S + RUNAWAY_S * budget_s,
        dtype=problem.dtype,
        parameters=static_parameters(scenario.parameters),
        budget_s=budget_s,
    )


def timing_budget(chosen: str | float | None, written: str | float | None) -> float:
    """Seconds of repetitions a case: the command line's word, else the scenario's, else `quick`."""
    word = chosen if chosen is not None else written
    if word is None or word == "quick":
        return QUICK_S
    return 0.0 if word == "off" else float(word)
