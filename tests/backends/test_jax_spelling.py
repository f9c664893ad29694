"""Every primitive's JAX text, run once on small inputs and held against NumPy and closed forms."""

from __future__ import annotations

import ast
import math
from typing import Any

import numpy as np
import pytest

from gradcmp.backends.spelling.base import Application, Fragment
from gradcmp.backends.spelling.infix import between
from gradcmp.backends.spelling.jax_spelling import SPELLING
from gradcmp.program.ir import ArrayType, NumberType, TupleType
from gradcmp.program.primitives import PRIMITIVES

pytestmark = pytest.mark.frameworks

X = np.array([0.25, -0.5, 0.75])
Y = np.array([1.5, 2.0, -3.0])
P = np.array([0.25, 1.0, 2.5])
M = np.array([[4.0, 1.0, 0.5], [2.0, 5.0, -1.0]])
S = np.array([[4.0, 1.0], [2.0, 3.0]])
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
    ("solve", (S, S), {}, np.eye(2)), ("slogdet", (-S[::-1],), {}, (-1.0, math.log(10))),
    ("cholesky", (np.array([[4.0, 1.0], [3.0, 5.0]]),), {}, np.array([[2.0, 0.0], [1.0, 2.0]])),
    ("stop_gradient", (X,), {}, X), ("stop_gradient", (N,), {}, N), ("zeros_like", (M,), {}, 0 * M),
    ("ones_like", (2.5,), {}, 1.0),
]  # fmt: skip


def kind_of(value: Any) -> Any:
    """The language's type of an operand of a float32 problem."""
    if isinstance(value, list):
        return TupleType(items=tuple(map(kind_of, value)))
    if isinstance(value, np.ndarray):
        kind = {"f": "float", "i": "int", "b": "bool"}[value.dtype.kind]
        return ArrayType(kind=kind, dtype="float32" if kind == "float" else value.dtype.name, shape=value.shape)
    return NumberType(kind=type(value).__name__)


def application(primitive: str, operands: tuple[Any, ...], options: dict[str, Any], result: Any) -> Any:
    """The text's parts with the names that stand for the arrays."""
    names: dict[str, Any] = {}

    def text(value: Any, *, wrapped: bool) -> str:
        if isinstance(value, list):
            return f"[{', '.join(text(item, wrapped=wrapped) for item in value)}]"
        if isinstance(value, np.ndarray):
            known = [name for name, array in names.items() if array is value]
            if not known:
                names[f"a{len(names)}"] = value
            return known[0] if known else f"a{len(names) - 1}"
        return SPELLING.number.format(value=repr(value), dtype="jnp.float32") if wrapped else repr(value)

    def fragments(*, wrapped: bool) -> tuple[Fragment, ...]:
        return tuple(Fragment(text(value, wrapped=wrapped), atomic=True) for value in operands)

    out = np.asarray(result if not isinstance(result, tuple) else result[0])
    kind = {"f": "float", "i": "int", "b": "bool"}[out.dtype.kind]
    return names, Application(
        primitive=primitive, operands=fragments(wrapped=False), arrays=fragments(wrapped=True), options=options,
        types=tuple(map(kind_of, operands)), dtype="float32",
        result=ArrayType(kind=kind, dtype="float32" if kind == "float" else out.dtype.name, shape=out.shape),
    )  # fmt: skip


def spell(application: Application) -> str:
    template = SPELLING.primitives.get(application.primitive)
    if template is None:
        return f"{application.operands[0]} {PRIMITIVES[application.primitive].infix} {application.operands[1]}"
    return template.format(*application.operands) if isinstance(template, str) else template(application)


@pytest.fixture(scope="module")
def namespace() -> dict[str, Any]:
    pytest.importorskip("jax")
    from gradcmp.backends.base import Settings
    from gradcmp.backends.jax_backend import JaxBackend

    JaxBackend(Settings(threads=1))  # double precision on, as in a worker
    space: dict[str, Any] = {}
    exec("\n".join(SPELLING.imports), space)
    return space


