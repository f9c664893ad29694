"""Derivatives by differences in float64, with an error estimate: what is left where nothing can be certified."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from gradcmp.core.formats import FORMATS
from gradcmp.core.operators import Operator
from gradcmp.core.tensors import Key, Tensor
from gradcmp.core.truth import TruthLeaf
from gradcmp.numbers.arrays import Floats
from gradcmp.reference.algebra import EvaluationError, Undecided, Undefined
from gradcmp.reference.algebras.metered import metered
from gradcmp.reference.algebras.running_errors import RunningErrorAlgebra
from gradcmp.reference.algebras.whole_numbers import WholeAlgebra
from gradcmp.reference.budget import Budget
from gradcmp.reference.language.arrays import Context, floats_of
from gradcmp.reference.modes.derivatives import DerivativeProblem, derive, units
from gradcmp.reference.tolerance import Tolerances

LARGEST = 256
"""Elements by which differences are taken one at a time."""

SHRINK = 1.4
COLUMNS = 10
"""Ridders' factor between steps and the most columns of his tableau."""

COARSEST = 2.0**-10
"""An estimated error beyond this part of the largest element is no knowledge."""

UNIT = FORMATS["float64"].unit_roundoff

Estimates = dict[Key, tuple[Floats, Floats]]
"""Arrays with the errors to expect, by output and inputs."""


def differences(problem: DerivativeProblem, dtype: str, budget: Budget) -> dict[Key, TruthLeaf]:
    """The derivative by central differences, with the estimated error as `radius`: an estimate, no bound.

    Of the function for first derivatives, of its derivative in float64 for second ones. Raises `EvaluationError` where
    there are too many elements, a value is not finite, or the budget is spent, and `Undefined` where it is that at the
    point itself: the difference of two poles is no derivative.
    """
    if problem.operator is Operator.VALUE:
        raise EvaluationError("a value is not found by differences")
    if not all(np.isfinite(problem.inputs[path].array).all() for path in problem.wrt):
        raise EvaluationError("differences are taken around finite numbers")
    inner = Operator.GRADIENT if problem.operator.order == 2 else Operator.VALUE
    for order in dict.fromkeys((Operator.VALUE, inner)):
        here = _at(replace(problem, operator=order), dtype, budget, {}, 0.0)
        if not all(np.isfinite(value).all() for value, _ in here.values()):
            raise Undefined("there is no finite value at the point itself")
    slopes = partial(_slopes, replace(problem, operator=inner), dtype, budget)
    if problem.operator.seed == "tangent":
        return {key: _truth(key, *part) for key, part in slopes(problem.directions()).items()}
    size = sum(problem.inputs[path].array.size for path in problem.wrt)
    if size > LARGEST:
        raise EvaluationError(f"{size} elements are too many for differences, which take {LARGEST}")
    columns: dict[Key, list[tuple[Floats, Floats]]] = {}
    for path in problem.wrt:
        for unit in units(problem.inputs[path].shape):
            for (of, by), part in slopes({path: unit}).items():
                columns.setdefault((of, (*by, path)), []).append(part)
    return _assembled(problem, columns)


def _slopes(problem: DerivativeProblem, dtype: str, budget: Budget, direction: Mapping[str, Floats]) -> Estimates:
    """The derivative of a problem's arrays along `direction` at its inputs, by Ridders' extrapolation.

    C. Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", Advances in Engineering Software 4 (1982).
    """
    largest = max(
        (float(np.abs(problem.inputs[path].array[part != 0.0]).max(initial=0.0)) for path, part in direction.items()),
        default=1.0,
    )
    extent = max((float(np.abs(part).max(initial=0.0)) for part in direction.values()), default=1.0) or 1.0

    def central(h: float) -> Estimates:
        ahead, behind = (_at(problem, dtype, budget, direction, distance) for distance in (h, -h))
        return {
            key: ((ahead[key][0] - behind[key][0]) / (2 * h), UNIT * (ahead[key][1] + behind[key][1]) / (2 * h))
            for key in ahead
        }

    return _ridders(central, 0.125 * max(largest, 2.0**-10) / extent)


