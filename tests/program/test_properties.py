"""Whatever is typed: a program or complaints with their places, never a traceback, never a long wait."""

# ruff: noqa: PT017  # programs stand on one line; a complaint is one of two right answers

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcmp.errors import Location, UsageError
from gradcmp.program.lower import CannotLower, lower
from gradcmp.program.primitives import PRIMITIVES
from tests.program.language import NOTEBOOK, SPELLING, checked
from tests.work import at_most

HANG = timedelta(seconds=20)
"""What no text may take, by far: a hang, not a speed."""
QUICK = settings(max_examples=400, derandomize=True, deadline=HANG)
LONG = settings(QUICK, max_examples=1500)

VALID = [
    NOTEBOOK,
    "2 * dot(x, x)",
    "params.dense.kernel @ x + 0.1",
    "s = 0\nfor j in range(4):\n    s = s + x[j] * j\nreturn s\n",
    "k = 0\nc = 1.0\nwhile sum(x) * c > 1 and k < 4:\n    c = c / 2\n    k = k + 1\nreturn x * c * k, k",
    "s = 0.5\nwhile a * s < 5:\n    t = 0\n    while t < 3:\n        t = t + a\n        if t > s:\n            s = s + t\nreturn {'s': s}",
    "where(m, x, 0).std(ddof=1) + concatenate([x, x])[0] + len(x) + x.shape[0] ** 2 // 3",
    "u, v = slogdet(S)\nif a < 0:\n    return u\nreturn v",
    "take(x, i) + clip(i, 0, 3) / 7 - i[0] % 2",
    "(x - 1 if a > 0 else 2 * x)[1:, None]",
]

WORDS = [
    *("x", "a", "M", "S", "params", "dense", "i", "m", "f", "j", "and", "or", "not", "if", "else", "elif", "while"),
    *("for", "in", "range", "return", "def", "lambda", "import", "torch", "None", "True", "...", "0", "1", "-1"),
    *("3.5", "1e400", "9**9", "10**300", "pi", "inf", "axis=0", "ddof=1", "'a'", "(", ")", "[", "]", "{", "}", ","),
    *(":", "=", "+", "-", "*", "/", "**", "//", "%", "@", "<", "<=", "==", "&", "~", ":=", ".", ".T", ".shape", " "),
    *("\n", "\n    ", "\n        ", "\t", "\0", "é", "∂"),
]


def tell(text: str) -> None:
    """Check the text, and lower it where it is a program; complaints must name a place inside it."""
    try:
        program = checked(text)
    except UsageError as error:
        assert error.complaints
        lines = len(re.findall(r"\r\n?|\n", text)) + 1
        for problem in error.complaints:
            assert isinstance(problem.where, Location)
            assert 7 <= problem.where.line < 7 + lines
            assert problem.where.column >= 1
            assert problem.what
    else:
        for lowering in ("python", "structured"):
            try:
                source = lower(program, SPELLING, lowering=lowering, max_iterations=3).source
            except CannotLower as error:
                assert str(error)
            else:
                compile(source, "lowered", "exec")


@QUICK
@given(st.text(max_size=200))
def test_any_text(text):
    tell(text)


@QUICK
@given(st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join))
def test_any_words(text):
    tell(text)


@LONG
@given(st.sampled_from(VALID), st.data())
def test_mutated_programs(text, data):
    pieces = re.findall(r"\w+|\s+|.", text)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(pieces) - 1))
        what = data.draw(st.sampled_from(["replace", "delete", "insert", "copy"]))
        if what == "replace":
            pieces[place] = data.draw(st.sampled_from(WORDS))
        elif what == "delete" and len(pieces) > 1:
            del pieces[place]
        elif what == "insert":
            pieces.insert(place, data.draw(st.sampled_from(WORDS)))
        else:
            pieces[place] = pieces[data.draw(st.integers(0, len(pieces) - 1))]
    tell("".join(pieces))


def _calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    names = st.sampled_from(sorted(PRIMITIVES))
    return st.one_of(
        st.tuples(names, st.lists(inner, min_size=1, max_size=3)).map(lambda t: f"{t[0]}({', '.join(t[1])})"),
        st.tuples(names, inner, inner, st.sampled_from(["axis", "ddof", "shape", "keepdims", "k"])).map(
            lambda t: f"{t[0]}({t[1]}, {t[3]}={t[2]})"
        ),
        st.tuples(inner, names, inner).map(lambda t: f"({t[0]}).{t[1]}({t[2]})"),
        st.tuples(inner, inner).map(lambda t: f"({t[0]})[{t[1]}]"),
        st.tuples(inner, st.sampled_from(["+", "**", "%", "@", "<", " and "]), inner).map(
            lambda t: f"({t[0]}) {t[1]} ({t[2]})"
        ),
        st.lists(inner, max_size=3).map(lambda t: f"[{', '.join(t)}]"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
        inner.map(lambda t: f"({t}).shape"),
    )


ATOMS = st.sampled_from(
    ["x", "a", "M", "S", "i", "m", "params", "params.dense.kernel", "0", "-1", "2", "0.5", "True", "None"]
)


@LONG
@given(st.recursive(ATOMS, _calls, max_leaves=10))
def test_random_trees(text):
    tell(text)


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9**9",
        "2**(10**9)",
        "x[10**4000 % 7:]",
        "'a' * 10**9",
        "for j in range(10**18):\n    a = a\nreturn a",
        "+".join(["x"] * 30_000),
        "x" + ".T" * 30_000,
        "x" + "[0]" * 20_000,
        "not " * 16_000 + "m",
        "\n".join(["y = x"] * 9000),
        "\n".join(f"y{n} = z{n}" for n in range(4000)) + "\nreturn y0",
        "".join("    " * n + f"while a > {n}:\n" for n in range(40)) + "    " * 40 + "a = a - 1\nreturn a",
        "".join("    " * n + "for j in range(2):\n" for n in range(60)) + "    " * 60 + "a = a - 1\nreturn a",
        "".join(f"if a > {n}:\n    a = a * {n}.5\n" for n in range(1500)) + "return a",
        "".join(f"if a > {n}:\n    return a * {n}\n" for n in range(1500)) + "return a",
        "t = (x, x)\n" + "t = (t[0] + t[1], t[1])\n" * 1500 + "return t[0]",
        "x" * 70_000,
        "#" * 60_000,
        "\n" * 60_000 + "x",
        "(" * 90 + "x" + ",)" * 90,
        "f'{x!r:{a}}'",
        "\ufeffx",
        "x\f+ a",
        "x\r\n+ a",
        "x \\\n + a",
        "\ud800",
    ],
    ids=lambda text: repr(text[:24]),
)
def test_texts_made_to_hurt(text):
    with at_most(100_000_000):
        tell(text)
