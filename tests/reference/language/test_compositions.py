"""Every primitive of the catalogue, exactly: against NumPy's float64, identities and rationals."""
# ruff: noqa: PLR0124  # a table; comparing a thing with itself is one of its rows

import math
from fractions import Fraction

import numpy as np
import pytest

from gradcmp.program.ir import Group, TupleType
from gradcmp.program.primitives import PRIMITIVES
from gradcmp.reference.language.compositions import COMPOSITIONS
from tests.reference.problems import value_truth
from tests.reference.programs import apply, array_type, checked, number, read, tensors

X = np.array([[0.3, -1.25, 2.0], [0.75, 0.5, -0.125]])
P = np.abs(X) + 0.1
U = np.clip(X / 3, -0.9, 0.9)
Y = np.array([1.5, -2.0, 0.25])
STACK = np.arange(-6, 18).reshape(2, 1, 3, 4) / 4.0
PANES = np.arange(24).reshape(3, 4, 2) / 8.0 - 1.0
SQUARE = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -0.25], [0.5, -0.25, 2.0]])
SQUARES = np.stack([SQUARE, SQUARE + 3 * np.eye(3)])[:, None]
erf, lgamma = np.vectorize(math.erf), np.vectorize(math.lgamma)
sigmoid = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731
softmax = lambda x, axis=-1: np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)  # noqa: E731


def digamma(x):
    """By the recurrence and the asymptotic series, accurate enough beyond 10."""
    total = 0.0
    while x < 60:
        total -= 1 / x
        x += 1
    return total + math.log(x) - 1 / (2 * x) - sum(b / x**n for n, b in ((2, 1 / 12), (4, -1 / 120), (6, 1 / 252)))


