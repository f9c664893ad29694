"""Derivatives in JAX, as pure functions of arrays: called as they are (eager) or given to `jax.jit` (compiled).

Imports JAX, so only `backend.py` imports it, when a worker constructs the backend.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from gradcmp.backends.base import A, Arrays, Function, Program, Raw, outputs_of

Body = Callable[..., tuple[Arrays, tuple[Arrays, A | None]]]
"""Primals → floating outputs, and, as what JAX calls `aux`: all outputs and the `finished` flag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A function at a point; `rows` maps a function over the rows of an array, one at a time."""

    body: Body
    primals: Arrays
    seeds: Arrays | None
    rows: Callable[[Callable[[A], Any], A], Any]

    @property
    def argnums(self) -> tuple[int, ...]:
        return tuple(range(len(self.primals)))

    @property
    def tangents(self) -> Arrays:
        return ones(self.primals) if self.seeds is None else self.seeds


def program(function: Function, operator: str, mode: str, *, unrolled: bool) -> Program:
    """The derivative as one pure function. `unrolled`: loops over rows are Python's, else `lax.map`."""
    rows = _unrolled if unrolled else jax.lax.map

    def run(primals: Arrays, fixed: Arrays, seeds: Arrays | None) -> Raw:
        point = Point(body=differentiable(function, function.call, fixed), primals=primals, seeds=seeds, rows=rows)
        derivatives, (outputs, finished) = _DERIVE[operator, mode](point)
        return outputs, finished, derivatives

    return run


def differentiable(function: Function, call: Callable[..., Arrays], fixed: Arrays) -> Body:
    """`call` (that of `function`, or compiled) as JAX differentiates it: the floating outputs, and beside them all
    outputs and the `finished` flag. Outputs that are not floating (a count, an accuracy) are values only."""

    def body(*primals: A) -> tuple[Arrays, tuple[Arrays, A | None]]:
        outputs, finished = outputs_of(function, call(primals, fixed))
        outputs = tuple(map(jnp.asarray, outputs))
        return tuple(filter(floating, outputs)), (outputs, finished)

    return body


def floating(array: A) -> bool:
    """Is the array one that JAX differentiates?"""
    return bool(jnp.issubdtype(array.dtype, jnp.floating))


def ones(arrays: Arrays) -> Arrays:
    """Of the shapes and dtypes of `arrays`, which may also be shapes and dtypes without data."""
    return tuple(jnp.ones(array.shape, array.dtype) for array in arrays)


def one_hot(arrays: Arrays, *, at: int, value: A | None = None) -> Arrays:
    """Zeros like `arrays`, but `value` (ones by default) in one place."""
    chosen = jnp.ones_like(arrays[at]) if value is None else value
    return tuple(chosen if i == at else jnp.zeros_like(array) for i, array in enumerate(arrays))


def _unrolled(function: Callable[[A], Any], basis: A) -> Any:
    if not len(basis):  # nothing to stack; `lax.map` knows the shapes
        return jax.lax.map(function, basis)
    return jax.tree.map(lambda *rows: jnp.stack(rows), *(function(row) for row in basis))


def _basis(array: A) -> A:
    """Shape (size, *shape): the unit vectors of the space that `array` lies in."""
    size = math.prod(array.shape)
    return jnp.eye(size, dtype=array.dtype).reshape(size, *array.shape)


def _gradients(body: Any, *primals: A) -> tuple[tuple[Arrays, ...], Any]:
    """One gradient an output, each over all primals, from one recording. Raises TypeError for outputs with axes."""
    values, pullback, aux = jax.vjp(body, *primals, has_aux=True)
    if any(value.shape for value in values):
        msg = f"a gradient needs scalar outputs, these have the shapes {[value.shape for value in values]}"
        raise TypeError(msg)
    return tuple(pullback(one_hot(values, at=k)) for k in range(len(values))), aux


def _vjp(point: Point) -> tuple[Any, Any]:
    values, pullback, aux = jax.vjp(point.body, *point.primals, has_aux=True)
    if point.seeds is None:
        return pullback(ones(values)), aux
    return pullback(tuple(seed for seed, output in zip(point.seeds, aux[0], strict=True) if floating(output))), aux


