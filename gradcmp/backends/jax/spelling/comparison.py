"""Comparison, logic and selection; comparisons are Python's own."""

from gradcmp.backends.jax.spelling.operands import spelled
from gradcmp.program.spelling import Spellings

PRIMITIVES: Spellings = {
    "logical_and": "jnp.logical_and({0}, {1})",
    "logical_or": "jnp.logical_or({0}, {1})",
    "logical_not": "jnp.logical_not({0})",
    "where": spelled("jnp.where"),
    "maximum": spelled("jnp.maximum"),
    "minimum": spelled("jnp.minimum"),
    "clip": spelled("jnp.clip"),
}
