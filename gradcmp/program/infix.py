"""Python's infix operators between pieces of text, with the parentheses that Python needs and no others."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from gradcmp.program.spelling import Fragment

CONDITIONAL, OR, AND, NOT, COMPARISON, BITS, SUM, PRODUCT, SIGN, POWER, ATOM = range(11)
"""How tightly the outermost operator of a text binds, in the order of Python's grammar."""

_OPERATORS: dict[type[ast.AST], int] = {
    ast.Add: SUM, ast.Sub: SUM, ast.Mult: PRODUCT, ast.Div: PRODUCT, ast.FloorDiv: PRODUCT, ast.Mod: PRODUCT,
    ast.MatMult: PRODUCT, ast.Pow: POWER, ast.BitAnd: BITS, ast.BitOr: BITS, ast.BitXor: BITS, ast.Or: OR,
    ast.And: AND, ast.Not: NOT, ast.USub: SIGN, ast.UAdd: SIGN, ast.Invert: SIGN,
}  # fmt: skip

_LEVELS: dict[str, int] = {
    "+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "//": PRODUCT, "%": PRODUCT, "@": PRODUCT, "**": POWER,
    "and": AND, "or": OR,
}  # fmt: skip

_ATOMS = (ast.Name, ast.Constant, ast.Call, ast.Subscript, ast.Attribute, ast.List, ast.Dict, ast.Tuple, ast.ListComp)


@dataclass(frozen=True, slots=True)
class Piece:
    """Text and how tightly it binds."""

    text: str
    level: int

    def at(self, level: int) -> str:
        """The text, in parentheses where it binds less tightly than `level`."""
        return self.text if self.level >= level else f"({self.text})"

    @property
    def fragment(self) -> Fragment:
        return Fragment(self.text, self.level >= ATOM)

    @classmethod
    def of(cls, fragment: Fragment) -> Piece:
        return cls(fragment.text, ATOM if fragment.atomic else level_of(fragment.text))


def level_of(text: str) -> int:
    """How tightly a text binds that a spelling wrote."""
    if re.fullmatch(r"[\w.]+", text):
        return ATOM
    node = ast.parse(text, mode="eval").body
    if isinstance(node, ast.BinOp | ast.UnaryOp | ast.BoolOp):
        return _OPERATORS.get(type(node.op), BITS)
    if isinstance(node, ast.Compare):
        return COMPARISON
    # A tuple's parentheses belong to its text, or it would not have been handed on as one value.
    return ATOM if isinstance(node, _ATOMS) else CONDITIONAL


def joined(left: Piece, symbol: str, right: Piece) -> Piece:
    """`left symbol right`."""
    level = _LEVELS.get(symbol, COMPARISON)
    if level == POWER:  # it binds to the right, and a sign may stand in its exponent
        return Piece(f"{left.at(ATOM)} ** {right.at(SIGN)}", POWER)
    least = level + 1 if level == COMPARISON else level  # `a < b < c` would be a chain
    return Piece(f"{left.at(least)} {symbol} {right.at(level + 1)}", level)


def between(left: Fragment, symbol: str, right: Fragment) -> str:
    """The text of `left symbol right`, as spellings write it.

    >>> between(Fragment("a + b", atomic=False), "*", Fragment("c * d", atomic=False))
    '(a + b) * (c * d)'
    """
    return joined(Piece.of(left), symbol, Piece.of(right)).text
