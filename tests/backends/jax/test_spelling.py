"""Every primitive's JAX text, run once on small inputs and held against NumPy and closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradcmp.backends.jax.spelling import SPELLING
from gradcmp.program.primitives import PRIMITIVES
from tests.backends.examples import EXAMPLES, M, N, S, T, X, Y, apply, spell

pytestmark = pytest.mark.frameworks


@pytest.fixture(scope="module")
def namespace() -> dict[str, Any]:
    pytest.importorskip("jax")
    from gradcmp.backends.base import Settings
    from gradcmp.backends.jax.backend import JaxBackend

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
    names, applied = apply(SPELLING, (primitive, operands, options, expected))
    text = spell(SPELLING, applied)
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
    assert spell(SPELLING, apply(SPELLING, (primitive, operands, options, expected))[1]) == text
