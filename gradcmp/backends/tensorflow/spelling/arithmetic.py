"""Arithmetic: Python's own operators, but for arrays of several dtypes."""

from gradcmp.backends.tensorflow.spelling.operands import infix
from gradcmp.program.spelling import Spellings

PRIMITIVES: Spellings = {
    "add": infix("+"), "subtract": infix("-"), "multiply": infix("*"), "divide": infix("/"),
    "floor_divide": infix("//"), "remainder": infix("%"), "power": infix("**"),
}  # fmt: skip