# primitive → list of (operands, options, NumPy's value)
CASES = {
    "add": [((X, Y), {}, X + Y)],
    "subtract": [((X, Y), {}, X - Y)],
    "multiply": [((X, Y), {}, X * Y)],
    "divide": [((X, Y), {}, X / Y)],
    "floor_divide": [((X, Y), {}, X // Y), ((np.array([6.0, -6.0]), np.array([3.0, 3.0])), {}, [2.0, -2.0])],
    "remainder": [((X, Y), {}, X % Y), ((np.array([7, -7]), np.array([3, 3])), {}, [1, 2])],
    "power": [((P, Y), {}, P**Y), ((X, 3), {}, X**3), ((X, -2), {}, X**-2), ((P, 0.5), {}, P**0.5), ((2.0, X), {}, 2**X)],
    "matmul": [((X, SQUARE), {}, X @ SQUARE), ((X, Y), {}, X @ Y), ((Y, SQUARE), {}, Y @ SQUARE), ((Y, Y), {}, Y @ Y),
               ((np.stack([X, 2 * X]), SQUARE), {}, np.stack([X, 2 * X]) @ SQUARE), ((STACK, PANES), {}, STACK @ PANES),
               ((X, np.stack([SQUARE, -SQUARE])), {}, X @ np.stack([SQUARE, -SQUARE])), ((STACK, STACK[0, 0, 0]), {}, STACK @ STACK[0, 0, 0]),
               ((Y, np.stack([SQUARE, -SQUARE])), {}, Y @ np.stack([SQUARE, -SQUARE])),
               ((np.arange(12).reshape(3, 2, 2), np.arange(4).reshape(2, 2)), {}, np.arange(12).reshape(3, 2, 2) @ np.arange(4).reshape(2, 2))],
    "negative": [((X,), {}, -X)],
    "less": [((X, Y), {}, X < Y)],
    "less_equal": [((X, X), {}, X <= X)],
    "greater": [((X, 0), {}, X > 0)],
    "greater_equal": [((X, X), {}, X >= X)],
    "equal": [((X, X), {}, X == X), ((X, Y), {}, X == Y)],
    "not_equal": [((X, X), {}, X != X)],
    "logical_and": [((X > 0, P > 1), {}, (X > 0) & (P > 1))],
    "logical_or": [((X > 0, P > 1), {}, (X > 0) | (P > 1))],
    "logical_not": [((X > 0,), {}, X <= 0)],
    "where": [((X > 0, X, Y), {}, np.where(X > 0, X, Y)), ((X > 0, X, 0), {}, np.where(X > 0, X, 0))],
    "abs": [((X,), {}, np.abs(X))],
    "sign": [((np.array([-2.0, 0.0, 3.0]),), {}, [-1, 0, 1])],
    "rsqrt": [((P,), {}, 1 / np.sqrt(P))],
    "square": [((X,), {}, X**2)],
    "reciprocal": [((X,), {}, 1 / X)],
    "arctan2": [((X, Y), {}, np.arctan2(X, Y))],
    "erf": [((X,), {}, erf(X))],
    "lgamma": [((P,), {}, lgamma(P)), ((np.array([-1.5, -0.25]),), {}, lgamma([-1.5, -0.25]))],
    "digamma": [((P,), {}, np.vectorize(digamma)(P))],
    "sigmoid": [((X,), {}, sigmoid(X))],
    "softplus": [((X,), {}, np.log1p(np.exp(X)))],
    "relu": [((X,), {}, np.maximum(X, 0))],
    "leaky_relu": [((X,), {"negative_slope": 0.01}, np.where(X > 0, X, 0.01 * X))],
    "elu": [((X,), {"alpha": 1.5}, np.where(X > 0, X, 1.5 * np.expm1(X)))],
    "gelu": [((X,), {}, X * (1 + erf(X / math.sqrt(2))) / 2)],
    "silu": [((X,), {}, X * sigmoid(X))],
    "maximum": [((X, Y), {}, np.maximum(X, Y))],
    "minimum": [((X, 0), {}, np.minimum(X, 0))],
    "clip": [((X, -1, 0.5), {}, np.clip(X, -1, 0.5))],
    "sum": [((X,), {"axis": None, "keepdims": False}, X.sum()), ((X,), {"axis": 0, "keepdims": True}, X.sum(0, keepdims=True)),
            ((X,), {"axis": (0, -1), "keepdims": False}, X.sum()), ((np.arange(6),), {"axis": None, "keepdims": False}, 15)],
    "mean": [((X,), {"axis": -1, "keepdims": False}, X.mean(-1))],
    "prod": [((X,), {"axis": 1, "keepdims": False}, X.prod(1)), ((X,), {"axis": None, "keepdims": True}, X.prod(keepdims=True))],
    "max": [((X,), {"axis": 0, "keepdims": False}, X.max(0)), ((X,), {"axis": None, "keepdims": False}, X.max())],
    "min": [((X,), {"axis": (1,), "keepdims": False}, X.min(1))],
    "var": [((X,), {"axis": None, "ddof": 1, "keepdims": False}, X.var(ddof=1))],
    "std": [((X,), {"axis": 1, "ddof": 0, "keepdims": False}, X.std(1))],
    "norm": [((X,), {"axis": None, "keepdims": False}, np.sqrt((X**2).sum())), ((X * 0,), {"axis": 0, "keepdims": False}, np.zeros(3))],
    "logsumexp": [((X * 100,), {"axis": 1, "keepdims": False}, (X * 100).max(1) + np.log(np.exp(X * 100 - (X * 100).max(1, keepdims=True)).sum(1)))],
    "any": [((X > 1,), {"axis": 0, "keepdims": False}, (X > 1).any(0))],
    "all": [((X > -2,), {"axis": None, "keepdims": False}, True)],
    "softmax": [((X,), {"axis": -1}, softmax(X)), ((X,), {"axis": 0}, softmax(X, 0))],
    "log_softmax": [((X,), {"axis": -1}, np.log(softmax(X)))],
    "cumsum": [((X,), {"axis": 0}, X.cumsum(0)), ((X,), {"axis": None}, X.cumsum())],
    "dot": [((Y, Y), {}, Y @ Y)],
    "outer": [((Y, Y), {}, np.outer(Y, Y))],
    "trace": [((SQUARE,), {}, 9.0)],
    "transpose": [((X,), {"axes": None}, X.T), ((X,), {"axes": (0, 1)}, X)],
    "reshape": [((X,), {"shape": (3, -1)}, X.reshape(3, -1))],
    "concatenate": [(((X, Y[None]),), {"axis": 0}, np.concatenate([X, Y[None]]))],
    "stack": [(((Y, 2 * Y),), {"axis": 1}, np.stack([Y, 2 * Y], axis=1))],
    "squeeze": [((X[None],), {"axis": None}, X)],
    "expand_dims": [((X,), {"axis": 1}, X[:, None])],
    "broadcast_to": [((Y,), {"shape": (2, 3)}, np.broadcast_to(Y, (2, 3)))],
    "flip": [((X,), {"axis": 1}, X[:, ::-1])],
    "take": [((X, np.array([2, 0])), {"axis": 1}, X[:, [2, 0]]), ((X, np.array([5])), {"axis": None}, [X.ravel()[5]])],
    "diagonal": [((X,), {"offset": 1}, np.diagonal(X, 1))],
    "tril": [((X,), {"k": -1}, np.tril(X, -1))],
    "triu": [((SQUARE,), {"k": 0}, np.triu(SQUARE))],
    "det": [((SQUARE,), {}, np.linalg.det(SQUARE)), ((np.stack([SQUARE, 2 * SQUARE]),), {}, np.linalg.det(SQUARE) * np.array([1, 8]))],
    "inv": [((SQUARE,), {}, np.linalg.inv(SQUARE)), ((SQUARES,), {}, np.linalg.inv(SQUARES))],
    "solve": [((SQUARE, Y), {}, np.linalg.solve(SQUARE, Y)), ((SQUARE, X.T), {}, np.linalg.solve(SQUARE, X.T)),
              ((SQUARES, X.T), {}, np.linalg.solve(SQUARES, np.broadcast_to(X.T, (2, 1, 3, 2)))), ((SQUARES, Y), {}, np.linalg.solve(SQUARES, Y[:, None])[..., 0])],
    "cholesky": [((SQUARE,), {}, np.linalg.cholesky(SQUARE)), ((SQUARE + np.triu(SQUARE, 1) * 2,), {}, None),
                 ((SQUARES,), {}, np.linalg.cholesky(SQUARES))],
    "stop_gradient": [((X,), {}, X)],
    "zeros_like": [((X,), {}, X * 0)],
    "ones_like": [((X,), {}, X * 0 + 1)],
}  # fmt: skip
for name in ("exp", "expm1", "sin", "cos", "tan", "arctan", "sinh", "cosh", "tanh", "arcsinh"):
    CASES[name] = [((X,), {}, getattr(np, name)(X))]
for name in ("log", "log1p", "log2", "sqrt"):
    CASES[name] = [((P,), {}, getattr(np, name)(P))]
for name in ("arcsin", "arccos", "arctanh"):
    CASES[name] = [((U,), {}, getattr(np, name)(U))]
CASES["arccosh"] = [((P + 1,), {}, np.arccosh(P + 1))]


def evaluate(primitive, operands, options, dtype="float64"):
    arrays, nodes = {}, []

    def node(value):
        if isinstance(value, tuple):
            return Group(span=read("x").span, items=tuple(node(v) for v in value), type=TupleType(items=()))
        if isinstance(value, int | float):
            return number(value)
        name = f"x{len(arrays)}"
        arrays[name] = value
        return read(name)

    nodes = [node(value) for value in operands]
    kind = {"bool": "bool", "int": "int"}.get(PRIMITIVES[primitive].result)
    if kind is None:
        floats = [v for v in arrays.values() if np.asarray(v).dtype.kind == "f"]
        kind = "float" if floats or PRIMITIVES[primitive].result == "float" else "int"
    type_ = array_type(kind, dtype if kind == "float" else "int64" if kind == "int" else "bool")
    program = checked(apply(primitive, *nodes, type_=type_, **options), outputs=(("", type_),), dtype=dtype)
    (leaf,) = value_truth(program, tensors(**arrays))
    return leaf


@pytest.mark.parametrize("primitive", sorted(set(PRIMITIVES) - {"slogdet"}))
def test_a_primitive_has_numpys_value(primitive):
    for operands, options, value in CASES[primitive]:
        leaf = evaluate(primitive, operands, options)
        if value is None:
            continue
        assert leaf.high.shape == np.shape(value), (primitive, options)
        np.testing.assert_allclose(leaf.high, np.asarray(value, dtype=float), rtol=1e-13, atol=1e-15)
        assert (leaf.radius <= np.abs(leaf.high) * 2**-56 + 1e-300).all()


def test_every_primitive_of_the_catalogue_has_a_composition():
    assert set(PRIMITIVES) == set(COMPOSITIONS)
    assert set(CASES) | {"slogdet"} == set(PRIMITIVES)


def test_slogdet_is_a_pair():
    both = apply("slogdet", read("x"), type_=TupleType(items=(array_type(), array_type())))
    outputs = (("0", array_type()), ("1", array_type()))
    sign, log = value_truth(checked(both, outputs=outputs), tensors(x=-SQUARE))
    assert (sign.of, float(sign.high)) == ("0", -1.0)
    assert float(log.high) == pytest.approx(math.log(np.linalg.det(SQUARE)), rel=1e-14)


def test_cholesky_uses_the_symmetric_part():
    skewed = SQUARE + np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 0]])
    np.testing.assert_array_equal(evaluate("cholesky", (skewed,), {}).high, evaluate("cholesky", (SQUARE,), {}).high)


