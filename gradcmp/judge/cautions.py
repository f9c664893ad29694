"""What a reader of the judgement should know although no case is to blame for it."""

from collections.abc import Mapping, Sequence

import numpy as np

from gradcmp.core.expected import ExpectedNothing, ExpectedNumbers, ExpectedResult
from gradcmp.core.formats import FORMATS
from gradcmp.core.outcomes import Computed, Outcome
from gradcmp.core.problems import Problem
from gradcmp.core.reasons import Reason, ReasonCode
from gradcmp.core.scenarios import Tolerance
from gradcmp.core.targets import Target
from gradcmp.core.tensors import Leaf
from gradcmp.core.truth import Truth, TruthLeaf
from gradcmp.judge.agreement import pairs
from gradcmp.judge.elements import compare
from gradcmp.judge.tolerance import Limits, Supplier, chosen


def warnings_of(
    problem: Problem,
    outcomes: Mapping[str, Outcome],
    targets: Mapping[str, Target],
    known: Sequence[TruthLeaf],
    truth: Truth,
    *,
    values: bool,
) -> list[Reason]:
    """Warnings of one problem: a derivative that is zero everywhere, and function values that are not alike.

    `known` are the derivatives that answers were judged by. A wrong value beside a right derivative is no verdict.
    """
    warnings: list[Reason] = []
    if values:
        return warnings
    if known and all(not np.any(leaf.high) and not np.any(leaf.low) and not np.any(leaf.radius) for leaf in known):
        entries = [problem.scenario.expect.for_case(problem.operator, t) for t in targets.values()]
        if not any(entry is not None and _says_zero(entry.expected) for entry in entries):
            warnings.append(Reason(code=ReasonCode.VACUOUS))
    computed = {name: outcome.values for name, outcome in outcomes.items() if isinstance(outcome, Computed)}
    limits = half_the_digits(known)
    untrue = tuple(
        name
        for name, answer in computed.items()
        if any(_misses(answer, leaf, problem.dtype, limits) for leaf in truth.values or ())
    )
    if untrue:
        warnings.append(Reason(code=ReasonCode.VALUE_UNTRUE, targets=untrue))
    apart = [(pair.a, pair.b) for pair in pairs(problem, computed, limits) if not pair.agree]
    if apart:
        warnings.append(_apart(apart))
    return warnings


def _misses(answer: Sequence[Leaf], leaf: TruthLeaf, dtype: str, limits: Supplier) -> bool:
    """Is the answer's value other than the true one? One that is not there misses nothing."""
    tensor = next((value.tensor for value in answer if value.of == leaf.of), None)
    return tensor is not None and (tensor.shape != leaf.high.shape or not compare(tensor, leaf, dtype, limits).agrees)


def _apart(pairs_apart: Sequence[tuple[str, str]]) -> Reason:
    """Who differ from each other, or the only odd one from the others."""
    names = tuple(dict.fromkeys(name for pair in pairs_apart for name in pair))
    odd = tuple(name for name in names if all(name in pair for pair in pairs_apart))
    if len(odd) != 1:
        return Reason(code=ReasonCode.VALUES_APART, targets=names)
    return Reason(code=ReasonCode.VALUES_APART, targets=odd, others=tuple(name for name in names if name not in odd))


def half_the_digits(known: Sequence[TruthLeaf]) -> Supplier:
    """Limits of half the significand, of the value or of the largest element of its derivative.

    A value beside a derivative may cancel, even to nothing, and it is not known how much; but rounding moves it by
    about as much as rounding its inputs would, which is the derivative's size for inputs near 1. For warnings only.
    """
    sizes = [np.abs(leaf.high[np.isfinite(leaf.high)]).max(initial=0.0) for leaf in known]

    def limits(truth: TruthLeaf, dtype: str) -> Limits:
        rtol = FORMATS[dtype].unit_roundoff ** 0.5 if dtype in FORMATS else 0.0
        return chosen(Tolerance(rtol=rtol, atol=rtol * float(max(sizes, default=0.0))))(truth, dtype)

    return limits


def _says_zero(expected: object) -> bool:
    """Do the numbers as written say that everything is zero, or that there is no gradient?"""
    return isinstance(expected, ExpectedResult) and all(
        isinstance(leaf, ExpectedNothing) or (isinstance(leaf, ExpectedNumbers) and _zero(leaf.data))
        for leaf in expected.leaves.values()
    )


def _zero(data: object) -> bool:
    return all(_zero(item) for item in data) if isinstance(data, list | tuple) else data == 0
