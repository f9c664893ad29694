"""Reductions: sums, extremes, moments and norms along axes."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradcmp.core.tensors import Shape
from gradcmp.reference.algebra import EvaluationError
from gradcmp.reference.language.arrays import Array, Composition, Context, concatenate, filled
from gradcmp.reference.language.compositions.arithmetic import divide


def axes_of(axis: Any, rank: int) -> tuple[int, ...]:
    """The axes counted from 0, all of them for None."""
    if axis is None:
        return tuple(range(rank))
    return tuple(int(a) % rank for a in (axis if isinstance(axis, tuple | list) else (axis,)))


def _kept(c: Context, x: Array, shape: Shape, axes: tuple[int, ...], *, keepdims: bool) -> Array:
    """A reduction's result with its axes of length 1 put back where `keepdims` asks for them."""
    if not keepdims:
        return x
    return c.rearranged(x, lambda p: p.reshape([1 if axis in axes else n for axis, n in enumerate(shape)]))


def total(c: Context, x: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
    """The sum over axes; truth values count as 0 and 1."""
    if x.kind == "bool":
        x = c.as_kind(x, "int")
    shape = c.shape(x)
    axes = axes_of(axis, len(shape))
    sums = Array(kind=x.kind, data=c.algebra(x.kind).sum(x.data, axes))
    return _kept(c, sums, shape, axes, keepdims=keepdims)


def _count(c: Context, x: Array, axis: Any) -> int:
    shape = c.shape(x)
    return math.prod(shape[a] for a in axes_of(axis, len(shape)))


def _mean(c: Context, x: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
    return _over(c, total(c, x, axis=axis, keepdims=keepdims), _count(c, x, axis))


def _over(c: Context, x: Array, count: int) -> Array:
    if count == 0:
        raise EvaluationError("a mean or a variance of no numbers has no value")
    return divide(c, x, c.number(float(count)))


def _folded(name: str) -> Composition:
    """A reduction by a binary step, in pairs, so that a tape stays shallow."""

    def fold(c: Context, x: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
        shape = c.shape(x)
        axes = axes_of(axis, len(shape))
        last = tuple(range(len(shape) - len(axes), len(shape)))
        kept = tuple(n for a, n in enumerate(shape) if a not in axes)
        width = math.prod(shape[a] for a in axes)
        rows = c.rearranged(x, lambda p: np.moveaxis(p, axes, last).reshape(*kept, width))
        if width == 0:
            if name != "multiply":
                raise EvaluationError("the largest or smallest of no numbers has no value")
            return _kept(c, filled(c, x.kind, kept, 1), shape, axes, keepdims=keepdims)
        while width > 1:
            half = width // 2
            left, right = _slice(c, rows, 0, half), _slice(c, rows, half, 2 * half)
            pairs = c.step(name, left, right)
            rows = pairs if width == 2 * half else concatenate(c, [pairs, _slice(c, rows, 2 * half, width)], axis=-1)
            width = c.shape(rows)[-1]
        return _kept(c, c.rearranged(rows, lambda p: p.reshape(kept)), shape, axes, keepdims=keepdims)

    return fold


def _slice(c: Context, x: Array, start: int, stop: int) -> Array:
    return c.rearranged(x, lambda p: p[..., start:stop])


def _var(c: Context, x: Array, *, ddof: float, axis: Any = None, keepdims: bool = False) -> Array:
    x = c.as_kind(x, "float")
    centred = c.step("subtract", x, _mean(c, x, axis=axis, keepdims=True))
    squares = total(c, c.step("square", centred), axis=axis, keepdims=keepdims)
    freedom = _count(c, x, axis) - ddof
    if freedom <= 0:
        raise EvaluationError("a variance needs more numbers than `ddof`")
    return divide(c, squares, c.number(float(freedom)))


def _std(c: Context, x: Array, *, ddof: float, axis: Any = None, keepdims: bool = False) -> Array:
    return c.step("sqrt", _var(c, x, ddof=ddof, axis=axis, keepdims=keepdims))


def _norm(c: Context, x: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
    return c.step("sqrt", total(c, c.step("square", c.as_kind(x, "float")), axis=axis, keepdims=keepdims))


def logsumexp(c: Context, x: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
    """The logarithm of the sum of exponentials over axes."""
    # Without a shift: balls do not overflow below 2**(2**60), and relative precision is all that counts.
    return c.step("log", total(c, c.step("exp", c.as_kind(x, "float")), axis=axis, keepdims=keepdims))


def _any_all(test: Callable[..., Any]) -> Composition:
    def reduce(c: Context, x: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
        axes = axes_of(axis, len(c.shape(x)))
        return Array(kind="bool", data=np.asarray(test(x.data, axis=axes, keepdims=keepdims)))

    return reduce


def _cumsum(c: Context, x: Array, *, axis: Any = None) -> Array:
    if axis is None:
        x, axis = c.rearranged(x, np.ravel), 0
    lanes = c.rearranged(x, lambda p: np.moveaxis(p, axis, -1))
    running, parts = None, []
    for i in range(c.shape(lanes)[-1]):
        lane = _slice(c, lanes, i, i + 1)
        running = lane if running is None else c.step("add", running, lane)
        parts.append(running)
    sums = concatenate(c, parts, axis=-1) if parts else lanes
    return c.rearranged(sums, lambda p: np.moveaxis(p, -1, axis))


REDUCTION: dict[str, Composition] = {
    "sum": total,
    "mean": _mean,
    "prod": _folded("multiply"),
    "max": _folded("maximum"),
    "min": _folded("minimum"),
    "var": _var,
    "std": _std,
    "norm": _norm,
    "logsumexp": logsumexp,
    "any": _any_all(np.any),
    "all": _any_all(np.all),
    "cumsum": _cumsum,
}
