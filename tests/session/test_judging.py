"""Answers become judgements; a referee that does not answer is told, and one that is gone is not green."""

from pathlib import Path

import numpy as np
import pytest

from gradcmp.core.outcomes import Computed, Died, Evaluated, Outcome, TimedOut
from gradcmp.core.requests import REFEREE, Wanted
from gradcmp.core.tensors import Leaf, Tensor
from gradcmp.core.truth import TruthLeaf
from gradcmp.reference.referee import Referee
from gradcmp.session.executor import open_pool
from gradcmp.session.judging import answer
from gradcmp.session.prepare import Question, make_question
from gradcmp.session.request import RunOptions
from gradcmp.words.reasons import message
from tests.session.fake_plans import REGISTRY, TEXT, plan_of

WITHOUT = RunOptions(reference=False)


def question(folder: Path, expect: str, options: RunOptions = WITHOUT) -> Question:
    (planned,) = plan_of(folder, "s", text=f"{TEXT}expect: {expect}\n").problems
    return make_question(planned, REGISTRY, options)


def outcomes(asked: Question, expressions: Outcome | None) -> dict[str, Outcome]:
    array = np.float32([0, 2, 4, 6])
    right = Computed(
        values=(Leaf(tensor=Tensor(dtype="float32", array=np.float32(14))),),
        derivatives=(Leaf(wrt=("x",), tensor=Tensor(dtype="float32", array=array)),),
        mode="reverse",
    )
    answers: dict[str, Outcome] = {request.case: right for request in asked.requests}
    if expressions is not None and asked.expressions is not None:
        answers[asked.expressions.case] = expressions
    return answers


def test_an_expression_is_a_question_to_the_referee_whatever_else_it_is_asked(tmp_path: Path) -> None:
    asked = question(tmp_path, "{gradient: 2 * x}")
    assert asked.truth is None
    assert asked.expressions is not None
    assert (asked.expressions.worker, asked.expressions.wanted) == (REFEREE, Wanted.EXPRESSIONS)
    assert list(asked.expressions.expressions.values()) == [("2 * x", "float32")]
    both = question(tmp_path, "{gradient: 2 * x}", RunOptions())
    assert [type(task).__name__ for task in both.tasks] == ["Inquiry", "Inquiry", "Request"]
    assert question(tmp_path, "{gradient: [0, 2, 4, 6]}").expressions is None


def test_its_array_is_the_truth(tmp_path: Path) -> None:
    asked = question(tmp_path, "{gradient: 2 * x}")
    (name,) = asked.expressions.expressions
    high, zero = np.array([0.0, 2.0, 4.0, 6.0]), np.zeros(4)
    array = TruthLeaf(high=high, low=zero, radius=zero)
    (finding,) = answer(asked, outcomes(asked, Evaluated(arrays={name: array}))).judgement.findings
    assert (finding.verdict, finding.expectation, finding.evidence) == ("exact", "met", "expected")


@pytest.mark.parametrize(
    ("gone", "level"),
    [
        (TimedOut(limit_s=30.0, phase="run"), "warn"),
        (Died(message="killed by SIGKILL"), "fail"),
        (Evaluated(arrays={}), "note"),
    ],
)
def test_where_it_does_not_answer_nothing_is_met_or_unmet(tmp_path: Path, gone: Outcome, level: str) -> None:
    asked = question(tmp_path, "{gradient: 2 * x}")
    judgement = answer(asked, outcomes(asked, gone)).judgement
    (finding,) = judgement.findings
    assert (finding.verdict, finding.expectation, finding.level) == ("unjudged", "none", level)
    assert judgement.reference_reason.startswith("the expectation cannot be evaluated: ")
    if not isinstance(gone, Evaluated):
        assert gone.message in judgement.reference_reason


def test_without_the_reference_its_process_starts_only_where_an_expectation_needs_it(tmp_path: Path) -> None:
    def workers(expect: str, options: RunOptions) -> set[str]:
        plan = plan_of(tmp_path, "s", text=f"{TEXT}expect: {expect}\n")
        with open_pool(plan, REGISTRY, options) as pool:
            return {key.backend for key in pool.wait_until_ready()}

    assert workers("{gradient: 2 * x}", WITHOUT) == {"fake", "reference"}
    assert workers("{gradient: [0, 2, 4, 6]}", WITHOUT) == {"fake"}
    assert workers("{gradient: [0, 2, 4, 6]}", RunOptions()) == {"fake", "reference"}


