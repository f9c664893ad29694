"""Python's infix operators between pieces of text, with the parentheses that Python needs and no others."""

from __future__ import annotations

import ast

from gradcmp.backends.spelling.base import Fragment

_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(1, 6)

_LEVELS: dict[str, int] = {
    "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "//": _PRODUCT, "%": _PRODUCT, "@": _PRODUCT, "**": _POWER,
}  # fmt: skip

_NODES: dict[type[ast.operator], int] = {
    ast.Add: _SUM, ast.Sub: _SUM, ast.Mult: _PRODUCT, ast.Div: _PRODUCT, ast.FloorDiv: _PRODUCT, ast.Mod: _PRODUCT,
    ast.MatMult: _PRODUCT, ast.Pow: _POWER,
}  # fmt: skip


def between(left: Fragment, symbol: str, right: Fragment) -> str:
    """`left symbol right`.

    >>> between(Fragment("a + b", atomic=False), "*", Fragment("c * d", atomic=False))
    '(a + b) * (c * d)'
    """
    level = _LEVELS[symbol]
    # `**` binds to the right, and a sign may stand in its exponent; the others bind to the left.
    least_left, least_right = (_ATOM, _SIGN) if symbol == "**" else (level, level + 1)
    return f"{_enclosed(left, least_left)} {symbol} {_enclosed(right, least_right)}"


def _enclosed(fragment: Fragment, least: int) -> str:
    return fragment.text if fragment.atomic or _level(fragment.text) >= least else f"({fragment})"


def _level(text: str) -> int:
    """How tightly the outermost operator of an expression binds."""
    node = ast.parse(text, mode="eval").body
    if isinstance(node, ast.BinOp):
        return _NODES.get(type(node.op), 0)
    if isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not):
        return _SIGN
    return _ATOM if isinstance(node, ast.Constant | ast.Name | ast.Call | ast.Attribute | ast.Subscript) else 0
