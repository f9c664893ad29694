"""The picture: plan → questions → answers → judgement, one problem after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from gradcmp.core.expectations import Expectations
from gradcmp.core.findings import EvidenceRequest, Judgement, OtherPrecision
from gradcmp.core.leaves import operator_leaves
from gradcmp.core.outcomes import Computed, Outcome, Referred, Skipped
from gradcmp.core.requests import Request
from gradcmp.core.run_options import RunOptions
from gradcmp.core.truth import Truth, TruthLeaf
from gradcmp.execute.pool import Pool
from gradcmp.judge.verdicts import judge
from gradcmp.plan import Plan, PlannedProblem
from gradcmp.questions import Question, make_question
from gradcmp.reference.budget import Budget
from gradcmp.reference.expected import expected_truths
from gradcmp.reference.expressions import Expression, evaluated
from gradcmp.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A problem with everything that is known of it. `outcomes` by case id, in the plan's order."""

    question: Question
    outcomes: dict[str, Outcome]
    judgement: Judgement


@dataclass(slots=True)
class Inbox:
    """Questions that wait for answers, in the plan's order."""

    waiting: deque[Question] = field(default_factory=deque)
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def ask(self, plan: Plan, registry: Registry, options: RunOptions) -> Iterator[Request]:
        """Every request of the plan; pulled by the pool as it has room."""
        for planned in plan.problems:
            question = make_question(planned, registry, options)
            self.outcomes |= question.decided
            self.waiting.append(question)
            if question.inquiry is not None:
                yield question.inquiry
            yield from question.requests

    def complete(self) -> Iterator[tuple[Question, dict[str, Outcome]]]:
        """The questions at the head that have all their answers; each is forgotten once the next is asked for."""
        while self.waiting and self._has_all(self.waiting[0]):
            question = self.waiting[0]
            yield question, self._outcomes_of(question)
            self.waiting.popleft()
            for name in question.awaited:
                del self.outcomes[name]

    def partial(self) -> Iterator[tuple[Question, dict[str, Outcome]]]:
        """What is there when a run is interrupted: the questions of which any case was answered, wherever they stand.

        The first may be the one that was given out last. The other cases are skipped, and where the reference has not
        answered yet, the problem is judged without it.
        """
        for question in self.waiting:
            asked = {request.case for request in question.requests}
            if asked and asked.isdisjoint(self.outcomes):
                continue
            for name in question.awaited:
                self.outcomes.setdefault(name, Skipped(message="the run ended before it could"))
            yield question, self._outcomes_of(question)

    def _has_all(self, question: Question) -> bool:
        return all(name in self.outcomes for name in question.awaited)

    def _outcomes_of(self, question: Question) -> dict[str, Outcome]:
        return {name: self.outcomes[name] for name in question.awaited}


def run(plan: Plan, pool: Pool, registry: Registry, options: RunOptions, inbox: Inbox) -> Iterator[Answered]:
    """Judge every problem of the plan, in its order, as its answers come in.

    Where the judge asks for evidence, the problem is asked once more. After an interruption, `inbox.partial()` has what
    was answered and not yet judged.
    """

    def settled(question: Question, outcomes: dict[str, Outcome]) -> Answered:
        answered = answer(question, outcomes)
        if not answered.judgement.requests:
            return answered
        others = {
            request.dtype: other_precision(request, question.planned, pool, registry, options)
            for request in answered.judgement.requests
        }
        return answer(question, outcomes, others)

    for request, outcome in pool.run(inbox.ask(plan, registry, options)):
        inbox.outcomes[request.case] = outcome
        for question, outcomes in inbox.complete():
            yield settled(question, outcomes)
    for question, outcomes in inbox.complete():
        yield settled(question, outcomes)


def other_precision(
    request: EvidenceRequest, planned: PlannedProblem, pool: Pool, registry: Registry, options: RunOptions
) -> OtherPrecision:
    """A problem in another dtype, on the targets that are asked for."""
    problem = replace(planned.problem, dtype=request.dtype)
    cases = tuple(replace(case, problem=problem) for case in planned.cases if case.target.id in request.targets)
    question = make_question(PlannedProblem(problem=problem, cases=cases), registry, replace(options, timing="off"))
    inquiries = () if question.inquiry is None else (question.inquiry,)
    outcomes = dict(question.decided)
    for asked, outcome in pool.run(iter((*inquiries, *question.requests))):
        outcomes[asked.case] = outcome
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

    def evaluate(expressions: Mapping[str, Expression]) -> Mapping[str, TruthLeaf | str]:
        return evaluated(expressions, checked, understood.arrays.inputs, Budget())

    common, expected = expected_truths(problem, targets, checked, leaves, evaluate)
    truth = referred(question, outcomes)
    judgement = judge(problem, by_target, targets, truth, expected, common=common, leaves=leaves, evidence_from=others)
    return Answered(question=question, outcomes=outcomes, judgement=judgement)


def referred(question: Question, outcomes: Mapping[str, Outcome]) -> Truth:
    """What the reference said of a problem; where it could not be asked to the end, why."""
    if question.inquiry is None:
        return Truth()
    outcome = outcomes[question.inquiry.case]
    if isinstance(outcome, Referred):
        return outcome.truth
    message = "" if isinstance(outcome, Computed) else outcome.message
    return Truth(reason=f"the reference did not answer: {message}")
