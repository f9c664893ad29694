"""The tolerance pass: how far rounding alone may take a program's derivative from the true one, in one dtype."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from gradcmp.core.formats import FORMATS
from gradcmp.core.tensors import Key
from gradcmp.core.truth import RunningErrors
from gradcmp.numbers.arrays import Floats
from gradcmp.reference.algebra import EvaluationError, Undecided
from gradcmp.reference.algebras.metered import metered
from gradcmp.reference.algebras.running_errors import RunningErrorAlgebra
from gradcmp.reference.algebras.whole_numbers import WholeAlgebra
from gradcmp.reference.budget import Budget
from gradcmp.reference.language.arrays import Array, Context
from gradcmp.reference.language.fragility import FragileComparison
from gradcmp.reference.language.range import OutOfRange
from gradcmp.reference.modes.derivatives import DerivativeProblem, Derived, derive

OTHER_ROUNDS = 10_000
"""Rounds of loops that the pass with turned comparisons may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerances:
    """By output and inputs: rounding errors, the values in float64, and what the fragile comparisons can change.

    `values` are not certified. `out_of_range` are steps whose results the dtype cannot hold. `tied`: the way passes
    numbers that float64 holds for equal, or a zero times infinity. `otherwise` is empty where no comparison is fragile,
    or where that cannot be told.
    """

    errors: Mapping[Key, RunningErrors] = field(default_factory=dict)
    values: Mapping[Key, Floats] = field(default_factory=dict)
    tied: bool = False
    fragile: tuple[FragileComparison, ...] = ()
    out_of_range: tuple[OutOfRange, ...] = ()
    otherwise: Mapping[Key, Floats] = field(default_factory=dict)

    def other_than(self, key: Key, truth: Floats) -> Floats | None:
        """The value on the other side of the fragile comparisons, element by element; None where none is fragile.

        Float64 may itself have decided a fragile comparison otherwise than mathematics, so the other side is that of
        the two values which is farther from `truth`, the certified one.
        """
        if key not in self.otherwise:
            return None
        here, there = self.values[key], self.otherwise[key]
        with np.errstate(invalid="ignore"):
            return np.where(np.abs(here - truth) > np.abs(there - truth), here, there)


def running_errors(problem: DerivativeProblem, dtype: str, budget: Budget) -> Tolerances:
    """The running errors of `problem` for arrays of `dtype`.

    float16 and bfloat16: each step's result is rounded to the dtype, sums, matrix products and elementary functions
    are carried in float32, as the frameworks do. A second pass, for a program with fragile comparisons, takes at most
    half of what is left of `budget`. An error that is not known, by overflow for example, is infinite.
    Raises EvaluationError.
    """
    algebra, derived = _pass(problem, dtype, budget)
    values = {key: _value(array) for key, array in derived.arrays.items()}
    out_of_range = tuple(algebra.steps.range.left.values())
    errors = {key: _errors(array) for key, array in derived.arrays.items()}
    if out_of_range:
        _, unlimited = _pass(problem, dtype, budget, unlimited=True)
        errors = {key: _by_range(errors[key], _errors(array)) for key, array in unlimited.arrays.items()}
    tied = bool(derived.ties) or algebra.steps.annihilated
    plain = Tolerances(errors=errors, values=values, tied=tied, out_of_range=out_of_range)
    fragile = tuple(algebra.fragility.closest.values())
    if not fragile:
        return plain
    try:
        small = Budget(rounds=min(budget.rounds, OTHER_ROUNDS), seconds=budget.left / 2, elements=budget.elements)
        _, turned = _pass(problem, dtype, small, otherwise=True)
    except EvaluationError:
        return replace(plain, fragile=fragile)
    otherwise = {key: _value(array) for key, array in turned.arrays.items()}
    unit = FORMATS[dtype].unit_roundoff
    if not any(_differs(values[key], otherwise[key], unit * errors[key].worst) for key in values):
        return plain
    return replace(plain, fragile=fragile, otherwise=otherwise)


def _pass(
    problem: DerivativeProblem, dtype: str, budget: Budget, *, otherwise: bool = False, unlimited: bool = False
) -> tuple[RunningErrorAlgebra, Derived]:
    algebra = RunningErrorAlgebra(FORMATS[dtype], otherwise=otherwise, unlimited=unlimited)
    context = Context(floats=algebra, wholes=WholeAlgebra(), dtype=dtype)
    try:
        return algebra, derive(problem, metered(context, budget), budget)
    except Undecided as error:
        raise EvaluationError(f"no tolerance: {error}") from None


def _value(array: Array) -> Floats:
    return np.asarray(array.data.value if array.kind == "float" else array.data, dtype=np.float64)


def _by_range(errors: RunningErrors, unlimited: RunningErrors) -> RunningErrors:
    """The errors, with where they come from what leaves the range of the dtype."""
    known = np.isfinite(errors.worst)  # not where float64, which carries the pass, is left too
    return replace(errors, out_of_range=np.asarray(~(known & (errors.worst <= 2.0 * unlimited.worst))))


def _errors(array: Array) -> RunningErrors:
    if array.kind != "float":
        return RunningErrors(worst=np.zeros(array.data.shape), rss=np.zeros(array.data.shape))
    worst, rss = (np.where(np.isnan(error), np.inf, error) for error in (array.data.worst, array.data.rss))
    # Above 1e154 the squares overflow before their root does.
    return RunningErrors(worst=worst, rss=np.asarray(np.minimum(rss, worst)))


def _differs(value: Floats, other: Floats, error: Floats) -> bool:
    """Is the other value another one, and not the same with other rounding?"""
    with np.errstate(invalid="ignore"):
        same = (np.abs(value - other) <= error) | (np.isnan(value) & np.isnan(other)) | (value == other)
    return bool((~same).any())