@pytest.mark.parametrize(
    ("gone", "level"), [(Died(message="killed by SIGKILL"), "fail"), (TimedOut(limit_s=30.0, phase="run"), "warn")]
)
def test_what_the_referee_alone_should_have_judged_is_not_judged_by_others(
    tmp_path: Path, gone: Outcome, level: str
) -> None:
    (planned,) = plan_of(tmp_path, "s", text=TEXT).problems
    asked = make_question(planned, REGISTRY, RunOptions())
    answers = outcomes(asked, None) | {asked.truth.case: gone}
    (finding,) = answer(asked, answers).judgement.findings
    assert (finding.verdict, finding.level, finding.evidence) == ("unjudged", level, "none")
    assert gone.message in message(finding.reasons)


def test_by_itself_an_expectation_judges_without_it(tmp_path: Path) -> None:
    asked = question(tmp_path, "{gradient: [0, 2, 4, 6]}", RunOptions())
    answers = outcomes(asked, None) | {asked.truth.case: Died(message="killed by SIGKILL")}
    (finding,) = answer(asked, answers).judgement.findings
    assert (finding.verdict, finding.level, finding.evidence) == ("exact", "ok", "expected")


def refereed(asked: Question) -> dict[str, Outcome]:
    """The right answer, with what the referee says."""
    said = {task.case: Referee({}).refer(task) for task in (asked.truth, asked.expressions) if task is not None}
    return outcomes(asked, None) | said


@pytest.mark.parametrize(
    ("expect", "index"),
    [
        ("log(-x - 1)", [3]),  # outside the domain everywhere
        ("log(x)", [0]),
        ("2 * x / x", [0]),
        ("2 * x + 0 / (x - 3)", [3]),
        ("result / 0", [3]),
    ],
)
def test_a_common_expectation_without_a_finite_value_contradicts_a_certificate(
    tmp_path: Path, expect: str, index: list[int]
) -> None:
    asked = question(tmp_path, f"{{gradient: {expect}}}", RunOptions())
    judgement = answer(asked, refereed(asked)).judgement
    (finding,) = judgement.findings
    assert (finding.level, finding.expectation, finding.evidence) == ("fail", "unmet", "certified")
    assert f"at {index} nan is expected where {2.0 * index[0]} is true" in message(finding.reasons)
    assert any("contradicts `expect`" in message([warning]) for warning in judgement.warnings)


def test_such_a_value_for_one_target_is_met_by_no_finite_answer(tmp_path: Path) -> None:
    asked = question(tmp_path, "{fake: {gradient: log(x)}}", RunOptions())
    (finding,) = answer(asked, refereed(asked)).judgement.findings
    assert (finding.level, finding.expectation) == ("note", "fixed")
    answers = refereed(asked)
    answers[asked.requests[0].case] = Computed(
        values=(), mode="reverse",
        derivatives=(Leaf(wrt=("x",), tensor=Tensor(dtype="float32", array=np.float32([-np.inf, 2, 4, 6]))),),
    )  # fmt: skip
    judgement = answer(asked, answers).judgement
    assert judgement.findings[0].expectation == "none"  # balls do not tell which of infinity and NaN it is
    assert "cannot be evaluated: it has a value that is not a finite number" in message(judgement.warnings)


@pytest.mark.parametrize("target", ["", "fake: "])
def test_what_cannot_be_evaluated_beside_a_certificate_is_a_warning(tmp_path: Path, target: str) -> None:
    expect = f"{{{target}{{gradient: 2 * x}}}}" if target else "{gradient: 2 * x}"
    asked = question(tmp_path, expect, RunOptions())
    late = refereed(asked) | {asked.expressions.case: TimedOut(limit_s=30.0, phase="run")}
    judgement = answer(asked, late).judgement
    assert judgement.findings[0].evidence == "certified"
    assert "the expectation cannot be evaluated: the reference did not answer" in message(judgement.warnings)
