"""The seven operators over any algebra: what a program's derivative is, as arrays of that algebra."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcmp.core.operators import Operator
from gradcmp.core.tensors import Key, Shape, Tensor
from gradcmp.numbers.arrays import Floats
from gradcmp.program.ir import Checked
from gradcmp.reference.algebra import Algebra, EvaluationError
from gradcmp.reference.budget import Budget
from gradcmp.reference.language.arrays import Array, Context, floats_of, places
from gradcmp.reference.language.evaluator import evaluate, exact_input
from gradcmp.reference.modes.batches import Batch, BatchAlgebra
from gradcmp.reference.modes.both_modes import Ties
from gradcmp.reference.modes.duals import Dual, DualAlgebra
from gradcmp.reference.modes.tape import Node, TapeAlgebra

AT_ONCE = 2**17
"""Elements of the largest array of balls on a way back that is played for many cotangents at once."""

Seeds = Sequence[tuple[Node, Any]]
"""Outputs with their cotangents."""

Start = Callable[[str, Any], Any]
"""(input path, its exact numbers) → the array of a tape's inner algebra to start from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivativeProblem:
    """A derivative to take: the program, the operator, the primals by leaf path and the seeds.

    `wrt` are leaf paths. `cotangents` are by output path (vjp), `tangents` by leaf path (jvp, hvp); None: all ones.
    `binary`: literals are the float64 numbers next to the decimals that are written.
    """

    checked: Checked
    operator: Operator
    wrt: tuple[str, ...]
    inputs: Mapping[str, Tensor]
    cotangents: Mapping[str, Tensor] | None = None
    tangents: Mapping[str, Tensor] | None = None
    binary: bool = False

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
    return _OPERATORS[problem.operator](problem, replace(context, binary=problem.binary), budget)


def _value(problem: DerivativeProblem, context: Context, budget: Budget) -> Derived:
    outputs = evaluate(problem.checked, context, problem.inputs, budget)
    return Derived(arrays={(of, ()): array for of, array in outputs.items()}, ties=Ties())


def _jvp(problem: DerivativeProblem, context: Context, budget: Budget) -> Derived:
    duals = DualAlgebra(context.floats)
    outputs = forward(problem, context, duals, problem.directions(), budget)
    arrays: dict[Key, Array] = {
        (of, ()): Array(kind="float", data=duals.tangent(output)) for of, output in outputs.items()
    }
    return Derived(arrays=arrays, ties=duals.ties)


def _gradient(
    problem: DerivativeProblem, context: Context, budget: Budget, start: Start = lambda _, constant: constant
) -> Derived:
    """The gradients of numbers, or a vjp, in reverse mode."""
    tape = TapeAlgebra(context.floats)
    recorded = record(problem, context, tape, budget, start)
    rows = rows_of(problem, recorded)
    inputs = list(recorded.inputs.values())
    cotangents = [
        dict(zip(recorded.inputs, tape.backward(seeds, inputs), strict=True)) for seeds, _ in rows.seeds(recorded)
    ]
    arrays: dict[Key, Array] = {
        (of, (path,)): Array(kind="float", data=cotangents[row.start][path])
        for (of, (path,)), (row, _, _) in rows.leaves.items()
    }
    return Derived(arrays=arrays, ties=tape.ties)


def _jacobian(problem: DerivativeProblem, context: Context, budget: Budget) -> Derived:
    """By rows, in reverse mode."""
    batches = BatchAlgebra(context.floats)
    tape = TapeAlgebra(batches)
    recorded = record(problem, context, tape, budget)
    arrays: dict[Key, Array] = {}
    for of, output in recorded.outputs.items():
        for path, block in _rows_back(tape, batches, output, recorded.inputs).items():
            arrays[of, (path,)] = block
    return Derived(arrays=arrays, ties=tape.ties)


def _rows_back(tape: TapeAlgebra, batches: BatchAlgebra, head: Node, inputs: Mapping[str, Node]) -> dict[str, Array]:
    """The derivative of every element of `head` by the inputs; `batches` is the algebra that `tape` is over."""
    blocks: dict[str, list[Any]] = {path: [] for path in inputs}
    for seeds, count in _seeds_of_rows(tape, head):
        cotangents = tape.backward(seeds, list(inputs.values()))
        for path, cotangent in zip(inputs, cotangents, strict=True):
            blocks[path].append(batches.rows(cotangent, count))
    shape = tape.shape(head)
    return {path: _stack(batches.inner, parts, (*shape, *tape.shape(inputs[path]))) for path, parts in blocks.items()}


