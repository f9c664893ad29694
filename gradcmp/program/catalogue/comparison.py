"""Comparison, logic, and what picks one of several values."""

from functools import partial

from gradcmp.program.catalogue.rows import ANY_KIND, Primitive
from gradcmp.program.shapes import broadcast, elementwise

_compare = partial(Primitive, signature="x, y", shape=broadcast, group="comparison", result="bool")
_logical = partial(_compare, kinds=("bool",))
_select = partial(Primitive, signature="x, y", shape=broadcast, group="selection", result="same")

COMPARISONS: tuple[Primitive, ...] = (
    _compare("less", infix="<"),
    _compare("less_equal", infix="<="),
    _compare("greater", infix=">"),
    _compare("greater_equal", infix=">="),
    _compare("equal", infix="=="),
    _compare("not_equal", infix="!="),
    _logical("logical_and", infix="and", convention="element by element; both sides are computed"),
    _logical("logical_or", infix="or", convention="element by element; both sides are computed"),
    _logical("logical_not", signature="x", shape=elementwise, infix="not"),
    _compare("where", signature="condition, x, y", result="same", kinds=ANY_KIND, convention="both sides are computed; the condition picks element by element"),
)  # fmt: skip

SELECTIONS: tuple[Primitive, ...] = (
    _select("maximum", convention="element by element"),
    _select("minimum", convention="element by element"),
    _select("clip", signature="x, low, high", method=True, convention="min(max(x, low), high) in one step"),
)  # fmt: skip
