"""Kinds, dtypes and shapes joined: where operands meet, and where two ways through a program meet."""

from collections.abc import Iterable
from functools import reduce

from gradcmp.core.formats import FORMATS, INTEGER_LIMITS, kind_of
from gradcmp.core.leaves import Dimensions
from gradcmp.program.ir import ArrayType, MappingType, NumberType, TupleType, Type


class CannotJoin(Exception):  # never leaves the package
    """Two types have no common one; the message says how they differ."""


def describe(type_: Type) -> str:
    """A type in words, for messages: `float32 of shape (2, 3)`, `a number`."""
    if isinstance(type_, NumberType):
        return {"bool": "True or False", "int": "a whole number"}.get(type_.kind, "a number")
    if isinstance(type_, TupleType):
        return f"a tuple of {len(type_.items)}"
    if isinstance(type_, MappingType):
        return f"a tree with the parts {', '.join(f'`{name}`' for name, _ in type_.items)}"
    return f"{type_.dtype} of shape {show(type_.shape)}"


def show(shape: Dimensions) -> str:
    """A shape as Python writes it, with `?` for a length that depends on the run."""
    if shape is None:
        return "(?)"
    inner = ", ".join("?" if length is None else str(length) for length in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def wider_float(a: str, b: str) -> str:
    """The dtype in which both fit: float16 and bfloat16 meet in float32."""
    if a == b:
        return a
    if {a, b} == {"float16", "bfloat16"}:
        return "float32"
    return max(a, b, key=lambda name: FORMATS[name].precision)


def wider_integer(a: str, b: str) -> str:
    """The dtype in which both fit; int64 where neither takes the other's numbers."""
    for wide, narrow in ((a, b), (b, a)):
        (low, high), (least, most) = INTEGER_LIMITS[wide], INTEGER_LIMITS[narrow]
        if low <= least and most <= high:
            return wide
    return "int64"


def joined_dtype(types: Iterable[Type], *, dtype: str, result: str = "same") -> str:
    """The dtype in which operands meet. `dtype` is the problem's, `result` a primitive's (`float`: never integers).

    Arrays decide: numbers take the arrays' dtype, unless a float number or `result` turns integers into floats.
    """
    arrays, kinds = [], set()
    for type_ in types:
        parts = type_.items if isinstance(type_, TupleType) else (type_,)
        for part in parts:
            if isinstance(part, ArrayType):
                arrays.append(part.dtype)
                kinds.add(kind_of(part.dtype))
            elif isinstance(part, NumberType):
                kinds.add(part.kind)
    if kinds == {"bool"}:
        return "bool"
    if "float" in kinds or result == "float":
        floats = [name for name in arrays if name in FORMATS]
        return reduce(wider_float, floats) if floats else dtype
    integers = [name for name in arrays if name in INTEGER_LIMITS]
    return reduce(wider_integer, integers) if integers else "int64"


def join_shapes(a: Dimensions, b: Dimensions) -> Dimensions:
    """What is the same in both; lengths that differ, or the whole where ranks differ, become None."""
    if a is None or b is None or len(a) != len(b):
        return None
    return tuple(m if m == n else None for m, n in zip(a, b, strict=True))


def join(a: Type, b: Type, *, dtype: str, numbers_stay: bool = False) -> Type:
    """The type that two ways through the program agree on; raises `CannotJoin`.

    Whole numbers stay numbers; floats become 0-d arrays of the problem's `dtype`, unless `numbers_stay` (in a `for`,
    which is the same for every run); a number that meets an array becomes an array.
    """
    if isinstance(a, NumberType) and isinstance(b, NumberType):
        if (a.kind == "bool") != (b.kind == "bool"):
            raise CannotJoin(f"{describe(a)} one way, {describe(b)} the other")
        kind = a.kind if a.kind == b.kind else "float"
        if kind == "float" and not numbers_stay:
            return ArrayType(kind="float", dtype=dtype, shape=())
        return NumberType(kind=kind)
    if isinstance(a, NumberType) and isinstance(b, ArrayType):
        a = array_of(a, b, dtype=dtype)
    elif isinstance(b, NumberType) and isinstance(a, ArrayType):
        b = array_of(b, a, dtype=dtype)
    if isinstance(a, ArrayType) and isinstance(b, ArrayType):
        if a.dtype != b.dtype:
            raise CannotJoin(f"{a.dtype} one way, {b.dtype} the other")
        return ArrayType(kind=a.kind, dtype=a.dtype, shape=join_shapes(a.shape, b.shape))
    if isinstance(a, TupleType) and isinstance(b, TupleType) and len(a.items) == len(b.items):
        pairs = zip(a.items, b.items, strict=True)
        return TupleType(items=tuple(join(m, n, dtype=dtype, numbers_stay=numbers_stay) for m, n in pairs))
    if a == b:
        return a
    raise CannotJoin(f"{describe(a)} one way, {describe(b)} the other")


def array_of(number: NumberType, array: ArrayType | None = None, *, dtype: str) -> ArrayType:
    """The 0-d array that a number becomes, beside `array` where there is one."""
    if array is not None and (number.kind == array.kind or (number.kind, array.kind) == ("int", "float")):
        return ArrayType(kind=array.kind, dtype=array.dtype, shape=())
    dtype_of_number = {"float": dtype, "int": "int64", "bool": "bool"}[number.kind]
    return ArrayType(kind=number.kind, dtype=dtype_of_number, shape=())
