"""Lowered text, with a small spelling table of its own."""

from __future__ import annotations

import ast
from dataclasses import replace

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcmp.errors import UsageError
from gradcmp.program.lower import CannotLower, lower
from tests.program.language import NOTEBOOK, SPELLING, body, checked, floating

BOUNDED = replace(SPELLING, loop_bound="bound({max_iterations})", cast="np.asarray({value}).astype({dtype})")


def test_the_whole_text_of_the_notebooks_function():
    lowered = lower(checked(NOTEBOOK, leaves={"a": floating()}), SPELLING, lowering="python")
    assert (lowered.entry, lowered.finished) == ("f", False)
    assert lowered.source == (
        "import numpy as np\n\n\n"
        "def norm(x):\n    return np.sqrt(total(x * x))\n\n\n"
        "def total(x):\n    return np.sum(x)\n\n\n"
        "def f(a):\n"
        "    b = a * 2\n"
        "    while norm(b) < 1000:\n"
        "        b = b * 2\n"
        "    if np.sum(b, axis=None, keepdims=False) > 0:\n"
        "        c = b\n"
        "    else:\n"
        "        c = 100 * b\n"
        "    return c\n"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x + a - x", "return x + a - x"),
        ("x - (a - x)", "return x - (a - x)"),
        ("(x + a) * x", "return (x + a) * x"),
        ("-x ** 2", "return -x ** 2"),
        ("(-x) ** 2", "return (-x) ** 2"),
        ("x ** -a", "return x ** -a"),
        ("(x ** a) ** a", "return (x ** a) ** a"),
        ("x ** a ** a", "return x ** a ** a"),
        ("x * -2", "return x * -2"),
        ("x / (a * a)", "return x / (a * a)"),
        ("where(x < a, x, a)", "return np.where(x < a, x, a)"),
        ("x < a + 1", "return x < a + 1"),
        ("0 < x < 1", "return np.logical_and(0 < x, x < 1)"),
        ("not x > a", "return np.logical_not(x > a)"),
        ("(x + a).T", "return (x + a).T"),
        ("x.T", "return x.T"),
        ("2 * rsqrt(x)", "return 2 * (1 / np.sqrt(x))"),
        ("rsqrt(x) + 1", "return 1 / np.sqrt(x) + 1"),
        ("(x + a)[1:, None][..., 0]", "return (x + a)[1:, None][..., 0]"),
        ("x[::2]", "return x[::2]"),
        ("params.dense.kernel @ x", 'return params["dense"]["kernel"] @ x'),
        ("x if a > 0 else -x", "return x if a > 0 else -x"),
        ("(x if a > 0 else -x) + 1", "return (x if a > 0 else -x) + 1"),
        ("x, a", "return x, a"),
        ("(x,)", "return (x,)"),
        ("{'y': x, 'z': a}", 'return {"y": x, "z": a}'),
        ("1", "return np.array(1.0, dtype=np.float32)"),
        ("x * 1e39", "return x * 1e+39"),
        ("x * inf", 'return x * float("inf")'),
        ("x * -inf", 'return x * -float("inf")'),
        ("maximum(x, 0)", "return np.maximum(x, np.array(0, dtype=np.float32))"),
        ("concatenate([x, x])", "return np.concatenate([x, x])"),
        ("u, v = x, a\nreturn u + v", "u, v = x, a\nreturn u + v"),
        ("y = (x, a)\nreturn y[0]", "y = (x, a)\nreturn y[0]"),
        ("for j in range(3):\n    x = x * j\nreturn x", "for j in range(3):\n    x = x * j\nreturn x"),
        ("for j in range(5, 0, -2):\n    x = x * j\nreturn x", "for j in range(5, 0, -2):\n    x = x * j\nreturn x"),
        (
            "if a > 1:\n    y = x\nelif a > 0:\n    y = -x\nelse:\n    y = 2 * x\nreturn y",
            "if a > 1:\n    y = x\nelif a > 0:\n    y = -x\nelse:\n    y = 2 * x\nreturn y",
        ),
        ("if a > 1:\n    return x\nreturn -x", "if a > 1:\n    return x\nelse:\n    return -x"),
        ("k = 3\nif a > 1:\n    k = 3\nreturn x * k", "if a > 1:\n    pass\nreturn x * 3"),
    ],
)
def test_text(text, expected):
    assert body(text) == expected


def test_names_that_clash_are_moved():
    leaves = {"np": floating(), "norm": floating(), "range": floating(), "lambda": floating(), "my-input": floating()}
    source = lower(
        checked("def np(np, norm, range):\n    np_ = norm + 1\n    return np_ * np", leaves=leaves),
        SPELLING,
        lowering="python",
    ).source
    assert "def np_(np_, norm_, range_, lambda_, my_input):\n    np__ = norm_ + 1\n    return np__ * np_\n" in source


def test_imports_and_prelude_only_where_used():
    assert lower(checked("x + 1"), SPELLING, lowering="python").source.startswith("def f(")
    assert lower(checked("exp(x)"), SPELLING, lowering="python").source.startswith("import numpy as np\n\n\ndef f(")


