"""From plan to judgement with the fake backend, and what an interruption leaves."""

from pathlib import Path

import pytest

from gradcmp.core.requests import Inquiry
from gradcmp.core.run_options import RunOptions
from gradcmp.pipeline import Inbox, answer, referred, run
from gradcmp.workers import open_pool
from tests.fake_plans import REGISTRY, plan_of


def test_an_interruption_of_the_judge_loses_no_answer(tmp_path: Path, monkeypatch) -> None:
    def interrupted(*_arguments, **_options):
        raise KeyboardInterrupt

    plan, inbox = plan_of(tmp_path, "a", "b"), Inbox()
    with open_pool(plan, REGISTRY, RunOptions()) as pool:
        answers = run(plan, pool, REGISTRY, RunOptions(), inbox)
        assert next(answers).question.planned.problem.scenario.id == "a"
        monkeypatch.setattr("gradcmp.pipeline.judge", interrupted)
        with pytest.raises(KeyboardInterrupt):
            next(answers)
    assert [question.planned.problem.scenario.id for question, _ in inbox.partial()] == ["b"]


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
    plan, inbox = plan_of(tmp_path, "a", "b"), Inbox()
    with open_pool(plan, REGISTRY, RunOptions()) as pool:
        assert len(list(run(plan, pool, REGISTRY, RunOptions(), inbox))) == 2
    assert (list(inbox.waiting), inbox.outcomes) == ([], {})
