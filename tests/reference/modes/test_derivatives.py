"""The seven operators against derivatives known in closed form, to 50 digits; every primitive of the catalogue."""

# ruff: noqa: ARG005, PLC3002  # a table of closed forms, constant ones among them

from __future__ import annotations

import numpy as np
import pytest
from flint import arb
from mpmath import mp

from gradcmp.core.operators import Operator
from gradcmp.core.tensors import Tensor
from gradcmp.errors import Location
from gradcmp.program.check import check
from gradcmp.program.ir import ArrayType
from gradcmp.program.parse import parse
from gradcmp.program.primitives import PRIMITIVES
from gradcmp.reference.algebra import EvaluationError
from gradcmp.reference.algebras.balls import BallAlgebra
from gradcmp.reference.algebras.whole_numbers import WholeAlgebra
from gradcmp.reference.budget import Budget
from gradcmp.reference.language.arrays import Context
from gradcmp.reference.modes import derivatives
from gradcmp.reference.modes.derivatives import DerivativeProblem, derive
from gradcmp.reference.precision import at
from tests.reference.problems import problem
from tests.reference.soundness.checks import CHECKS, examine
from tests.reference.soundness.samples import Sample

mp.dps = 50

X = [0.375, 1.25, 2.75]
SQUARE = [[2.0, 0.5], [-0.25, 1.5]]


def ask(text, operator, inputs, *, dtype="float64", wrt=None, cotangents=None, tangents=None):
    """The derivative's arrays by (output, inputs), with the ties on the way, at 256 bits."""

    def tensors(values):
        return (
            None
            if values is None
            else {k: Tensor(dtype=dtype, array=np.asarray(v, dtype=dtype)) for k, v in values.items()}
        )

    held = {
        name: Tensor(dtype=str(np.asarray(v).dtype), array=np.asarray(v))
        if np.asarray(v).dtype.kind in "ib" and not isinstance(v, int | float)
        else Tensor(dtype=dtype, array=np.asarray(v, dtype=dtype))
        for name, v in inputs.items()
    }
    kinds = {"f": "float", "i": "int", "b": "bool"}
    leaves = {name: ArrayType(kind=kinds[t.array.dtype.kind], dtype=t.dtype, shape=t.shape) for name, t in held.items()}
    problem = DerivativeProblem(
        checked=check(parse(text, location=Location(file="test")), leaves, dtype=dtype),
        operator=Operator(operator),
        wrt=tuple(wrt or (name for name, t in held.items() if t.array.dtype.kind == "f")),
        inputs=held,
        cotangents=tensors(cotangents),
        tangents=tensors(tangents),
    )
    with at(256):
        return derive(problem, Context(floats=BallAlgebra(), wholes=WholeAlgebra(), dtype=dtype), Budget())


def matches(array, expected):
    """Every ball is around the closed form, and known to 45 digits."""
    items, numbers = array.data.ravel().tolist(), np.asarray(expected, dtype=object).ravel().tolist()
    assert array.data.shape == np.shape(np.asarray(expected, dtype=object))
    with at(256):
        for ball, number in zip(items, numbers, strict=True):
            assert ball.overlaps(arb(mp.mpf(number)) + arb(0, abs(arb(mp.mpf(number))) * 1e-48)), (ball, number)
            assert ball.rad() <= abs(ball) * 1e-45 + arb(10) ** -60, ball


