"""Elementary and special functions, most of them one step."""

import numpy as np

from gradcmp.reference.language.arrays import Array, Composition, Context, float_step, step
from gradcmp.reference.language.compositions.arithmetic import divide
from gradcmp.reference.language.compositions.comparison import signs


def sign(c: Context, x: Array) -> Array:
    """-1, 0 or 1 by comparison with zero."""
    zero = Array(kind=x.kind, data=c.algebra(x.kind).constant(np.zeros(c.shape(x), dtype=np.int64)))
    return Array(kind=x.kind, data=c.algebra(x.kind).constant(signs(c, x, zero).astype(np.int64)))


ELEMENTARY: dict[str, Composition] = {
    **{name: step(name) for name in ("abs", "square")},
    **{
        name: float_step(name)
        for name in (
            "exp", "expm1", "log", "log1p", "sqrt", "rsqrt", "sin", "cos", "tan", "arcsin", "arccos", "arctan",
            "arctan2", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "erf", "lgamma", "digamma",
        )
    },
    "sign": sign,
    "log2": lambda c, x: c.step("divide", c.step("log", c.as_kind(x, "float")), c.step("log", c.number(2.0))),
    "reciprocal": lambda c, x: divide(c, c.number(1.0), x),
}  # fmt: skip
