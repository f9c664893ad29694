"""The picture: plan → questions → answers → judgement, one problem after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from gradcmp.core.leaves import operator_leaves
from gradcmp.core.outcomes import Outcome
from gradcmp.core.requests import Request
from gradcmp.core.verdicts import Judgement
from gradcmp.execute.pool import Pool
from gradcmp.judge.verdicts import judge
from gradcmp.plan import Plan
from gradcmp.questions import Limits, Question, make_question, worker_key
from gradcmp.reference.expected import expected_truths
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

    def ask(self, plan: Plan, registry: Registry, limits: Limits) -> Iterator[Request]:
        """Every request of the plan; pulled by the pool as it has room."""
        for planned in plan.problems:
            question = make_question(planned, registry, limits)
            self.outcomes |= question.decided
            self.waiting.append(question)
            yield from question.requests

    def complete(self) -> Iterator[tuple[Question, dict[str, Outcome]]]:
        """The questions at the head that have all their answers."""
        while self.waiting and all(case.id in self.outcomes for case in self.waiting[0].planned.cases):
            question = self.waiting.popleft()
            yield question, {case.id: self.outcomes.pop(case.id) for case in question.planned.cases}

    def partial(self) -> Iterator[tuple[Question, dict[str, Outcome]]]:
        """What is there when a run is interrupted: the questions that have all their answers, wherever they stand."""
        for question in self.waiting:
            if all(case.id in self.outcomes for case in question.planned.cases):
                yield question, {case.id: self.outcomes[case.id] for case in question.planned.cases}


def open_pool(plan: Plan, registry: Registry, limits: Limits) -> Pool:
    """The workers that the plan needs; they start when the pool is entered."""
    keys = dict.fromkeys(worker_key(case) for case in plan.cases if not case.left_out)
    return Pool(
        registry, tuple(keys), threads=limits.threads, max_memory_bytes=limits.max_memory_bytes, jobs=limits.jobs
    )


def run(plan: Plan, pool: Pool, registry: Registry, limits: Limits, inbox: Inbox) -> Iterator[Answered]:
    """Judge every problem of the plan, in its order, as its answers come in.

    After an interruption, `inbox.partial()` has what was answered and not yet judged.
    """
    for request, outcome in pool.run(inbox.ask(plan, registry, limits)):
        inbox.outcomes[request.case] = outcome
        for question, outcomes in inbox.complete():
            yield answer(question, outcomes)
    for question, outcomes in inbox.complete():
        yield answer(question, outcomes)


def answer(question: Question, outcomes: dict[str, Outcome]) -> Answered:
    """The judge's word on a problem that has all its answers."""
    problem, checked = question.planned.problem, question.checked
    targets = {case.target.id: case.target for case in question.planned.cases}
    leaves = operator_leaves(
        problem.operator, problem.scenario.wrt, checked.leaves, checked.outputs, protocol=problem.protocol
    )
    truth, expected = expected_truths(problem, targets, checked, question.arrays.inputs, leaves)
    by_target = {case.target.id: outcomes[case.id] for case in question.planned.cases}
    judgement = judge(problem, by_target, targets, truth, expected, leaves=leaves)
    return Answered(question=question, outcomes=outcomes, judgement=judgement)
