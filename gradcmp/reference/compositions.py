"""Every primitive of the catalogue over any algebra: one function each, composed of the algebra's few steps.

A function takes the `Context`, its operands as `Array`s and the static options, and returns an `Array` (or a tuple).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gradcmp.core.formats import FORMATS
from gradcmp.core.tensors import Shape
from gradcmp.reference.algebra import Algebra, EvaluationError, Places

Options = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """An array of a kind: `data` is the float algebra's for float, the whole algebra's for int, NumPy's for bool."""

    kind: str
    data: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The algebras by kind, and the dtype that plain numbers are rounded to."""

    floats: Algebra[Any]
    wholes: Algebra[Any]
    dtype: str

    def algebra(self, kind: str) -> Algebra[Any]:
        if kind == "float":
            return self.floats
        if kind == "int":
            return self.wholes
        raise EvaluationError(f"arithmetic with {kind} arrays is not supported yet")

    def shape(self, x: Array) -> Shape:
        return tuple(x.data.shape) if x.kind == "bool" else self.algebra(x.kind).shape(x.data)

    def as_kind(self, x: Array, kind: str) -> Array:
        """`x` among numbers of `kind`: whole numbers are floats exactly, truth values are 0 and 1."""
        if x.kind == kind:
            return x
        if kind == "bool" or (x.kind, kind) == ("float", "int"):
            raise EvaluationError(f"a {x.kind} array where {kind} is needed is not supported yet")
        values = x.data.astype(object) if x.kind == "bool" else x.data
        return Array(kind=kind, data=self.algebra(kind).constant(np.asarray(values, dtype=object)))

    def join_kinds(self, operands: Sequence[Array]) -> tuple[str, list[Any]]:
        """The joined kind and the operands' data in it."""
        order = ("bool", "int", "float")
        kind = max((x.kind for x in operands), key=order.index)
        return kind, [self.as_kind(x, kind).data for x in operands]

    def pick(self, arrays: Sequence[Array], places: Places) -> Array:
        kind, data = self.join_kinds(arrays)
        if kind == "bool":
            return Array(kind=kind, data=np.concatenate([x.ravel() for x in data])[places])
        return Array(kind=kind, data=self.algebra(kind).pick(data, places))

    def rearranged(self, x: Array, how: Callable[[Places], npt.NDArray[Any]]) -> Array:
        """What `how` does to an array of places, done to `x`."""
        return self.pick([x], np.asarray(how(places(self.shape(x)))))

    def number(self, value: float) -> Array:
        """An exact constant."""
        return Array(kind="float", data=self.floats.constant(np.asarray(value, dtype=np.float64)))

    def rounded(self, value: float, dtype: str | None = None) -> Array:
        """A plain number where it meets an array: rounded to `dtype`, by default the problem's."""
        try:
            return self.number(FORMATS[dtype or self.dtype].round(float(value)))
        except OverflowError:
            return self.number(math.copysign(math.inf, value))

    def step(self, name: str, *operands: Array) -> Array:
        """An elementwise step of the algebra of the joined kind."""
        kind, data = self.join_kinds(operands)
        return Array(kind=kind, data=self.algebra(kind).elementwise(name, *data))


def places(shape: Shape) -> Places:
    """The places of an array of `shape` in itself flattened."""
    return np.arange(math.prod(shape), dtype=np.int64).reshape(shape)


Composition = Callable[..., Any]


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


def broadcast_to(c: Context, x: Array, *, shape: Shape) -> Array:
    return x if c.shape(x) == tuple(shape) else c.rearranged(x, lambda p: np.broadcast_to(p, shape))


def _joined(how: Callable[..., Any]) -> Composition:
    def join(c: Context, arrays: Sequence[Array], *, axis: int = 0) -> Array:
        offset, pieces = 0, []
        for x in arrays:
            piece = places(c.shape(x))
            pieces.append(piece + offset)
            offset += piece.size
        return c.pick(list(arrays), np.asarray(how(pieces, axis=axis)))

    return join


concatenate: Composition = _joined(np.concatenate)


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


# Linear algebra --------------------------------------------------------------------------------------------


def _matmul(c: Context, x: Array, y: Array) -> Array:
    """NumPy's `matmul`: vectors are rows or columns for the time of the product, matrices stack."""
    row, column = len(c.shape(x)) == 1, len(c.shape(y)) == 1
    x = c.rearranged(x, lambda p: p[None, :]) if row else x
    y = c.rearranged(y, lambda p: p[:, None]) if column else y
    kind, _ = c.join_kinds([x, y])
    product = _stacked(c, lambda a, b: Array(kind=kind, data=c.algebra(kind).matmul(*c.join_kinds([a, b])[1])), x, y)
    if row:
        product = c.rearranged(product, lambda p: p[..., 0, :])
    return c.rearranged(product, lambda p: p[..., 0]) if column else product