@pytest.mark.parametrize(
    ("primitive", "operands", "options", "expected"), EXAMPLES, ids=[f"{i}-{e[0]}" for i, e in enumerate(EXAMPLES)]
)
def test_value_and_dtype(
    namespace: dict[str, Any], primitive: str, operands: tuple[Any, ...], options: dict[str, Any], expected: Any
) -> None:
    names, applied = application(primitive, operands, options, expected)
    text = spell(applied)
    jnp = namespace["jnp"]
    arrays = {n: jnp.asarray(a, "float32" if a.dtype.kind == "f" else a.dtype) for n, a in names.items()}
    got = eval(text, {**namespace, **arrays})
    for one, truth in zip(got, expected, strict=True) if isinstance(expected, tuple) else [(got, expected)]:
        assert one.shape == np.shape(truth), text
        assert str(one.dtype) == applied.result.dtype, text
        # XLA's float32 lgamma is off by 9e-7 at 1.75: over 100 units in the last place.
        rtol, atol = (1e-5, 1e-6) if primitive == "lgamma" else (2e-6, 1e-7)
        np.testing.assert_allclose(np.asarray(one), truth, rtol=rtol, atol=atol, err_msg=text)


def test_every_primitive_has_a_spelling_and_an_example() -> None:
    infix = {name for name, primitive in PRIMITIVES.items() if primitive.infix}
    python_s_own = {"negative", "less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}
    shown = {name for name, *_ in EXAMPLES}
    assert set(SPELLING.primitives) <= set(PRIMITIVES)
    assert set(PRIMITIVES) - set(SPELLING.primitives) <= infix
    assert set(PRIMITIVES) - shown == python_s_own
    assert not SPELLING.absent


@pytest.mark.parametrize(
    ("primitive", "operands", "options", "expected", "text"),
    [
        ("dot", (X, Y), {}, 0.0, "jnp.dot(a0, a1)"),
        ("sum", (T,), {"axis": None, "keepdims": False}, 0.0, "jnp.sum(a0)"),
        ("sum", (T,), {"axis": (0, 1), "keepdims": True}, T, "jnp.sum(a0, axis=(0, 1), keepdims=True)"),
        ("maximum", (X, 0), {}, X, "jnp.maximum(a0, 0)"),
        ("multiply", (2, X), {}, X, "2 * a0"),
        ("multiply", (N, 0.5), {}, X, "a0.astype(jnp.float32) * 0.5"),
        ("transpose", (M,), {"axes": None}, M, "a0.T"),
        ("gelu", (X,), {}, X, "jax.nn.gelu(a0, approximate=False)"),
        ("diagonal", (S,), {"offset": 0}, X, "jnp.diagonal(a0)"),
        ("diagonal", (T,), {"offset": 1}, X, "jnp.diagonal(a0, offset=1, axis1=-2, axis2=-1)"),
    ],
)
def test_text_is_what_one_would_write(
    primitive: str, operands: Any, options: dict[str, Any], expected: Any, text: str
) -> None:
    assert spell(application(primitive, operands, options, expected)[1]) == text


@pytest.mark.parametrize(
    ("left", "symbol", "right", "text"),
    [
        ("a", "*", "b", "a * b"),
        ("a + b", "*", "c * d", "(a + b) * (c * d)"),
        ("a * b", "+", "c * d", "a * b + c * d"),
        ("a - b", "-", "c", "a - b - c"),
        ("a", "-", "b - c", "a - (b - c)"),
        ("-a", "**", "-b", "(-a) ** -b"),
        ("a", "**", "b ** c", "a ** b ** c"),
        ("a ** b", "**", "c", "(a ** b) ** c"),
        ("a < b", "*", "c", "(a < b) * c"),
        ("x if c else y", "+", "f(z)", "(x if c else y) + f(z)"),
    ],
)
def test_parentheses_are_those_that_python_needs(left: str, symbol: str, right: str, text: str) -> None:
    got = between(Fragment(left, atomic=False), symbol, Fragment(right, atomic=False))
    assert got == text
    assert ast.dump(ast.parse(got)) == ast.dump(ast.parse(f"({left}) {symbol} ({right})"))