def _jvp(point: Point) -> tuple[Any, Any]:
    _, pushed, aux = jax.jvp(point.body, point.primals, point.tangents, has_aux=True)
    return pushed, aux


def _jvp_by_reverse(point: Point) -> tuple[Any, Any]:
    """The push-forward as the pull-back of the pull-back, which is linear in the cotangent."""
    values, pullback, aux = jax.vjp(point.body, *point.primals, has_aux=True)
    _, push = jax.vjp(pullback, ones(values))
    return push(point.tangents)[0], aux


def _batched(*layers: Callable[..., Any]) -> Callable[[Point], tuple[Any, Any]]:
    """`jax.jacrev` and its like, the innermost first, over all primals at once."""

    def derive(point: Point) -> tuple[Any, Any]:
        derivative: Callable[..., Any] = point.body
        for layer in layers:
            derivative = layer(derivative, argnums=point.argnums, has_aux=True)
        blocks, aux = derivative(*point.primals)
        return blocks, aux

    return derive


def _jacobian_loop(point: Point) -> tuple[Any, Any]:
    """One pull-back a row."""
    values, pullback, aux = jax.vjp(point.body, *point.primals, has_aux=True)

    def of_output(k: int) -> Arrays:
        stacked = point.rows(lambda seed: pullback(one_hot(values, at=k, value=seed)), _basis(values[k]))
        return tuple(s.reshape(*values[k].shape, *p.shape) for s, p in zip(stacked, point.primals, strict=True))

    return tuple(of_output(k) for k in range(len(values))), aux


def _hessian_loop(point: Point) -> tuple[Any, Any]:
    """One column at a time: the gradient, linearized once, pushed along each unit vector."""
    gradients, push, aux = jax.linearize(lambda *p: _gradients(point.body, *p), *point.primals, has_aux=True)

    def columns(j: int) -> Any:
        primal = point.primals[j]
        stacked = point.rows(lambda seed: push(*one_hot(point.primals, at=j, value=seed)), _basis(primal))
        return jax.tree.map(lambda s: jnp.moveaxis(s, 0, -1).reshape(*s.shape[1:], *primal.shape), stacked)

    blocks = [columns(j) for j in point.argnums]  # [j][of][i]
    return tuple(
        tuple(tuple(block[of][i] for block in blocks) for i in point.argnums) for of in range(len(gradients))
    ), aux


def _hvp_forward_over_reverse(point: Point) -> tuple[Any, Any]:
    _, pushed, aux = jax.jvp(lambda *p: _gradients(point.body, *p), point.primals, point.tangents, has_aux=True)
    return pushed, aux


def _hvp_reverse_over_reverse(point: Point) -> tuple[Any, Any]:
    """The Hessian is symmetric: pulling the tangents back through the gradient is the same product."""
    gradients, pullback, aux = jax.vjp(lambda *p: _gradients(point.body, *p), *point.primals, has_aux=True)
    tangents, zeros = point.tangents, tuple(map(jnp.zeros_like, point.primals))
    return tuple(
        pullback(tuple(tangents if i == of else zeros for i in range(len(gradients)))) for of in range(len(gradients))
    ), aux


_DERIVE: dict[tuple[str, str], Callable[[Point], tuple[Any, Any]]] = {
    ("value", "forward"): lambda point: ((), point.body(*point.primals)[1]),
    ("gradient", "reverse"): lambda point: _gradients(point.body, *point.primals),
    ("vjp", "reverse"): _vjp,
    ("jvp", "forward"): _jvp,
    ("jvp", "reverse"): _jvp_by_reverse,
    ("jacobian", "vectorized"): _batched(jax.jacrev),
    ("jacobian", "forward"): _batched(jax.jacfwd),
    ("jacobian", "loop"): _jacobian_loop,
    ("jacobian", "reverse"): _batched(jax.jacrev),
    ("hessian", "forward-over-reverse"): _batched(jax.hessian),
    ("hessian", "reverse-over-reverse"): _batched(jax.jacrev, jax.jacrev),
    ("hessian", "loop"): _hessian_loop,
    ("hessian", "vectorized"): _batched(jax.hessian),
    ("hvp", "forward-over-reverse"): _hvp_forward_over_reverse,
    ("hvp", "reverse-over-reverse"): _hvp_reverse_over_reverse,
}
