"""How much the reference does for a derivative, counted in elements: the same number on every machine."""

from __future__ import annotations

from gradcmp.reference.algebras.balls import BallAlgebra
from gradcmp.reference.algebras.whole_numbers import WholeAlgebra
from gradcmp.reference.budget import Budget
from gradcmp.reference.language.arrays import Context
from gradcmp.reference.modes.derivatives import derive

STEPS = ("constant", "elementwise", "whole_power", "sum", "matmul", "det", "inv", "solve", "pick", "scatter")


class CountingBalls(BallAlgebra):
    """Balls that count the steps that are taken, and the elements of their results."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = 0
        self.elements = 0


def _counted(name):
    plain = getattr(BallAlgebra, name)

    def step(self, *operands):
        result = plain(self, *operands)
        self.steps += 1
        self.elements += result.size
        return result

    return step


for _name in STEPS:
    setattr(CountingBalls, _name, _counted(_name))


def counted(asked) -> CountingBalls:
    """The algebra after the derivative of a problem was taken over it once."""
    balls = CountingBalls()
    derive(asked, Context(floats=balls, wholes=WholeAlgebra(), dtype="float64"), Budget(seconds=1e9))
    return balls
