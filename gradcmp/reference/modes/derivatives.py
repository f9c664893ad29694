"""The seven operators over any algebra: what a program's derivative is, as arrays of that algebra."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcmp.core.tensors import Key, Shape, Tensor
from gradcmp.numbers.arrays import Floats
from gradcmp.program.ir import Checked
from gradcmp.reference.algebra import Algebra, EvaluationError
from gradcmp.reference.budget import Budget
from gradcmp.reference.language.arrays import Array, Context, places
from gradcmp.reference.language.evaluator import evaluate, exact_input
from gradcmp.reference.modes.both_modes import Ties
from gradcmp.reference.modes.duals import Dual, DualAlgebra
from gradcmp.reference.modes.tape import Node, TapeAlgebra

Start = Callable[[str, Any], Any]
"""(input path, its exact numbers) → the array of a tape's inner algebra to start from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivativeProblem:
    """A derivative to take: the program, the operator, the primals by leaf path and the seeds.

    `wrt` are leaf paths. `cotangents` are by output path (vjp), `tangents` by leaf path (jvp, hvp); None: all ones.
    """

    checked: Checked
    operator: str
    wrt: tuple[str, ...]
    inputs: Mapping[str, Tensor]
    cotangents: Mapping[str, Tensor] | None = None
    tangents: Mapping[str, Tensor] | None = None

    def cotangent(self, of: str, shape: Shape) -> Floats:
        """The weights of the elements of an output of `shape`."""
        return np.ones(shape) if self.cotangents is None else self.cotangents[of].array.astype(np.float64)

    def directions(self) -> dict[str, Floats]:
        """The tangents by leaf path, each of the input's shape; an input without one does not move."""
        if self.tangents is None:
            return {path: np.ones(self.inputs[path].shape) for path in self.wrt}
        return {path: tangent.array.astype(np.float64) for path, tangent in self.tangents.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """Arrays by output and inputs, with the ties that were met on the way."""

    arrays: Mapping[Key, Array]
    ties: Ties


def derive(problem: DerivativeProblem, context: Context, budget: Budget) -> Derived:
    """The derivative that `problem` asks for, over `context.floats`.

    Shapes: value and jvp that of the output; gradient, vjp and hvp that of the leaf; jacobian output + leaf; hessian
    leaf i + leaf j for every pair. Raises `Undecided` and `EvaluationError`.
    """
    return _OPERATORS[problem.operator](problem, context, budget)


def _value(problem: DerivativeProblem, context: Context, budget: Budget) -> Derived:
    outputs = evaluate(problem.checked, context, problem.inputs, budget)
    return Derived(arrays={(of, ()): array for of, array in outputs.items()}, ties=Ties())


def _gradient(problem: DerivativeProblem, context: Context, budget: Budget) -> Derived:
    return _gradient_of(_record(problem, context, budget))


def _vjp(problem: DerivativeProblem, context: Context, budget: Budget) -> Derived:
    recorded = _record(problem, context, budget)
    a = context.floats
    seeds = [
        (output, a.direction(problem.cotangent(of, a.shape(output.primal)))) for of, output in recorded.outputs.items()
    ]
    arrays: dict[Key, Array] = {("", (path,)): g for path, g in recorded.back(seeds).items()}
    return Derived(arrays=arrays, ties=recorded.tape.ties)


def _jvp(problem: DerivativeProblem, context: Context, budget: Budget) -> Derived:
    duals = DualAlgebra(context.floats)
    outputs = forward(problem, context, duals, problem.directions(), budget)
    arrays: dict[Key, Array] = {
        (of, ()): Array(kind="float", data=duals.tangent(array.data))
        for of, array in outputs.items()
        if array.kind == "float"
    }
    return Derived(arrays=arrays, ties=duals.ties)


def _jacobian(problem: DerivativeProblem, context: Context, budget: Budget) -> Derived:
    """By rows, in reverse mode."""
    recorded = _record(problem, context, budget)
    a = context.floats
    arrays: dict[Key, Array] = {}
    for of, output in recorded.outputs.items():
        shape = a.shape(output.primal)
        rows = [recorded.back([(output, a.direction(unit))]) for unit in _units(shape)]
        for path in problem.wrt:
            inner = tuple(problem.inputs[path].shape)
            arrays[of, (path,)] = _stack(a, [row[path].data for row in rows], shape, inner)
    return Derived(arrays=arrays, ties=recorded.tape.ties)


def _hvp(problem: DerivativeProblem, context: Context, budget: Budget) -> Derived:
    """Forward over reverse: the tangent of the gradient."""
    duals = DualAlgebra(context.floats)
    tangents = {path: duals.inner.direction(direction) for path, direction in problem.directions().items()}
    moved = replace(context, floats=duals)
    recorded = _record(problem, moved, budget, lambda path, constant: Dual(constant.primal, tangents.get(path)))
    gradient = _gradient_of(recorded)
    return Derived(
        arrays={key: Array(kind="float", data=duals.tangent(array.data)) for key, array in gradient.arrays.items()},
        ties=gradient.ties + duals.ties,
    )


def _hessian(problem: DerivativeProblem, context: Context, budget: Budget) -> Derived:
    """By rows, reverse over reverse: the gradient is recorded once, and each of its elements played back."""
    a = context.floats
    tape = TapeAlgebra(a, budget.spend)
    taped = replace(context, floats=tape)
    recorded = _record(problem, taped, budget, lambda _, constant: tape.input(constant.primal))
    gradient = _gradient_of(recorded)
    inputs = [node.primal for node in recorded.inputs.values()]
    arrays: dict[Key, Array] = {}
    for (of, (path,)), slope in gradient.arrays.items():
        shape = problem.inputs[path].shape
        rows = [tape.backward([(slope.data, a.direction(unit))], inputs) for unit in _units(shape)]
        for place, column in enumerate(problem.wrt):
            blocks = [row[place] for row in rows]
            arrays[of, (path, column)] = _stack(a, blocks, shape, problem.inputs[column].shape)
    return Derived(arrays=arrays, ties=gradient.ties + tape.ties)


_OPERATORS: dict[str, Callable[[DerivativeProblem, Context, Budget], Derived]] = {
    "value": _value,
    "gradient": _gradient,
    "vjp": _vjp,
    "jvp": _jvp,
    "jacobian": _jacobian,
    "hvp": _hvp,
    "hessian": _hessian,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A program on a tape: the inputs of the problem's `wrt`, in order, and the float outputs."""

    tape: TapeAlgebra
    inputs: Mapping[str, Node]
    outputs: Mapping[str, Node]

    def back(self, seeds: Sequence[tuple[Node, Any]]) -> dict[str, Array]:
        """The cotangents of the inputs for those of the outputs."""
        cotangents = self.tape.backward(seeds, list(self.inputs.values()))
        return {path: Array(kind="float", data=data) for path, data in zip(self.inputs, cotangents, strict=True)}


def record(
    problem: DerivativeProblem,
    context: Context,
    tape: TapeAlgebra,
    budget: Budget,
    start: Start = lambda _, constant: constant,
) -> Recorded:
    """The program of `problem` on `tape`. Raises `Undecided` and `EvaluationError`."""
    taped = replace(context, floats=tape)
    inputs: dict[str, Array] = {}
    for path, tensor in problem.inputs.items():
        array = exact_input(tensor, taped)
        if path in problem.wrt:
            array = Array(kind="float", data=tape.input(start(path, array.data.primal)))
        inputs[path] = array
    outputs = evaluate(problem.checked, taped, inputs, budget)
    return Recorded(
        tape=tape,
        inputs={path: inputs[path].data for path in problem.wrt},
        outputs={of: array.data for of, array in outputs.items() if array.kind == "float"},
    )


def _record(
    problem: DerivativeProblem, context: Context, budget: Budget, start: Start = lambda _, constant: constant
) -> Recorded:
    return record(problem, context, TapeAlgebra(context.floats, budget.spend), budget, start)


def _gradient_of(recorded: Recorded) -> Derived:
    a = recorded.tape.inner
    arrays: dict[Key, Array] = {}
    for of, output in recorded.outputs.items():
        if a.shape(output.primal) != ():
            raise EvaluationError(f"the output `{of}` is no scalar, so it has no gradient")
        one = a.direction(np.ones(()))
        arrays |= {(of, (path,)): g for path, g in recorded.back([(output, one)]).items()}
    return Derived(arrays=arrays, ties=recorded.tape.ties)


def forward(
    problem: DerivativeProblem, context: Context, duals: DualAlgebra, directions: Mapping[str, Floats], budget: Budget
) -> dict[str, Array]:
    """The outputs with their tangents for those of the inputs. Raises `Undecided` and `EvaluationError`."""
    moved = replace(context, floats=duals)
    inputs = {path: exact_input(tensor, moved) for path, tensor in problem.inputs.items()}
    for path, direction in directions.items():
        inputs[path] = Array(kind="float", data=Dual(inputs[path].data.primal, duals.inner.direction(direction)))
    return evaluate(problem.checked, moved, inputs, budget)


def _units(shape: Shape) -> Iterator[Floats]:
    """The arrays of `shape` that are zero but for a one, in the order of places."""
    for place in range(math.prod(shape)):
        unit = np.zeros(shape)
        unit.flat[place] = 1.0
        yield unit


def _stack(a: Algebra[Any], parts: list[Any], outer: Shape, inner: Shape) -> Array:
    """One array of arrays of shape `inner`, laid out along `outer`."""
    shape = (*outer, *inner)
    if not parts:
        return Array(kind="float", data=a.constant(np.zeros(shape)))
    return Array(kind="float", data=a.pick(parts, places(shape)))
