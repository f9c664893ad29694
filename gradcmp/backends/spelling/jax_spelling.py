"""How JAX spells the primitives, and the protocols' idioms.

JAX's promotion gives the problem's dtype wherever one operand is a floating array; Python numbers are weakly typed and
follow. Where there is none it would compute in float64 (x64 is on), so integer arrays are cast first.
"""

from __future__ import annotations

from typing import Any

from gradcmp.backends.spelling.base import Application, Fragment, Spell, Spelling, Template
from gradcmp.backends.spelling.infix import between

DTYPES: dict[str, str] = {
    "float16": "jnp.float16", "bfloat16": "jnp.bfloat16", "float32": "jnp.float32", "float64": "jnp.float64",
    "int8": "jnp.int8", "int16": "jnp.int16", "int32": "jnp.int32", "int64": "jnp.int64", "uint8": "jnp.uint8",
    "bool": "jnp.bool_",
}  # fmt: skip


def is_array(operand: Any, kind: str | None = None) -> bool:
    """Is this type (`program.ir.Type`) an array's, of this kind where one is named?"""
    return hasattr(operand, "shape") and (kind is None or operand.kind == kind)


def rank(operand: Any) -> int | None:
    """The number of axes of an array's type, None where it depends on the run."""
    return len(operand.shape) if operand.shape is not None else None


def leaves(operand: Any) -> list[Any]:
    """The types in a sequence, or the type itself."""
    return [leaf for item in operand.items for leaf in leaves(item)] if hasattr(operand, "items") else [operand]


def would_widen(application: Application) -> bool:
    """Does the result have to be floating without any floating array among the operands?"""
    types = [leaf for operand in application.types for leaf in leaves(operand)]
    return is_array(application.result, "float") and not any(is_array(operand, "float") for operand in types)


def floats(application: Application) -> tuple[Fragment, ...]:
    """The operands; integer arrays are cast to the problem's dtype where JAX would choose float64.

    Numbers stay bare beside an array that says the dtype; among themselves they become arrays.
    """
    if not would_widen(application):
        return application.operands
    dtype = DTYPES[application.dtype]
    bare = application.operands if any(is_array(t, "int") for t in application.types) else application.arrays
    return tuple(
        Fragment(f"{operand:atom}.astype({dtype})", atomic=True) if is_array(operand_type, "int") else operand
        for operand, operand_type in zip(bare, application.types, strict=True)
    )


def call(function: str, *operands: Fragment, **options: Any) -> str:
    return f"{function}({', '.join([*map(str, operands), *(f'{name}={value!r}' for name, value in options.items())])})"


def spelled(function: str, **defaults: Any) -> Spell:
    """A call of `function`, with the options that differ from JAX's own `defaults`."""

    def spell(application: Application) -> str:
        named = {name: value for name, value in application.options.items() if value != defaults.get(name, ...)}
        return call(function, *floats(application), **named)

    return spell


def positional(function: str) -> Spell:
    """A call with the options after the operands: `jnp.reshape(x, (2, 3))`."""

    def spell(application: Application) -> str:
        return f"{function}({', '.join([*map(str, floats(application)), *map(repr, application.options.values())])})"

    return spell


def infix(symbol: str) -> Spell:
    """Python's own operator."""

    def spell(application: Application) -> str:
        left, right = floats(application)
        return between(left, symbol, right)

    return spell


def accumulated(function: str, **defaults: Any) -> Spell:
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


def last_two(function: str, **defaults: Any) -> Spell:
    """JAX takes the first two axes unless told otherwise; for a matrix they are the last two."""

    def spell(application: Application) -> str:
        named = {name: value for name, value in application.options.items() if value != defaults.get(name, ...)}
        axes = {} if rank(application.types[0]) == 2 else {"axis1": -2, "axis2": -1}
        return call(function, *application.operands, **named, **axes)

    return spell


def transpose(application: Application) -> str:
    (operand,) = application.operands
    axes = application.options["axes"]
    return f"{operand:atom}.T" if axes is None else f"jnp.transpose({operand}, {axes!r})"


def sequence(function: str) -> Spell:
    """`jnp.stack` and `jnp.concatenate` take numbers too, but numbers alone would be float64."""

    def spell(application: Application) -> str:
        (items,) = application.arrays if would_widen(application) else application.operands
        text = call(function, items, **{n: v for n, v in application.options.items() if v != 0})
        ints = any(is_array(leaf, "int") for leaf in leaves(application.types[0]))
        if would_widen(application) and ints:
            return f"{text[:-1]}, dtype={DTYPES[application.dtype]})"
        return text

    return spell


def like(function: str) -> Spell:
    """A number has no dtype to be like: it is wrapped first."""

    def spell(application: Application) -> str:
        return call(function, *application.arrays)

    return spell


