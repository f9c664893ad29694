"""Arithmetic that is written with signs."""

from functools import partial

from gradcmp.program.catalogue.rows import Primitive
from gradcmp.program.shapes import broadcast, elementwise

_infix = partial(Primitive, signature="x, y", shape=broadcast, group="arithmetic", result="same")

BINARY: tuple[Primitive, ...] = (
    _infix("add", infix="+"),
    _infix("subtract", infix="-"),
    _infix("multiply", infix="*"),
    _infix("divide", infix="/", result="float"),
    _infix("floor_divide", infix="//", convention="rounds towards minus infinity; derivative 0 between jumps"),
    _infix("remainder", infix="%", convention="the sign of the divisor, as in Python and NumPy"),
    _infix("power", infix="**", convention="a whole-number exponent stays one (`x ** 2`)"),
)  # fmt: skip

UNARY: tuple[Primitive, ...] = (_infix("negative", signature="x", shape=elementwise, infix="-"),)
