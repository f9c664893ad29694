"""The fuzz's own test: a fault planted in the reference is found on a fixed set of programs."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from gradcmp.reference.algebras import balls, float_balls
from gradcmp.reference.modes import tape
from gradcmp.reference.steps import STEPS
from gradcmp.reference.steps.rules import negated
from tests.reference.soundness.checks import CHECKS, examine
from tests.reference.soundness.samples import Sample
from tests.reference.soundness.series import filled

X = [0.3, -1.25, 2.0]
P = [0.3, 1.25, 2.125]
U = [0.3, -0.75, 0.5]
M = [[0.5, -1.25, 0.1], [2.0, 0.75, -0.3], [0.2, 0.4, 1.5]]
UNIT = np.eye(3).tolist()

PROGRAMS = {
    "arithmetic": Sample(text="x * y - x / (y * y + 1) + (-y) * square(x) + x ** 3", inputs={"x": X, "y": P}),
    "selections": Sample(text="maximum(x, y) * y + minimum(x, 0.5) ** 2 + abs(x) * y + clip(x, -1, 1)", inputs={"x": X, "y": U}),
    "powers": Sample(text="p ** x + sqrt(p) * rsqrt(p + 1)", inputs={"p": P, "x": X}),
    "exponentials": Sample(text="exp(x) + expm1(x) * log(p) + log1p(p) + sigmoid(x)", inputs={"x": X, "p": P}),
    "circle": Sample(text="sin(x) + cos(x) * tan(x) + arcsin(u) + arccos(u) * u + arctan(x) + arctan2(x, u)", inputs={"x": X, "u": U}),
    "hyperbola": Sample(text="sinh(x) + cosh(x) * tanh(x) + arcsinh(x) + arccosh(p + 1) + arctanh(u)", inputs={"x": X, "p": P, "u": U}),
    "special": Sample(text="erf(x) * x + gelu(x) + lgamma(p) + digamma(p) * x + lgamma(u * 0.4 - 1.5)", inputs={"x": X, "p": P, "u": U}),
    "second order": Sample(text="sum(x * tanh(x) + digamma(p) * p + exp(x * p) / (1 + x * x) + x ** 3)", inputs={"x": X, "p": P}),
    "sums": Sample(text="sum(x) * softmax(p) + logsumexp(x * p) + prod(p) + norm(x) + cumsum(x)", inputs={"x": X, "p": P}),
    "matrices": Sample(text="sum((M @ M) * M) + det(M) + sum(inv(M) * M.T) + sum(solve(M, x) * x) + x @ M @ x", inputs={"M": M, "x": X}),
    "cholesky": Sample(text="sum(cholesky(M @ M.T + unit)[:, 0])", inputs={"M": M, "unit": UNIT}),
    "one by one": Sample(text="x[0] * x[1] + take(x, 0) if x[2] > 1 else x[0]", inputs={"x": X}),
}  # fmt: skip


TEXTS = {
    "add": "x + y", "subtract": "x - y", "multiply": "x * y", "divide": "x / y", "power": "p ** x", "arctan2": "arctan2(x, p)",
    "square": "square(x)", "rsqrt": "rsqrt(p)", "erfc": "gelu(x)", "lgamma": "lgamma(p)", "scale": "x * y * p",
    "sech_squared": "tanh(x)", "sigmoid_below_one": "sum(sigmoid(x))", "trigamma": "digamma(p)", "tetragamma": "sum(digamma(p))", "two_over_root_pi": "erf(z)",
}  # fmt: skip
"""Step → a program that rounds in that step and as little as possible elsewhere; else the function of that name."""

ON_ARRAYS = {
    "matmul": "M @ x", "det": "det(M)", "inv": "inv(M)", "solve": "solve(M, x)", "sum": "sum(x)", "whole_power": "x ** 3",
    "scatter": "sum(broadcast_to(x, shape=(2, 3)) * stack([p, y]))",
}  # fmt: skip

POINT = {
    "x": [0.3, -1.25e3, 2.0001e-5],
    "y": [1.3e-13, 0.7e-9, -0.01e-9],
    "p": [0.3, 1.27, 2.124],
    "u": [0.3, -0.77, 0.51],
    "z": 0.0,
    "M": M,
}


def alone(text):
    words = re.findall(r"\w+", text)
    return Sample(text=text, inputs={name: values for name, values in POINT.items() if name in words})


def of_step(step):
    letter = {
        "arccosh": "p + 1",
        "digamma": "p",
        "log": "p",
        "sqrt": "p",
        "arcsin": "u",
        "arccos": "u",
        "arctanh": "u",
        "log1p": "u",
    }
    small = {"exp", "expm1", "sinh", "cosh", "tan", "erf"}
    return alone(TEXTS.get(step) or f"{step}({letter.get(step, 'u' if step in small else 'x')})")


def faults():
    """The checks that miss, over all programs."""
    return {miss.partition(":")[0] for sample in PROGRAMS.values() for miss in examine(sample).misses}


def caught(checks, *programs):
    """Does one of the checks miss on one of the programs?"""
    return any(examine(sample, checks).misses for sample in programs)


def test_without_a_fault_nothing_misses_and_every_check_looks():
    looked = set()
    for name, sample in PROGRAMS.items():
        findings = examine(sample)
        assert not findings.misses, (name, findings.misses)
        assert {"64 bits", "float64 balls", "series", "duals", "operators"} <= set(findings.looked), (name, findings)
        looked |= set(findings.looked)
    assert looked == set(CHECKS)


def plant(monkeypatch, step, **fields):
    monkeypatch.setitem(STEPS, step, replace(STEPS[step], **fields))


DERIVATIVES_ALONE = ("scale", "trigamma", "sech_squared", "sigmoid_below_one")
"""Steps that only derivatives take: their own rules serve second ones."""


def by(step):
    return ("second",) if step in DERIVATIVES_ALONE else ("series", "decimals")


@pytest.mark.parametrize("step", sorted(name for name, row in STEPS.items() if row.rules))
def test_a_wrong_sign_in_any_rule(monkeypatch, step):
    honest = STEPS[step].rules
    for place, rule in enumerate(honest):
        plant(monkeypatch, step, rules=(*honest[:place], negated(rule), *honest[place + 1 :]))
        assert caught(by(step), of_step(step), *PROGRAMS.values()), (step, place)


@pytest.mark.parametrize("step", sorted(name for name, row in STEPS.items() if row.rules))
def test_a_rule_off_by_a_millionth_of_a_millionth(monkeypatch, step):
    rule, *others = STEPS[step].rules

    def off(a, g, xs, y):
        return a.elementwise("multiply", rule(a, g, xs, y), a.constant(np.asarray(1 + 2.0**-40)))

    plant(monkeypatch, step, rules=(off, *others))
    assert caught(by(step), of_step(step), *PROGRAMS.values()), step


@pytest.mark.parametrize("step", sorted(name for name, row in STEPS.items() if row.chooses))
def test_a_selection_that_chooses_the_other(monkeypatch, step):
    plant(monkeypatch, step, chooses=-STEPS[step].chooses)
    # The sign of `abs` is that of its operand whatever the table says: nothing to plant there.
    assert caught(("series", "decimals"), *PROGRAMS.values()) or step == "abs"


def test_reverse_mode_alone_is_wrong(monkeypatch):
    """The same fault in both modes hides from a comparison of the two; this one is the tape's."""
    monkeypatch.setattr(tape, "adjugate", lambda a, x: a.inv(x))
    assert {"duals", "series", "decimals", "operators"} <= faults()


