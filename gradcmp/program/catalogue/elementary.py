"""Elementary and special functions, element by element."""

from functools import partial

from gradcmp.program.catalogue.rows import Primitive
from gradcmp.program.shapes import broadcast, elementwise

_row = partial(Primitive, signature="x", shape=elementwise, group="elementary", method=True)

FUNCTIONS: tuple[Primitive, ...] = (
    _row("abs", result="same", convention="the absolute value"),
    _row("sign", result="same", convention="sign(0) = 0"),
    _row("exp"),
    _row("expm1", convention="exp(x) - 1 without cancellation"),
    _row("log", convention="the natural logarithm"),
    _row("log1p", convention="log(1 + x) without cancellation"),
    _row("log2"),
    _row("sqrt"),
    _row("rsqrt", convention="1 / sqrt(x)"),
    _row("square", result="same"),
    _row("reciprocal", convention="1 / x"),
    *map(_row, ("sin", "cos", "tan", "arcsin", "arccos", "arctan")),
    _row("arctan2", signature="y, x", shape=broadcast, method=False, convention="the angle of the point (x, y)"),
    *map(_row, ("sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh")),
    _row("erf"),
    _row("lgamma", convention="log |gamma(x)|"),
    _row("digamma"),
)  # fmt: skip