# One variable: text → first and second derivative, over X element by element.
SMOOTH = {
    "exp(x)": (mp.exp, mp.exp),
    "expm1(2 * x)": (lambda x: 2 * mp.exp(2 * x), lambda x: 4 * mp.exp(2 * x)),
    "log(x)": (lambda x: 1 / x, lambda x: -1 / x**2),
    "log1p(x)": (lambda x: 1 / (1 + x), lambda x: -1 / (1 + x) ** 2),
    "log2(x)": (lambda x: 1 / (x * mp.ln2), lambda x: -1 / (x**2 * mp.ln2)),
    "sqrt(x)": (lambda x: 1 / (2 * mp.sqrt(x)), lambda x: -1 / (4 * mp.sqrt(x) ** 3)),
    "rsqrt(x)": (lambda x: -1 / (2 * mp.sqrt(x) ** 3), lambda x: 3 / (4 * mp.sqrt(x) ** 5)),
    "square(x)": (lambda x: 2 * x, lambda x: mp.mpf(2)),
    "reciprocal(x)": (lambda x: -1 / x**2, lambda x: 2 / x**3),
    "x / (1 + x)": (lambda x: 1 / (1 + x) ** 2, lambda x: -2 / (1 + x) ** 3),
    "x ** 5": (lambda x: 5 * x**4, lambda x: 20 * x**3),
    "x ** -2": (lambda x: -2 / x**3, lambda x: 6 / x**4),
    "x ** 2.5": (lambda x: mp.mpf(5) / 2 * mp.sqrt(x) ** 3, lambda x: mp.mpf(15) / 4 * mp.sqrt(x)),
    "x ** x": (lambda x: x**x * (1 + mp.ln(x)), lambda x: x**x * ((1 + mp.ln(x)) ** 2 + 1 / x)),
    "2 ** x": (lambda x: 2**x * mp.ln2, lambda x: 2**x * mp.ln2**2),
    "sin(x)": (mp.cos, lambda x: -mp.sin(x)),
    "cos(x)": (lambda x: -mp.sin(x), lambda x: -mp.cos(x)),
    "tan(x)": (lambda x: mp.sec(x) ** 2, lambda x: 2 * mp.sec(x) ** 2 * mp.tan(x)),
    "arcsin(x / 4)": (lambda x: 1 / mp.sqrt(16 - x**2), lambda x: x / mp.sqrt(16 - x**2) ** 3),
    "arccos(x / 4)": (lambda x: -1 / mp.sqrt(16 - x**2), lambda x: -x / mp.sqrt(16 - x**2) ** 3),
    "arctan(x)": (lambda x: 1 / (1 + x**2), lambda x: -2 * x / (1 + x**2) ** 2),
    "arctan2(x, 2)": (lambda x: 2 / (4 + x**2), lambda x: -4 * x / (4 + x**2) ** 2),
    "sinh(x)": (mp.cosh, mp.sinh),
    "cosh(x)": (mp.sinh, mp.cosh),
    "tanh(x)": (lambda x: mp.sech(x) ** 2, lambda x: -2 * mp.sech(x) ** 2 * mp.tanh(x)),
    "arcsinh(x)": (lambda x: 1 / mp.sqrt(1 + x**2), lambda x: -x / mp.sqrt(1 + x**2) ** 3),
    "arccosh(x + 1)": (lambda x: 1 / mp.sqrt(x * (x + 2)), lambda x: -(x + 1) / mp.sqrt(x * (x + 2)) ** 3),
    "arctanh(x / 4)": (lambda x: 4 / (16 - x**2), lambda x: 8 * x / (16 - x**2) ** 2),
    "erf(x)": (lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-(x**2)), lambda x: -4 * x / mp.sqrt(mp.pi) * mp.exp(-(x**2))),
    "lgamma(x)": (mp.digamma, lambda x: mp.psi(1, x)),
    "lgamma(-x)": (lambda x: -mp.digamma(-x), lambda x: mp.psi(1, -x)),
    "digamma(x)": (lambda x: mp.psi(1, x), lambda x: mp.psi(2, x)),
    "digamma(-x)": (lambda x: -mp.psi(1, -x), lambda x: mp.psi(2, -x)),
    "sigmoid(x)": (lambda x: mp.sech(x / 2) ** 2 / 4, lambda x: -mp.tanh(x / 2) * mp.sech(x / 2) ** 2 / 4),
    "softplus(x)": (lambda x: 1 / (1 + mp.exp(-x)), lambda x: mp.sech(x / 2) ** 2 / 4),
    "silu(-x)": (
        lambda x: (lambda s: -s * (1 - x * (1 - s)))(1 / (1 + mp.exp(x))),
        lambda x: (lambda s: s * (1 - s) * (2 - x * (1 - 2 * s)))(1 / (1 + mp.exp(x))),
    ),
    "gelu(x)": (lambda x: mp.ncdf(x) + x * mp.npdf(x), lambda x: (2 - x**2) * mp.npdf(x)),
    "relu(x) - 3 * relu(-x)": (lambda x: mp.mpf(1), lambda x: mp.mpf(0)),
    "elu(-x, alpha=2)": (lambda x: -2 * mp.exp(-x), lambda x: 2 * mp.exp(-x)),
    "leaky_relu(-x, negative_slope=0.25)": (lambda x: mp.mpf(-0.25), lambda x: mp.mpf(0)),
    "abs(-x) * x": (lambda x: 2 * x, lambda x: mp.mpf(2)),
    "x % 2 + x // 2": (lambda x: mp.mpf(1), lambda x: mp.mpf(0)),
    "clip(x, 0.5, 2) ** 2": (lambda x: 2 * x if 0.5 < x < 2 else mp.mpf(0), lambda x: mp.mpf(2 if 0.5 < x < 2 else 0)),
    "sign(x) * x + stop_gradient(x) * x": (lambda x: 1 + x, lambda x: mp.mpf(0)),
}  # fmt: skip