def fraction(leaf, index=()):
    return Fraction(float(leaf.high[index])) + Fraction(float(leaf.low[index]))


@pytest.mark.parametrize(
    ("primitive", "operands", "options", "value"),
    [
        ("divide", (np.array(1.0), np.array(3.0)), {}, Fraction(1, 3)),
        ("power", (np.array(0.1), 7), {}, Fraction(0.1) ** 7),
        (
            "sum",
            (np.array([1e16, 1.0, -1e16, 2**-60]),),
            {"axis": None, "keepdims": False},
            Fraction(1) + Fraction(1, 2**60),
        ),
        (
            "det",
            (np.array([[0.1, 0.2], [0.3, 0.7]]),),
            {},
            Fraction(0.1) * Fraction(0.7) - Fraction(0.2) * Fraction(0.3),
        ),
        ("remainder", (np.array(1e20), np.array(3.0)), {}, Fraction(10**20 % 3)),
        ("var", (np.array([1e8, 1e8 + 1, 1e8 + 2]),), {"axis": None, "ddof": 1, "keepdims": False}, Fraction(1)),
    ],
)
def test_rational_values_are_exact_to_the_second_part(primitive, operands, options, value):
    leaf = evaluate(primitive, operands, options)
    assert abs(fraction(leaf) - value) <= Fraction(float(leaf.radius))
    assert float(leaf.high) == float(value)


def test_identities_hold_between_primitives():
    x = np.linspace(-3, 3, 13)
    pairs = [
        (evaluate("expm1", (x,), {}), np.vectorize(math.expm1)(x)),
        (evaluate("tanh", (np.array([1e-30, 400.0, -400.0]),), {}), [1e-30, 1.0, -1.0]),
        (evaluate("sigmoid", (np.array([-800.0, 800.0, 0.0]),), {}), [0.0, 1.0, 0.5]),
        (evaluate("softplus", (np.array([-40.0, 1000.0]),), {}), [math.exp(-40), 1000.0]),
        (evaluate("gelu", (np.array([-30.0, 30.0]),), {}), [-30 * math.erfc(30 / math.sqrt(2)) / 2, 30.0]),
        (evaluate("logsumexp", (np.array([-np.inf, 3.0]),), {"axis": None, "keepdims": False}), 3.0),
        (evaluate("maximum", (np.array([-np.inf, 3.0]), 0.0), {}), [0.0, 3.0]),
    ]
    for leaf, value in pairs:
        np.testing.assert_allclose(leaf.high, value, rtol=1e-12, atol=1e-300)
