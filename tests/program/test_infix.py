"""Infix operators between pieces of text."""

import ast

import pytest

from gradcmp.program.infix import between
from gradcmp.program.spelling import Fragment


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
        ("a + b", "<", "c", "a + b < c"),
        ("a < b", "<", "c", "(a < b) < c"),
        ("x if c else y", "+", "f(z)", "(x if c else y) + f(z)"),
    ],
)
def test_parentheses_are_those_that_python_needs(left: str, symbol: str, right: str, text: str) -> None:
    written = between(Fragment(left, atomic=False), symbol, Fragment(right, atomic=False))
    assert written == text
    assert ast.dump(ast.parse(written)) == ast.dump(ast.parse(f"({left}) {symbol} ({right})"))
