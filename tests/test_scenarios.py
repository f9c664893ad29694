"""Every shipped scenario, run by the installed frameworks as a user runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gradcmp.core.installed import is_importable

ROOT = Path(__file__).parents[1]
FRAMEWORKS = ("torch", "tensorflow", "jax")

pytestmark = [
    pytest.mark.frameworks,
    pytest.mark.skipif(not all(map(is_importable, FRAMEWORKS)), reason="needs the three frameworks"),
]


@pytest.fixture(scope="module")
def document() -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "gradcmp", "run", "scenarios", "--timing", "off", "--no-cache", "--json", "-"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    return json.loads(done.stdout)


def case(document: dict, identifier: str) -> dict:
    return next(entry for entry in document["cases"] if entry["id"] == identifier)


@pytest.mark.timeout(900)
def test_no_case_fails(document: dict) -> None:
    failed = {entry["id"]: entry["reason"] for entry in document["cases"] if entry["level"] == "fail"}
    assert failed == {}


@pytest.mark.timeout(900)
def test_every_expectation_is_met(document: dict) -> None:
    assert {entry["expectation"] for entry in document["cases"]} == {"none", "met"}
    stated = {entry["scenario"] for entry in document["cases"] if entry["expectation"] == "met"}
    assert {entry["scenario"] for entry in document["cases"] if entry["scenario"].startswith("d2l/")} <= stated


@pytest.mark.timeout(900)
def test_every_framework_answered(document: dict) -> None:
    computed = [entry["target"].split("-")[0] for entry in document["cases"] if entry["outcome"] == "computed"]
    assert min(map(computed.count, FRAMEWORKS)) > 30


@pytest.mark.timeout(900)
@pytest.mark.parametrize("backend", FRAMEWORKS)
def test_the_notebooks_first_gradient_is_exact(document: dict, backend: str) -> None:
    entry = case(document, f"d2l/two-x-dot-x[gradient-float32]@{backend}-eager-cpu")
    assert entry["derivatives"][0]["data"] == [0.0, 4.0, 8.0, 12.0]
    assert entry["values"][0]["data"] == 28.0
    assert entry["verdict"] == "exact"


@pytest.mark.timeout(900)
def test_three_passes_accumulate_in_torch(document: dict) -> None:
    entry = case(document, "d2l/accumulate[accumulate-float32]@torch-eager-cpu")
    assert entry["derivatives"][0]["data"] == [0.0, 6.0, 12.0, 18.0]


@pytest.mark.timeout(900)
def test_what_hangs_is_timed_out_and_no_more(document: dict) -> None:
    hung = [entry["id"] for entry in document["cases"] if entry["outcome"] == "timed-out"]
    assert sorted(hung) == [
        f"control_flow/never-ends[gradient-float32]@{target}-cpu"
        for target in ("jax-eager", "tensorflow-compiled", "tensorflow-eager", "torch-eager")
    ]
