"""Selection of one of several operands, element by element."""

from __future__ import annotations

from gradcmp.backends.jax.spelling.operands import spelled
from gradcmp.program.spelling import Spellings

PRIMITIVES: Spellings = {
    "maximum": spelled("jnp.maximum"),
    "minimum": spelled("jnp.minimum"),
    "clip": spelled("jnp.clip"),
}