REDUCTION: dict[str, Any] = {"axis": None, "keepdims": False}

PRIMITIVES: dict[str, Template | Spell] = {
    # arithmetic: Python's own, but for integer arrays that become floating
    "add": infix("+"),
    "subtract": infix("-"),
    "multiply": infix("*"),
    "divide": infix("/"),
    "floor_divide": infix("//"),
    "remainder": infix("%"),
    "power": infix("**"),
    # comparison
    "logical_and": "jnp.logical_and({0}, {1})",
    "logical_or": "jnp.logical_or({0}, {1})",
    "logical_not": "jnp.logical_not({0})",
    "where": spelled("jnp.where"),
    # elementary
    "abs": spelled("jnp.abs"),
    "sign": spelled("jnp.sign"),
    "exp": spelled("jnp.exp"),
    "expm1": spelled("jnp.expm1"),
    "log": spelled("jnp.log"),
    "log1p": spelled("jnp.log1p"),
    "log2": spelled("jnp.log2"),
    "sqrt": spelled("jnp.sqrt"),
    "rsqrt": spelled("lax.rsqrt"),
    "square": spelled("jnp.square"),
    "reciprocal": spelled("jnp.reciprocal"),
    "sin": spelled("jnp.sin"),
    "cos": spelled("jnp.cos"),
    "tan": spelled("jnp.tan"),
    "arcsin": spelled("jnp.arcsin"),
    "arccos": spelled("jnp.arccos"),
    "arctan": spelled("jnp.arctan"),
    "arctan2": spelled("jnp.arctan2"),
    "sinh": spelled("jnp.sinh"),
    "cosh": spelled("jnp.cosh"),
    "tanh": spelled("jnp.tanh"),
    "arcsinh": spelled("jnp.arcsinh"),
    "arccosh": spelled("jnp.arccosh"),
    "arctanh": spelled("jnp.arctanh"),
    "erf": spelled("jax.scipy.special.erf"),
    "lgamma": spelled("jax.scipy.special.gammaln"),
    "digamma": spelled("jax.scipy.special.digamma"),
    # neural network
    "sigmoid": spelled("jax.nn.sigmoid"),
    "softplus": spelled("jax.nn.softplus"),
    "relu": spelled("jax.nn.relu"),
    "leaky_relu": spelled("jax.nn.leaky_relu", negative_slope=0.01),
    "elu": spelled("jax.nn.elu", alpha=1.0),
    "gelu": lambda application: call("jax.nn.gelu", *floats(application), approximate=False),
    "silu": spelled("jax.nn.silu"),
    "softmax": spelled("jax.nn.softmax", axis=-1),
    "log_softmax": spelled("jax.nn.log_softmax", axis=-1),
    # selection
    "maximum": spelled("jnp.maximum"),
    "minimum": spelled("jnp.minimum"),
    "clip": spelled("jnp.clip"),
    # reduction
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
    # linear algebra
    "dot": spelled("jnp.dot"),
    "outer": spelled("jnp.outer"),
    "trace": last_two("jnp.trace"),
    "det": spelled("jnp.linalg.det"),
    "slogdet": spelled("jnp.linalg.slogdet"),
    "inv": spelled("jnp.linalg.inv"),
    "solve": spelled("jnp.linalg.solve"),
    "cholesky": spelled("jnp.linalg.cholesky"),
    # shape
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
    # differentiation
    "stop_gradient": spelled("lax.stop_gradient"),
}

SPELLING = Spelling(
    primitives=PRIMITIVES,
    imports=("import jax", "import jax.numpy as jnp", "from jax import lax"),
    dtypes=DTYPES,
    number="jnp.array({value}, dtype={dtype})",
)

IDIOMS: dict[str, str] = {
    "backward_twice": "y, pullback = jax.vjp(f, x); pullback(jnp.ones_like(y)); pullback(jnp.ones_like(y))",
    "backward_twice_retained": "y, pullback = jax.vjp(f, x); pullback(jnp.ones_like(y)); pullback(jnp.ones_like(y))",
    "accumulate": "JAX returns gradients and keeps none: there is nothing to accumulate into",
    "zero_between": "JAX returns gradients and keeps none: there is nothing to clear",
    "vector_backward": "jax.grad(f)(x)",
    "untracked_input": "JAX differentiates by the arguments that it is asked for: none is tracked or untracked",
    "unused_input": "jax.grad(f, argnums=(0, 1))(x, unused)",
    "two_targets": "(y, z), pullback = jax.vjp(f, x); pullback((1.0, 0.0)); pullback((0.0, 1.0))",
}
"""Protocol → one line of JAX, or why the notion does not exist here."""
