"""Elementary functions, most of them by the names of the language."""

from gradcmp.backends.jax.spelling.operands import spelled
from gradcmp.program.spelling import Spellings

NAMES = (
    "abs", "sign", "exp", "expm1", "log", "log1p", "log2", "sqrt", "square", "reciprocal",
    "sin", "cos", "tan", "arcsin", "arccos", "arctan", "arctan2",
    "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh",
)  # fmt: skip

PRIMITIVES: Spellings = {
    **{name: spelled(f"jnp.{name}") for name in NAMES},
    "rsqrt": spelled("lax.rsqrt"),
    "erf": spelled("jax.scipy.special.erf"),
    "lgamma": spelled("jax.scipy.special.gammaln"),
    "digamma": spelled("jax.scipy.special.digamma"),
}
