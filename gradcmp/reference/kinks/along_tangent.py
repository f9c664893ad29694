"""Kinks of a jvp, along the tangent and against it: by one-sided dual numbers where they do, else by rays."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcmp.core.tensors import Shape
from gradcmp.reference.budget import Budget
from gradcmp.reference.kinks.conventions import by_two_conventions
from gradcmp.reference.kinks.elements import ElementKink, Kinks, kinks_along, sampled
from gradcmp.reference.kinks.rays import Speeds
from gradcmp.reference.kinks.switches import OneSidedDuals, flat, reached
from gradcmp.reference.language.arrays import Context, floats_of
from gradcmp.reference.language.evaluator import evaluate
from gradcmp.reference.modes.derivatives import DerivativeProblem, forward


def along_tangent(problem: DerivativeProblem, context: Context, budget: Budget) -> Kinks:
    """Both sides for every element of the outputs. The limiting derivatives are these two. Raises as `kinks_of`."""
    speeds = problem.directions()
    shapes, both = _by_duals(problem, context, speeds, budget) or _by_rays(problem, context, speeds, budget)
    first, arbitrary = by_two_conventions(problem, context, budget)
    result = Kinks()
    start = 0
    for of, shape in shapes.items():
        elements = both[start : start + math.prod(shape)]
        start += len(elements)
        result.base[of, ()] = first[of, ()]
        conventions = zip(*(arrays[of, ()].data.ravel().tolist() for arrays in (first, arbitrary)), strict=True)
        result.tied[of, ()] = {
            i: element
            for i, (element, each) in enumerate(zip(elements, conventions, strict=True))
            if element.is_kink(*each)
        }
        ends = ([element.left for element in elements], [element.right for element in elements])
        samples = [np.asarray([float(x) for x in items], dtype=np.float64).reshape(shape) for items in ends]
        result.limiting |= sampled({(of, ()): sample} for sample in samples if np.isfinite(sample).all())
    return result


def _by_duals(
    problem: DerivativeProblem, context: Context, speeds: Speeds, budget: Budget
) -> tuple[dict[str, Shape], list[ElementKink]] | None:
    """The derivatives along ± the tangent by one-sided dual numbers; None where more than selections tie."""
    ends: list[list[Any]] = []
    shapes: dict[str, Shape] = {}
    for sign in (-1, 1):
        duals = OneSidedDuals(budget)
        directions = {path: sign * speed for path, speed in speeds.items()}
        outputs = forward(problem, context, duals, directions, budget)
        shapes = {of: duals.shape(x) for of, x in outputs.items()}
        ends.append(flat([duals.tangent(x) for x in outputs.values()]))
        if duals.jumps or reached(ends[-1]).any():
            return None
    return shapes, [ElementKink(left=-left, right=right) for left, right in zip(*ends, strict=True)]


def _by_rays(
    problem: DerivativeProblem, context: Context, speeds: Speeds, budget: Budget
) -> tuple[dict[str, Shape], list[ElementKink]]:
    outputs = floats_of(evaluate(problem.checked, context, problem.inputs, budget))

    def functions(arrays: Mapping[str, Any]) -> list[Any]:
        return flat([arrays[of] for of in outputs])

    both = kinks_along(problem, context, speeds, budget, functions, functions(outputs))
    return {of: context.floats.shape(x) for of, x in outputs.items()}, both
