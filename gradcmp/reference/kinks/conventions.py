"""What a derivative is by one convention or another at its ties, for telling whether that depends on any."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from gradcmp.core.tensors import Key, Shape
from gradcmp.numbers.arrays import Floats
from gradcmp.reference.algebras.metered import MeteredAlgebra
from gradcmp.reference.algebras.strict_balls import StrictBalls
from gradcmp.reference.budget import Budget
from gradcmp.reference.language.arrays import Array, Context
from gradcmp.reference.modes.derivatives import DerivativeProblem, derive


def arbitrary_convention() -> StrictBalls:
    """Balls over which every tie divides a direction in a ratio of its own.

    A derivative is a polynomial in these ratios. One that comes out as the true one for numbers drawn at random
    depends on none of them, so it is the same by every convention.
    """
    random = np.random.default_rng(0)

    def shares(shape: Shape) -> Floats:
        return np.asarray(random.integers(1, 2**20, shape) / 2.0**20)  # exact, as are sums and products of few

    balls = StrictBalls()
    balls.tie_shares = shares
    return balls


def by_an_arbitrary_convention(problem: DerivativeProblem, context: Context, budget: Budget) -> Mapping[Key, Array]:
    """The derivative by output and inputs. Raises `Undecided` and `EvaluationError`."""
    return derive(problem, replace(context, floats=MeteredAlgebra(arbitrary_convention(), budget)), budget).arrays


def by_two_conventions(
    problem: DerivativeProblem, context: Context, budget: Budget
) -> tuple[Mapping[Key, Array], Mapping[Key, Array]]:
    """As it, where every tie chooses its first operand, and it; one and the same where nothing is chosen at a tie."""
    first = derive(problem, replace(context, floats=MeteredAlgebra(StrictBalls(), budget)), budget)
    if not first.ties.selections:
        return first.arrays, first.arrays
    return first.arrays, by_an_arbitrary_convention(problem, context, budget)
