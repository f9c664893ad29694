"""Questions that wait for their answers."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from gradcmp.core.outcomes import Outcome, Skipped
from gradcmp.core.requests import Task
from gradcmp.registry import Registry
from gradcmp.session.plan import Plan
from gradcmp.session.prepare import Question, make_question
from gradcmp.session.request import RunOptions


@dataclass(slots=True)
class Inbox:
    """Questions that wait for answers, in the plan's order."""

    waiting: deque[Question] = field(default_factory=deque)
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def ask(self, plan: Plan, registry: Registry, options: RunOptions) -> Iterator[Task]:
        """Every task of the plan; pulled by the pool as it has room."""
        for planned in plan.problems:
            question = make_question(planned, registry, options)
            self.outcomes |= question.decided
            self.waiting.append(question)
            yield from question.tasks

    def complete(self) -> Iterator[tuple[Question, dict[str, Outcome]]]:
        """The questions at the head that have all their answers; each is forgotten once the next is asked for."""
        while self.waiting and self.outcomes.keys() >= set(awaited := self.waiting[0].awaited):
            yield self.waiting[0], {name: self.outcomes[name] for name in awaited}
            self.waiting.popleft()
            for name in awaited:
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
            cut = Skipped(message="the run ended before it could")
            yield question, {name: self.outcomes.setdefault(name, cut) for name in question.awaited}