def _at(
    problem: DerivativeProblem, dtype: str, budget: Budget, direction: Mapping[str, Floats], distance: float
) -> Estimates:
    """The arrays at a distance along the line, and their rounding errors in units of u."""
    moved = {
        path: Tensor(dtype="float64", array=tensor.array.astype(np.float64) + distance * direction[path])
        if path in direction
        else tensor
        for path, tensor in problem.inputs.items()
    }
    plain = Context(floats=RunningErrorAlgebra(FORMATS["float64"]), wholes=WholeAlgebra(), dtype=dtype)
    try:
        derived = derive(replace(problem, inputs=moved), metered(plain, budget), budget)
    except Undecided as error:
        raise EvaluationError(str(error)) from None
    return {key: (running.value, running.rss) for key, running in floats_of(derived.arrays).items()}


def _ridders(central: Callable[[float], Estimates], step: float) -> Estimates:
    """The best entries of the tableau, element by element, with their errors.

    `central` has the quotient for a step and the rounding error in it.
    """
    previous: list[dict[Key, Floats]] = []
    best: Estimates = {}
    for _ in range(COLUMNS):
        quotients = central(step)
        row = [{key: value for key, (value, _) in quotients.items()}]
        if not best:
            best = {key: (value, np.full_like(value, np.inf)) for key, value in row[0].items()}
        factor = 1.0
        for above in previous:
            factor *= SHRINK**2
            refined = {key: (row[-1][key] * factor - above[key]) / (factor - 1.0) for key in above}
            for key, value in refined.items():
                difference = np.maximum(np.abs(value - row[-1][key]), np.abs(value - above[key]))
                error = difference + 2 * quotients[key][1]
                better = error < best[key][1]
                best[key] = (np.where(better, value, best[key][0]), np.where(better, error, best[key][1]))
            row.append(refined)
        previous = row
        step /= SHRINK
    return best


def _assembled(problem: DerivativeProblem, columns: Mapping[Key, list[tuple[Floats, Floats]]]) -> dict[Key, TruthLeaf]:
    """Columns by element of the last input, put into the shape that the operator defines."""
    leaves: dict[Key, TruthLeaf] = {}
    for (of, by), parts in columns.items():
        shape = problem.inputs[by[-1]].shape
        value, error = (
            np.stack([part[i] for part in parts], axis=-1).reshape((*parts[0][i].shape, *shape)) for i in range(2)
        )
        if not problem.operator.by_output:
            outputs = parts[0][0].shape
            seed = problem.cotangent(of, outputs)
            axes = tuple(range(len(outputs)))
            value, error = np.tensordot(seed, value, (axes, axes)), np.tensordot(np.abs(seed), error, (axes, axes))
            known = leaves.get(("", by))
            if known is not None:
                value, error = known.high + value, known.radius + error
            leaves["", by] = _truth(("", by), value, error)
        else:
            leaves[of, by] = _truth((of, by), value, error)
    return leaves


def _truth(key: Key, value: Floats, error: Floats) -> TruthLeaf:
    if not np.isfinite(value).all() or not np.isfinite(error).all():
        raise EvaluationError("differences meet a value that is not a finite number")
    if (error > COARSEST * np.abs(value).max(initial=0.0)).any():
        raise EvaluationError("differences do not settle")
    return TruthLeaf(of=key[0], wrt=key[1], high=value, low=np.zeros_like(value), radius=np.asarray(error))


def in_floating_point(tolerances: Tolerances) -> dict[Key, TruthLeaf]:
    """The derivative of the textbook program in float64, with its worst-case running error as `radius`.

    For arrays that are too large for anything else. Raises `EvaluationError` where a value is not finite.
    """
    return {key: _truth(key, tolerances.values[key], UNIT * tolerances.errors[key].worst) for key in tolerances.values}
