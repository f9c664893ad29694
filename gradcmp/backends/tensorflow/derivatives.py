"""Derivatives in TensorFlow, as functions of tensors: called as they are (eager) or inside `tf.function` (compiled).

Imports TensorFlow, so only `backend.py` imports it, when a worker constructs the backend.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from gradcmp.backends.base import A, Arrays, Function, Program, Raw, UnsupportedByFramework, outputs_of

CONTROL_FLOW = frozenset({"If", "StatelessIf", "Case", "StatelessCase", "While", "StatelessWhile"})
"""Operations of a graph that AutoGraph makes of `if` and `while`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A function at a point. `body()` records its outputs and the `finished` flag; `pfor`: rows are vectorized."""

    body: Callable[[], tuple[Arrays, A | None]]
    primals: Arrays
    seeds: Arrays | None
    pfor: bool

    @property
    def tangents(self) -> Arrays:
        return tuple(map(tf.ones_like, self.primals)) if self.seeds is None else self.seeds


def program(function: Function, operator: str, mode: str, *, graph: bool, pfor: bool) -> Program:
    """The derivative as one function of tensors.

    `graph`: it will be traced, and AutoGraph converts the function under test with everything that it calls, but not
    the lines of this module. Outputs that are not floating (a count, an accuracy) are values only.
    """
    call = tf.autograph.to_graph(function.call) if graph else function.call

    def run(primals: Arrays, fixed: Arrays, seeds: Arrays | None) -> Raw:
        def body() -> tuple[Arrays, A | None]:
            outputs, finished = outputs_of(function, call(primals, fixed))
            return tuple(map(tf.convert_to_tensor, outputs)), finished

        if graph and mode == "forward-over-reverse":
            check_straight(tf.function(call, autograph=False).get_concrete_function(primals, fixed).graph)
        derivatives, (outputs, finished) = _DERIVE[operator, mode](
            Point(body=body, primals=primals, seeds=seeds, pfor=pfor)
        )
        return outputs, finished, derivatives

    return run


def check_straight(graph: Any) -> None:
    """Raises UnsupportedByFramework where the graph of a function has control flow.

    Asked to push forward what is to be pulled back through it, TensorFlow stops at assertions of its own, or gets into
    a state in which Python stops it.
    """
    found = sorted(CONTROL_FLOW & {operation.type for operation in graph.get_operations()})
    if found:
        msg = f"TensorFlow has no forward mode through the gradient of {' and '.join(found)} in a graph"
        raise UnsupportedByFramework(msg)


def floating(outputs: Arrays) -> Arrays:
    """The outputs that TensorFlow differentiates."""
    return tuple(output for output in outputs if output.dtype.is_floating)


def record(point: Point, *, persistent: bool = False) -> tuple[Any, Arrays, Any]:
    """The tape of one forward pass, the floating outputs, and what `body` returned."""
    with tf.GradientTape(persistent=persistent) as tape:
        tape.watch(point.primals)
        recorded = point.body()
    return tape, floating(recorded[0]), recorded


def _gradients(point: Point) -> tuple[tuple[Arrays, ...], Any]:
    """One gradient an output, each over all primals, from one recording. Raises ValueError for outputs with axes.

    `tape.gradient` would sum them silently.
    """
    tape, outputs, recorded = record(point, persistent=True)
    if any(output.shape.rank != 0 for output in outputs):
        msg = f"a gradient needs scalar outputs, these have the shapes {[tuple(o.shape) for o in outputs]}"
        raise ValueError(msg)
    return tuple(tuple(tape.gradient(output, point.primals)) for output in outputs), recorded


def _dense_gradients(point: Point) -> tuple[tuple[Arrays, ...], Any]:
    """The same to be differentiated again, which needs tensors instead of sparse `IndexedSlices`."""
    gradients, recorded = _gradients(point)
    dense = tuple(tuple(None if g is None else tf.convert_to_tensor(g) for g in row) for row in gradients)
    return dense, recorded


def _vjp(point: Point) -> tuple[Any, Any]:
    tape, outputs, recorded = record(point)
    seeds = None
    if point.seeds is not None:
        seeds = [seed for seed, output in zip(point.seeds, recorded[0], strict=True) if output.dtype.is_floating]
    return tuple(tape.gradient(outputs, point.primals, output_gradients=seeds)), recorded


def _pushed(point: Point, tangents: Arrays) -> tuple[Arrays, Any]:
    with tf.autodiff.ForwardAccumulator(point.primals, tangents) as accumulator:
        recorded = point.body()
    return tuple(accumulator.jvp(output) for output in floating(recorded[0])), recorded


def _jvp_by_reverse(point: Point) -> tuple[Any, Any]:
    """The push-forward as the pull-back of the pull-back, which is linear in the cotangent."""
    with tf.GradientTape() as outer:
        tape, outputs, recorded = record(point)
        seeds = tuple(map(tf.ones_like, outputs))
        outer.watch(seeds)
        pulled = tape.gradient(outputs, point.primals, output_gradients=list(seeds))
        connected = [(tf.convert_to_tensor(g), t) for g, t in zip(pulled, point.tangents, strict=True) if g is not None]
    if not connected:
        return (None,) * len(outputs), recorded
    targets, tangents = zip(*connected, strict=True)
    return tuple(outer.gradient(targets, seeds, output_gradients=list(tangents))), recorded


def _jacobian(point: Point) -> tuple[Any, Any]:
    tape, outputs, recorded = record(point, persistent=True)
    rows = (tape.jacobian(output, point.primals, experimental_use_pfor=point.pfor) for output in outputs)
    return tuple(map(tuple, rows)), recorded


def _hessian_reverse_over_reverse(point: Point) -> tuple[Any, Any]:
    """The Jacobian of the gradient."""
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(point.primals)
        gradients, recorded = _dense_gradients(point)
    nothing = (None,) * len(point.primals)

    def blocks(gradient: A | None) -> Arrays:
        if gradient is None:
            return nothing
        return tuple(tape.jacobian(gradient, point.primals, experimental_use_pfor=point.pfor))

    return tuple(tuple(blocks(gradient) for gradient in row) for row in gradients), recorded


def _jacobian_forward(point: Point) -> tuple[Any, Any]:
    columns, recorded = _columns(point, lambda tangents: _pushed(point, tangents))
    return tuple(
        tuple(
            _block([column[of] for column in columns[j]], output.shape, primal)
            for j, primal in enumerate(point.primals)
        )
        for of, output in enumerate(floating(recorded[0]))
    ), recorded


def _hessian_forward_over_reverse(point: Point) -> tuple[Any, Any]:
    columns, recorded = _columns(point, lambda tangents: _pushed_gradients(point, tangents))
    return tuple(
        tuple(
            tuple(
                _block([column[of][i] for column in columns[j]], row.shape, primal)
                for j, primal in enumerate(point.primals)
            )
            for i, row in enumerate(point.primals)
        )
        for of in range(len(floating(recorded[0])))
    ), recorded


def _columns(point: Point, push: Callable[[Arrays], tuple[Any, Any]]) -> tuple[list[list[Any]], Any]:
    """What `push` gives for each unit vector of each primal, and what the function gave.

    Inside a graph, the columns are unrolled.
    """
    columns: list[list[Any]] = []
    recorded: Any = None
    for j, primal in enumerate(point.primals):
        size = math.prod(primal.shape)
        pushed = []
        for direction in tf.unstack(tf.reshape(tf.eye(size, dtype=primal.dtype), (size, *primal.shape)), num=size):
            tangents = tuple(direction if i == j else tf.zeros_like(p) for i, p in enumerate(point.primals))
            column, recorded = push(tangents)
            pushed.append(column)
        columns.append(pushed)
    return columns, point.body() if recorded is None else recorded  # None: nothing but empty arrays


def _block(columns: list[A | None], shape: Any, primal: A) -> A | None:
    """Columns side by side: shape + that of `primal`. None where TensorFlow connects nothing."""
    shape = (*shape, *primal.shape)
    if not columns:
        return tf.zeros(shape, primal.dtype)
    return None if any(c is None for c in columns) else tf.reshape(tf.stack(columns, axis=-1), shape)


def _pushed_gradients(point: Point, tangents: Arrays) -> tuple[tuple[Arrays, ...], Any]:
    with tf.autodiff.ForwardAccumulator(point.primals, tangents) as accumulator:
        gradients, recorded = _dense_gradients(point)
    pushed = tuple(tuple(None if g is None else accumulator.jvp(g) for g in row) for row in gradients)
    return pushed, recorded


def _hvp_reverse_over_reverse(point: Point) -> tuple[Any, Any]:
    """The Hessian is symmetric: pulling the tangents back through the gradient is the same product."""
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(point.primals)
        gradients, recorded = _dense_gradients(point)

    def product(row: Arrays) -> Arrays:
        connected = [(g, t) for g, t in zip(row, point.tangents, strict=True) if g is not None]
        if not connected:
            return (None,) * len(point.primals)
        targets, seeds = zip(*connected, strict=True)
        return tuple(tape.gradient(targets, point.primals, output_gradients=list(seeds)))

    return tuple(map(product, gradients)), recorded


_DERIVE: dict[tuple[str, str], Callable[[Point], tuple[Any, Any]]] = {
    ("value", "forward"): lambda point: ((), point.body()),
    ("gradient", "reverse"): _gradients,
    ("vjp", "reverse"): _vjp,
    ("jvp", "forward"): lambda point: _pushed(point, point.tangents),
    ("jvp", "reverse"): _jvp_by_reverse,
    ("jacobian", "vectorized"): _jacobian,
    ("jacobian", "loop"): _jacobian,
    ("jacobian", "reverse"): _jacobian,
    ("jacobian", "forward"): _jacobian_forward,
    ("hessian", "reverse-over-reverse"): _hessian_reverse_over_reverse,
    ("hessian", "loop"): _hessian_reverse_over_reverse,
    ("hessian", "vectorized"): _hessian_reverse_over_reverse,
    ("hessian", "forward-over-reverse"): _hessian_forward_over_reverse,
    ("hvp", "reverse-over-reverse"): _hvp_reverse_over_reverse,
    ("hvp", "forward-over-reverse"): lambda point: _pushed_gradients(point, point.tangents),
}
