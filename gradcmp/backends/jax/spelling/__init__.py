"""How JAX spells the primitives, a module for each group of the catalogue; beside it the idioms."""

from gradcmp.backends.jax.idioms import IDIOMS, MODES
from gradcmp.backends.jax.spelling.operands import DTYPES
from gradcmp.program.spelling import Spelling, spellings_in

__all__ = ["IDIOMS", "MODES", "SPELLING"]

SPELLING = Spelling(
    primitives=spellings_in(__name__),
    imports=("import jax", "import jax.numpy as jnp", "from jax import lax"),
    dtypes=DTYPES,
    number="jnp.array({value}, dtype={dtype})",
)
