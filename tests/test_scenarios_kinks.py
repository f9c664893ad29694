"""The conventions of `scenarios/kinks` in the real frameworks: a framework that changes one is noticed here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gradcmp.core.installed import is_importable

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "scenarios" / "kinks"
FRAMEWORKS = ("torch", "tensorflow", "jax")
AT_KINKS = {"convention", "removable", "nonfinite"}
"""Verdicts of answers at a kink; `nonfinite` are NaN and infinity where a finite derivative is known."""
# The reference takes no second derivative at a kink and none at a logarithm of zero: there the expectation judges.
UNCERTIFIED = {"logsumexp-of-nothing", "second-derivative-of-elu", "second-derivative-of-x-abs-x"}
# No number is the derivative by the exponent of a negative base; a floor is flat, and not everybody differentiates it.
OTHER_VERDICTS = {"power-negative-base": {"unjudged"}, "floor-division": {"missing", "unsupported"}}

pytestmark = [
    pytest.mark.frameworks,
    pytest.mark.skipif(not all(map(is_importable, FRAMEWORKS)), reason="needs the three frameworks"),
    pytest.mark.timeout(900),
]


def run(*arguments: str) -> list[dict]:
    """The cases of a run of the whole folder in float32 and float64, without timing."""
    always = ("--dtype", "float32", "--dtype", "float64", "--timing", "off", "--no-cache", "--json", "-")
    done = subprocess.run(
        [sys.executable, "-m", "gradcmp", "run", "scenarios/kinks", *arguments, *always],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    return json.loads(done.stdout)["cases"]


@pytest.fixture(scope="module")
def cases() -> list[dict]:
    return run("--execution", "eager")


def name(case: dict) -> str:
    return case["scenario"].removeprefix("kinks/")


def unmet(cases: list[dict]) -> dict[str, str]:
    return {case["id"]: case["reason"] for case in cases if case["level"] != "ok" or case["expectation"] != "met"}


def test_every_convention_is_as_written(cases: list[dict]) -> None:
    assert {name(case) for case in cases} == {path.stem for path in FOLDER.glob("*.yaml")}
    assert unmet(cases) == {}


def test_what_is_compiled_has_the_same_conventions() -> None:
    # PyTorch's compiler takes seconds a case and is left to `gradcmp run scenarios/kinks --execution compiled`.
    cases = run("--execution", "compiled", "--execution", "xla", "--backend", "jax", "--backend", "tensorflow")
    assert {case["target"] for case in cases} == {"jax-compiled-cpu", "tensorflow-compiled-cpu", "tensorflow-xla-cpu"}
    assert unmet(cases) == {}


def test_the_reference_calls_none_of_them_wrong(cases: list[dict]) -> None:
    certified = [case for case in cases if name(case) not in UNCERTIFIED]
    assert {case["evidence"] for case in certified if case["outcome"] == "computed"} == {"certified"}
    odd = {
        case["id"]: case["verdict"]
        for case in certified
        if case["verdict"] not in {"exact"} | AT_KINKS | OTHER_VERDICTS.get(name(case), set())
    }
    assert odd == {}


def test_every_scenario_has_an_answer_that_is_not_the_derivative(cases: list[dict]) -> None:
    kinked = {name(case) for case in cases if case["verdict"] in AT_KINKS}
    assert kinked == {path.stem for path in FOLDER.glob("*.yaml")} - UNCERTIFIED - {"power-negative-base"}


@pytest.mark.parametrize(
    ("identifier", "named"),
    [
        ("abs[gradient-float32]@jax-eager-cpu", "right"),
        ("abs[gradient-float32]@torch-eager-cpu", "midpoint"),
        ("leaky-relu[gradient-float64]@torch-eager-cpu", "left"),
        ("max[gradient-float32]@tensorflow-eager-cpu", "3 in between, 2 midpoint"),
        ("norm[gradient-float32]@jax-eager-cpu", "NaN"),
        ("relu-difference[gradient-float64]@torch-eager-cpu", "removable"),
        ("arctan2-at-origin[gradient-float32]@torch-eager-cpu", "jump"),
    ],
)
def test_a_convention_has_a_name(cases: list[dict], identifier: str, named: str) -> None:
    case = next(case for case in cases if case["id"] == f"kinks/{identifier}")
    assert case["errors"][0]["kink"]["name"] == named
