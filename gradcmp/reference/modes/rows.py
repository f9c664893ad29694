"""The rows of a reverse-mode derivative, as weighted outputs."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gradcmp.core.tensors import Key, Shape
from gradcmp.numbers.arrays import Floats
from gradcmp.reference.algebra import EvaluationError
from gradcmp.reference.modes.derivatives import DerivativeProblem
from gradcmp.reference.modes.tape import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of a reverse-mode derivative: `weights` has for each the outputs' weights, by path.

    `keys` are the result's leaves: each with its rows and its stretch of the coordinates, which are the elements of
    all inputs of `wrt` end to end.
    """

    weights: tuple[Mapping[str, Floats], ...]
    keys: Mapping[Key, tuple[range, range]]
    shapes: Mapping[Key, Shape]


def rows_of(problem: DerivativeProblem, shapes: Mapping[str, Shape]) -> Rows:
    """The rows of a gradient, vjp or jacobian of outputs of `shapes`. Raises `EvaluationError`."""
    weights: list[Mapping[str, Floats]] = []
    groups: dict[str, range] = {}
    if problem.operator == "vjp":
        weights = [{of: problem.cotangent(of, shape) for of, shape in shapes.items()}]
        groups[""] = range(1)
    for of, shape in shapes.items() if problem.operator != "vjp" else ():
        if problem.operator == "gradient" and shape != ():
            raise EvaluationError(f"the output `{of}` is no scalar, so it has no gradient")
        size = math.prod(shape)
        groups[of] = range(len(weights), len(weights) + size)
        weights += [{of: unit.reshape(shape)} for unit in np.eye(size)]
    keys: dict[Key, tuple[range, range]] = {}
    leaf_shapes: dict[Key, Shape] = {}
    start = 0
    for path in problem.wrt:
        inner = tuple(problem.inputs[path].shape)
        stop = start + math.prod(inner)
        for of, rows in groups.items():
            keys[of, (path,)] = rows, range(start, stop)
            leaf_shapes[of, (path,)] = (*(shapes[of] if problem.operator == "jacobian" else ()), *inner)
        start = stop
    return Rows(weights=tuple(weights), keys=keys, shapes=leaf_shapes)


def seeds(
    rows: Rows, outputs: Mapping[str, Node], direction: Callable[[npt.NDArray[Any]], Any]
) -> list[Sequence[tuple[Node, Any]]]:
    """The cotangents to start from, for each row."""
    return [[(outputs[of], direction(weight)) for of, weight in each.items()] for each in rows.weights]