@pytest.mark.parametrize("text", sorted(SMOOTH))
def test_functions_of_one_variable_by_every_operator(text):
    first, second = ([f(mp.mpf(x)) for x in X] for f in SMOOTH[text])
    c, v = [1.0, -2.0, 0.5], [3.0, 0.25, -1.0]
    matches(
        ask(text, "vjp", {"x": X}, cotangents={"": c}).arrays["", ("x",)],
        [a * b for a, b in zip(first, c, strict=True)],
    )
    matches(
        ask(text, "jvp", {"x": X}, tangents={"x": v}).arrays["", ()], [a * b for a, b in zip(first, v, strict=True)]
    )
    matches(ask(text, "jacobian", {"x": X}).arrays["", ("x",)], _diagonal(first))
    total = f"sum({text})"
    matches(ask(total, "gradient", {"x": X}).arrays["", ("x",)], first)
    matches(
        ask(total, "hvp", {"x": X}, tangents={"x": v}).arrays["", ("x",)],
        [a * b for a, b in zip(second, v, strict=True)],
    )
    matches(ask(total, "hessian", {"x": X}).arrays["", ("x", "x")], _diagonal(second))


def _diagonal(items):
    return [[item if i == j else mp.mpf(0) for j in range(len(items))] for i, item in enumerate(items)]


def _softmax():
    weights = [mp.exp(x) for x in X]
    return [w / mp.fsum(weights) for w in weights]


S = _softmax()
NORM = mp.sqrt(mp.fsum(mp.mpf(x) ** 2 for x in X))
DET = mp.mpf(2.0) * mp.mpf(1.5) + mp.mpf(0.5) * mp.mpf(0.25)
ADJUGATE = [[mp.mpf(1.5), mp.mpf(-0.5)], [mp.mpf(0.25), mp.mpf(2)]]