def _stacked(c: Context, step: Callable[..., Array], *operands: Array, scalar: bool = False) -> Array:
    """`step` on matrices, over all matrices of operands whose leading axes broadcast."""
    shapes = [c.shape(x) for x in operands]
    leading = np.broadcast_shapes(*(shape[:-2] for shape in shapes))
    if not leading:
        return step(*operands)
    spread = [broadcast_to(c, x, shape=(*leading, *shape[-2:])) for x, shape in zip(operands, shapes, strict=True)]

    def matrix(x: Array, index: tuple[int, ...]) -> Array:
        return c.rearranged(x, lambda p: p[index])

    parts = [step(*(matrix(x, index) for x in spread)) for index in np.ndindex(*leading)]
    if not parts:
        raise EvaluationError("an empty stack of matrices is not supported yet")
    inner = () if scalar else c.shape(parts[0])
    return c.rearranged(_joined(np.stack)(c, parts, axis=0), lambda p: p.reshape(*leading, *inner))


def _matrix_step(name: str, *, scalar: bool = False) -> Composition:
    def on_matrix(c: Context, x: Array) -> Array:
        return Array(kind="float", data=getattr(c.floats, name)(x.data))

    return lambda c, x: _stacked(c, lambda m: on_matrix(c, m), c.as_kind(x, "float"), scalar=scalar)


def _solve(c: Context, a: Array, b: Array) -> Array:
    a, b = c.as_kind(a, "float"), c.as_kind(b, "float")
    vector = len(c.shape(b)) == 1
    b = c.rearranged(b, lambda p: p[:, None]) if vector else b
    x = _stacked(c, lambda m, r: Array(kind="float", data=c.floats.solve(m.data, r.data)), a, b)
    return c.rearranged(x, lambda p: p[..., 0]) if vector else x


def _slogdet(c: Context, x: Array) -> tuple[Array, Array]:
    determinant = _matrix_step("det", scalar=True)(c, x)
    return _sign(c, determinant), c.step("log", c.step("abs", determinant))


def _cholesky(c: Context, x: Array) -> Array:
    return _stacked(c, lambda m: _cholesky_one(c, m), c.as_kind(x, "float"))


def _cholesky_one(c: Context, x: Array) -> Array:
    """The lower factor of the symmetric part, column by column (Golub and Van Loan, algorithm 4.2.1)."""
    n = c.shape(x)[0]
    half = c.step("divide", c.step("add", x, c.rearranged(x, np.transpose)), c.number(2.0))
    columns: list[Array] = []
    for j in range(n):
        rest = c.rearranged(half, lambda p, j=j: p[j:, j])  # type: ignore[misc]  # early binding
        for k, done in enumerate(columns):
            below = c.rearranged(done, lambda p, s=j - k: p[s:])  # type: ignore[misc]
            head = c.rearranged(done, lambda p, s=j - k: p[s])  # type: ignore[misc]
            rest = c.step("subtract", rest, c.step("multiply", below, head))
        columns.append(c.step("divide", rest, c.step("sqrt", c.rearranged(rest, lambda p: p[0]))))
    zero = c.number(0.0)
    where = np.zeros((n, n), dtype=np.int64)
    start = 1
    for j in range(n):
        where[j:, j] = np.arange(start, start + n - j)
        start += n - j
    return c.pick([zero, *columns], where)


def _power(c: Context, x: Array, y: Array) -> Array:
    return c.step("power", x, y)


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
    "matmul": _matmul,
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
    "dot": _matmul,
    "outer": _outer,
    "trace": _trace,
    "transpose": _rearrange(lambda p, axes=None: np.transpose(p, axes)),
    "reshape": _rearrange(np.reshape),
    "concatenate": concatenate,
    "stack": _joined(np.stack),
    "squeeze": _rearrange(lambda p, axis=None: np.squeeze(p, axis)),
    "expand_dims": _rearrange(np.expand_dims),
    "broadcast_to": broadcast_to,
    "flip": _rearrange(lambda p, axis=None: np.flip(p, axis)),
    "take": _take,
    "diagonal": _diagonal,
    "tril": _triangle(np.tril),
    "triu": _triangle(np.triu),
    "det": _matrix_step("det", scalar=True),
    "slogdet": _slogdet,
    "inv": _matrix_step("inv"),
    "solve": _solve,
    "cholesky": _cholesky,
    "stop_gradient": _stop_gradient,
    "zeros_like": lambda c, x: _filled_like(c, x.kind, c.shape(x), 0),
    "ones_like": lambda c, x: _filled_like(c, x.kind, c.shape(x), 1),
}  # fmt: skip
"""Primitive → composition. A test walks the catalogue."""