def test_a_bounded_loop_tells_whether_it_came_to_its_end():
    text = "while sum(x) < 9:\n    x = x * 2\nreturn x"
    assert body(text, BOUNDED, max_iterations=5) == (
        "while np.sum(x, axis=None, keepdims=False) < 9:\n"
        "    bound(5)\n"
        "    x = x * 2\n"
        "finished = np.logical_not(np.sum(x, axis=None, keepdims=False) < 9)\n"
        "return x, finished"
    )
    assert lower(checked(text), BOUNDED, lowering="python", max_iterations=5).finished
    assert not lower(checked(text), BOUNDED, lowering="python").finished
    assert not lower(checked(text), SPELLING, lowering="python", max_iterations=5).finished
    assert not lower(checked("x"), BOUNDED, lowering="python", max_iterations=5).finished


def test_nested_bounded_loops_join_their_ends():
    text = "while a < 9:\n    while a < 5:\n        a = a * 2\n    a = a + 1\nreturn a"
    assert body(text, BOUNDED, max_iterations=5) == (
        "finished = np.array(True, dtype=np.bool_)\n"
        "while a < 9:\n"
        "    bound(5)\n"
        "    while a < 5:\n"
        "        bound(5)\n"
        "        a = a * 2\n"
        "    finished = np.logical_and(finished, np.logical_not(a < 5))\n"
        "    a = a + 1\n"
        "finished = np.logical_and(finished, np.logical_not(a < 9))\n"
        "return a, finished"
    )


def test_numbers_that_a_framework_may_hold_as_arrays_are_cast_where_they_meet_others():
    text = "k = 0\nwhile sum(x) * k < 9:\n    k = k + 1\n    x = x + k / 3\nreturn x * k"
    assert body(text, BOUNDED) == (
        "k = 0\n"
        "while np.sum(x, axis=None, keepdims=False) * np.asarray(k).astype(np.float32) < 9:\n"
        "    k = k + 1\n"
        "    x = x + np.asarray(np.asarray(k).astype(np.float64) / 3).astype(np.float32)\n"
        "return x * np.asarray(k).astype(np.float32)"
    )
    assert "astype" not in body(text)


@pytest.mark.parametrize(
    ("text", "options", "reason"),
    [
        ("digamma(x)", {}, "it has no digamma function"),
        ("erf(x)", {}, "it has no `erf`"),
        ("x", {"lowering": "sideways"}, "there is no lowering `sideways`"),
    ],
)
def test_what_a_backend_lacks(text, options, reason):
    with pytest.raises(CannotLower, match=reason):
        body(text, **options)


def test_an_unknown_dtype():
    with pytest.raises(CannotLower, match="it has no dtype bfloat16"):
        lower(checked("x", leaves={"x": floating(dtype="bfloat16")}, dtype="bfloat16"), SPELLING, lowering="python")


EXPRESSIONS = st.recursive(
    st.sampled_from(["x", "a", "2", "3", "x[0]", "0.5"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%", "**"]), inner).map(
            lambda t: f"({t[0]}) {t[1]} ({t[2]})"
        ),
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(" ".join),
        inner.map(lambda text: f"-({text})"),
        inner.map(lambda text: f"-{text}"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if sum({t[1]}) > 0 else {t[2]})"),
        st.tuples(inner, inner).map(lambda t: f"where({t[0]} < {t[1]} and not {t[0]} > 1, {t[0]}, {t[1]})"),
    ),
    max_leaves=12,
)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(EXPRESSIONS)
def test_parentheses_keep_the_meaning(text):
    """The lowered text computes what the original does when Python itself reads it."""
    x, a = numpy.array([0.5, -1.25, 2.0, 0.75]), numpy.array(1.5)
    leaves = {"x": floating(4, dtype="float64"), "a": floating(dtype="float64")}
    try:
        lowered = lower(checked(text, leaves=leaves, dtype="float64"), SPELLING, lowering="python")
    except UsageError:
        return  # a division of numbers by zero, or a sum of plain numbers that has no fold
    scope: dict[str, object] = {}
    own = {"sum": numpy.sum, "where": numpy.where, "logical_not": numpy.logical_not, "x": x, "a": a}
    with numpy.errstate(all="ignore"):
        exec(lowered.source, scope)
        actual = scope["f"](x, a)
        expected = eval(_numpy(text), {}, own)
    numpy.testing.assert_array_equal(actual, expected)


def _numpy(text: str) -> str:
    """`and` and `not` element by element, which is what the little language means by them."""

    class Functions(ast.NodeTransformer):
        def visit_BoolOp(self, node):
            self.generic_visit(node)
            return ast.BinOp(left=node.values[0], op=ast.BitAnd(), right=node.values[1])

        def visit_UnaryOp(self, node):
            self.generic_visit(node)
            if not isinstance(node.op, ast.Not):
                return node
            return ast.Call(func=ast.Name(id="logical_not", ctx=ast.Load()), args=[node.operand], keywords=[])

    return ast.unparse(ast.fix_missing_locations(Functions().visit(ast.parse(text, mode="eval"))))