# Several variables: text → inputs, gradient by input.
GRADIENTS = {
    "2 * dot(x, x)": ({"x": X}, {"x": [4 * mp.mpf(x) for x in X]}),
    "logsumexp(x)": ({"x": X}, {"x": S}),
    "log_softmax(x)[1]": ({"x": X}, {"x": [-S[0], 1 - S[1], -S[2]]}),
    "softmax(x)[0]": ({"x": X}, {"x": [S[0] * (1 - S[0]), -S[0] * S[1], -S[0] * S[2]]}),
    "norm(x)": ({"x": X}, {"x": [x / NORM for x in X]}),
    "norm(x) ** 2 / 2 - x.norm() * norm(x) / 2 + prod(x)": ({"x": X}, {"x": [mp.mpf(1.25) * 2.75, mp.mpf(0.375) * 2.75, mp.mpf(0.375) * 1.25]}),
    "prod(x)": ({"x": [0.0, 2.0, 3.0]}, {"x": [6, 0, 0]}),
    "var(x, ddof=1)": ({"x": [1.0, 2.0, 6.0]}, {"x": [-2, -1, 3]}),
    "std(x, ddof=0)": ({"x": [-1.0, 1.0]}, {"x": [-0.5, 0.5]}),
    "max(x) + 10 * min(x)": ({"x": X}, {"x": [10, 0, 1]}),
    "mean(cumsum(x))": ({"x": X}, {"x": [1, mp.mpf(2) / 3, mp.mpf(1) / 3]}),
    "sum(outer(x, y))": ({"x": [1.0, 2.0], "y": [3.0, 4.0]}, {"x": [7, 7], "y": [3, 3]}),
    "det(M)": ({"M": SQUARE}, {"M": [[1.5, 0.25], [-0.5, 2.0]]}),
    "det(M) + 0": ({"M": [[1.0, 2.0], [2.0, 4.0]]}, {"M": [[4, -2], [-2, 1]]}),
    "slogdet(M)[1]": ({"M": SQUARE}, {"M": [[ADJUGATE[j][i] / DET for j in range(2)] for i in range(2)]}),
    "trace(inv(M))": ({"M": [[2.0, 0.0], [0.0, 4.0]]}, {"M": [[-0.25, 0], [0, -0.0625]]}),
    "sum(solve(M, x))": ({"M": [[2.0, 0.0], [0.0, 4.0]], "x": [6.0, 8.0]}, {"M": [[-1.5, -1], [-0.75, -0.5]], "x": [0.5, 0.25]}),
    "sum(cholesky(M))": ({"M": [[4.0, 0.0], [0.0, 16.0]]}, {"M": [[0.25, 0.25], [0.25, 0.125]]}),
    "sum(det(M))": ({"M": [SQUARE, [[1.0, 2.0], [2.0, 4.0]]]}, {"M": [[[1.5, 0.25], [-0.5, 2.0]], [[4, -2], [-2, 1]]]}),
    "sum(slogdet(M)[1] * x)": ({"M": [SQUARE, SQUARE], "x": [1.0, 2.0]}, {"M": [[[k * ADJUGATE[j][i] / DET for j in range(2)] for i in range(2)] for k in (1, 2)], "x": [mp.log(DET)] * 2}),
    "sum(trace(inv(M)))": ({"M": [[[[2.0, 0.0], [0.0, 4.0]]], [[[1.0, 0.0], [0.0, 0.5]]]]}, {"M": [[[[-0.25, 0], [0, -0.0625]]], [[[-1, 0], [0, -4]]]]}),
    "sum(solve(M, x)) + 0": ({"M": [[[2.0, 0.0], [0.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]]], "x": [[6.0], [8.0]]},
                             {"M": [[[-1.5, -1], [-0.75, -0.5]], [[-6, -8], [-6, -8]]], "x": [[1.5], [1.25]]}),
    "sum(cholesky(M)) + 0": ({"M": [[[4.0, 0.0], [0.0, 16.0]], [[1.0, 0.0], [0.0, 4.0]]]}, {"M": [[[0.25, 0.25], [0.25, 0.125]], [[0.5, 0.5], [0.5, 0.25]]]}),
    "sum(a @ b)": ({"a": [[SQUARE], [SQUARE]], "b": [[[1.0], [2.0]], [[3.0], [4.0]], [[5.0], [6.0]]]},
                   {"a": [[[[9, 12], [9, 12]]]] * 2, "b": [[[3.5], [4.0]]] * 3}),
    "sum(M @ b)": ({"M": SQUARE, "b": [[[1.0], [2.0]], [[3.0], [4.0]]]}, {"M": [[4, 6], [4, 6]], "b": [[[1.75], [2.0]]] * 2}),
    "sum(b @ M)": ({"M": SQUARE, "b": [[[1.0, 2.0]], [[3.0, 4.0]]]}, {"M": [[4, 4], [6, 6]], "b": [[[2.5, 1.25]]] * 2}),
    "a @ x @ a": ({"a": [1.0, 2.0], "x": SQUARE}, {"a": [2 * 2.0 + 2 * 0.25, 2 * 1.5 * 2 + 0.25], "x": [[1, 2], [2, 4]]}),
    "trace(tril(M) @ triu(M).T) + sum(diagonal(M))": ({"M": SQUARE}, {"M": [[5, 0], [0, 4]]}),
    "sum(take(x, i) * stack([x, flip(x)])[1][0])": ({"x": [2.0, 3.0], "i": np.array([1, 1])}, {"x": [0, 12]}),
    "sum(concatenate([x, x])[1:3] * reshape(squeeze(expand_dims(x, axis=0)), shape=(2,)))": ({"x": [2.0, 3.0]}, {"x": [6, 4]}),
    "sum(transpose(M)[0] * broadcast_to(x, shape=(2,))) + sum(zeros_like(M) + ones_like(M))": ({"M": SQUARE, "x": 3.0}, {"M": [[3, 0], [3, 0]], "x": 1.75}),
    "sum(where((x > 0.5) and not (x >= 2) or x == 9 or x != x, x * x, minimum(x, maximum(x, 1))))": ({"x": X}, {"x": [1, 2.5, 1]}),
    "(x if any(x < 1) and all(x <= 3) else -x)[0]": ({"x": X}, {"x": [1, 0, 0]}),
    "sum(x + y - x * y / 2)": ({"x": [1.0], "y": [3.0]}, {"x": [-0.5], "y": [0.5]}),
}  # fmt: skip


