"""Arithmetic: Python's own operators, but for integer arrays that become floating."""

from gradcmp.backends.torch.spelling.operands import infix
from gradcmp.program.spelling import Spellings

PRIMITIVES: Spellings = {
    "add": infix("+"), "subtract": infix("-"), "multiply": infix("*"), "divide": infix("/"),
    "floor_divide": infix("//"), "remainder": infix("%"), "power": infix("**"),
}  # fmt: skip
