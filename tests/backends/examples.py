"""Every primitive with its NumPy answer, and how an example becomes a backend's text: shared by tests of spellings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradcmp.program.ir import ArrayType, NumberType, TupleType
from gradcmp.program.primitives import PRIMITIVES
from gradcmp.program.spelling import Application, Fragment, Spelling

X = np.array([0.25, -0.5, 0.75])
Y = np.array([1.5, 2.0, -3.0])
P = np.array([0.25, 1.0, 2.5])
M = np.array([[4.0, 1.0, 0.5], [2.0, 5.0, -1.0]])
S = np.array([[4.0, 1.0], [2.0, 3.0]])
SS = np.stack([S, 2 * S])
T = np.arange(24.0).reshape(2, 3, 4) / 8 - 1
N = np.array([1, 2, 3])
B = np.array([True, False, True])
EULER = 0.5772156649015329


def softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
    return np.exp(x) / np.exp(x).sum(axis, keepdims=True)


def each(function: Any, x: np.ndarray) -> np.ndarray:
    return np.vectorize(function)(x)


EXAMPLES: list[tuple[str, tuple[Any, ...], dict[str, Any], Any]] = [
    ("add", (X, Y), {}, X + Y), ("subtract", (X, 2), {}, X - 2), ("multiply", (0.5, X), {}, X / 2),
    ("multiply", (N, 0.5), {}, N / 2), ("divide", (N, N[::-1]), {}, N / N[::-1]), ("divide", (N, 2), {}, N / 2),
    ("add", (N, 2), {}, N + 2), ("multiply", (N, X), {}, N * X), ("power", (2.0, N), {}, 2.0**N),
    ("floor_divide", (Y, 0.75), {}, Y // 0.75), ("remainder", (Y, 0.75), {}, Y % 0.75), ("power", (Y, 2), {}, Y**2),
    ("where", (B, X, Y), {}, np.where(B, X, Y)), ("where", (B, 1.0, 2.0), {}, np.where(B, 1.0, 2.0)),
    ("where", (B, N, 0.5), {}, np.where(B, N, 0.5)), ("where", (B, N, 7), {}, np.where(B, N, 7)),
    ("logical_and", (B, ~B), {}, B & ~B), ("logical_or", (B, ~B), {}, B | ~B), ("logical_not", (B,), {}, ~B),
    ("abs", (X,), {}, np.abs(X)), ("abs", (-N,), {}, N), ("sign", (X,), {}, np.sign(X)), ("exp", (X,), {}, np.exp(X)),
    ("exp", (N,), {}, np.exp(N)), ("exp", (0.5,), {}, np.exp(0.5)), ("expm1", (X,), {}, np.expm1(X)),
    ("log", (P,), {}, np.log(P)), ("log1p", (X,), {}, np.log1p(X)), ("log2", (P,), {}, np.log2(P)),
    ("sqrt", (P,), {}, np.sqrt(P)), ("rsqrt", (P,), {}, P**-0.5), ("rsqrt", (N,), {}, N**-0.5),
    ("square", (X,), {}, X * X), ("square", (N,), {}, N * N), ("reciprocal", (X,), {}, 1 / X),
    ("reciprocal", (N,), {}, 1 / N), ("sin", (X,), {}, np.sin(X)), ("cos", (X,), {}, np.cos(X)),
    ("tan", (X,), {}, np.tan(X)), ("arcsin", (X,), {}, np.arcsin(X)), ("arccos", (X,), {}, np.arccos(X)),
    ("arctan", (X,), {}, np.arctan(X)), ("arctan2", (X, Y), {}, np.arctan2(X, Y)), ("sinh", (X,), {}, np.sinh(X)),
    ("cosh", (X,), {}, np.cosh(X)), ("tanh", (X,), {}, np.tanh(X)), ("arcsinh", (X,), {}, np.arcsinh(X)),
    ("arccosh", (P + 1,), {}, np.arccosh(P + 1)), ("arctanh", (X,), {}, np.arctanh(X)),
    ("erf", (X,), {}, each(math.erf, X)), ("lgamma", (Y - 0.25,), {}, each(math.lgamma, Y - 0.25)),
    ("digamma", (N,), {}, np.array([-EULER, 1 - EULER, 1.5 - EULER])),
    ("sigmoid", (Y,), {}, 1 / (1 + np.exp(-Y))), ("softplus", (Y,), {}, np.log1p(np.exp(Y))),
    ("relu", (X,), {}, np.maximum(X, 0)),
    ("leaky_relu", (X,), {"negative_slope": 0.01}, np.where(X > 0, X, 0.01 * X)),
    ("leaky_relu", (X,), {"negative_slope": 0.2}, np.where(X > 0, X, 0.2 * X)),
    ("elu", (X,), {"alpha": 1.0}, np.where(X > 0, X, np.expm1(X))),
    ("elu", (X,), {"alpha": 0.5}, np.where(X > 0, X, 0.5 * np.expm1(X))),
    ("gelu", (Y,), {}, Y * (1 + each(math.erf, Y / math.sqrt(2))) / 2), ("silu", (Y,), {}, Y / (1 + np.exp(-Y))),
    ("maximum", (X, 0), {}, np.maximum(X, 0)), ("minimum", (N, 1.5), {}, np.minimum(N, 1.5)),
    ("clip", (X, -0.25, 0.5), {}, np.clip(X, -0.25, 0.5)), ("clip", (N, 1.5, 2.5), {}, np.clip(N, 1.5, 2.5)),
    *((name, (T,), {"axis": axis, "keepdims": keepdims}, getattr(np, name)(T, axis=axis, keepdims=keepdims))
      for name in ("sum", "mean", "prod", "max", "min")
      for axis, keepdims in ((None, False), (1, True), ((0, -1), False))),
    ("sum", (N,), {"axis": None, "keepdims": False}, 6), ("mean", (N,), {"axis": None, "keepdims": False}, 2.0),
    ("sum", (N.astype("int32"),), {"axis": None, "keepdims": False}, np.int32(6)),
    *((name, (T,), {"axis": axis, "ddof": ddof, "keepdims": False}, getattr(np, name)(T, axis=axis, ddof=ddof))
      for name in ("var", "std") for axis in (None, 2) for ddof in (0, 1)),
    *(("norm", (T,), {"axis": axis, "keepdims": k}, np.sqrt((T * T).sum(axis, keepdims=k)))
      for axis, k in ((None, False), (None, True), (0, False), ((1,), False), ((0, 2), True), ((0, 1, 2), True))),
    ("norm", (S,), {"axis": None, "keepdims": False}, np.sqrt((S * S).sum())),
    ("norm", (N,), {"axis": None, "keepdims": False}, np.sqrt(14)),
    *(("logsumexp", (T,), {"axis": axis, "keepdims": k}, np.log(np.exp(T).sum(axis, keepdims=k)))
      for axis, k in ((None, False), (1, True), ((0, 2), False))),
    ("any", (B,), {"axis": None, "keepdims": False}, True), ("all", (B,), {"axis": 0, "keepdims": True}, [False]),
    ("softmax", (M,), {"axis": -1}, softmax(M)), ("softmax", (M,), {"axis": 0}, softmax(M, 0)),
    ("log_softmax", (M,), {"axis": -1}, np.log(softmax(M))), ("cumsum", (M,), {"axis": None}, M.cumsum()),
    ("cumsum", (M,), {"axis": 0}, M.cumsum(0)), ("cumsum", (N.astype("int8"),), {"axis": 0}, N.cumsum().astype("int8")),
    ("dot", (X, Y), {}, X @ Y), ("dot", (N, X), {}, N @ X), ("outer", (X, P), {}, np.outer(X, P)),
    ("matmul", (M, X), {}, M @ X),
    ("trace", (S,), {}, 7.0), ("trace", (T,), {}, np.trace(T, axis1=-2, axis2=-1)),
    ("transpose", (M,), {"axes": None}, M.T), ("transpose", (T,), {"axes": (1, 2, 0)}, T.transpose(1, 2, 0)),
    ("reshape", (M,), {"shape": (3, -1)}, M.reshape(3, -1)), ("concatenate", ([X, Y],), {"axis": 0}, np.r_[X, Y]),
    ("concatenate", ([M, M],), {"axis": -1}, np.c_[M, M]), ("stack", ([X, Y],), {"axis": 0}, np.stack([X, Y])),
    ("stack", ([X, N],), {"axis": 1}, np.stack([X, N], 1)), ("stack", ([0.5, 2],), {"axis": 0}, np.array([0.5, 2])),
    ("squeeze", (M[None, :, :1],), {"axis": None}, M[:, 0]), ("squeeze", (M[None, :, :1],), {"axis": 0}, M[:, :1]),
    ("expand_dims", (X,), {"axis": 1}, X[:, None]), ("broadcast_to", (X,), {"shape": (2, 3)}, np.stack([X, X])),
    ("flip", (M,), {"axis": None}, M[::-1, ::-1]), ("flip", (M,), {"axis": 1}, M[:, ::-1]),
    ("take", (M, N), {"axis": None}, M.ravel()[N]), ("take", (M, N - 1), {"axis": 1}, M),
    ("take", (M, 1), {"axis": 0}, M[1]),
    ("diagonal", (S,), {"offset": 0}, np.diag(S)), ("diagonal", (M,), {"offset": 1}, np.diag(M, 1)),
    ("diagonal", (T,), {"offset": -1}, np.diagonal(T, -1, -2, -1)), ("tril", (M,), {"k": 0}, np.tril(M)),
    ("tril", (M,), {"k": -1}, np.tril(M, -1)), ("triu", (M,), {"k": 1}, np.triu(M, 1)), ("det", (S,), {}, 10.0),
    ("inv", (S,), {}, np.array([[0.3, -0.1], [-0.2, 0.4]])), ("solve", (S, np.array([6.0, 8.0])), {}, [1.0, 2.0]),
    ("solve", (S, S), {}, np.eye(2)), ("solve", (SS, S), {}, np.stack([np.eye(2), np.eye(2) / 2])),
    ("solve", (S, SS), {}, np.stack([np.eye(2), 2 * np.eye(2)])), ("solve", (SS, S[:, 0]), {}, [[1.0, 0.0], [0.5, 0.0]]),
    ("solve", (SS, SS[1]), {}, np.stack([2 * np.eye(2), np.eye(2)])), ("solve", (SS[:1], SS), {}, np.stack([np.eye(2), 2 * np.eye(2)])),
    ("cholesky", (np.array([[[4.0, 1.0], [3.0, 5.0]]]),), {}, np.array([[[2.0, 0.0], [1.0, 2.0]]])),
    ("inv", (SS,), {}, np.array([[[0.3, -0.1], [-0.2, 0.4]], [[0.15, -0.05], [-0.1, 0.2]]])), ("det", (SS,), {}, [10.0, 40.0]),
    ("slogdet", (SS,), {}, ([1.0, 1.0], np.log([10.0, 40.0]))), ("slogdet", (-S[::-1],), {}, (-1.0, math.log(10))),
    ("cholesky", (np.array([[4.0, 1.0], [3.0, 5.0]]),), {}, np.array([[2.0, 0.0], [1.0, 2.0]])),
    ("stop_gradient", (X,), {}, X), ("stop_gradient", (N,), {}, N), ("zeros_like", (M,), {}, 0 * M),
    ("ones_like", (2.5,), {}, 1.0),
]  # fmt: skip


def kind_of(array: np.ndarray) -> str:
    return {"f": "float", "i": "int", "u": "int", "b": "bool"}[array.dtype.kind]


def type_of(value: Any, dtype: str, *, ranked: bool = True) -> Any:
    """The language's type of an operand; not `ranked`: of a shape that depends on the run."""
    if isinstance(value, list):
        return TupleType(items=tuple(type_of(item, dtype) for item in value))
    if isinstance(value, np.ndarray | np.generic):
        kind = kind_of(np.asarray(value))
        name = dtype if kind == "float" else value.dtype.name
        return ArrayType(kind=kind, dtype=name, shape=value.shape if ranked else None)
    return NumberType(kind=type(value).__name__)


