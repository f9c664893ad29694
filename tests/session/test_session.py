"""From plan to judgement with the fake backend, and what an interruption leaves."""

from pathlib import Path

from gradcmp.core.requests import Inquiry
from gradcmp.errors import Terminated
from gradcmp.judge.verdicts import judge
from gradcmp.session.executor import open_pool
from gradcmp.session.inbox import Inbox
from gradcmp.session.judging import Answered, answer, referred
from gradcmp.session.request import RunOptions, RunRequest
from gradcmp.session.session import Session, Stop
from tests.session.fake_plans import REGISTRY, plan_of


def test_an_interruption_of_the_judge_loses_no_answer(tmp_path: Path, monkeypatch) -> None:
    events: list = []

    def interrupted_at_b(problem, *arguments, **options):
        if problem.scenario.id == "b" and not judged:
            judged.append("b")
            raise KeyboardInterrupt
        return judge(problem, *arguments, **options)

    judged: list[str] = []
    monkeypatch.setattr("gradcmp.session.judging.judge", interrupted_at_b)
    plan = plan_of(tmp_path, "a", "b")
    with open_pool(plan, REGISTRY, RunOptions()) as pool:
        ending = session_of(plan, pool, tmp_path).run(events.append)
    answered = [event for event in events if isinstance(event, Answered)]
    assert [each.question.planned.problem.scenario.id for each in answered] == ["a", "b"]
    assert [each.judgement.findings[0].verdict for each in answered] == ["exact", "exact"]
    assert (ending.stop, ending.exit_code) == (Stop.INTERRUPTED, 130)


def test_an_interruption_of_whoever_watches_tells_nothing_twice(tmp_path: Path) -> None:
    told: list[str] = []

    def watch(event) -> None:
        if isinstance(event, Answered):
            told.append(event.question.planned.problem.scenario.id)
            if told == ["a"]:
                raise Terminated

    plan = plan_of(tmp_path, "a", "b")
    with open_pool(plan, REGISTRY, RunOptions()) as pool:
        ending = session_of(plan, pool, tmp_path).run(watch)
    assert told.count("a") == 1
    assert (ending.stop, ending.exit_code) == (Stop.TERMINATED, 143)


def test_enough_failures_end_a_run(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "a", "b", "c", executions=("raises",))
    with open_pool(plan, REGISTRY, RunOptions()) as pool:
        session = session_of(plan, pool, tmp_path, max_failures=2)
        events: list = []
        assert session.run(events.append).stop is Stop.FAILURES
        assert sum(isinstance(event, Answered) for event in events) == 2


def session_of(plan, pool, folder: Path, **request) -> Session:
    return Session(RunRequest(folder=folder, **request), plan, pool, REGISTRY, folder)


def test_an_interruption_before_the_reference_answered_loses_no_answer(tmp_path: Path) -> None:
    plan, inbox = plan_of(tmp_path, "a", "b"), Inbox()
    requests = inbox.ask(plan, REGISTRY, RunOptions())
    with open_pool(plan, REGISTRY, RunOptions()) as pool:
        asked = [request for request in requests if not isinstance(request, Inquiry) and request.case.startswith("a[")]
        for request, outcome in pool.run(iter(asked)):
            inbox.outcomes[request.case] = outcome
    ((question, outcomes),) = inbox.partial()
    answered = answer(question, outcomes)
    assert answered.judgement.findings[0].verdict == "unjudged"
    assert referred(question, outcomes).reason == "the reference did not answer: the run ended before it could"


def test_an_interruption_keeps_the_finished_cases_of_a_problem(tmp_path: Path) -> None:
    plan, inbox = plan_of(tmp_path, "a", "b", executions=("right", "hangs")), Inbox()
    right, *_ = (request for request in inbox.ask(plan, REGISTRY, RunOptions()) if request.execution == "right")
    with open_pool(plan, REGISTRY, RunOptions()) as pool:
        ((_, inbox.outcomes[right.case]),) = pool.run(iter([right]))
    ((question, outcomes),) = inbox.partial()
    judged = answer(question, outcomes).judgement
    assert [(finding.case.split("@")[1], finding.verdict) for finding in judged.findings] == [
        ("fake-right-cpu", "unjudged"),
        ("fake-hangs-cpu", "skipped"),
    ]


def test_what_has_been_given_out_is_forgotten(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "a", "b")
    with open_pool(plan, REGISTRY, RunOptions()) as pool:
        session = session_of(plan, pool, tmp_path)
        events: list = []
        assert session.run(events.append).stop is None
    assert sum(isinstance(event, Answered) for event in events) == 2
    assert (list(session._inbox.waiting), session._inbox.outcomes) == ([], {})