@pytest.mark.parametrize("text", sorted(GRADIENTS))
def test_functions_of_several_variables(text):
    inputs, expected = GRADIENTS[text]
    found = ask(text, "gradient", inputs).arrays
    assert {wrt for _, (wrt,) in found} == set(expected)
    for name, gradient in expected.items():
        matches(found["", (name,)], gradient)


def test_every_primitive_of_the_catalogue_is_differentiated_here():
    """A new primitive needs a closed form in a table above."""
    seen = set()
    for text in (*SMOOTH, *(GRADIENTS)):
        inputs = GRADIENTS[text][0] if text in GRADIENTS else {"x": X}
        seen |= _primitives(text, inputs)
    assert set(PRIMITIVES) - seen == set()


def _primitives(text, inputs):
    kinds = {"f": "float", "i": "int"}
    leaves = {
        name: ArrayType(kind=kinds[np.asarray(v).dtype.kind], dtype=str(np.asarray(v).dtype), shape=np.shape(v))
        for name, v in inputs.items()
    }
    found, stack = set(), [check(parse(text, location=Location(file="test")), leaves, dtype="float64").body]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple | list):
            stack += node
        elif hasattr(node, "__dataclass_fields__"):
            found |= {node.primitive} if hasattr(node, "primitive") else set()
            stack += [getattr(node, name) for name in node.__dataclass_fields__]
    return found


@pytest.mark.parametrize("text", [*sorted(SMOOTH), *sorted(GRADIENTS)])
def test_the_checks_of_the_fuzz_hold_for_the_closed_forms(text):
    inputs = GRADIENTS[text][0] if text in GRADIENTS else {"x": X}
    if any(np.asarray(v).dtype.kind == "i" for v in inputs.values()):
        pytest.skip("a sample has floats alone")
    findings = examine(Sample(text=text, inputs=inputs), set(CHECKS) - {"second"})
    assert not findings.misses
    assert {"64 bits", "duals", "operators", "series"} <= set(findings.looked), findings


