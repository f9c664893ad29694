from __future__ import annotations

from pathlib import Path

import pytest

from gradcmp.report.digits import known_digits
from gradcmp.scenario.load import load
from gradcmp.session.plan import problems_of
from gradcmp.session.prepare import understand
from gradcmp.session.request import RunOptions
from gradcmp.session.sharpen import sharpened

TEXT = "inputs: {x: [1.0, 0.5]}\nfunction: sum(exp(x))\noperator: [gradient, hessian]\n"
PROBLEM = "s[gradient-float32]"


def written(folder: Path, text: str = TEXT) -> dict[str, str]:
    """Writes the scenario; the hashes of its inputs."""
    path = folder / "scenarios" / "s.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    (scenario,) = load(("s",), folder=folder).scenarios
    return dict(understand(next(iter(problems_of(scenario))), RunOptions()).arrays.hashes)


def test_e_to_twenty_digits(tmp_path: Path) -> None:
    hashes = written(tmp_path)
    found = sharpened(PROBLEM, hashes, "sum(exp(x))", folder=tmp_path, shipped=False, options=RunOptions())
    leaf = found["", ("x",)]
    digits = known_digits(float(leaf.high[0]), float(leaf.low[0]), float(leaf.radius[0]))
    assert (digits.text, digits.count) == ("2.7182818284590452354", 20)


@pytest.mark.parametrize(
    ("problem", "function", "text", "budget"),
    [
        ("gone[gradient-float32]", "sum(exp(x))", TEXT, 5),
        ("s[vjp-float32]", "sum(exp(x))", TEXT, 5),
        (PROBLEM, "sum(sin(x))", TEXT, 5),
        (PROBLEM, "sum(exp(x))", TEXT.replace("0.5", "0.25"), 5),
        (PROBLEM, "sum(exp(x))", "inputs: {", 5),
        (PROBLEM, "sum(exp(x))", TEXT, 1e-9),
    ],
)
def test_another_scenario_than_the_one_that_was_run_tells_nothing(
    tmp_path: Path, problem: str, function: str, text: str, budget: float
) -> None:
    hashes = written(tmp_path)
    (tmp_path / "scenarios" / "s.yaml").write_text(text)
    assert (
        sharpened(
            problem, hashes, function, folder=tmp_path, shipped=False, options=RunOptions(reference_budget_s=budget)
        )
        == {}
    )
