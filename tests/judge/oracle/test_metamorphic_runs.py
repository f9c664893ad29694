"""The same through a whole run: processes, referee, journal."""

from __future__ import annotations

import pytest

import gradcmp

FAULTS = ["right", "wrong", "sign", "nan", "zero"]
SCENARIO = """
function: {function}
inputs: {{x: [0.5, -1.25, 2.0]}}
operator: {operator}
dtype: {dtype}
backend: fake
execution: [{executions}]
{more}
"""


@pytest.fixture
def verdicts(tmp_path, monkeypatch):
    """The verdicts by execution of a run."""
    monkeypatch.setenv("GRADCMP_BACKENDS", "gradcmp.backends.fake.descriptor:FAKE")

    monkeypatch.chdir(tmp_path)

    def run(operator="gradient", executions=FAULTS, function="sum(tanh(x) * exp(x))", dtype="float32", more=""):
        text = SCENARIO.format(
            operator=operator, function=function, dtype=dtype, executions=", ".join(executions), more=more
        )
        (tmp_path / "s.yaml").write_text(text)
        report = gradcmp.run(tmp_path / "s.yaml", timing="off")
        return {case.target.split("-")[1]: (case.verdict, case.level, case.evidence) for case in report.document.cases}

    return run


def test_neither_order_nor_company_changes_a_verdict(verdicts):
    every = verdicts()
    assert {evidence for _, _, evidence in every.values()} == {"certified"}
    assert verdicts(executions=FAULTS[::-1]) == every
    assert verdicts(executions=["wrong"]) == {"wrong": every["wrong"]}


def test_neither_seed_nor_operator_changes_a_verdict(verdicts):
    every = verdicts()
    assert verdicts(operator="vjp") == every
    plain = verdicts(operator="vjp", function="tanh(x) * exp(x)", more="cotangent: [1, 1, 1]")
    assert plain == every
    assert verdicts(operator="vjp", function="tanh(x) * exp(x)", more="cotangent: [8, 8, 8]") == plain
    assert verdicts(operator="vjp", function="tanh(x) * exp(x)", more="cotangent: [0.5, 0.5, 0.5]") == plain
