"""A problem that has all its answers, judged; evidence that the judge asks for is fetched once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gradcmp.core.executors import Executor
from gradcmp.core.expectations import Expectations
from gradcmp.core.findings import EvidenceRequest, Judgement, OtherPrecision
from gradcmp.core.leaves import operator_leaves
from gradcmp.core.outcomes import Computed, Died, Evaluated, Outcome, Referred, TimedOut
from gradcmp.core.reasons import Reason, ReasonCode
from gradcmp.core.truth import Absence, Truth, TruthLeaf
from gradcmp.core.verdicts import Evidence
from gradcmp.judge.verdicts import judge
from gradcmp.registry import Registry
from gradcmp.session.plan import PlannedProblem
from gradcmp.session.prepare import Question, make_question
from gradcmp.session.request import RunOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A problem with everything that is known of it. `outcomes` by case id, in the plan's order."""

    question: Question
    outcomes: dict[str, Outcome]
    judgement: Judgement


def settle(
    question: Question, outcomes: dict[str, Outcome], executor: Executor, registry: Registry, options: RunOptions
) -> Answered:
    """The judge's word on a problem; where the judge asks for evidence, the problem is asked once more."""
    answered = answer(question, outcomes)
    if not answered.judgement.requests:
        return answered
    others = {
        request.dtype: other_precision(request, question.planned, executor, registry, options)
        for request in answered.judgement.requests
    }
    return answer(question, outcomes, others)


def other_precision(
    request: EvidenceRequest, planned: PlannedProblem, executor: Executor, registry: Registry, options: RunOptions
) -> OtherPrecision:
    """A problem in another dtype, on the targets that are asked for."""
    problem = replace(planned.problem, dtype=request.dtype)
    cases = tuple(replace(case, problem=problem) for case in planned.cases if case.target.id in request.targets)
    asked = make_question(PlannedProblem(problem=problem, cases=cases), registry, replace(options, timing="off"))
    question = replace(asked, expressions=None)
    outcomes = dict(question.decided)
    for task, outcome in executor.run(iter(question.tasks)):
        outcomes[task.case] = outcome
    return OtherPrecision(
        outcomes={case.target.id: outcomes[case.id] for case in cases}, truth=referred(question, outcomes)
    )


def answer(
    question: Question, outcomes: dict[str, Outcome], others: Mapping[str, OtherPrecision] | None = None
) -> Answered:
    """The judge's word on a problem that has all its answers."""
    problem, understood = question.planned.problem, question.understood
    targets = {case.target.id: case.target for case in question.planned.cases}
    by_target = {case.target.id: outcomes[case.id] for case in question.planned.cases}
    if understood is None:
        # Nothing was asked, so an exception is ours and not the one that the scenario may expect.
        unexpecting = replace(problem, scenario=replace(problem.scenario, expect=Expectations()))
        judgement = judge(unexpecting, by_target, targets, Truth(), {})
        return Answered(question=question, outcomes=outcomes, judgement=judgement)
    checked = understood.checked
    leaves = operator_leaves(problem.operator, problem.scenario.wrt, checked.leaves, checked.outputs)
    truth = referred(question, outcomes)
    common, expected = understood.expected.truths(problem, _evaluated(question, outcomes), truth, by_target)
    judgement = judge(problem, by_target, targets, truth, expected, common=common, leaves=leaves, evidence_from=others)
    return Answered(question=question, outcomes=outcomes, judgement=_with_unsaid(judgement, common))


def _with_unsaid(judgement: Judgement, common: Truth) -> Judgement:
    """With a warning where an expectation says nothing, unless that is the reason why the truth is not certified."""
    if not common.reason or (
        judgement.evidence is not Evidence.CERTIFIED and judgement.reference_reason == common.reason
    ):
        return judgement
    unsaid = Reason(code=ReasonCode.NOT_EVALUATED, text=common.reason)
    return replace(judgement, warnings=(*judgement.warnings, unsaid))


def referred(question: Question, outcomes: Mapping[str, Outcome]) -> Truth:
    """What the reference said of a problem and of what it expects; where it could not be asked to the end, why."""
    truth = Truth()
    for asked in filter(None, (question.expressions, question.truth)):
        outcome = outcomes[asked.case]
        if isinstance(outcome, Referred):
            truth = replace(outcome.truth, absence=truth.absence)
        elif not isinstance(outcome, Evaluated):
            reason = _no_answer(outcome) if asked is question.truth else None  # an expectation has its own
            truth = replace(truth, reason=reason, absence=_ABSENCES.get(type(outcome), truth.absence))
    return truth


_ABSENCES = {Died: Absence.GONE, TimedOut: Absence.RUNAWAY}


def _evaluated(question: Question, outcomes: Mapping[str, Outcome]) -> Mapping[str, TruthLeaf | str]:
    """What the scenario's expressions are, or why they are nothing, by name."""
    assert question.understood is not None
    arrays = {name: each for name, each in question.understood.expressions.items() if isinstance(each, str)}
    if question.expressions is None:
        return arrays
    outcome = outcomes[question.expressions.case]
    if isinstance(outcome, Evaluated):
        return arrays | dict(outcome.arrays)
    return arrays | dict.fromkeys(question.expressions.expressions, _no_answer(outcome))


def _no_answer(outcome: Outcome) -> str:
    return f"the reference did not answer: {'' if isinstance(outcome, Computed) else outcome.message}"
