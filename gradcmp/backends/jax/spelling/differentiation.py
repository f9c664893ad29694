"""What only differentiation sees."""

from __future__ import annotations

from gradcmp.backends.jax.spelling.operands import spelled
from gradcmp.program.spelling import Spellings

PRIMITIVES: Spellings = {"stop_gradient": spelled("lax.stop_gradient")}
