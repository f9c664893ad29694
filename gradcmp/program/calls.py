"""What a call's options are, and how a primitive's operands meet: the part of `check` that reads the catalogue."""

import ast
from functools import cache
from typing import Any

from gradcmp.core.formats import FORMATS, INTEGER_LIMITS
from gradcmp.program import ir
from gradcmp.program.catalogue.reduction import reduction
from gradcmp.program.catalogue.rows import Primitive
from gradcmp.program.catalogue.shape import expand_dims, flip, squeeze
from gradcmp.program.joins import array_of
from gradcmp.program.shapes import Rule

SEVERAL_AXES: frozenset[Rule] = frozenset({reduction, flip, squeeze, expand_dims})
"""Rules whose `axis` may be a tuple."""

DDOF = (
    "`ddof` is demanded because frameworks disagree: torch divides by n - 1, TensorFlow and JAX by n; "
    "write `ddof=1` or `ddof=0`"
)


class BadOption(Exception):
    """An option's value does not fit; the message says what was expected."""


@cache
def default(text: str) -> ir.Static:
    """A default as the catalogue writes it."""
    value: ir.Static = ast.literal_eval(text)
    return value


def option(row: Primitive, name: str, value: ir.Static) -> ir.Static:
    """The option's value, checked; raises `BadOption`."""
    if name == "axis":
        return _axis(row, value)
    if name == "keepdims":
        if not isinstance(value, bool):
            raise BadOption("expected True or False")
        return value
    if name in ("shape", "axes"):
        if value is None and name == "axes":
            return None
        lengths = (value,) if _whole(value) else value
        if not isinstance(lengths, tuple) or not all(_whole(length) for length in lengths):
            raise BadOption("expected whole numbers in parentheses: `(2, 3)`")
        return lengths
    if name in ("k", "offset"):
        if not _whole(value):
            raise BadOption("expected a whole number")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadOption("expected a number")
    if name == "ddof":
        if value < 0:
            raise BadOption("expected 0 or 1")
        return value
    return as_float(value)


def _whole(value: ir.Static) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _axis(row: Primitive, value: ir.Static) -> ir.Static:
    if _whole(value) or (value is None and row.options["axis"] == "None"):
        return value
    if row.shape in SEVERAL_AXES and isinstance(value, tuple) and value and all(_whole(axis) for axis in value):
        return value
    many = " or several in parentheses" if row.shape in SEVERAL_AXES else ""
    raise BadOption(f"expected a whole number{many}")


def rounded(literal: ir.Literal, *, dtype: str, exponent: bool = False) -> ir.Literal:
    """A number as arrays of `dtype` meet it, as a user would write it: frameworks round it in their own ways.

    Whole numbers stay whole where the dtype and 32 bits hold them, which JAX demands, and as exponents; else they are
    floats. Raises `BadOption` for what does not fit a dtype of whole numbers, or float64.
    """
    value = literal.value
    if isinstance(value, bool) or isinstance(literal.type, ir.ArrayType):
        return literal
    if dtype in INTEGER_LIMITS:
        low, high = INTEGER_LIMITS[dtype]
        if not isinstance(value, int) or not low <= value <= high:
            raise BadOption(f"{value!r:.40} does not fit {dtype}")
        return literal
    if exponent and isinstance(value, int) and abs(value) < 2**31:
        return literal
    if isinstance(value, float) or (abs(value) < 2**31 and FORMATS[dtype].round(float(value)) == value):
        return literal
    return ir.Literal(span=literal.span, value=as_float(value), type=ir.NumberType(kind="float"))


def as_float(value: ir.Number) -> float:
    """The number as Python's float; raises `BadOption` where it is beyond them."""
    try:
        return float(value)
    except OverflowError:
        raise BadOption(f"{value!r:.40}… is beyond the largest float64") from None


def convert(node: ir.Checked_, target: ir.Type, *, dtype: str) -> ir.Checked_:
    """`node` as `target`, which is its type with some numbers made 0-d arrays."""
    if node.type == target:
        return node
    if isinstance(target, ir.TupleType) and isinstance(node.type, ir.TupleType):
        items: list[ir.Checked_] = list(node.items) if isinstance(node, ir.Group) else []
        for position, type_ in enumerate(node.type.items[len(items) :]):
            place = ir.Literal(span=node.span, value=position, type=ir.NumberType(kind="int"))
            items.append(ir.Index(span=node.span, value=node, items=(place,), type=type_))
        pairs = zip(items, target.items, strict=True)
        return ir.Group(
            span=node.span, items=tuple(convert(item, type_, dtype=dtype) for item, type_ in pairs), type=target
        )
    if isinstance(target, ir.ArrayType) and isinstance(node.type, ir.NumberType):
        zero_d = array_of(node.type, target, dtype=dtype)
        if isinstance(node, ir.Literal):
            value: ir.Number = as_float(node.value) if zero_d.kind == "float" else node.value
            return ir.Literal(span=node.span, value=value, type=zero_d)
        return ir.Apply(span=node.span, primitive="array", operands=(node,), options={}, type=zero_d)
    return node  # an array whose shape is known less well, or a whole number among floats


def interval(node: ir.Checked_, known: dict[str, tuple[int, int]]) -> tuple[int | None, int | None]:
    """The values between which a whole number lies, by what is known of names; (None, None) where nothing is."""
    if isinstance(node, ir.Literal) and isinstance(node.value, int):
        return node.value, node.value
    if len(getattr(node, "path", ())) == 1:
        return known.get(node.path[0], (None, None))  # type: ignore[union-attr]  # it is a `Read`
    if isinstance(node, ir.Apply) and node.primitive in ("add", "subtract", "multiply", "negative"):
        ends: list[Any] = [interval(operand, known) for operand in node.operands]
        if any(end is None for pair in ends for end in pair):
            return None, None
        if node.primitive == "negative":
            return -ends[0][1], -ends[0][0]
        (a, b), (c, d) = ends
        if node.primitive == "add":
            return a + c, b + d
        if node.primitive == "subtract":
            return a - d, b - c
        corners = (a * c, a * d, b * c, b * d)
        return min(corners), max(corners)
    return None, None
