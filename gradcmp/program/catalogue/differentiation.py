"""What changes the derivative and not the value."""

from __future__ import annotations

from gradcmp.program.catalogue.rows import ANY_KIND, Primitive
from gradcmp.program.shapes import elementwise

ROWS: tuple[Primitive, ...] = (
    Primitive("stop_gradient", signature="x", shape=elementwise, group="differentiation", result="same", kinds=ANY_KIND, convention="the value, as a constant of the function; `x.detach()` is the same"),
)  # fmt: skip
