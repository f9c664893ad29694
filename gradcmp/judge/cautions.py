"""What a reader of the judgement should know although no case is to blame for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gradcmp.core.expectations import ExpectedNumbers, ExpectedResult
from gradcmp.core.outcomes import Computed, Outcome
from gradcmp.core.problems import Problem
from gradcmp.core.targets import Target
from gradcmp.core.truth import Truth, TruthLeaf
from gradcmp.judge.agreement import pairs
from gradcmp.judge.elements import compare
from gradcmp.judge.tolerance import Supplier


def warnings_of(
    problem: Problem,
    outcomes: Mapping[str, Outcome],
    targets: Mapping[str, Target],
    known: Sequence[TruthLeaf],
    truth: Truth,
    limits: Supplier,
    *,
    values: bool,
) -> list[str]:
    warnings: list[str] = []
    if values:
        return warnings
    if known and all(not np.any(leaf.high) and not np.any(leaf.low) and not np.any(leaf.radius) for leaf in known):
        entries = [
            problem.scenario.expect.for_case("gradient" if problem.protocol else problem.operator, t)
            for t in targets.values()
        ]
        if not any(entry is not None and _says_zero(entry.expected) for entry in entries):
            warnings.append("vacuous: the derivative is zero everywhere, so little is tested")
    computed = {name: outcome.values for name, outcome in outcomes.items() if isinstance(outcome, Computed)}
    for leaf in truth.values or ():
        for name, answer in computed.items():
            tensor = next((v.tensor for v in answer if v.of == leaf.of), None)
            if tensor is not None and (
                tensor.shape != leaf.high.shape or not compare(tensor, leaf, problem.dtype, limits).agrees
            ):
                warnings.append(f"the function's value is not the true one on {name}")
    warnings += [
        f"the function's value differs between {pair.a} and {pair.b}"
        for pair in pairs(problem, computed, limits)
        if not pair.agree
    ]
    return list(dict.fromkeys(warnings))


def _says_zero(expected: object) -> bool:
    """Do the numbers as written say that everything is zero?"""
    return isinstance(expected, ExpectedResult) and all(
        isinstance(leaf, ExpectedNumbers) and not np.any(np.asarray(leaf.data, dtype=np.float64))
        for leaf in expected.leaves.values()
    )
