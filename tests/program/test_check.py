"""Types, folded numbers, control flow: what `check` finds out."""

from __future__ import annotations

import math

import pytest

from gradcmp.errors import Location, UsageError
from gradcmp.program.check import check, require_scalar_outputs
from gradcmp.program.ir import (
    Apply,
    ArrayType,
    Bind,
    Branch,
    Count,
    Give,
    Index,
    Literal,
    Loop,
    NumberType,
    Read,
    Select,
)
from gradcmp.program.parse import parse
from gradcmp.program.prune import reads
from tests.program.language import LEAVES, NOTEBOOK, checked, floating


def only(text: str, **options):
    (give,) = checked(text, **options).body
    assert isinstance(give, Give)
    return give.value


def shape(text: str) -> tuple[int | None, ...] | None:
    ((_, type_),) = checked(text).outputs
    return type_.shape


def test_the_notebooks_function():
    result = checked(NOTEBOOK, leaves={"a": floating()})
    assert result.parameters == ("a",)
    assert result.outputs == (("", floating()),)
    bind, loop, branch, give = result.body
    assert isinstance(bind, Bind)
    assert isinstance(loop, Loop)
    assert loop.carried == (("b", floating()),)
    assert isinstance(branch, Branch)
    assert branch.assigned == (("c", floating()),)
    assert isinstance(give.value, Read)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("M @ x[:3]", (2,)),
        ("x @ x", ()),
        ("x[:2] @ M", (3,)),
        ("M.T @ M", (3, 3)),
        ("sum(M, axis=0)", (3,)),
        ("M.sum(axis=(0, -1), keepdims=True)", (1, 1)),
        ("M[0]", (3,)),
        ("M[..., None, 1:]", (2, 1, 2)),
        ("x[::3]", (2,)),
        ("M.reshape(3, -1)", (3, 2)),
        ("x.reshape(-1)", (4,)),
        ("outer(x, M[0])", (4, 3)),
        ("stack([x, x], axis=1)", (4, 2)),
        ("concatenate([x, x])", (8,)),
        ("where(m, x, 0)", (4,)),
        ("M + M[0]", (2, 3)),
        ("take(x, i)", (2,)),
        ("take(M, i, axis=1)", (2, 2)),
        ("expand_dims(x, axis=(0, 2))", (1, 4, 1)),
        ("squeeze(x[None])", (4,)),
        ("solve(S, M)", (2, 3)),
        ("diagonal(M, offset=1)", (2,)),
        ("params.dense.kernel @ x", (3,)),
        ("slogdet(S)[1]", ()),
        ("M.transpose(1, 0)", (3, 2)),
        ("cumsum(M)", (6,)),
        ("broadcast_to(a, 3)", (3,)),
    ],
)
def test_shapes(text, expected):
    assert shape(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("i", "int64"),
        ("i * 2", "int64"),
        ("i / 2", "float32"),
        ("i * 0.5", "float32"),
        ("i * a", "float32"),
        ("exp(i)", "float32"),
        ("mean(i)", "float32"),
        ("sum(i)", "int64"),
        ("i < 1", "bool"),
        ("x > 0 and m", "bool"),
        ("where(m, 1, 0)", "int64"),
        ("where(m, 1.5, 0)", "float32"),
        ("2", "float32"),
        ("2 < 3", "bool"),
        ("digamma(2)", "float32"),
    ],
)
def test_dtypes(text, expected):
    ((_, type_),) = checked(text).outputs
    assert type_.dtype == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x * (2 + 3)", 5),
        ("x * (1 / 4)", 0.25),
        ("x * (7 // 2)", 3),
        ("x * sqrt(2 * 8)", 4.0),
        ("x * len(M)", 2),
        ("x * M.shape[1]", 3),
        ("x * M.size", 6),
        ("x * M.ndim", 2),
        ("x * max(1, 2, 3)", 3),
        ("x * (1 if 2 > 1 else 0)", 1),
        ("x * n", 8),
        ("x * 1e39", 1e39),
        ("x * 16777217", 16777217.0),
        ("x * 16777216", 16777216),
        ("x * 2147483648", 2147483648.0),  # JAX refuses whole numbers from 2**31 on
        ("x * 0.1", 0.1),
        ("x * pi", math.pi),
    ],
)
def test_numbers_are_computed_once_and_stay_as_they_are_written(text, value):
    literal = only(text, n=8).operands[1]
    assert isinstance(literal, Literal)
    assert (literal.value, type(literal.value)) == (value, type(value))


