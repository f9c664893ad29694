"""The third step: `Checked` → source text for one framework. What comes out looks written by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradcmp.program.lower_expressions import CannotLower
from gradcmp.program.lower_python import Lowered, PythonWriter
from gradcmp.program.structured import StructuredWriter

if TYPE_CHECKING:
    from gradcmp.program.ir import Checked
    from gradcmp.program.spelling import Spelling

__all__ = ["LOWERINGS", "CannotLower", "Lowered", "lower"]

LOWERINGS: dict[str, type[PythonWriter]] = {"python": PythonWriter, "structured": StructuredWriter}
"""How control flow is written, by the name that a backend's execution gives."""


def lower(checked: Checked, spelling: Spelling, *, lowering: str, max_iterations: int | None = None) -> Lowered:
    """The program as text for the framework that `spelling` belongs to.

    `lowering` is `python` (plain `if`, `while`) or `structured` (`lax.cond`, `lax.while_loop`). With `max_iterations`
    a `while` is bounded where the lowering or the spelling knows how, and the function returns `(outputs, finished)`.
    Raises `CannotLower` with the reason.
    """
    if lowering not in LOWERINGS:
        raise CannotLower(f"there is no lowering `{lowering}`: expected one of {', '.join(LOWERINGS)}")
    try:
        return LOWERINGS[lowering](checked, spelling, max_iterations=max_iterations).function()
    except RecursionError:
        raise CannotLower("the function is nested too deep") from None