# Outside the domain -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "x"),
    [("log(x)", -1.0), ("log1p(x)", -3.0), ("arctanh(x)", -3.0), ("arccosh(x)", -3.0), ("arccosh(x)", 0.5),
     ("sqrt(x)", -1.0), ("rsqrt(x)", 0.0), ("arcsin(x)", 2.0), ("x ** 0.5", -1.0), ("lgamma(x)", -2.0), ("1 / x", 0.0)],
)  # fmt: skip
def test_there_is_no_derivative_where_there_is_no_value(text, x):
    assert not ask(text, "gradient", {"x": x}).arrays["", ("x",)].data.item().is_finite()
    assert not ask(text, "jvp", {"x": x}).arrays["", ()].data.item().is_finite()


@pytest.mark.parametrize(
    ("text", "x"),
    [("where(x > 0, log(x), 0)", 0.0), ("where(x > 0, log(x), 0)", -1.0), ("where(x > 0, sqrt(x), 0)", -1.0),
     ("where(x == 0, 1, sin(x) / x)", 0.0), ("where(x != 0, 1 / x, 0)", 0.0), ("where(x > 0, x ** 0.5, 0)", -1.0)],
)  # fmt: skip
def test_a_masked_branch_leaves_nothing_behind(text, x):
    assert ask(text, "gradient", {"x": x}).arrays["", ("x",)].data.item() == 0


# The operators' shapes, seeds and outputs ---------------------------------------------------------------------


def test_several_outputs():
    text, inputs = "return x * y, sum(x) * y", {"x": [1.0, 2.0], "y": 3.0}
    jacobian = ask(text, "jacobian", inputs).arrays
    matches(jacobian["0", ("x",)], [[3, 0], [0, 3]])
    matches(jacobian["0", ("y",)], [1, 2])
    matches(jacobian["1", ("x",)], [3, 3])
    matches(jacobian["1", ("y",)], 3)
    pulled = ask(text, "vjp", inputs, cotangents={"0": [1.0, 10.0], "1": 100.0}).arrays
    matches(pulled["", ("x",)], [303, 330])
    matches(pulled["", ("y",)], 321)
    pushed = ask(text, "jvp", inputs, tangents={"x": [1.0, 0.0], "y": 2.0}).arrays
    matches(pushed["0", ()], [5, 4])
    matches(pushed["1", ()], 9)
    assert set(ask(text, "value", inputs).arrays) == {("0", ()), ("1", ())}


def test_seeds_are_ones_unless_given():
    matches(ask("x * x", "vjp", {"x": X}).arrays["", ("x",)], [2 * mp.mpf(x) for x in X])
    matches(ask("sum(x * y)", "jvp", {"x": X, "y": X}, wrt=["x"]).arrays["", ()], mp.fsum(X))
    matches(ask("sum(x * x * y)", "hvp", {"x": [1.0], "y": [2.0]}).arrays["", ("x",)], [6])


def test_a_hessian_has_a_block_for_every_pair():
    blocks = ask("sum(M @ x) * x[0]", "hessian", {"M": SQUARE, "x": [1.0, 3.0]}).arrays
    assert {key: array.data.shape for (_, key), array in blocks.items()} == {
        ("M", "M"): (2, 2, 2, 2),
        ("M", "x"): (2, 2, 2),
        ("x", "M"): (2, 2, 2),
        ("x", "x"): (2, 2),
    }
    matches(blocks["", ("x", "x")], [[3.5, 2], [2, 0]])
    matches(blocks["", ("x", "M")], [[[2, 3], [2, 3]], [[0, 1], [0, 1]]])
    matches(blocks["", ("M", "M")], np.zeros((2, 2, 2, 2)))


def test_a_hessian_and_a_jacobian_walk_the_program_once():
    class Counting(BallAlgebra):
        exponentials = 0

        def elementwise(self, name, *operands):
            self.exponentials += name == "exp"
            return super().elementwise(name, *operands)

    for operator, text in (("hessian", "sum(exp(x))"), ("jacobian", "exp(x)")):
        algebra = Counting()
        context = Context(floats=algebra, wholes=WholeAlgebra(), dtype="float64")
        found = derive(problem(text, operator, x=X), context, Budget()).arrays
        assert [array.data.shape for array in found.values()] == [(3, 3)]
        assert algebra.exponentials == 1


