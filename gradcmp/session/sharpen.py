"""The truth of a problem that was judged before, to more digits than a verdict needs."""

from collections.abc import Mapping
from pathlib import Path

from gradcmp.core.outcomes import Referred
from gradcmp.core.problems import Problem
from gradcmp.core.requests import REFEREE, Wanted
from gradcmp.core.tensors import Key
from gradcmp.core.truth import TruthLeaf
from gradcmp.errors import GradcmpError
from gradcmp.execute.pool import Pool
from gradcmp.registry import Registry
from gradcmp.scenario.load import load
from gradcmp.session.plan import problems_of
from gradcmp.session.prepare import inquiry_of, understand
from gradcmp.session.request import RunOptions


def sharpened(
    name: str, hashes: Mapping[str, str], function: str, *, folder: Path, shipped: bool, options: RunOptions
) -> Mapping[Key, TruthLeaf]:
    """The arrays that a problem (its id) asks for, by the reference at twice the precision and more.

    Empty where its scenario is no longer the one that was run, by the text of its function and the `hashes` of its
    inputs, or where the reference has no answer within its budget.
    """
    try:
        problem = _problem(name, folder, shipped=shipped)
        if problem is None or problem.protocol is not None or problem.scenario.function.text != function:
            return {}
        understood = understand(problem, options)
    except (GradcmpError, OSError):
        return {}
    if understood.arrays.hashes != hashes:
        return {}
    inquiry = inquiry_of(problem, understood, Wanted.DIGITS, options.reference_budget_s)
    with Pool(Registry(descriptors={}, failed={}), (REFEREE,)) as pool:
        ((_, outcome),) = pool.run(iter([inquiry]))
    if not isinstance(outcome, Referred):
        return {}
    return {leaf.key: leaf for leaf in outcome.truth.values or outcome.truth.derivatives or ()}


def _problem(name: str, folder: Path, *, shipped: bool) -> Problem | None:
    selection = load((name,), folder=folder, shipped=shipped)
    problems = (problem for scenario in selection.scenarios for problem in problems_of(scenario))
    return next((problem for problem in problems if problem.id == name), None)