def _seeds_of_rows(tape: TapeAlgebra, head: Node) -> Iterator[tuple[Seeds, int]]:
    """Cotangents that are a one for an element of `head` each, in the order of places, and how many each time.

    A number is played back by itself, elements of an array many at once, for which the tape is over a `BatchAlgebra`.
    """
    direction, shape = tape.inner.direction, tape.shape(head)
    if not shape:
        yield [(head, direction(np.ones(shape)))], 1
        return
    size, most = math.prod(shape), max(1, AT_ONCE // max(1, tape.widest([head])))
    for start in range(0, size, most):
        count = min(most, size - start)
        units = np.eye(count, size, start).reshape(count, *shape)
        yield [(head, Batch(direction(units)))], count


def _hvp(problem: DerivativeProblem, context: Context, budget: Budget) -> Derived:
    """Forward over reverse: the tangent of the gradient."""
    duals = DualAlgebra(context.floats)
    tangents = {path: duals.inner.direction(direction) for path, direction in problem.directions().items()}
    moved = replace(context, floats=duals)
    gradient = _gradient(problem, moved, budget, lambda path, constant: Dual(constant.primal, tangents.get(path)))
    return Derived(
        arrays={key: Array(kind="float", data=duals.tangent(array.data)) for key, array in gradient.arrays.items()},
        ties=gradient.ties + duals.ties,
    )


def _hessian(problem: DerivativeProblem, context: Context, budget: Budget) -> Derived:
    """By rows, reverse over reverse: the gradient is recorded once, and its elements are played back."""
    batches = BatchAlgebra(context.floats)
    tape = TapeAlgebra(batches)
    taped = replace(context, floats=tape)
    inputs: dict[str, Node] = {}

    def start(path: str, constant: Node) -> Node:
        return inputs.setdefault(path, tape.input(constant.primal))

    gradient = _gradient(problem, taped, budget, start)
    arrays: dict[Key, Array] = {}
    for (of, (path,)), slope in gradient.arrays.items():
        for column, block in _rows_back(tape, batches, slope.data, inputs).items():
            arrays[of, (path, column)] = block
    return Derived(arrays=arrays, ties=gradient.ties + tape.ties)


_OPERATORS: Mapping[str, Callable[[DerivativeProblem, Context, Budget], Derived]] = {
    "value": _value,
    "gradient": _gradient,
    "vjp": _gradient,
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
    return Recorded(tape=tape, inputs={path: inputs[path].data for path in problem.wrt}, outputs=floats_of(outputs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of a reverse-mode derivative, as weighted outputs: one for each of their elements, of a vjp one in all.

    `leaves` are the result's: each with its rows, its stretch of the coordinates, which are the elements of all inputs
    of `wrt` end to end, and its shape.
    """

    problem: DerivativeProblem
    outputs: Mapping[str, Shape]
    leaves: Mapping[Key, tuple[range, range, Shape]]

    def weights(self) -> Iterator[Mapping[str, Floats]]:
        """The outputs' weights by path, row by row."""
        if not self.problem.operator.by_output:
            yield {of: self.problem.cotangent(of, shape) for of, shape in self.outputs.items()}
            return
        for of, shape in self.outputs.items():
            yield from ({of: unit} for unit in units(shape))

    def seeds(self, recorded: Recorded) -> Iterator[tuple[Seeds, int]]:
        """The cotangents to start from, row by row or many at once, and of how many rows."""
        if self.problem.operator.by_output:
            for output in recorded.outputs.values():
                yield from _seeds_of_rows(recorded.tape, output)
            return
        direction = recorded.tape.inner.direction
        for weights in self.weights():
            yield [(recorded.outputs[of], direction(weight)) for of, weight in weights.items()], 1


def rows_of(problem: DerivativeProblem, recorded: Recorded) -> Rows:
    """The rows for the outputs of a recorded program. Raises `EvaluationError`."""
    outputs = {of: recorded.tape.shape(node) for of, node in recorded.outputs.items()}
    leaves: dict[Key, tuple[range, range, Shape]] = {}
    row = 0
    for of, outer in outputs.items() if problem.operator.by_output else [("", ())]:
        if problem.operator.scalar and outer != ():
            raise EvaluationError(f"the output `{of}` is no scalar, so it has no gradient")
        start, rows = 0, range(row, row + math.prod(outer))
        row = rows.stop
        for path in problem.wrt:
            inner = problem.inputs[path].shape
            columns = range(start, start + math.prod(inner))
            leaves[of, (path,)] = rows, columns, (*outer, *inner)
            start = columns.stop
    return Rows(problem=problem, outputs=outputs, leaves=leaves)


def forward(
    problem: DerivativeProblem, context: Context, duals: DualAlgebra, directions: Mapping[str, Floats], budget: Budget
) -> dict[str, Dual]:
    """The float outputs with their tangents for those of the inputs. Raises `Undecided` and `EvaluationError`."""
    moved = replace(context, floats=duals)
    inputs = {path: exact_input(tensor, moved) for path, tensor in problem.inputs.items()}
    for path, direction in directions.items():
        inputs[path] = Array(kind="float", data=Dual(inputs[path].data.primal, duals.inner.direction(direction)))
    return floats_of(evaluate(problem.checked, moved, inputs, budget))


def units(shape: Shape) -> Iterator[Floats]:
    """The arrays of `shape` that are zero but for a one, in the order of places."""
    for place in range(math.prod(shape)):
        unit = np.zeros(shape)
        unit.flat[place] = 1.0
        yield unit


def _stack(a: Algebra[Any], parts: list[Any], shape: Shape) -> Array:
    """One array of `shape` of those along its first axes."""
    if not parts:
        return Array(kind="float", data=a.constant(np.zeros(shape)))
    whole = len(parts) == 1 and a.shape(parts[0]) == shape
    return Array(kind="float", data=parts[0] if whole else a.pick(parts, places(shape)))
