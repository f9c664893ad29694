"""Every primitive of the catalogue over any algebra: one function each, composed of the algebra's few steps.

A function takes the `Context`, its operands as `Array`s and the static options, and returns an `Array` (or a tuple).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from gradcmp.core.tensors import Shape
from gradcmp.reference.algebra import EvaluationError
from gradcmp.reference.arrays import Array, Composition, Context, broadcast_to, joined, places
from gradcmp.reference.matrices import cholesky, matmul, matrix_step, solve


def _step(name: str) -> Composition:
    return lambda c, *operands: c.step(name, *operands)


def _float_step(name: str) -> Composition:
    return lambda c, *operands: c.step(name, *(c.as_kind(x, "float") for x in operands))


def _rearrange(how: Callable[..., Any]) -> Composition:
    return lambda c, x, **options: c.rearranged(x, lambda p: how(p, **options))


# Arithmetic and comparison ---------------------------------------------------------------------------------


def _floor_divide(c: Context, x: Array, y: Array) -> Array:
    if x.kind == y.kind == "int":
        return c.step("floor_divide", x, y)
    return c.step("floor", _divide(c, x, y))


def _remainder(c: Context, x: Array, y: Array) -> Array:
    if x.kind == y.kind == "int":
        return c.step("remainder", x, y)
    return c.step("subtract", x, c.step("multiply", y, _floor_divide(c, x, y)))


def _divide(c: Context, x: Array, y: Array) -> Array:
    return c.step("divide", c.as_kind(x, "float"), c.as_kind(y, "float"))


def _signs(c: Context, x: Array, y: Array) -> npt.NDArray[np.int8]:
    """The signs of x - y, broadcast."""
    shape = np.broadcast_shapes(c.shape(x), c.shape(y))
    kind, (a, b) = c.join_kinds([broadcast_to(c, x, shape=shape), broadcast_to(c, y, shape=shape)])
    if kind == "bool":
        return np.asarray(a.astype(np.int8) - b.astype(np.int8), dtype=np.int8)
    return c.algebra(kind).compare(a, b)


def _comparison(test: Callable[[npt.NDArray[np.int8]], Any]) -> Composition:
    return lambda c, x, y: Array(kind="bool", data=np.asarray(test(_signs(c, x, y))))


def _logical(test: Callable[..., Any]) -> Composition:
    return lambda _c, *operands: Array(kind="bool", data=np.asarray(test(*(x.data for x in operands))))


def _sign(c: Context, x: Array) -> Array:
    zero = Array(kind=x.kind, data=c.algebra(x.kind).constant(np.zeros(c.shape(x), dtype=np.int64)))
    signs = _signs(c, x, zero)
    return Array(kind=x.kind, data=c.algebra(x.kind).constant(signs.astype(np.int64)))


def _where(c: Context, condition: Array, x: Array, y: Array) -> Array:
    shape = np.broadcast_shapes(c.shape(condition), c.shape(x), c.shape(y))
    x, y = broadcast_to(c, x, shape=shape), broadcast_to(c, y, shape=shape)
    size = math.prod(shape)
    return c.pick([x, y], np.where(np.broadcast_to(condition.data, shape), places(shape), size + places(shape)))


def _clip(c: Context, x: Array, low: Array, high: Array) -> Array:
    return c.step("minimum", c.step("maximum", x, low), high)


# Neural networks -------------------------------------------------------------------------------------------


def _relu(c: Context, x: Array) -> Array:
    return c.step("maximum", x, c.number(0.0))


def _below(c: Context, x: Array) -> Array:
    return c.step("minimum", x, c.number(0.0))


def _leaky_relu(c: Context, x: Array, *, negative_slope: float) -> Array:
    # max(x, 0) + slope * min(x, 0): no comparison has to be decided.
    return c.step("add", _relu(c, x), c.step("multiply", c.rounded(negative_slope), _below(c, x)))


def _elu(c: Context, x: Array, *, alpha: float) -> Array:
    return c.step("add", _relu(c, x), c.step("multiply", c.rounded(alpha), c.step("expm1", _below(c, x))))


def _sigmoid(c: Context, x: Array) -> Array:
    one = c.number(1.0)
    return c.step("divide", one, c.step("add", one, c.step("exp", c.step("negative", c.as_kind(x, "float")))))


def _softplus(c: Context, x: Array) -> Array:
    return c.step("log1p", c.step("exp", c.as_kind(x, "float")))


def _gelu(c: Context, x: Array) -> Array:
    # x erfc(-x / sqrt 2) / 2 is the same and does not cancel far below zero.
    x = c.as_kind(x, "float")
    tail = c.step("erfc", c.step("negative", c.step("divide", x, c.step("sqrt", c.number(2.0)))))
    return c.step("divide", c.step("multiply", x, tail), c.number(2.0))


def _silu(c: Context, x: Array) -> Array:
    return c.step("multiply", x, _sigmoid(c, x))


def _softmax(c: Context, x: Array, *, axis: int) -> Array:
    weights = c.step("exp", c.as_kind(x, "float"))
    return c.step("divide", weights, _sum(c, weights, axis=axis, keepdims=True))


def _log_softmax(c: Context, x: Array, *, axis: int) -> Array:
    return c.step("subtract", x, _logsumexp(c, x, axis=axis, keepdims=True))


# Reductions ------------------------------------------------------------------------------------------------


def _axes(axis: Any, rank: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(rank))
    return tuple(int(a) % rank for a in (axis if isinstance(axis, tuple | list) else (axis,)))


def _kept(c: Context, x: Array, shape: Shape, axes: tuple[int, ...], *, keepdims: bool) -> Array:
    """A reduction's result with its axes of length 1 put back where `keepdims` asks for them."""
    if not keepdims:
        return x
    return c.rearranged(x, lambda p: p.reshape([1 if axis in axes else n for axis, n in enumerate(shape)]))