def test_no_dtype_rounds_a_number():
    for dtype in ("bfloat16", "float16", "float32", "float64"):
        assert only("x * 0.1", dtype=dtype, leaves={"x": floating(2, dtype=dtype)}).operands[1].value == 0.1
    assert only("elu(x, alpha=0.1)").options["alpha"] == 0.1


def test_a_whole_exponent_stays_whole():
    assert only("x ** 2").operands[1] == Literal(
        span=only("x ** 2").operands[1].span, value=2, type=NumberType(kind="int")
    )


def test_names_of_numbers_are_written_out_and_gone():
    result = checked("n = 3\nm = n * 2\nreturn x * m")
    assert len(result.body) == 1
    assert result.body[0].value.operands[1].value == 6


def test_options_are_all_there():
    assert dict(only("x.sum()").options) == {"axis": None, "keepdims": False}
    assert dict(only("std(x, 0, 1)").options) == {"axis": 0, "ddof": 1, "keepdims": False}


def test_numbers_alone_become_arrays_where_they_cannot_be_computed():
    value = only("digamma(2)")
    assert value.operands[0].type == floating()
    assert value.operands[0].value == 2.0


def test_floats_that_a_while_carries_become_arrays_whole_numbers_do_not():
    result = checked("c = 1\nk = 0\nwhile a * c > 1:\n    c = c / 2\n    k = k + 1\nreturn c * k")
    *binds, loop, _ = result.body
    values = {bind.names[0]: bind.value for bind in binds}
    assert values["c"].type == floating()
    assert values["c"].value == 1.0
    assert values["k"].type == NumberType(kind="int")
    assert dict(loop.carried) == {"c": floating(), "k": NumberType(kind="int")}


def test_a_name_that_no_round_hands_on_is_not_carried():
    loop = checked("y = a\nt = 0.5\nwhile y > 1:\n    t = y / 2\n    y = t / 2\nreturn y").body[1]
    assert [name for name, _ in loop.carried] == ["y"]


def test_a_shape_that_changes_in_a_while_is_not_known():
    text = "y = x\nwhile sum(y) < 9:\n    y = concatenate([y, x])\nreturn y"
    assert shape(text) == (None,)
    with pytest.raises(UsageError, match="this length depends on the run"):
        checked(text.replace("return y", "return y * y.shape[0]"))


def test_a_for_knows_the_shape_after_its_last_round():
    text = "y = x\nfor j in range(3):\n    y = concatenate([y, x])\nreturn y"
    assert shape(text) == (16,)
    assert shape("s = 0\nfor j in range(2):\n    s = s + M[j]\nreturn s") == (3,)


def test_numbers_in_a_for_stay_numbers():
    result = checked("c = 1.0\nfor j in range(3):\n    c = c / (j + 1)\n    x = x + c\nreturn x")
    loop = result.body[1]
    assert isinstance(loop, Count)
    assert loop.body[0].value.type == NumberType(kind="float")


def test_the_variable_keeps_its_last_value_and_no_round_binds_nothing():
    loop, give = checked("for j in range(0, 9, 4):\n    y = x\nreturn y * j").body
    assert isinstance(loop, Count)
    assert give.value.operands[1].value == 8
    with pytest.raises(UsageError, match="`y` is not defined"):
        checked("for j in range(3, 3):\n    y = x\nreturn y")


def test_an_inner_range_may_follow_the_outer_variable():
    text = "s = a\nfor j in range(4):\n    for k in range(j):\n        s = s + x[k]\nreturn s"
    assert shape(text) == ()
    with pytest.raises(UsageError, match="index 4 is out of bounds"):
        checked(text.replace("x[k]", "x[k + 2]"))


def test_a_static_condition_leaves_one_branch():
    assert only("if n > 3:\n    return x\nelse:\n    return nothing", n=4).path == ("x",)


def test_branches_agree_on_a_type():
    result = checked("if a > 0:\n    c = 0.5\nelse:\n    c = a\nreturn c * x")
    (branch, _) = result.body
    assert branch.assigned == (("c", floating()),)
    assert branch.body[-1].value.type == floating()
    same = checked("if a > 0:\n    c = 2\nelse:\n    c = 2\nreturn c * x").body[-1].value
    assert same.operands[0].value == 2