def numbers(array):
    return np.vectorize(float)(array.data)


def test_the_hessians_of_many_inputs():
    """diag(eˣ) + 4 (x·x) I + 8 x xᵀ, diag(s) - s sᵀ for s = softmax(x), and a + aᵀ."""
    random = np.random.default_rng(0)
    x, a = random.standard_normal(60), random.standard_normal((60, 60))
    s = np.exp(x) / np.exp(x).sum()
    closed = {
        "sum(exp(x)) + dot(x, x) ** 2": np.diag(np.exp(x) + 4 * x @ x) + 8 * np.outer(x, x),
        "logsumexp(x)": np.diag(s) - np.outer(s, s),
        "dot(x, a @ x)": a + a.T,
    }
    for text, hessian in closed.items():
        found = ask(text, "hessian", {"x": x, "a": a}, wrt=["x"]).arrays["", ("x", "x")]
        np.testing.assert_allclose(numbers(found), hessian, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("at_once", [1, 13, 10**6])
def test_rows_are_the_same_however_many_go_back_at_once(at_once, monkeypatch):
    monkeypatch.setattr(derivatives, "AT_ONCE", at_once)
    inputs = {"x": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], "y": [2.0, 3.0, 5.0]}
    jacobian = ask("x * y, sum(x[0] * y * y)", "jacobian", inputs).arrays
    rows = np.zeros((2, 3, 2, 3))
    for i, j in np.ndindex(2, 3):
        rows[i, j, i, j] = inputs["y"][j]
    assert numbers(jacobian["0", ("x",)]).tolist() == rows.tolist()
    assert numbers(jacobian["0", ("y",)]).tolist() == [np.diag(row).tolist() for row in inputs["x"]]
    assert numbers(jacobian["1", ("x",)]).tolist() == [[4, 9, 25], [0, 0, 0]]
    assert numbers(jacobian["1", ("y",)]).tolist() == [4, 12, 30]


# Steps whose way back a batch of cotangents takes another way than one.
IN_BATCHES = {
    "solve(a, b)": {"a": SQUARE, "b": [[1.0], [2.0]]},
    "inv(a) @ b": {"a": [SQUARE, [[3.0, 1.0], [0.5, -2.0]]], "b": [[1.0, -1.0], [2.0, 0.5]]},
    "solve(a, b) @ a": {"a": [SQUARE, [[3.0, 1.0], [0.5, -2.0]]], "b": [[1.0, -1.0], [2.0, 0.5]]},
    "det(a)": {"a": [SQUARE, [[1.0, 2.0], [2.0, 4.0]]]},
    "cumsum(a, axis=1) * b": {"a": SQUARE, "b": 3.0},
    "take(a, i, axis=0) * b": {"a": SQUARE, "b": [1.0, 2.0], "i": np.array([1, 0, 1])},
    "concatenate([a[0], b, a[1] * b]) ** 3": {"a": SQUARE, "b": [1.0, 2.0]},
    "maximum(a, b) * abs(a) + a // 3": {"a": SQUARE, "b": [1.0, 1.25]},
    "broadcast_to(b, shape=(3, 2)) @ a": {"a": SQUARE, "b": [1.0, 2.0]},
    "max(a) + mean(a * b, axis=0, keepdims=True)": {"a": SQUARE, "b": [1.0, 2.0]},
}


@pytest.mark.parametrize("text", sorted(IN_BATCHES))
def test_a_jacobian_has_the_rows_of_the_products_with_it(text):
    inputs = IN_BATCHES[text]
    jacobian = ask(text, "jacobian", inputs).arrays
    outer = numbers(ask(text, "value", inputs).arrays["", ()]).shape
    for place in np.ndindex(outer):
        unit = np.zeros(outer)
        unit[place] = 1.0
        for key, row in ask(text, "vjp", inputs, cotangents={"": unit}).arrays.items():
            np.testing.assert_allclose(numbers(jacobian["", key[1]])[place], numbers(row), rtol=1e-15, atol=1e-300)