def apply(
    spelling: Spelling, example: Any, dtype: str = "float32", *, ranked: bool = True
) -> tuple[dict[str, Any], Application]:
    """The arrays by name, and the primitive applied to the names."""
    primitive, operands, options, expected = example
    names: dict[str, Any] = {}

    def text(value: Any, *, wrapped: bool) -> str:
        if isinstance(value, list):
            return f"[{', '.join(text(item, wrapped=wrapped) for item in value)}]"
        if isinstance(value, np.ndarray):
            name = next((name for name, array in names.items() if array is value), f"a{len(names)}")
            names[name] = value
            return name
        return spelling.number.format(value=repr(value), dtype=spelling.dtypes[dtype]) if wrapped else repr(value)

    def fragments(*, wrapped: bool) -> tuple[Fragment, ...]:
        return tuple(Fragment(text(value, wrapped=wrapped), atomic=True) for value in operands)

    result = np.asarray(expected[0] if isinstance(expected, tuple) else expected)
    return names, Application(
        primitive=primitive, operands=fragments(wrapped=False), arrays=fragments(wrapped=True), options=options,
        types=tuple(type_of(value, dtype, ranked=ranked) for value in operands), dtype=dtype,
        result=type_of(result, dtype, ranked=ranked),
    )  # fmt: skip


def spell(spelling: Spelling, application: Application) -> str:
    template = spelling.primitives.get(application.primitive)
    if template is None:
        return f"{application.operands[0]} {PRIMITIVES[application.primitive].infix} {application.operands[1]}"
    return (
        template.format(*application.operands, **application.options)
        if isinstance(template, str)
        else template(application)
    )
