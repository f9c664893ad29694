"""The truth of a problem that was judged before, to more digits than a verdict needs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gradcmp.core.problems import Problem
from gradcmp.core.tensors import Key
from gradcmp.core.truth import TruthLeaf
from gradcmp.errors import GradcmpError
from gradcmp.reference.algebra import EvaluationError
from gradcmp.reference.budget import Budget
from gradcmp.reference.certify import with_more_digits
from gradcmp.reference.modes.derivatives import DerivativeProblem
from gradcmp.scenario.load import load
from gradcmp.session.plan import problems_of
from gradcmp.session.prepare import understand
from gradcmp.session.request import RunOptions


def sharpened(
    problem: str, hashes: Mapping[str, str], function: str, *, folder: Path, shipped: bool, budget_s: float
) -> Mapping[Key, TruthLeaf]:
    """The arrays that a problem (its id) asks for, by the reference at twice the precision and more.

    Empty where its scenario is no longer the one that was run, by the text of its function and the `hashes` of its
    inputs, or where the reference has no answer within `budget_s` seconds.
    """
    try:
        found = _problem(problem, folder, shipped=shipped)
        if found is None or found.protocol is not None or found.scenario.function.text != function:
            return {}
        understood = understand(found, RunOptions())
    except (GradcmpError, OSError):
        return {}
    if understood.arrays.hashes != hashes:
        return {}
    derivative_problem = DerivativeProblem(
        checked=understood.checked,
        operator=found.operator,
        wrt=found.scenario.wrt,
        inputs=understood.arrays.inputs,
        cotangents=understood.arrays.cotangents,
        tangents=understood.arrays.tangents,
    )
    try:
        truth = with_more_digits(derivative_problem, found.dtype, Budget(seconds=budget_s))
    except EvaluationError:
        return {}
    return {leaf.key: leaf for leaf in truth.values or truth.derivatives or ()}


def _problem(name: str, folder: Path, *, shipped: bool) -> Problem | None:
    selection = load((name,), folder=folder, shipped=shipped)
    problems = (problem for scenario in selection.scenarios for problem in problems_of(scenario))
    return next((problem for problem in problems if problem.id == name), None)
