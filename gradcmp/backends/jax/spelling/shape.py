"""Shape, arrays made in the shape of others, and a value as a constant."""

from gradcmp.backends.jax.spelling.operands import DTYPES, floats, last_two, spelled, would_widen
from gradcmp.program.spelling import Application, Spell, Spellings, call, changed, is_array, leaves


def positional(function: str) -> Spell:
    """A call with the options after the operands: `jnp.reshape(x, (2, 3))`."""

    def spell(application: Application) -> str:
        return f"{function}({', '.join([*map(str, floats(application)), *map(repr, application.options.values())])})"

    return spell


def like(function: str) -> Spell:
    """A number has no dtype to be like: it is wrapped first."""
    return lambda application: call(function, *application.arrays)


def transpose(application: Application) -> str:
    """`.T` where no axes are given."""
    (operand,) = application.operands
    axes = application.options["axes"]
    return f"{operand:atom}.T" if axes is None else f"jnp.transpose({operand}, {axes!r})"


def sequence(function: str) -> Spell:
    """`jnp.stack` and `jnp.concatenate` take numbers too, but numbers alone would be float64."""

    def spell(application: Application) -> str:
        (items,) = application.arrays if would_widen(application) else application.operands
        text = call(function, items, **changed(application, {"axis": 0}))
        ints = any(is_array(leaf, "int") for leaf in leaves(application.types[0]))
        if would_widen(application) and ints:
            return f"{text[:-1]}, dtype={DTYPES[application.dtype]})"
        return text

    return spell


PRIMITIVES: Spellings = {
    "transpose": transpose,
    "reshape": positional("jnp.reshape"),
    "concatenate": sequence("jnp.concatenate"),
    "stack": sequence("jnp.stack"),
    "squeeze": spelled("jnp.squeeze", axis=None),
    "expand_dims": spelled("jnp.expand_dims"),
    "broadcast_to": positional("jnp.broadcast_to"),
    "flip": spelled("jnp.flip", axis=None),
    "take": spelled("jnp.take", axis=None),
    "diagonal": last_two("jnp.diagonal", offset=0),
    "tril": spelled("jnp.tril", k=0),
    "triu": spelled("jnp.triu", k=0),
    "zeros_like": like("jnp.zeros_like"),
    "ones_like": like("jnp.ones_like"),
    "stop_gradient": spelled("lax.stop_gradient"),
}
