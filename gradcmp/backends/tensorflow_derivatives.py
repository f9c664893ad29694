"""Derivatives in TensorFlow, as functions of tensors: called as they are (eager) or inside `tf.function` (compiled).

Imports TensorFlow, so only `tensorflow_backend` imports it, when a worker constructs the backend.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from gradcmp.backends.base import A, Derivative, Function, outputs_of

Arrays = tuple[A, ...]

Raw = tuple[Arrays, A | None, Any]
"""Outputs, the `finished` flag, and derivatives nested as the operator nests them: see `labelled`."""

Program = Callable[[Arrays, Arrays, Arrays | None], Raw]
"""`(primals, fixed, seeds)` → `Raw`. All data are arguments, so that a compiler cannot fold them."""


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

        derivatives, (outputs, finished) = _DERIVE[operator, mode](
            Point(body=body, primals=primals, seeds=seeds, pfor=pfor)
        )
        return outputs, finished, derivatives

    return run


def labelled(operator: str, outputs: Arrays, derivatives: Any) -> Iterator[Derivative]:
    """The arrays of `Raw` with their output and primals, as `Result` wants them."""
    if operator == "vjp":
        yield from (Derivative(of=None, wrt=(i,), array=array) for i, array in enumerate(derivatives))
        return
    indices = [i for i, output in enumerate(outputs) if output.dtype.is_floating]
    for of, row in zip(indices, derivatives, strict=bool(derivatives)):
        if operator == "jvp":
            yield Derivative(of=of, wrt=(), array=row)
        elif operator == "hessian":
            for i, blocks in enumerate(row):
                yield from (Derivative(of=of, wrt=(i, j), array=block) for j, block in enumerate(blocks))
        else:
            yield from (Derivative(of=of, wrt=(i,), array=array) for i, array in enumerate(row))


def floating(outputs: Arrays) -> Arrays:
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


def _value(point: Point) -> tuple[Any, Any]:
    return (), point.body()


def _vjp(point: Point) -> tuple[Any, Any]:
    tape, outputs, recorded = record(point)
    seeds = None
    if point.seeds is not None:
        seeds = [seed for seed, output in zip(point.seeds, recorded[0], strict=True) if output.dtype.is_floating]
    return tuple(tape.gradient(outputs, point.primals, output_gradients=seeds)), recorded


def _jvp(point: Point) -> tuple[Any, Any]:
    with tf.autodiff.ForwardAccumulator(point.primals, point.tangents) as accumulator:
        recorded = point.body()
    return tuple(accumulator.jvp(output) for output in floating(recorded[0])), recorded


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


def _hessian_forward_over_reverse(point: Point) -> tuple[Any, Any]:
    """One column at a time: the gradient pushed along each unit vector. Inside a graph, the columns are unrolled."""
    columns = []
    recorded: Any = None
    for j, primal in enumerate(point.primals):
        size = math.prod(primal.shape)
        pushed = []
        for direction in tf.unstack(tf.reshape(tf.eye(size, dtype=primal.dtype), (size, *primal.shape)), num=size):
            tangents = tuple(direction if i == j else tf.zeros_like(p) for i, p in enumerate(point.primals))
            column, recorded = _pushed_gradients(point, tangents)
            pushed.append(column)
        columns.append(pushed)  # [j][column][of][i]

    def block(of: int, i: int, j: int) -> A | None:
        parts = [column[of][i] for column in columns[j]]
        if any(part is None for part in parts):
            return None
        return tf.reshape(tf.stack(parts, axis=-1), (*point.primals[i].shape, *point.primals[j].shape))

    if recorded is None:  # nothing but empty arrays
        recorded = point.body()
    every = range(len(point.primals))
    outputs = range(len(floating(recorded[0])))
    return tuple(tuple(tuple(block(of, i, j) for j in every) for i in every) for of in outputs), recorded


def _pushed_gradients(point: Point, tangents: Arrays) -> tuple[tuple[Arrays, ...], Any]:
    with tf.autodiff.ForwardAccumulator(point.primals, tangents) as accumulator:
        gradients, recorded = _dense_gradients(point)
    pushed = tuple(tuple(None if g is None else accumulator.jvp(g) for g in row) for row in gradients)
    return pushed, recorded


def _hvp_forward_over_reverse(point: Point) -> tuple[Any, Any]:
    return _pushed_gradients(point, point.tangents)


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
    ("value", "forward"): _value,
    ("gradient", "reverse"): _gradients,
    ("vjp", "reverse"): _vjp,
    ("jvp", "forward"): _jvp,
    ("jacobian", "vectorized"): _jacobian,
    ("jacobian", "loop"): _jacobian,
    ("hessian", "reverse-over-reverse"): _hessian_reverse_over_reverse,
    ("hessian", "forward-over-reverse"): _hessian_forward_over_reverse,
    ("hvp", "reverse-over-reverse"): _hvp_reverse_over_reverse,
    ("hvp", "forward-over-reverse"): _hvp_forward_over_reverse,
}
