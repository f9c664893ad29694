"""Linear algebra; `@` is Python's own."""

from gradcmp.backends.jax.spelling.operands import last_two, spelled
from gradcmp.program.spelling import Spellings

PRIMITIVES: Spellings = {
    "dot": spelled("jnp.dot"),
    "outer": spelled("jnp.outer"),
    "trace": last_two("jnp.trace"),
    "det": spelled("jnp.linalg.det"),
    "slogdet": spelled("jnp.linalg.slogdet"),
    "inv": spelled("jnp.linalg.inv"),
    "solve": spelled("jnp.linalg.solve"),
    "cholesky": spelled("jnp.linalg.cholesky"),
}
