"""Problems become questions; what cannot be asked any more is a failure of its own cases."""

from pathlib import Path

import numpy
import pytest

from gradcmp.backends.fake.descriptor import FAKE
from gradcmp.core.outcomes import Raised, Skipped
from gradcmp.errors import UsageError
from gradcmp.registry import Registry
from gradcmp.scenario.load import load
from gradcmp.session.judging import answer
from gradcmp.session.plan import Plan, make_plan
from gradcmp.session.prepare import make_question, refuse_too_large
from gradcmp.session.request import RunOptions, RunRequest

REGISTRY = Registry(descriptors={"fake": FAKE}, failed={})
FROM_FILE = """
inputs: {x: {npy: x.npy}}
function: sum(x * x)
execution: [right, wrong]
skip: {fake-wrong: known}
expect: {"*": {raises: UsageError}}
"""


def plan_of(folder: Path, text: str, **names) -> Plan:
    (folder / "s.yaml").write_text(text)
    selection = load(["s.yaml"], folder=folder)
    return make_plan(selection, REGISTRY, lambda descriptor: descriptor.name != "absent", RunRequest(**names))


@pytest.mark.parametrize("damage", ["unlink", "shape"])
def test_a_file_that_has_changed_fails_its_cases_whatever_is_expected(tmp_path: Path, damage: str) -> None:
    numpy.save(tmp_path / "x.npy", numpy.arange(4.0))
    (planned,) = plan_of(tmp_path, FROM_FILE).problems
    if damage == "unlink":
        (tmp_path / "x.npy").unlink()
    else:
        numpy.save(tmp_path / "x.npy", numpy.arange(5.0))
    question = make_question(planned, REGISTRY, RunOptions())
    right, wrong = (question.decided[case.id] for case in planned.cases)
    assert question.requests == ()
    assert isinstance(right, Raised)
    assert right.message.startswith("UsageError: s.yaml:2:")
    assert "x.npy" in right.message or "the file now holds shape [5]" in right.message
    assert wrong == Skipped(message="known")
    findings = answer(question, dict(question.decided)).judgement.findings
    assert [(f.verdict, f.level, f.expectation) for f in findings] == [
        ("raised", "fail", "none"),
        ("skipped", "ok", "none"),
    ]


def test_where_every_case_is_left_out_no_array_is_made(tmp_path: Path, monkeypatch) -> None:
    plan = plan_of(tmp_path, "inputs: {x: {arange: 4}}\nfunction: sum(x)\nexecution: right\nskip: {fake: known}\n")
    monkeypatch.setattr(
        "gradcmp.session.prepare.materialise",
        lambda problem, **_options: pytest.fail(f"{problem.id}: arrays were made"),
    )
    question = make_question(plan.problems[0], REGISTRY, RunOptions())
    assert list(question.decided.values()) == [Skipped(message="known")]
    judgement = answer(question, dict(question.decided)).judgement
    assert [finding.verdict for finding in judgement.findings] == ["skipped"]
    assert plan.workers == ()


def test_what_another_dtype_makes_too_large_is_known_before_anything_runs(tmp_path: Path) -> None:
    text = "inputs: {x: {zeros: [100]}}\nfunction: sum(x)\nexecution: right\n"
    refuse_too_large(plan_of(tmp_path, text), RunOptions(max_bytes=400))
    with pytest.raises(UsageError, match="800 bytes in all"):
        refuse_too_large(plan_of(tmp_path, text, dtypes=("float64",)), RunOptions(max_bytes=400))


def test_seeds_count_towards_the_size(tmp_path: Path) -> None:
    text = "inputs: {x: {zeros: [100]}}\nfunction: x * x\noperator: jvp\ntangent: {ones: [100]}\nexecution: right\n"
    plan = plan_of(tmp_path, text)
    refuse_too_large(plan, RunOptions(max_bytes=800))
    with pytest.raises(UsageError, match="800 bytes in all"):
        refuse_too_large(plan, RunOptions(max_bytes=799))