def _sum(c: Context, x: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
    if x.kind == "bool":
        x = c.as_kind(x, "int")
    shape = c.shape(x)
    axes = _axes(axis, len(shape))
    total = Array(kind=x.kind, data=c.algebra(x.kind).sum(x.data, axes))
    return _kept(c, total, shape, axes, keepdims=keepdims)


def _count(c: Context, x: Array, axis: Any) -> int:
    shape = c.shape(x)
    return math.prod(shape[a] for a in _axes(axis, len(shape)))


def _mean(c: Context, x: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
    return _over(c, _sum(c, x, axis=axis, keepdims=keepdims), _count(c, x, axis))


def _over(c: Context, x: Array, count: int) -> Array:
    if count == 0:
        raise EvaluationError("a mean or a variance of no numbers has no value")
    return _divide(c, x, c.number(float(count)))


def _folded(name: str) -> Composition:
    """A reduction by a binary step, in pairs, so that a tape stays shallow."""

    def fold(c: Context, x: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
        shape = c.shape(x)
        axes = _axes(axis, len(shape))
        last = tuple(range(len(shape) - len(axes), len(shape)))
        kept = tuple(n for a, n in enumerate(shape) if a not in axes)
        rows = c.rearranged(x, lambda p: np.moveaxis(p, axes, last).reshape(*kept, -1))
        width = c.shape(rows)[-1]
        if width == 0:
            if name != "multiply":
                raise EvaluationError("the largest or smallest of no numbers has no value")
            return _kept(c, _filled_like(c, x.kind, kept, 1), shape, axes, keepdims=keepdims)
        while width > 1:
            half = width // 2
            left, right = _slice(c, rows, 0, half), _slice(c, rows, half, 2 * half)
            joined = c.step(name, left, right)
            rows = joined if width == 2 * half else concatenate(c, [joined, _slice(c, rows, 2 * half, width)], axis=-1)
            width = c.shape(rows)[-1]
        return _kept(c, c.rearranged(rows, lambda p: p.reshape(kept)), shape, axes, keepdims=keepdims)

    return fold


def _slice(c: Context, x: Array, start: int, stop: int) -> Array:
    return c.rearranged(x, lambda p: p[..., start:stop])


def _filled_like(c: Context, kind: str, shape: Shape, value: int) -> Array:
    if kind == "bool":
        return Array(kind=kind, data=np.full(shape, bool(value)))
    return Array(kind=kind, data=c.algebra(kind).constant(np.full(shape, value, dtype=np.int64)))


def _var(c: Context, x: Array, *, ddof: float, axis: Any = None, keepdims: bool = False) -> Array:
    x = c.as_kind(x, "float")
    centred = c.step("subtract", x, _mean(c, x, axis=axis, keepdims=True))
    total = _sum(c, c.step("square", centred), axis=axis, keepdims=keepdims)
    freedom = _count(c, x, axis) - ddof
    if freedom <= 0:
        raise EvaluationError("a variance needs more numbers than `ddof`")
    return _divide(c, total, c.number(float(freedom)))


def _std(c: Context, x: Array, *, ddof: float, axis: Any = None, keepdims: bool = False) -> Array:
    return c.step("sqrt", _var(c, x, ddof=ddof, axis=axis, keepdims=keepdims))


def _norm(c: Context, x: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
    return c.step("sqrt", _sum(c, c.step("square", c.as_kind(x, "float")), axis=axis, keepdims=keepdims))


def _logsumexp(c: Context, x: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
    # Without a shift: balls do not overflow below 2**(2**60), and relative precision is all that counts.
    return c.step("log", _sum(c, c.step("exp", c.as_kind(x, "float")), axis=axis, keepdims=keepdims))


def _any_all(test: Callable[..., Any]) -> Composition:
    def reduce(c: Context, x: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
        axes = _axes(axis, len(c.shape(x)))
        return Array(kind="bool", data=np.asarray(test(x.data, axis=axes, keepdims=keepdims)))

    return reduce


def _cumsum(c: Context, x: Array, *, axis: Any = None) -> Array:
    if axis is None:
        x, axis = c.rearranged(x, np.ravel), 0
    lanes = c.rearranged(x, lambda p: np.moveaxis(p, axis, -1))
    total, parts = None, []
    for i in range(c.shape(lanes)[-1]):
        lane = _slice(c, lanes, i, i + 1)
        total = lane if total is None else c.step("add", total, lane)
        parts.append(total)
    joined = concatenate(c, parts, axis=-1) if parts else lanes
    return c.rearranged(joined, lambda p: np.moveaxis(p, -1, axis))


# Shape -----------------------------------------------------------------------------------------------------


concatenate: Composition = joined(np.concatenate)


def _take(c: Context, x: Array, indices: Array, *, axis: Any = None) -> Array:
    if indices.kind != "int":
        raise EvaluationError("`take` needs whole numbers as indices")
    where = np.asarray(indices.data, dtype=np.int64)
    length = math.prod(c.shape(x)) if axis is None else c.shape(x)[axis]
    if np.any((where < 0) | (where >= length)):
        raise EvaluationError(f"an index of `take` lies outside 0 … {length - 1}")
    return c.rearranged(x, lambda p: np.take(p, where, axis=axis))


def _triangle(mask: Callable[..., Any]) -> Composition:
    def keep(c: Context, x: Array, *, k: int) -> Array:
        shape = c.shape(x)
        inside = np.broadcast_to(mask(np.ones(shape[-2:], dtype=bool), k=k), shape)
        return _where(c, Array(kind="bool", data=inside), x, _filled_like(c, x.kind, shape, 0))

    return keep


def _power(c: Context, x: Array, y: Array) -> Array:
    return c.step("power", x, y)


def _slogdet(c: Context, x: Array) -> tuple[Array, Array]:
    determinant = matrix_step("det", scalar=True)(c, x)
    return _sign(c, determinant), c.step("log", c.step("abs", determinant))


def _trace(c: Context, x: Array) -> Array:
    return _sum(c, _diagonal(c, x, offset=0), axis=-1)


def _outer(c: Context, x: Array, y: Array) -> Array:
    return c.step("multiply", c.rearranged(x, lambda p: p[:, None]), y)


def _stop_gradient(c: Context, x: Array) -> Array:
    return x if x.kind == "bool" else Array(kind=x.kind, data=c.algebra(x.kind).constantly(x.data))


_diagonal: Composition = _rearrange(lambda p, offset=0: np.diagonal(p, offset=offset, axis1=-2, axis2=-1))

COMPOSITIONS: dict[str, Composition] = {
    **{
        name: _step(name)
        for name in ("add", "subtract", "multiply", "negative", "abs", "square", "maximum", "minimum")
    },
    **{
        name: _float_step(name)
        for name in (
            "exp", "expm1", "log", "log1p", "sqrt", "rsqrt", "sin", "cos", "tan", "arcsin", "arccos", "arctan",
            "arctan2", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "erf", "lgamma", "digamma",
        )
    },
    "divide": _divide,
    "floor_divide": _floor_divide,
    "remainder": _remainder,
    "power": _power,
    "matmul": matmul,
    "less": _comparison(lambda s: s < 0),
    "less_equal": _comparison(lambda s: s <= 0),
    "greater": _comparison(lambda s: s > 0),
    "greater_equal": _comparison(lambda s: s >= 0),
    "equal": _comparison(lambda s: s == 0),
    "not_equal": _comparison(lambda s: s != 0),
    "logical_and": _logical(np.logical_and),
    "logical_or": _logical(np.logical_or),
    "logical_not": _logical(np.logical_not),
    "where": _where,
    "sign": _sign,
    "log2": lambda c, x: c.step("divide", c.step("log", c.as_kind(x, "float")), c.step("log", c.number(2.0))),
    "reciprocal": lambda c, x: _divide(c, c.number(1.0), x),
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "gelu": _gelu,
    "silu": _silu,
    "clip": _clip,
    "sum": _sum,
    "mean": _mean,
    "prod": _folded("multiply"),
    "max": _folded("maximum"),
    "min": _folded("minimum"),
    "var": _var,
    "std": _std,
    "norm": _norm,
    "logsumexp": _logsumexp,
    "any": _any_all(np.any),
    "all": _any_all(np.all),
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "cumsum": _cumsum,
    "dot": matmul,
    "outer": _outer,
    "trace": _trace,
    "transpose": _rearrange(lambda p, axes=None: np.transpose(p, axes)),
    "reshape": _rearrange(np.reshape),
    "concatenate": concatenate,
    "stack": joined(np.stack),
    "squeeze": _rearrange(lambda p, axis=None: np.squeeze(p, axis)),
    "expand_dims": _rearrange(np.expand_dims),
    "broadcast_to": broadcast_to,
    "flip": _rearrange(lambda p, axis=None: np.flip(p, axis)),
    "take": _take,
    "diagonal": _diagonal,
    "tril": _triangle(np.tril),
    "triu": _triangle(np.triu),
    "det": matrix_step("det", scalar=True),
    "slogdet": _slogdet,
    "inv": matrix_step("inv"),
    "solve": solve,
    "cholesky": cholesky,
    "stop_gradient": _stop_gradient,
    "zeros_like": lambda c, x: _filled_like(c, x.kind, c.shape(x), 0),
    "ones_like": lambda c, x: _filled_like(c, x.kind, c.shape(x), 1),
}  # fmt: skip
"""Primitive → composition. A test walks the catalogue."""
