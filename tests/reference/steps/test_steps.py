"""The rows of the elementwise steps: complete, consistent and documented."""

from pathlib import Path

import numpy as np
import pytest
from flint import arb

from gradcmp.core.formats import FORMATS
from gradcmp.reference.algebras import germ_steps
from gradcmp.reference.algebras.running_errors import RunningErrorAlgebra
from gradcmp.reference.steps import STEPS, arithmetic, exponential, special, trigonometric
from gradcmp.reference.steps.float64 import polygamma

WITHOUT_RULE = {
    "tetragamma": "met in second derivatives alone: nothing takes a third one",
    "two_over_root_pi": "a constant",
}
WITHOUT_ROUNDING = {
    "sech_squared": "programs compute 1 - t² with t = tanh(x)",
    "sigmoid_below_one": "programs compute 1 - y",
}


def test_no_two_rows_have_one_name() -> None:
    assert len(STEPS) == sum(len(group.ROWS) for group in (arithmetic, exponential, special, trigonometric))


@pytest.mark.parametrize("row", STEPS.values(), ids=lambda row: row.name)
def test_a_row_is_complete_but_for_what_an_algebra_has_a_method_for(row) -> None:
    assert callable(row.ball)
    assert bool(row.rules) + bool(row.chooses) + row.flat + (row.name in WITHOUT_RULE) == 1
    assert (row.rounding is None) == (row.name in WITHOUT_ROUNDING)
    assert row.rounding is None or row.rounding.source
    with_methods = set(RunningErrorAlgebra(FORMATS["float32"]).steps.table)
    assert (row.value is not None) == (row.slopes is not None) == (row.name not in with_methods)
    assert row.series is not None or row.name in germ_steps._GERM_STEPS
    assert row.series is not None or not row.domain


def test_the_documentation_prints_the_constants() -> None:
    page = (Path(__file__).parents[3] / "docs" / "tolerance.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `") and line.count("|") == 5]
    assert rows == [
        f"| `{name}` | {row.rounding.relative:g} | {row.rounding.absolute:g} | {row.rounding.source} |"
        for name, row in STEPS.items()
        if row.rounding
    ]


POINTS = {"arccosh": 1.7, "rsqrt": 0.6, "lgamma": 2.6}


@pytest.mark.parametrize("name", sorted(name for name, row in STEPS.items() if row.slopes))
def test_values_and_slopes_are_those_of_the_balls(name) -> None:
    operands = [POINTS.get(name, 0.3), 0.7][: 2 if name in ("power", "arctan2") else 1]

    def exact(*xs):

        return float(STEPS[name].ball(*(arb(x) for x in xs)))

    arrays = [np.array(x) for x in operands]
    value = STEPS[name].value(*arrays)
    assert float(value) == pytest.approx(exact(*operands), rel=1e-14)
    for place, slope in enumerate(STEPS[name].slopes(*arrays, value)):
        step = 1e-5
        up, down = ([x + sign * step * (k == place) for k, x in enumerate(operands)] for sign in (1, -1))
        assert abs(float(slope)) == pytest.approx(abs(exact(*up) - exact(*down)) / (2 * step), rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("x", [-5.3, -0.5, 0.1, 0.5, 1.0, 9.99, 50.0])
def test_the_gamma_family_is_that_of_the_balls(x) -> None:

    for order, name in enumerate(("digamma", "trigamma", "tetragamma")):
        assert polygamma(order, np.array([x]))[0] == pytest.approx(float(STEPS[name].ball(arb(x))), rel=1e-13)
