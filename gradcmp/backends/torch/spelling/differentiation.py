"""What only differentiation sees."""

from __future__ import annotations

from gradcmp.program.spelling import Application, Spellings, is_array


def detach(application: Application) -> str:
    (operand,) = application.operands
    return f"{operand:atom}.detach()" if is_array(application.types[0]) else str(operand)


PRIMITIVES: Spellings = {"stop_gradient": detach}