@pytest.mark.parametrize("text", sorted(IN_BATCHES))
def test_a_hessian_has_the_products_with_it_for_rows(text):
    text, inputs = f"sum(({text}) ** 2)", IN_BATCHES[text]
    wrt = [name for name in inputs if name != "i"]
    hessian = ask(text, "hessian", inputs, wrt=wrt).arrays
    for path in wrt:
        for place in np.ndindex(np.shape(inputs[path])):
            tangents = {name: np.zeros(np.shape(inputs[name])) for name in wrt}
            tangents[path][place] = 1.0
            for key, row in ask(text, "hvp", inputs, wrt=wrt, tangents=tangents).arrays.items():
                block = numbers(hessian["", (path, *key[1])])
                np.testing.assert_allclose(block[place], numbers(row), rtol=1e-15, atol=1e-300)


def test_several_numbers_have_a_gradient_each():
    found = ask("sum(x), dot(x, x) * y", "gradient", {"x": [1.0, 2.0], "y": 3.0}).arrays
    assert {key: numbers(array).tolist() for key, array in found.items()} == {
        ("0", ("x",)): [1, 1],
        ("0", ("y",)): 0,
        ("1", ("x",)): [6, 12],
        ("1", ("y",)): 5,
    }


def test_a_vector_has_no_gradient():
    with pytest.raises(EvaluationError, match="no scalar"):
        ask("x * 2", "gradient", {"x": X})


def test_an_input_that_is_not_used_has_the_derivative_zero():
    matches(ask("sum(x)", "gradient", {"x": X, "y": [1.0, 2.0]}).arrays["", ("y",)], [0, 0])


def test_stop_gradient_is_a_constant_for_every_operator():
    text = "sum(x * stop_gradient(x))"
    matches(ask(text, "gradient", {"x": [3.0]}).arrays["", ("x",)], [3])
    matches(ask(text, "hvp", {"x": [3.0]}).arrays["", ("x",)], [0])
    matches(ask("x * x.detach()", "jvp", {"x": 3.0}).arrays["", ()], 3)


def test_literals_are_the_decimals_that_are_written():
    for dtype in ("float32", "float64"):
        matches(ask("0.1 * x", "gradient", {"x": 1.0}, dtype=dtype).arrays["", ("x",)], "0.1")


def test_ties_are_counted_where_a_derivative_passes_them():
    assert not ask("sum(abs(x))", "gradient", {"x": X}).ties
    assert ask("sum(abs(x))", "gradient", {"x": [0.0, 1.0, 0.0]}).ties.selections == 2
    assert (
        ask("sum(abs(x))", "jvp", {"x": [0.0, 1.0, 0.0]}).ties
        or ask("sum(abs(x))", "jvp", {"x": [0.0]}).ties is not None
    )
    assert ask("x if x > 0 else 2 * x", "gradient", {"x": 0.0}).ties.comparisons == 1
    assert not ask("0 * abs(x) + x", "gradient", {"x": 0.0}).ties
    assert ask("x // 1 * x", "gradient", {"x": 2.0}).ties.comparisons == 1
    assert ask("sum(abs(x))", "hvp", {"x": [0.0]}).ties.selections


def test_a_loop_is_followed_to_its_exact_end():
    text = (
        "b = a * 2\nwhile norm(b) < 1000:\n    b = b * 2\nif sum(b) > 0:\n    c = b\nelse:\n    c = 100 * b\nreturn c"
    )
    matches(ask(text, "gradient", {"a": 0.7}).arrays["", ("a",)], 2048)
    matches(ask(text, "gradient", {"a": -0.7}).arrays["", ("a",)], 204800)