EXACT = ("negative", "abs", "maximum", "minimum", "floor")
"""Steps whose balls are as exact as their operands."""

COVERED = ("sigmoid_below_one",)
"""Met as a factor of `sigmoid` alone, whose ball is several times as wide as its rounding."""

NO_PROGRAM = ("tetragamma",)
"""Met in second derivatives of digamma alone; `second` sees it."""


@pytest.mark.parametrize("step", sorted(set(STEPS) - set(EXACT) - set(COVERED)))
def test_a_ball_without_its_radius(monkeypatch, step):
    def hasty(honest):
        return lambda *xs: (honest(*xs).mid() + 0).mid()  # rounded as all are

    if step == "scale":
        monkeypatch.setattr(balls.BallAlgebra, "_scale", hasty(balls.BallAlgebra._scale))
    else:
        plant(monkeypatch, step, ball=hasty(STEPS[step].ball))
    assert caught(("second",) if step in NO_PROGRAM else ("64 bits",), of_step(step)), step


@pytest.mark.parametrize("method", ["matmul", "det", "inv", "solve", "sum", "whole_power", "scatter"])
def test_a_ball_step_on_arrays_without_its_radius(monkeypatch, method):
    honest = getattr(balls.BallAlgebra, method)

    def hasty(self, *operands):
        found = honest(self, *operands)
        return filled([(x.mid() + 0).mid() for x in found.ravel().tolist()], found.shape)

    monkeypatch.setattr(balls.BallAlgebra, method, hasty)
    assert caught(("64 bits",), alone(ON_ARRAYS[method])), method


@pytest.mark.parametrize("step", ["add", "multiply", "divide", "square", "sqrt"])
def test_a_float_ball_that_forgets_its_rounding(monkeypatch, step):
    honest = float_balls._VECTORISED[step]

    def carried_only(*operands):
        middle, _ = honest(*operands)
        without = [float_balls.FloatBall(x.middle, np.zeros_like(x.radius)) for x in operands]
        _, rounding = honest(*without)
        _, radius = honest(*operands)
        return middle, np.maximum(radius - 2 * rounding, 0.0)

    monkeypatch.setitem(float_balls._VECTORISED, step, carried_only)
    assert caught(("float64 balls",), of_step(step)), step


@pytest.mark.parametrize("method", ["matmul", "sum"])
def test_a_float_product_or_sum_that_forgets_its_rounding(monkeypatch, method):
    honest = getattr(float_balls.FloatBallAlgebra, method)

    def hasty(self, *operands):
        found = honest(self, *operands)
        exact = [
            float_balls.FloatBall(x.middle, x.radius * 0) for x in operands if isinstance(x, float_balls.FloatBall)
        ]
        rounding = honest(self, *exact, *operands[len(exact) :]).radius
        return float_balls.FloatBall(found.middle, np.maximum(found.radius - 2 * rounding, 0.0))

    monkeypatch.setattr(float_balls.FloatBallAlgebra, method, hasty)
    assert caught(("float64 balls",), alone(ON_ARRAYS[method])), method
