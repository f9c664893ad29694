"""From plan to judgement with the fake backend, and what an interruption leaves."""

from dataclasses import replace
from pathlib import Path

import pytest

from gradcmp.backends.fake_descriptor import FAKE
from gradcmp.core.requests import Inquiry
from gradcmp.core.run_options import RunOptions
from gradcmp.core.targets import TargetPattern
from gradcmp.errors import MissingTargetError
from gradcmp.pipeline import Inbox, answer, referred, run
from gradcmp.plan import Plan, Preferences, make_plan
from gradcmp.registry import Registry
from gradcmp.scenario.load import load
from gradcmp.workers import open_pool, refuse_unmet_demands

BROKEN = replace(FAKE, name="broken", title="Broken", variables={"GRADCMP_FAKE_IMPORT": "fail"})
REGISTRY = Registry(descriptors={"fake": FAKE, "broken": BROKEN}, failed={})
TEXT = "inputs: {x: {arange: 4}}\nfunction: sum(x * x)\nbackend: fake\nexecution: right\ntiming: off\n"


def plan_of(folder: Path, *names: str, **preferences) -> Plan:
    for name in names:
        (folder / f"{name}.yaml").write_text(TEXT)
    scenarios = load([f"{name}.yaml" for name in names], folder=folder).scenarios
    return make_plan(scenarios, REGISTRY, lambda descriptor: descriptor.name != "absent", Preferences(**preferences))


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


def test_what_has_been_given_out_is_forgotten(tmp_path: Path) -> None:
    plan, inbox = plan_of(tmp_path, "a", "b"), Inbox()
    with open_pool(plan, REGISTRY, RunOptions()) as pool:
        assert len(list(run(plan, pool, REGISTRY, RunOptions(), inbox))) == 2
    assert (list(inbox.waiting), inbox.outcomes) == ([], {})


@pytest.mark.parametrize("named", ["backends", "required"])
def test_a_backend_that_was_named_and_does_not_start(tmp_path: Path, named: str) -> None:
    wanted = {"backends": ("fake", "broken")} if named == "backends" else {"required": (TargetPattern(text="broken"),)}
    plan = plan_of(tmp_path, "a", **wanted)
    with open_pool(plan, REGISTRY, RunOptions()) as pool, pytest.raises(MissingTargetError) as caught:
        refuse_unmet_demands(plan, pool, REGISTRY)
    assert str(caught.value) == (
        "`broken` can run nowhere here; Broken does not start: ImportError: libfake.so.1: cannot open shared object file"
    )
