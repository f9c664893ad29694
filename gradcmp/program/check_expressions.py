"""Types of expressions, by computing with types in place of arrays; plain numbers are computed on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

from gradcmp.core.suggest import foreign_letter
from gradcmp.program import hints
from gradcmp.program.calls import convert
from gradcmp.program.check_calls import CallChecker
from gradcmp.program.indexing import index_shape
from gradcmp.program.ir import (
    ArrayType,
    Call,
    Checked_,
    Conditional,
    Constant,
    Dictionary,
    Ellipsis_,
    Expression,
    Field,
    Group,
    Index,
    IndexSlice,
    Literal,
    MappingType,
    Name,
    NewAxis,
    NumberType,
    Outputs,
    Read,
    Select,
    Sequence,
    Slice,
    Span,
    Subscript,
    TupleType,
    Type,
)
from gradcmp.program.joins import CannotJoin, describe, join
from gradcmp.program.primitives import CONSTANTS, PRIMITIVES
from gradcmp.program.shapes import ShapeError
from gradcmp.program.source import Refused, Source

MOST_VISITS = 30_000
"""Expressions looked at, counting every pass over a loop; a statement counts as five."""


class TooMuch(Exception):
    """The program takes too long to be checked."""


class ExpressionChecker(CallChecker):
    """Expressions; every complaint is kept."""

    def __init__(self, source: Source, *, dtype: str, words: Mapping[str, str]) -> None:
        super().__init__(source, dtype=dtype, words=words)
        self.visits = 0

    def visit(self, cost: int) -> None:
        """Count what the check costs; raises `TooMuch`."""
        self.visits += cost
        if self.visits > MOST_VISITS:
            raise TooMuch

    def expression(self, node: Expression) -> Checked_:
        """The expression with its type; raises `Refused` with the reason noted."""
        self.visit(1)
        return _CHECKS[type(node)](self, node)

    def constant(self, node: Constant) -> Checked_:
        return self.literal(node.span, node.value)

    def name(self, node: Name) -> Checked_:
        binding = self.environment.get(node.id)
        if binding is None:
            return self._unbound(node)
        if not binding.certain:
            raise self.refuse(node, f"`{node.id}` may be undefined here", "give it a value on every way to this line")
        if binding.type is None:
            raise Refused
        if binding.known is not None:
            return _moved(binding.known, node.span)
        return Read(span=node.span, path=(node.id,), type=binding.type)

    def _unbound(self, node: Name) -> Checked_:
        if node.id in CONSTANTS:
            return self.literal(node.span, CONSTANTS[node.id])
        if node.id in self.words:
            raise self.refuse(
                node,
                f"`{node.id}` is the word `{self.words[node.id]}` here, not a number",
                "only sweep names with numbers stand in functions",
            )
        if node.id in self.hidden:
            raise self.refuse(
                node, f"`{node.id}` is not defined", f"make the input `{node.id}` a parameter of the `def`"
            )
        if node.id in PRIMITIVES:
            raise self.refuse(node, f"`{node.id}` is a primitive and has to be called", f"write `{node.id}(...)`")
        hint = foreign_letter(node.id) or self.suggest(node.id, [*self.environment, *CONSTANTS])
        if node.id.lower() == "nan":
            hint = "not-a-number is written `.nan`, in `inputs` and `expect` only"
        known = [f"`{name}`" for name in list(self.environment)[:12]]
        expected = f"expected {'one of ' * (len(known) > 1)}{', '.join(known)}" if known and not hint else ""
        if node.id in hints.MAYBE_MODULES | hints.MODULES:
            hint = "primitives are called by name: `dot(x, x)`"
        raise self.refuse(node, f"`{node.id}` is not defined", hint, expected)

    def new_axis(self, node: NewAxis) -> Checked_:
        raise self.refuse(node, "`None` stands only in square brackets and as an option: `axis=None`")

    def misplaced(self, node: Slice | Ellipsis_) -> Checked_:
        raise self.refuse(node, "this stands only in square brackets", "write `x[1:3]`")

    # Compound values

    def sequence(self, node: Sequence) -> Checked_:
        items = self.each(node.items, self.expression)
        for item in items:
            if isinstance(item.type, TupleType | MappingType):
                raise self.refuse(item, f"this is {describe(item.type)}: tuples hold only arrays and numbers")
        return Group(span=node.span, items=items, type=TupleType(items=tuple(item.type for item in items)))

    def dictionary(self, node: Dictionary) -> Checked_:
        values = self.each((value for _, value in node.items), self.expression)
        items = tuple((key, value) for (key, _), value in zip(node.items, values, strict=True))
        return Outputs(span=node.span, items=items, type=MappingType(items=tuple((k, v.type) for k, v in items)))

    def field(self, node: Field) -> Checked_:
        value = self.expression(node.value)
        if isinstance(value.type, MappingType):
            return self._part(node, value)
        if isinstance(value.type, TupleType):
            raise self.refuse(node, f"a tuple has no `{node.name}`", "take one of its items: `t[0]`")
        shape = value.type.shape if isinstance(value.type, ArrayType) else ()
        if node.name == "T":
            return self.apply(node.span, PRIMITIVES["transpose"], (value,), {"axes": None})
        if node.name in ("shape", "size", "ndim"):
            if node.name == "ndim" and shape is not None:
                return self.literal(node.span, len(shape))
            if shape is None or None in shape:
                raise self.refuse(node, "this shape depends on the run", "only what is known before may be asked for")
            lengths = [self.literal(node.span, length) for length in shape if length is not None]
            if node.name == "shape":
                types = TupleType(items=tuple(length.type for length in lengths))
                return Group(span=node.span, items=tuple(lengths), type=types)
            return self.literal(node.span, prod(length or 0 for length in shape))
        if node.name in PRIMITIVES and PRIMITIVES[node.name].method:
            raise self.refuse(node, f"`{node.name}` is a method and has to be called", f"write `x.{node.name}()`")
        hint = hints.for_method(node.name) or self.suggest(node.name, ("T", "shape", "size", "ndim"))
        hint = hint or "it has `T`, `shape`, `size` and `ndim`"
        raise self.refuse(node, f"an array has no `{node.name}`", hint)

    def _part(self, node: Field, value: Checked_) -> Checked_:
        assert isinstance(value.type, MappingType)
        parts = dict(value.type.items)
        if node.name not in parts or not isinstance(value, Read):
            listed = ", ".join(f"`{name}`" for name in list(parts)[:12])
            hint = self.suggest(node.name, parts)
            raise self.refuse(
                node, f"this tree has no part `{node.name}`", hint, f"expected one of its parts: {listed}"
            )
        return Read(span=node.span, path=(*value.path, node.name), type=parts[node.name])

    def subscript(self, node: Subscript) -> Checked_:
        if isinstance(node.value, Field) and node.value.name == "shape" and len(node.items) == 1:
            length = self._length(node)
            if length is not None:
                return length
        value = self.expression(node.value)
        if isinstance(value.type, TupleType):
            return self._item(node, value, value.type)
        if not isinstance(value.type, ArrayType):
            raise self.refuse(node, f"{describe(value.type)} cannot be indexed", _unindexed(value.type))
        items, ranges = [], []
        for item in node.items:
            checked, extent = self._index(item, node)
            items.append(checked)
            ranges.append(extent)
        try:
            shape = index_shape(value.type.shape, ranges)
        except ShapeError as error:
            raise self.refuse(node, str(error), error.hint) from None
        type_ = ArrayType(kind=value.type.kind, dtype=value.type.dtype, shape=shape)
        return Index(span=node.span, value=value, items=tuple(items), type=type_)

    def _length(self, node: Subscript) -> Checked_ | None:
        """`x.shape[0]`, which may be known where the rest of the shape is not."""
        assert isinstance(node.value, Field)
        if not _plain(node.items[0]):
            return None
        value, place = self.each((node.value.value, node.items[0]), self.expression)
        if not isinstance(value.type, ArrayType) or not isinstance(place, Literal):
            return None
        shape, position = value.type.shape, place.value
        if shape is None or not isinstance(position, int) or not -len(shape) <= position < len(shape):
            return None
        length = shape[position]
        if length is None:
            raise self.refuse(node, "this length depends on the run", "only what is known before may be asked for")
        return self.literal(node.span, length)

    def _item(self, node: Subscript, value: Checked_, types: TupleType) -> Checked_:
        place = self.expression(node.items[0]) if len(node.items) == 1 and _plain(node.items[0]) else None
        if not isinstance(place, Literal) or not isinstance(place.value, int) or isinstance(place.value, bool):
            raise self.refuse(node, "a tuple is indexed by one whole number that is known before the run")
        if not -len(types.items) <= place.value < len(types.items):
            raise self.refuse(node, f"index {place.value} is out of bounds: the tuple has {len(types.items)} items")
        if isinstance(value, Group):
            return _moved(value.items[place.value], node.span)
        return Index(span=node.span, value=value, items=(place,), type=types.items[place.value])

    def _index(self, node: Expression, whole: Subscript) -> tuple[object, object]:
        """The checked item, and what `index_shape` wants to know of it."""
        if isinstance(node, Ellipsis_):
            return ..., ...
        if isinstance(node, NewAxis):
            return None, None
        if isinstance(node, Slice):
            bounds = [self._bound(part) for part in (node.start, node.stop, node.step)]
            if bounds[2] is not None and bounds[2] <= 0:
                raise self.refuse(node, "a slice goes forwards", "write `flip(x, axis=...)` to turn an array around")
            return IndexSlice(start=bounds[0], stop=bounds[1], step=bounds[2]), slice(*bounds)
        item = self.expression(node)
        if isinstance(item.type, NumberType) and item.type.kind == "int":
            return item, list(self.interval(item))
        if isinstance(item.type, ArrayType) and item.type.kind == "bool":
            raise self.refuse(node, "an array cannot be indexed by a mask", "write `where(mask, x, 0)`")
        if isinstance(item.type, NumberType):
            raise self.refuse(node, "an index is a whole number")
        what = "an index is a whole number, a slice, `...` or `None`, not an array"
        raise self.refuse(node, what, _instead_of_array(node, whole))

    def _bound(self, node: Expression | None) -> int | None:
        if node is None:
            return None
        value = self.expression(node)
        if isinstance(value, Literal) and isinstance(value.value, int) and not isinstance(value.value, bool):
            return value.value
        if isinstance(value.type, NumberType) and value.type.kind == "int":
            hint = "a slice that depends on a loop's variable is not supported yet"
            raise self.refuse(node, "a slice's ends have to be known before the run", hint)
        raise self.refuse(node, "a slice's ends are whole numbers, known before the run")

    def conditional(self, node: Conditional) -> Checked_:
        test = self.condition(node.test)
        if isinstance(test, Literal):
            return self.expression(node.body if test.value else node.orelse)
        body, orelse = self.each((node.body, node.orelse), self.expression)
        try:
            type_ = join(body.type, orelse.type, dtype=self.dtype)
        except CannotJoin as error:
            raise self.refuse(node, f"the two sides differ: {error}") from None
        body, orelse = (convert(side, type_, dtype=self.dtype) for side in (body, orelse))
        return Select(span=node.span, test=test, body=body, orelse=orelse, type=type_)

    def condition(self, node: Expression) -> Checked_:
        """A scalar that is true or false."""
        test = self.expression(node)
        if not isinstance(test.type, ArrayType | NumberType):
            raise self.refuse(node, f"a condition is true or false, not {describe(test.type)}")
        if test.type.kind != "bool":
            raise self.refuse(node, "a condition is true or false, not a number", "write a comparison: `x != 0`")
        if isinstance(test.type, ArrayType) and test.type.shape:
            what = f"a condition is one truth value, not {describe(test.type)}"
            raise self.refuse(
                node, what, "write `any(...)` or `all(...)` around it, or `where(...)` to pick by element"
            )
        return test


def _unindexed(type_: Type) -> str:
    return "name a part with a dot" if isinstance(type_, MappingType) else ""


def _moved(known: Checked_, span: Span) -> Checked_:
    """A value that is used again at another place; complaints name the new one."""
    if isinstance(known, Literal):
        return Literal(span=span, value=known.value, type=known.type)
    return known


def _instead_of_array(node: Expression, whole: Subscript) -> str:
    """What to write in place of an array among indices: `take` where all else is whole axes, a mask for one per row."""
    others = [item for item in whole.items if item is not node]
    if all(_is_whole_axis(item) for item in others):
        place = whole.items.index(node)
        after_all = any(isinstance(item, Ellipsis_) for item in whole.items[:place])
        return f"write `take(x, indices, axis={place - len(whole.items) if after_all else place})`"
    return (
        "one entry of each row is taken by a mask: `sum(where(y[:, None] == k, x, 0), axis=1)`, "
        "with `k: {arange: 10, dtype: int64}` among the inputs for rows of 10"
    )


def _is_whole_axis(item: Expression) -> bool:
    return isinstance(item, Ellipsis_) or (
        isinstance(item, Slice) and item.start is None and item.stop is None and item.step is None
    )


def _plain(node: Expression) -> bool:
    return not isinstance(node, Slice | Ellipsis_ | NewAxis)


_CHECKS: dict[type, Callable[..., Checked_]] = {
    Constant: ExpressionChecker.constant,
    Name: ExpressionChecker.name,
    NewAxis: ExpressionChecker.new_axis,
    Slice: ExpressionChecker.misplaced,
    Ellipsis_: ExpressionChecker.misplaced,
    Sequence: ExpressionChecker.sequence,
    Dictionary: ExpressionChecker.dictionary,
    Field: ExpressionChecker.field,
    Subscript: ExpressionChecker.subscript,
    Conditional: ExpressionChecker.conditional,
    Call: ExpressionChecker.call,
}
