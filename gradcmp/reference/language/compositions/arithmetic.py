"""Arithmetic: sums, products, quotients and powers."""

from gradcmp.reference.language.arrays import Array, Composition, Context, step


def divide(c: Context, x: Array, y: Array) -> Array:
    """True division, of whole numbers too."""
    return c.step("divide", c.as_kind(x, "float"), c.as_kind(y, "float"))


def _floor_divide(c: Context, x: Array, y: Array) -> Array:
    if x.kind == y.kind == "int":
        return c.step("floor_divide", x, y)
    return c.step("floor", divide(c, x, y))


def _remainder(c: Context, x: Array, y: Array) -> Array:
    if x.kind == y.kind == "int":
        return c.step("remainder", x, y)
    return c.step("subtract", x, c.step("multiply", y, _floor_divide(c, x, y)))


ARITHMETIC: dict[str, Composition] = {
    **{name: step(name) for name in ("add", "subtract", "multiply", "power", "negative")},
    "divide": divide,
    "floor_divide": _floor_divide,
    "remainder": _remainder,
}
