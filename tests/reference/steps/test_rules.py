"""The table of derivatives, rule by rule, against FLINT's own differentiation of power series."""

from __future__ import annotations

import pytest
from flint import arb

from gradcmp.reference.algebras.balls import BallAlgebra, filled
from gradcmp.reference.precision import at
from gradcmp.reference.steps import STEPS
from tests.reference.soundness import series
from tests.reference.soundness.series import moving, slope, two_terms

RULES = {name: row.rules for name, row in STEPS.items() if row.rules}
BY_SERIES = sorted(set(RULES) & set(series.STEPS))

POSITIVE = [2.0**-1074, 1e-300, 2.0**-30, 0.3, 1.0, 1.4616, 2.5, 30.0, 1e5]
UNIT = [-0.999, -0.5, -(2.0**-40), 1e-300, 0.25, 0.999]
ANY = [-1e5, -30.0, -2.5, -1.0, -1e-300, 2.0**-1074, 2.0**-30, 0.7, 3.0, 1e5]
POINTS = {
    "log": POSITIVE, "log1p": [*POSITIVE, -0.5], "sqrt": POSITIVE, "rsqrt": POSITIVE, "lgamma": [*POSITIVE, -0.5, -3.25],
    "digamma": [*POSITIVE, -0.5, -3.25], "arcsin": UNIT, "arccos": UNIT, "arctanh": UNIT,
    "arccosh": [1.0000001, 1.5, 3.0, 1e5], "power": POSITIVE,
}  # fmt: skip
SECOND = [-2.5, -1.0, 0.3, 2.0, 7.0]


def test_the_series_differentiate_every_step_but_those_of_derivatives():
    assert set(RULES) - set(BY_SERIES) == {"scale", "sech_squared", "sigmoid_below_one", "trigamma"}


def one(x):
    return filled([arb(x)], ())


@pytest.mark.parametrize("step", BY_SERIES)
def test_a_rule_is_the_slope_of_the_series(step):
    a, two = BallAlgebra(), len(RULES[step]) == 2
    with at(256), two_terms():
        for x in POINTS.get(step, ANY):
            for y in SECOND if two else [None]:
                operands = [x] if y is None else [x, y]
                arrays = [one(each) for each in operands]
                result = a.elementwise(step, *arrays)
                for place, rule in enumerate(RULES[step]):
                    moved = [moving(arb(each), arb(int(i == place))) for i, each in enumerate(operands)]
                    found = a.elementwise("add", rule(a, one(1.0), arrays, result), one(0.0)).item()
                    expected = slope(series.STEPS[step](*moved))
                    assert found.is_finite(), (step, operands)
                    assert expected.is_nan() or found.overlaps(expected), (step, operands, place, found, expected)
                    assert found.is_exact() or found.rel_accuracy_bits() > 150, (step, operands, found)


@pytest.mark.parametrize("step", sorted(RULES))
def test_no_cotangent_is_no_cotangent_wherever_the_point_lies(step):
    """A branch that is not taken may be at a pole or outside the domain."""
    a = BallAlgebra()
    for x in (-2.0, 0.0, 3.0, float("nan"), float("inf")):
        arrays = [one(x), one(0.0)][: len(RULES[step])]
        result = a.elementwise(step, *arrays)
        for rule in RULES[step]:
            assert rule(a, one(0.0), arrays, result).item() == 0, (step, x)


@pytest.mark.parametrize(
    ("step", "x"), [("log", -1.0), ("log1p", -2.0), ("arctanh", 1.5), ("arccosh", -2.0), ("log", 0.0)]
)
def test_outside_the_domain_there_is_no_derivative(step, x):
    a = BallAlgebra()
    result = a.elementwise(step, one(x))
    assert not RULES[step][0](a, one(1.0), [one(x)], result).item().is_finite()
