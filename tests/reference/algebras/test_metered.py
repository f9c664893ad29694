"""Work is paid for before it is done, at a price that no clock has a say in."""

import time

import numpy as np
import pytest
from flint import arb

from gradcmp.core.formats import FORMATS
from gradcmp.reference.algebra import OverBudget
from gradcmp.reference.algebras import jets
from gradcmp.reference.algebras.balls import BallAlgebra, filled
from gradcmp.reference.algebras.float_balls import FloatBallAlgebra
from gradcmp.reference.algebras.germs import GermAlgebra
from gradcmp.reference.algebras.metered import MeteredAlgebra
from gradcmp.reference.algebras.running_errors import RunningErrorAlgebra
from gradcmp.reference.budget import Budget
from gradcmp.reference.certify import certify
from gradcmp.reference.precision import at
from tests.reference.problems import over, problem

ALGEBRAS = {
    "balls": BallAlgebra,
    "balls of float64": FloatBallAlgebra,
    "germs": GermAlgebra,
    "running errors": lambda: RunningErrorAlgebra(FORMATS["float64"]),
}

STEPS = {
    "constant": lambda a, _x: a.constant(np.ones((3, 3))),
    "direction": lambda a, _x: a.direction(np.ones((3, 3))),
    "elementwise": lambda a, x: a.elementwise("exp", x),
    "whole_power": lambda a, x: a.whole_power(x, 3),
    "sum": lambda a, x: a.sum(x, (0,)),
    "matmul": lambda a, x: a.matmul(x, x),
    "det": lambda a, x: a.det(x),
    "inv": lambda a, x: a.inv(x),
    "solve": lambda a, x: a.solve(x, x),
    "pick": lambda a, x: a.pick([x], np.arange(9)),
    "scatter": lambda a, x: a.scatter(x, np.arange(9), 9),
    "compare": lambda a, x: a.compare(x, x),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", ALGEBRAS)
def test_a_step_that_cannot_be_paid_is_not_taken(name, step, monkeypatch):
    plain = ALGEBRAS[name]()
    x = plain.constant(np.eye(3) + 1)
    monkeypatch.setattr(plain, step, lambda *_: pytest.fail("the step was taken"))
    with pytest.raises(OverBudget, match="more work than its budget of 0 nominal s"):
        STEPS[step](MeteredAlgebra(plain, Budget(seconds=0.0)), x)


def spent(asked, algebra, bits=64):
    budget = Budget()
    with at(bits):
        over(MeteredAlgebra(algebra, budget), asked, "float64", budget)
    return budget.spent


@pytest.mark.parametrize("name", ALGEBRAS)
def test_the_price_grows_with_the_elements_and_is_the_same_twice(name):
    few, many, again = (
        spent(problem("logsumexp(x)", x=np.ones(n)), ALGEBRAS[name]()) for n in (50_000, 100_000, 100_000)
    )
    assert 1.5 * few < many < 2.5 * few
    assert many == again


def test_wide_balls_special_functions_and_germs_that_move_cost_more():
    plain, special = (problem(f"sum({name}(x))", x=np.full(1000, 1.5)) for name in ("exp", "digamma"))
    assert spent(plain, BallAlgebra(), bits=2048) > 3 * spent(plain, BallAlgebra())
    assert spent(special, BallAlgebra()) > 10 * spent(plain, BallAlgebra())
    germs = GermAlgebra()
    still = germs.constant(np.ones(2))
    moving = filled([jets.ray(item, arb(1)) for item in still.tolist()], (2,))
    assert germs.prices(still) == BallAlgebra().prices(still)
    assert germs.prices(moving)[1] > 10 * germs.prices(still)[1]


def test_no_clock_has_a_say(monkeypatch):
    asked = problem("sum(relu(x)) + logsumexp(x)", x=[-1.0, 0.0, 2.0])
    before = certify(asked, "float64", Budget(seconds=0.05))

    def clock(*_):
        pytest.fail("the reference asked for the time")

    for name in ("time", "monotonic", "perf_counter", "process_time"):
        monkeypatch.setattr(time, name, clock)
    after = certify(asked, "float64", Budget(seconds=0.05))
    assert (after.evidence, after.bits, after.reason) == (before.evidence, before.bits, before.reason)
    assert after.derivatives[0].high.tolist() == before.derivatives[0].high.tolist()


@pytest.mark.parametrize("text", ["logsumexp(x)", "sum(relu(x))", "sum(x * cumsum(x))"])
def test_every_stage_of_the_descent_comes_at_the_same_budget(text):
    asked, stages = problem(text, x=np.linspace(-1, 1, 2000)), set()
    for seconds in (1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 1.0):
        first, second = (certify(asked, "float64", Budget(seconds=seconds)) for _ in range(2))
        assert (first.evidence, first.bits, first.reason) == (second.evidence, second.bits, second.reason)
        stages.add(first.bits)
    assert {None, 128} <= stages
