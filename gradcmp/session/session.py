"""A run of a plan: ask, judge, tell whoever watches. The picture of the whole:

plan ─prepare→ questions ─execute→ answers ─judge→ events
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gradcmp.core.executors import Executor
from gradcmp.core.outcomes import Outcome
from gradcmp.core.verdicts import Level
from gradcmp.errors import Terminated
from gradcmp.registry import Registry
from gradcmp.session.inbox import Inbox
from gradcmp.session.judging import Answered, answer, settle
from gradcmp.session.plan import Plan
from gradcmp.session.prepare import Question
from gradcmp.session.request import RunRequest


@dataclass(frozen=True, slots=True)
class WorkersKnown:
    """More workers have told their versions and settings: `Executor.ready` has them."""


Event = WorkersKnown | Answered
Watch = Callable[[Event], None]


class Stop(StrEnum):
    """What ended a run before all was done."""

    FAILURES = "failures"
    INTERRUPTED = "interrupted"
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """`stop` None: the plan was worked through."""

    stop: Stop | None = None

    @property
    def exit_code(self) -> int | None:
        """The exit code of an interruption; None where what was found decides."""
        return {Stop.INTERRUPTED: 130, Stop.TERMINATED: 143}.get(self.stop) if self.stop is not None else None


class Session:
    """One run. `executor` has been entered; `scratch` is a folder that goes with the session."""

    def __init__(self, request: RunRequest, plan: Plan, executor: Executor, registry: Registry, scratch: Path) -> None:
        self.request = request
        self.plan = plan
        self.executor = executor
        self.registry = registry
        self.scratch = scratch
        self._inbox = Inbox()
        self._announced: set[str] = set()  # problems that were told of: an interruption must not tell of them again
        self._known_workers = 0
        self._failures = 0

    def run(self, watch: Watch) -> Ending:
        """Work through the plan and tell `watch` of everything as it comes, problems in the plan's order.

        An interruption (SIGINT, or `Terminated`) is an ending: what was answered until then is judged and told.
        """
        try:
            for question, outcomes in self._answered_questions():
                self._tell(question, outcomes, watch)
                if self._enough():
                    break
        except KeyboardInterrupt:
            return self._cut_short(Stop.INTERRUPTED, watch)
        except Terminated:
            return self._cut_short(Stop.TERMINATED, watch)
        finally:
            watch(WorkersKnown())
        return Ending(stop=None if len(self._announced) == len(self.plan.problems) else Stop.FAILURES)

    def _answered_questions(self) -> Iterator[tuple[Question, dict[str, Outcome]]]:
        requests = self._inbox.ask(self.plan, self.registry, self.request.options)
        for asked, outcome in self.executor.run(requests):
            self._inbox.outcomes[asked.case] = outcome
            yield from self._inbox.complete()
        yield from self._inbox.complete()

    def _tell(self, question: Question, outcomes: dict[str, Outcome], watch: Watch) -> None:
        answered = settle(question, outcomes, self.executor, self.registry, self.request.options)
        if len(self.executor.ready) > self._known_workers:
            self._known_workers = len(self.executor.ready)
            watch(WorkersKnown())
        self._announced.add(question.planned.problem.id)
        watch(answered)
        self._failures += sum(finding.level is Level.FAIL for finding in answered.judgement.findings)

    def _enough(self) -> bool:
        limit = self.request.max_failures
        return limit is not None and self._failures >= limit

    def _cut_short(self, stop: Stop, watch: Watch) -> Ending:
        for question, outcomes in self._inbox.partial():
            if question.planned.problem.id not in self._announced:
                watch(answer(question, outcomes))
        return Ending(stop=stop)
