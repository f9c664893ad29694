"""Every primitive's PyTorch text, run once on small inputs and held against NumPy and closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradcmp.backends.torch.idioms import IDIOMS
from gradcmp.backends.torch.spelling import SPELLING
from gradcmp.core.formats import DTYPES
from gradcmp.core.operators import PROTOCOLS
from gradcmp.program.primitives import PRIMITIVES
from gradcmp.program.spelling import Application, Fragment
from tests.backends.examples import EXAMPLES, SS, B, M, N, S, T, X, Y, apply, spell

pytestmark = [
    pytest.mark.frameworks,
    pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning"),  # PyTorch's own forward mode
]

OWN: list[tuple[str, tuple[Any, ...], dict[str, Any], Any]] = [
    ("matmul", (M, N), {}, M @ N), ("solve", (S, np.array([6, 8])), {}, [1.0, 2.0]),
    ("outer", (N, X), {}, np.outer(N, X)),
    ("dot", (N, N), {}, N @ N), ("arctan2", (X, 2.0), {}, np.arctan2(X, 2.0)),
    ("arctan2", (N, 2), {}, np.arctan2(N, 2)),
    ("maximum", (N, 2), {}, np.maximum(N, 2)), ("clip", (X, Y, 0.5), {}, np.clip(X, Y, 0.5)),
    ("clip", (N, 2, 3), {}, np.clip(N, 2, 3)), ("logical_and", (B, True), {}, B), ("where", (True, X, Y), {}, X),
    ("power", (N, 0.5), {}, N**0.5), ("power", (N, 2), {}, N**2), ("divide", (1, N), {}, 1 / N),
    ("prod", (T,), {"axis": None, "keepdims": True}, T.prod(keepdims=True)),
    ("prod", (T,), {"axis": (0, -1), "keepdims": True}, T.prod((0, -1), keepdims=True)),
    ("prod", (N.astype("int8"),), {"axis": 0, "keepdims": False}, np.int8(6)),
    ("sum", (np.full((), 2.0),), {"axis": None, "keepdims": True}, 2.0),
    ("max", (N,), {"axis": None, "keepdims": True}, [3]), ("any", (B,), {"axis": None, "keepdims": True}, [True]),
    ("std", (X,), {"axis": None, "ddof": 0, "keepdims": True}, np.std(X, keepdims=True)),
    ("var", (N,), {"axis": 0, "ddof": 1, "keepdims": False}, 1.0),
    ("logsumexp", (np.ones(()),), {"axis": None, "keepdims": False}, 1.0),
    ("cumsum", (X,), {"axis": None}, X.cumsum()), ("softmax", (N,), {"axis": -1}, np.exp(N) / np.exp(N).sum()),
    ("transpose", (X,), {"axes": None}, X), ("transpose", (T,), {"axes": None}, T.T),
    ("trace", (N[:1, None].astype("int32"),), {}, np.int32(1)),
    ("take", (M, np.array(1)), {"axis": 1}, M[:, 1]),
    ("take", (M, np.array([[0, 2], [1, 1]])), {"axis": 1}, M[:, [[0, 2], [1, 1]]]),
    ("take", (T, np.array([[0, 2]])), {"axis": -2}, T[:, [[0, 2]]]),
    ("take", (M, np.array([1], "int32")), {"axis": 0}, M[[1]]),
    ("take", (X, np.array([1, 0, 1], "uint8")), {"axis": None}, X[[1, 0, 1]]),
    ("take", (M, 2), {"axis": -1}, M[:, 2]),
    ("expand_dims", (X,), {"axis": (0, -1)}, X[None, :, None]), ("expand_dims", (2.0,), {"axis": 0}, [2.0]),
    ("broadcast_to", (0.5,), {"shape": (2, 3)}, np.full((2, 3), 0.5)),
    ("squeeze", (M[:1, :, None],), {"axis": (0, 2)}, M[0]),
    ("flip", (T,), {"axis": (0, 2)}, T[::-1, :, ::-1]), ("stack", ([N, N],), {"axis": 1}, np.stack([N, N], 1)),
    ("stack", ([np.array(4), 2],), {"axis": 0}, [4, 2]), ("stop_gradient", (2.5,), {}, 2.5),
    ("concatenate", ([X, N],), {"axis": 0}, np.r_[X, N]), ("zeros_like", (N,), {}, 0 * N),
    ("lgamma", (N,), {}, np.log([1.0, 1.0, 2.0])), ("diagonal", (T,), {"offset": 0}, np.diagonal(T, 0, -2, -1)),
]  # fmt: skip

ALL = [*EXAMPLES, *OWN]
FORMATS = {"float32": 2e-6, "float64": 1e-13}


@pytest.fixture(scope="module")
def namespace() -> dict[str, Any]:
    pytest.importorskip("torch")
    space: dict[str, Any] = {}
    exec("\n".join([*SPELLING.imports, *SPELLING.prelude.values()]), space)
    return space


@pytest.mark.parametrize("ranked", [True, False], ids=["ranked", "unranked"])
@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("example", ALL, ids=[f"{i}-{e[0]}" for i, e in enumerate(ALL)])
def test_value_and_dtype(namespace: dict[str, Any], example: Any, dtype: str, *, ranked: bool) -> None:
    names, applied = apply(SPELLING, example, dtype, ranked=ranked)
    text = spell(SPELLING, applied)
    torch = namespace["torch"]
    arrays = {
        name: torch.from_numpy(np.array(a, dtype if a.dtype.kind == "f" else a.dtype)) for name, a in names.items()
    }
    got = eval(text, {**namespace, **arrays})
    expected = example[3]
    if isinstance(got, int | float):  # `stop_gradient` of a number is the number
        got = torch.tensor(got, dtype=getattr(torch, dtype))
    for one, truth in zip(got, expected, strict=True) if isinstance(expected, tuple) else [(got, expected)]:
        if ranked or applied.primitive not in {"expand_dims", "prod"}:
            assert tuple(one.shape) == np.shape(truth), text
        assert str(one.dtype).removeprefix("torch.") == applied.result.dtype, text
        np.testing.assert_allclose(one.numpy(), truth, rtol=FORMATS[dtype], atol=FORMATS[dtype], err_msg=text)


def test_every_primitive_has_a_spelling_and_an_example() -> None:
    pythons_own = {"negative", "less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}
    assert set(PRIMITIVES) - set(SPELLING.primitives) == pythons_own
    assert set(SPELLING.primitives) <= set(PRIMITIVES)
    assert set(PRIMITIVES) - {name for name, *_ in ALL} == pythons_own
    assert not SPELLING.absent


def test_every_dtype_has_a_spelling_and_every_protocol_an_idiom() -> None:
    assert set(SPELLING.dtypes) == set(DTYPES)
    assert set(IDIOMS) == set(PROTOCOLS)


@pytest.mark.parametrize(
    ("example", "text"),
    [
        (("dot", (X, Y), {}, 0.0), "torch.dot(a0, a1)"),
        (("norm", (X,), {"axis": None, "keepdims": False}, 0.0), "torch.linalg.vector_norm(a0)"),
        (("sum", (T,), {"axis": None, "keepdims": False}, 0.0), "torch.sum(a0)"),
        (("sum", (T,), {"axis": 0, "keepdims": True}, 0.0), "torch.sum(a0, dim=0, keepdim=True)"),
        (("sum", (T,), {"axis": None, "keepdims": True}, 0.0), "torch.sum(a0, dim=(0, 1, 2), keepdim=True)"),
        (("var", (X,), {"axis": None, "ddof": 1, "keepdims": False}, 0.0), "torch.var(a0, correction=1)"),
        (("logsumexp", (M,), {"axis": None, "keepdims": False}, 0.0), "torch.logsumexp(a0, dim=(0, 1))"),
        (("maximum", (X, 0.5), {}, X), "torch.maximum(a0, torch.tensor(0.5, dtype=torch.float32))"),
        (("maximum", (N, 2), {}, N), "torch.maximum(a0, torch.tensor(2, dtype=torch.int64))"),
        (("where", (B, X, 0.5), {}, X), "torch.where(a0, a1, 0.5)"),
        (("multiply", (2, X), {}, X), "2 * a0"),
        (("multiply", (N, 0.5), {}, X), "a0.to(torch.float32) * 0.5"),
        (("sqrt", (N,), {}, X), "torch.sqrt(a0.to(torch.float32))"),
        (("transpose", (M,), {"axes": None}, M), "a0.T"),
        (("transpose", (X,), {"axes": None}, X), "a0"),
        (("gelu", (X,), {}, X), "torch.nn.functional.gelu(a0)"),
        (("leaky_relu", (X,), {"negative_slope": 0.01}, X), "torch.nn.functional.leaky_relu(a0)"),
        (("reshape", (M,), {"shape": (3, -1)}, M), "torch.reshape(a0, (3, -1))"),
        (("take", (M, N), {"axis": 0}, M), "torch.index_select(a0, 0, a1)"),
        (("solve", (S, S), {}, S), "torch.linalg.solve(a0, a0)"),
        (("solve", (S, X[:2]), {}, X), "torch.linalg.solve(a0, a1)"),
        (("solve", (SS, SS[1]), {}, SS), "torch.linalg.solve(a0, a1[None])"),
        (("cholesky", (S,), {}, S), "torch.linalg.cholesky((a0 + a0.mT) / 2)"),
        (("stop_gradient", (X,), {}, X), "a0.detach()"),
    ],
)
def test_text_is_what_one_would_write(example: Any, text: str) -> None:
    assert spell(SPELLING, apply(SPELLING, example)[1]) == text


def test_cholesky_names_an_expression_once(namespace: dict[str, Any]) -> None:
    _, applied = apply(SPELLING, ("cholesky", (S,), {}, S))
    expression = Fragment("a0 @ a0.T", atomic=False)
    whole = Application(**{**{name: getattr(applied, name) for name in applied.__slots__}, "operands": (expression,)})
    text = spell(SPELLING, whole)
    assert text == "torch.linalg.cholesky(symmetric_part(a0 @ a0.T))"
    a0 = namespace["torch"].from_numpy(S)
    np.testing.assert_allclose(eval(text, {**namespace, "a0": a0}).numpy(), np.linalg.cholesky(S @ S.T))


def test_forward_and_reverse_mode_agree_on_cholesky(namespace: dict[str, Any]) -> None:
    """Without the symmetric part they do not: PyTorch's forward mode reads the lower triangle of the tangent."""
    torch = namespace["torch"]
    a0 = torch.tensor([[4.0, 1.0], [1.0, 3.0]], dtype=torch.float64)
    body = eval(f"lambda a0: {spell(SPELLING, apply(SPELLING, ('cholesky', (S,), {}, S))[1])}", namespace)
    forward, reverse = torch.func.jacfwd(body)(a0), torch.func.jacrev(body)(a0)
    np.testing.assert_allclose(forward.numpy(), reverse.numpy(), atol=1e-15)
    plain = torch.linalg.cholesky
    assert not torch.allclose(torch.func.jacfwd(plain)(a0), torch.func.jacrev(plain)(a0))
