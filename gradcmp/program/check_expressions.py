"""Types of expressions, by computing with types in place of arrays; plain numbers are computed on the way."""

from collections.abc import Callable, Mapping
from math import isinf, prod

from gradcmp.core.suggest import foreign_letter
from gradcmp.program import hints, ir
from gradcmp.program.calls import convert
from gradcmp.program.check_calls import CallChecker
from gradcmp.program.indexing import index_shape
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

    def expression(self, node: ir.Expression) -> ir.Checked_:
        """The expression with its type; raises `Refused` with the reason noted."""
        self.visit(1)
        return _CHECKS[type(node)](self, node)

    def constant(self, node: ir.Constant) -> ir.Checked_:
        if isinstance(node.value, float) and isinf(node.value):
            raise self.refuse(node, "this number is beyond the largest float64", "write `inf` where that is meant")
        return self.literal(node.span, node.value)

    def name(self, node: ir.Name) -> ir.Checked_:
        binding = self.environment.get(node.id)
        if binding is None:
            return self._unbound(node)
        if not binding.certain:
            raise self.refuse(node, f"`{node.id}` may be undefined here", "give it a value on every way to this line")
        if binding.type is None:
            raise Refused
        if binding.known is not None:
            return _moved(binding.known, node.span)
        return ir.Read(span=node.span, path=(node.id,), type=binding.type)

    def _unbound(self, node: ir.Name) -> ir.Checked_:
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
            hint = hints.BY_NAME
        raise self.refuse(node, f"`{node.id}` is not defined", hint, expected)

    def new_axis(self, node: ir.NewAxis) -> ir.Checked_:
        raise self.refuse(node, "`None` stands only in square brackets and as an option: `axis=None`")

    def misplaced(self, node: ir.Slice | ir.Ellipsis_) -> ir.Checked_:
        raise self.refuse(node, "this stands only in square brackets", "write `x[1:3]`")

    # Compound values

    def sequence(self, node: ir.Sequence) -> ir.Checked_:
        items = self.each(node.items, self.expression)
        for item in items:
            if isinstance(item.type, ir.TupleType | ir.MappingType):
                raise self.refuse(item, f"this is {describe(item.type)}: tuples hold only arrays and numbers")
        return ir.Group(span=node.span, items=items, type=ir.TupleType(items=tuple(item.type for item in items)))

    def dictionary(self, node: ir.Dictionary) -> ir.Checked_:
        values = self.each((value for _, value in node.items), self.expression)
        items = tuple((key, value) for (key, _), value in zip(node.items, values, strict=True))
        return ir.Outputs(span=node.span, items=items, type=ir.MappingType(items=tuple((k, v.type) for k, v in items)))

    def field(self, node: ir.Field) -> ir.Checked_:
        value = self.expression(node.value)
        if isinstance(value.type, ir.MappingType):
            return self._part(node, value)
        if isinstance(value.type, ir.TupleType):
            raise self.refuse(node, f"a tuple has no `{node.name}`", "take one of its items: `t[0]`")
        shape = value.type.shape if isinstance(value.type, ir.ArrayType) else ()
        if node.name == "T":
            return self.apply(node.span, PRIMITIVES["transpose"], (value,), {"axes": None})
        if node.name in ("shape", "size", "ndim"):
            if node.name == "ndim" and shape is not None:
                return self.literal(node.span, len(shape))
            if shape is None or None in shape:
                raise self.refuse(node, "this shape depends on the run", "only what is known before may be asked for")
            lengths = [self.literal(node.span, length) for length in shape if length is not None]
            if node.name == "shape":
                types = ir.TupleType(items=tuple(length.type for length in lengths))
                return ir.Group(span=node.span, items=tuple(lengths), type=types)
            return self.literal(node.span, prod(length or 0 for length in shape))
        if node.name in PRIMITIVES and PRIMITIVES[node.name].method:
            raise self.refuse(node, f"`{node.name}` is a method and has to be called", f"write `x.{node.name}()`")
        hint = hints.for_method(node.name) or self.suggest(node.name, ("T", "shape", "size", "ndim"))
        hint = hint or "it has `T`, `shape`, `size` and `ndim`"
        raise self.refuse(node, f"an array has no `{node.name}`", hint)

    def _part(self, node: ir.Field, value: ir.Checked_) -> ir.Checked_:
        assert isinstance(value.type, ir.MappingType)
        parts = dict(value.type.items)
        if node.name not in parts or not isinstance(value, ir.Read):
            listed = ", ".join(f"`{name}`" for name in list(parts)[:12])
            hint = self.suggest(node.name, parts)
            raise self.refuse(
                node, f"this tree has no part `{node.name}`", hint, f"expected one of its parts: {listed}"
            )
        return ir.Read(span=node.span, path=(*value.path, node.name), type=parts[node.name])

    def subscript(self, node: ir.Subscript) -> ir.Checked_:
        if isinstance(node.value, ir.Field) and node.value.name == "shape" and len(node.items) == 1:
            length = self._length(node)
            if length is not None:
                return length
        value = self.expression(node.value)
        if isinstance(value.type, ir.TupleType):
            return self._item(node, value, value.type)
        if not isinstance(value.type, ir.ArrayType):
            hint = "name a part with a dot" if isinstance(value.type, ir.MappingType) else ""
            raise self.refuse(node, f"{describe(value.type)} cannot be indexed", hint)
        items, ranges = [], []
        for item in node.items:
            checked, extent = self._index(item, node)
            items.append(checked)
            ranges.append(extent)
        try:
            shape = index_shape(value.type.shape, ranges)
        except ShapeError as error:
            raise self.refuse(node, str(error), error.hint) from None
        type_ = ir.ArrayType(kind=value.type.kind, dtype=value.type.dtype, shape=shape)
        return ir.Index(span=node.span, value=value, items=tuple(items), type=type_)

    def _length(self, node: ir.Subscript) -> ir.Checked_ | None:
        """`x.shape[0]`, which may be known where the rest of the shape is not."""
        assert isinstance(node.value, ir.Field)
        if not _plain(node.items[0]):
            return None
        value, place = self.each((node.value.value, node.items[0]), self.expression)
        if not isinstance(value.type, ir.ArrayType) or not isinstance(place, ir.Literal):
            return None
        shape, position = value.type.shape, place.value
        if shape is None or not isinstance(position, int) or not -len(shape) <= position < len(shape):
            return None
        length = shape[position]
        if length is None:
            raise self.refuse(node, "this length depends on the run", "only what is known before may be asked for")
        return self.literal(node.span, length)

    def _item(self, node: ir.Subscript, value: ir.Checked_, types: ir.TupleType) -> ir.Checked_:
        place = self.expression(node.items[0]) if len(node.items) == 1 and _plain(node.items[0]) else None
        if not isinstance(place, ir.Literal) or not isinstance(place.value, int) or isinstance(place.value, bool):
            raise self.refuse(node, "a tuple is indexed by one whole number that is known before the run")
        if not -len(types.items) <= place.value < len(types.items):
            raise self.refuse(node, f"index {place.value} is out of bounds: the tuple has {len(types.items)} items")
        if isinstance(value, ir.Group):
            return _moved(value.items[place.value], node.span)
        return ir.Index(span=node.span, value=value, items=(place,), type=types.items[place.value])

    def _index(self, node: ir.Expression, whole: ir.Subscript) -> tuple[object, object]:
        """The checked item, and what `index_shape` wants to know of it."""
        if isinstance(node, ir.Ellipsis_):
            return ..., ...
        if isinstance(node, ir.NewAxis):
            return None, None
        if isinstance(node, ir.Slice):
            bounds = [self._bound(part) for part in (node.start, node.stop, node.step)]
            if bounds[2] is not None and bounds[2] <= 0:
                raise self.refuse(node, "a slice goes forwards", "write `flip(x, axis=...)` to turn an array around")
            return ir.IndexSlice(start=bounds[0], stop=bounds[1], step=bounds[2]), slice(*bounds)
        item = self.expression(node)
        if isinstance(item.type, ir.NumberType) and item.type.kind == "int":
            return item, list(self.interval(item))
        if isinstance(item.type, ir.ArrayType) and item.type.kind == "bool":
            raise self.refuse(node, "an array cannot be indexed by a mask", "write `where(mask, x, 0)`")
        if isinstance(item.type, ir.NumberType):
            raise self.refuse(node, "an index is a whole number")
        what = "an index is a whole number, a slice, `...` or `None`, not an array"
        raise self.refuse(node, what, _instead_of_array(node, whole))

    def _bound(self, node: ir.Expression | None) -> int | None:
        if node is None:
            return None
        value = self.expression(node)
        if isinstance(value, ir.Literal) and isinstance(value.value, int) and not isinstance(value.value, bool):
            return value.value
        if isinstance(value.type, ir.NumberType) and value.type.kind == "int":
            hint = "a slice that depends on a loop's variable is not supported yet"
            raise self.refuse(node, "a slice's ends have to be known before the run", hint)
        raise self.refuse(node, "a slice's ends are whole numbers, known before the run")

    def conditional(self, node: ir.Conditional) -> ir.Checked_:
        test = self.condition(node.test)
        if isinstance(test, ir.Literal):
            return self.expression(node.body if test.value else node.orelse)
        body, orelse = self.each((node.body, node.orelse), self.expression)
        try:
            type_ = join(body.type, orelse.type, dtype=self.dtype)
        except CannotJoin as error:
            raise self.refuse(node, f"the two sides differ: {error}") from None
        body, orelse = (convert(side, type_, dtype=self.dtype) for side in (body, orelse))
        return ir.Select(span=node.span, test=test, body=body, orelse=orelse, type=type_)

    def condition(self, node: ir.Expression) -> ir.Checked_:
        """A scalar that is true or false."""
        test = self.expression(node)
        if not isinstance(test.type, ir.ArrayType | ir.NumberType):
            raise self.refuse(node, f"a condition is true or false, not {describe(test.type)}")
        if test.type.kind != "bool":
            raise self.refuse(node, "a condition is true or false, not a number", "write a comparison: `x != 0`")
        if isinstance(test.type, ir.ArrayType) and test.type.shape:
            what = f"a condition is one truth value, not {describe(test.type)}"
            raise self.refuse(
                node, what, "write `any(...)` or `all(...)` around it, or `where(...)` to pick by element"
            )
        return test


