"""Reductions, and the cumulative sum."""

from typing import Any

from gradcmp.backends.jax.spelling.operands import DTYPES, floats, spelled
from gradcmp.program.spelling import Application, Spell, Spellings, is_array

REDUCTION: dict[str, Any] = {"axis": None, "keepdims": False}


def accumulated(function: str, **defaults: object) -> Spell:
    """Sums and products: JAX widens small integers (as NumPy does), and `dtype` says what the language means."""
    plain = spelled(function, **defaults)

    def spell(application: Application) -> str:
        (operand,) = application.types
        text = plain(application)
        if is_array(operand, "int") and operand.dtype != "int64":
            return f"{text[:-1]}, dtype={DTYPES[application.result.dtype]})"
        return text

    return spell


def norm(application: Application) -> str:
    """`jnp.linalg.norm` is the 2-norm of all entries, of one axis or of two; for more axes it raises."""
    axis = application.options["axis"]
    if not isinstance(axis, tuple) or len(axis) <= 2:
        return spelled("jnp.linalg.norm", axis=None, keepdims=False)(application)
    (operand,) = floats(application)
    keepdims = ", keepdims=True" if application.options["keepdims"] else ""
    return f"jnp.sqrt(jnp.sum(jnp.square({operand}), axis={axis!r}{keepdims}))"


PRIMITIVES: Spellings = {
    "sum": accumulated("jnp.sum", **REDUCTION),
    "mean": spelled("jnp.mean", **REDUCTION),
    "prod": accumulated("jnp.prod", **REDUCTION),
    "max": spelled("jnp.max", **REDUCTION),
    "min": spelled("jnp.min", **REDUCTION),
    "var": spelled("jnp.var", ddof=0, **REDUCTION),
    "std": spelled("jnp.std", ddof=0, **REDUCTION),
    "norm": norm,
    "logsumexp": spelled("jax.scipy.special.logsumexp", **REDUCTION),
    "any": spelled("jnp.any", **REDUCTION),
    "all": spelled("jnp.all", **REDUCTION),
    "cumsum": accumulated("jnp.cumsum", axis=None),
}