def test_outputs_by_place_and_by_key():
    assert [path for path, _ in checked("x, a").outputs] == ["0", "1"]
    assert [path for path, _ in checked("{'loss': a, 'y': x}").outputs] == ["loss", "y"]
    assert [path for path, _ in checked("(x,)").outputs] == ["0"]
    result = checked("if a > 0:\n    return x, 1\nreturn x[:3], a")
    assert result.outputs == (("0", floating(None)), ("1", floating()))


def test_a_conditional_expression_is_a_branch():
    value = only("x if a > 0 else 0 * x")
    assert isinstance(value, Select)
    assert value.type == floating(4)


def test_indexing_and_trees():
    assert isinstance(only("x[1:]"), Index)
    assert only("params.dense.kernel").path == ("params", "dense", "kernel")
    moved = checked("d = params.dense\nreturn d.kernel").body[-1].value
    assert moved.path == ("d", "kernel")


def test_inputs_come_before_primitives_and_constants():
    leaves = {"sum": floating(3), "pi": floating()}
    assert only("sum(sum * pi)", leaves=leaves).operands[0].operands[1].path == ("pi",)


def test_unused_inputs_stay_parameters():
    assert checked("x").parameters == ("x", "a", "M", "S", "params", "i", "m")


def test_sweep_names_are_numbers_and_words_are_not():
    assert only("x * n", n=2.5).operands[1].value == 2.5
    assert only("def f(x, n):\n    return x * n", n=2).operands[1].value == 2
    with pytest.raises(UsageError, match="`n` is the word `left` here"):
        checked("x * n", n="left")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sum(x)", None),
        ("sum(x), a", None),
        ("x", "`gradient` needs a scalar output; the function gives shape (4,)"),
        ("{'loss': a, 'y': x}", "`gradient` needs a scalar output; output `y` gives shape (4,)"),
        ("sum(i)", "`gradient` needs a floating output; the function gives int64"),
    ],
)
def test_a_gradient_needs_scalars(text, message):
    problem = require_scalar_outputs(checked(text), "gradient")
    assert (problem.what if problem else None) == message
    if problem is not None and "scalar" in problem.what:
        assert "`vjp`" in problem.hint
        assert "`jacobian`" in problem.hint


def test_one_fault_is_told_once_however_many_rounds_are_checked():
    with pytest.raises(UsageError) as error:
        checked("y = 0.5\nwhile a > 0:\n    y = y + nothing\n    a = a - y\nreturn y + nothing_else")
    assert [problem.what for problem in error.value.complaints] == [
        "`nothing` is not defined",
        "`nothing_else` is not defined",
    ]


def test_deeply_nested_loops_give_up_in_time():
    text = "".join("    " * n + f"while a > {n}:\n" for n in range(24)) + "    " * 24 + "a = a / 2\nreturn a"
    lines = text.split("\n")
    with pytest.raises(UsageError, match="too long to be checked"):
        checked("\n".join([*lines[:-1], lines[-1]]))


def test_reads_finds_every_name():
    value = only("where(x > 0, x, a)[0] + (params.dense.kernel @ x if sum(M) > 0 else x[:3])")
    assert reads(value) == {"x", "a", "params", "M"}


def test_leaves_are_kept_in_order():
    assert list(checked("x").leaves) == list(LEAVES)
    assert isinstance(LEAVES["x"], ArrayType)
    assert isinstance(only("x + a"), Apply)


def test_the_same_text_elsewhere_has_its_own_place_and_the_same_text_with_other_numbers_its_own_types():
    here, there = (Location(file="s.yaml", line=line, column=1) for line in (3, 30))
    first, second = (parse("sum(x * n)", location=place) for place in (here, there))
    assert (first.body, first.location, second.location) == (second.body, here, there)
    leaves = {"x": ArrayType(kind="int", dtype="int64", shape=(2,))}
    whole, real, other = (
        check(program, leaves, dtype="float32", parameters={"n": n})
        for program, n in ((first, 2), (second, 2.0), (second, 2))
    )
    assert [found.outputs[0][1].kind for found in (whole, real, other)] == ["int", "float", "int"]
    assert (whole.program.location, other.program.location) == (here, there)
    for program, place in ((first, here), (second, there)):
        with pytest.raises(UsageError) as caught:
            check(program, {"y": leaves["x"]}, dtype="float32")
        assert caught.value.complaints[0].where.line == place.line