def _moved(known: ir.Checked_, span: ir.Span) -> ir.Checked_:
    """A value that is used again at another place; complaints name the new one."""
    if isinstance(known, ir.Literal):
        return ir.Literal(span=span, value=known.value, type=known.type)
    return known


def _instead_of_array(node: ir.Expression, whole: ir.Subscript) -> str:
    """What to write in place of an array among indices: `take` where all else is whole axes, a mask for one per row."""
    others = [item for item in whole.items if item is not node]
    if all(_is_whole_axis(item) for item in others):
        place = whole.items.index(node)
        after_all = any(isinstance(item, ir.Ellipsis_) for item in whole.items[:place])
        return f"write `take(x, indices, axis={place - len(whole.items) if after_all else place})`"
    return (
        "one entry of each row is taken by a mask: `sum(where(y[:, None] == k, x, 0), axis=1)`, "
        "with `k: {arange: 10, dtype: int64}` among the inputs for rows of 10"
    )


def _is_whole_axis(item: ir.Expression) -> bool:
    return isinstance(item, ir.Ellipsis_) or (
        isinstance(item, ir.Slice) and (item.start, item.stop, item.step) == (None, None, None)
    )


def _plain(node: ir.Expression) -> bool:
    return not isinstance(node, ir.Slice | ir.Ellipsis_ | ir.NewAxis)


_CHECKS: dict[type, Callable[..., ir.Checked_]] = {
    ir.Constant: ExpressionChecker.constant,
    ir.Name: ExpressionChecker.name,
    ir.NewAxis: ExpressionChecker.new_axis,
    ir.Slice: ExpressionChecker.misplaced,
    ir.Ellipsis_: ExpressionChecker.misplaced,
    ir.Sequence: ExpressionChecker.sequence,
    ir.Dictionary: ExpressionChecker.dictionary,
    ir.Field: ExpressionChecker.field,
    ir.Subscript: ExpressionChecker.subscript,
    ir.Conditional: ExpressionChecker.conditional,
    ir.Call: ExpressionChecker.call,
}
