"""Comparison and logic."""

from __future__ import annotations

from gradcmp.backends.tensorflow.spelling.operands import converted, infix, write
from gradcmp.program.spelling import Application, Spellings


def where(application: Application) -> str:
    return write("tf.where", application.operands[0], *converted(application, first=1))


PRIMITIVES: Spellings = {
    "less": infix("<"), "less_equal": infix("<="), "greater": infix(">"), "greater_equal": infix(">="),
    "equal": infix("=="), "not_equal": infix("!="),
    "logical_and": "tf.logical_and({0}, {1})",
    "logical_or": "tf.logical_or({0}, {1})",
    "logical_not": "tf.logical_not({0})",
    "where": where,
}  # fmt: skip
