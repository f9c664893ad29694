"""Calls of primitives: arguments sorted, options read, operands met, and the type of what comes out."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from gradcmp.core.formats import kind_of
from gradcmp.program import ir
from gradcmp.program.calls import DDOF, BadOption, convert, default, interval, option, rounded
from gradcmp.program.catalogue.rows import Primitive
from gradcmp.program.fold import FOLDS, CannotFold, fold
from gradcmp.program.hints import MAYBE_MODULES
from gradcmp.program.joins import describe, joined_dtype
from gradcmp.program.primitives import PRIMITIVES
from gradcmp.program.shapes import Rule, ShapeError, broadcast, elementwise, result_shape
from gradcmp.program.source import Complaints, Refused, Source

TAKES_NUMBERS: frozenset[Rule] = frozenset({elementwise, broadcast})
"""Rules whose operands may be plain numbers beside arrays; everywhere else numbers become arrays first."""

ROLES: dict[str, str] = {"condition": "bool", "indices": "int64"}
"""Operands that do not meet the others → their dtype."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What is known of a name. `type` None: its value was refused already, and is not complained about again.

    `known` is its value where that is plain numbers; `certain` False: bound on some ways only.
    """

    type: ir.Type | None
    known: ir.Checked_ | None = None
    interval: tuple[int, int] | None = None
    certain: bool = True


class CallChecker(Complaints, ABC):
    """What is known of names, and calls; every complaint is kept."""

    def __init__(self, source: Source, *, dtype: str, words: Mapping[str, str]) -> None:
        super().__init__(source)
        self.dtype = dtype
        self.words = words  # sweep names that stand for words
        self.hidden: frozenset[str] = frozenset()  # inputs that the `def` does not take
        self.environment: dict[str, Binding] = {}

    @abstractmethod
    def expression(self, node: ir.Expression) -> ir.Checked_:
        """The expression with its type; raises `Refused` with the reason noted."""

    def literal(self, span: ir.Span, value: ir.Number) -> ir.Literal:
        kind = "bool" if isinstance(value, bool) else "int" if isinstance(value, int) else "float"
        return ir.Literal(span=span, value=value, type=ir.NumberType(kind=kind))

    def interval(self, node: ir.Checked_) -> tuple[int | None, int | None]:
        known = {name: binding.interval for name, binding in self.environment.items() if binding.interval is not None}
        return interval(node, known)

    def call(self, node: ir.Call) -> ir.Checked_:
        if node.primitive == "len":
            return self._len(node)
        row = PRIMITIVES[node.primitive]
        first = node.arguments[0] if node.arguments else None
        if isinstance(first, ir.Name) and first.id in MAYBE_MODULES and first.id not in self.environment:
            raise self.refuse(first, f"`{first.id}` is not defined", f"write `{row.name}(...)`")
        if row.name in ("max", "min") and len(node.arguments) > 1 and not node.keywords:
            return self._extreme(node, row)
        operands, options = self._sort_arguments(node, row)
        checked = self.each(operands, self.expression)
        values = self._options(node, row, options)
        return self.apply(node.span, row, checked, values)

    def _len(self, node: ir.Call) -> ir.Checked_:
        if len(node.arguments) != 1 or node.keywords:
            raise self.refuse(node, "`len` takes one operand", "write `len(x)`")
        value = self.expression(node.arguments[0])
        if isinstance(value.type, ir.TupleType):
            return self.literal(node.span, len(value.type.items))
        shape = value.type.shape if isinstance(value.type, ir.ArrayType) else ()
        if shape is None or (shape and shape[0] is None):
            raise self.refuse(node, "this length depends on the run", "only what is known before may be asked for")
        if not shape or shape[0] is None:
            raise self.refuse(node, f"{describe(value.type)} has no length", "only arrays with an axis have one")
        return self.literal(node.span, shape[0])

    def _extreme(self, node: ir.Call, row: Primitive) -> ir.Checked_:
        """`max(a, b)`: Python's for numbers, but for arrays NumPy's second operand is an axis: refused."""
        checked = self.each(node.arguments, self.expression)
        numbers = [item.value for item in checked if isinstance(item, ir.Literal)]
        if len(numbers) == len(checked):
            return self._fold(node.span, row, numbers)
        other = {"max": "maximum", "min": "minimum"}[row.name]
        hint = f"write `{other}(x, y)` to compare by element, `{row.name}(x, axis=0)` along an axis"
        raise self.refuse(node, f"`{row.name}` of an array takes its axis by name", hint)

    def _sort_arguments(self, node: ir.Call, row: Primitive) -> tuple[list[ir.Expression], dict[str, ir.Expression]]:
        """Arguments sorted into operands and options, as Python would."""
        names, options = list(row.operands), list(row.options)
        given: dict[str, ir.Expression] = {}
        arguments = node.arguments
        extra = len(arguments) - len(names)
        if options and options[0] in ("shape", "axes") and extra > 1:
            last = arguments[len(names) :]
            arguments = (*arguments[: len(names)], ir.Sequence(span=last[0].span, items=last))
        if len(arguments) > len(names) + len(options):
            raise self.refuse(node, f"`{row.name}` takes {_count(len(names))}, not {len(node.arguments)}", *_usage(row))
        given.update(zip([*names, *options], arguments, strict=False))
        for name, argument in node.keywords:
            if name in given:
                raise self.refuse(node, f"`{row.name}` is given `{name}` twice", "leave one out")
            given[name] = argument
        missing = [name for name in names if name not in given]
        if missing:
            raise self.refuse(
                node, f"`{row.name}` takes {_count(len(names))}: {_names(missing)} is missing", *_usage(row)
            )
        return [given[name] for name in names], {name: given[name] for name in options if name in given}

    def _options(self, node: ir.Call, row: Primitive, given: Mapping[str, ir.Expression]) -> dict[str, ir.Static]:
        values: dict[str, ir.Static] = {}
        for name, text in row.options.items():
            if name in given:
                try:
                    values[name] = option(row, name, self.static(given[name], name))
                except BadOption as error:
                    raise self.refuse(
                        given[name], f"`{name}` of `{row.name}` does not fit", expected=str(error)
                    ) from None
            elif text is None:
                raise self.refuse(node, f"`{row.name}` needs `{name}`", DDOF if name == "ddof" else _usage(row)[0])
            else:
                value = default(text)
                values[name] = option(row, name, value) if isinstance(value, float) else value
        return values

    def static(self, node: ir.Expression, name: str) -> ir.Static:
        """The value of an option, which must be known before the run."""
        if isinstance(node, ir.NewAxis):
            return None
        value = self.expression(node)
        parts = value.items if isinstance(value, ir.Group) else (value,)
        if not all(isinstance(part, ir.Literal) for part in parts):
            raise self.refuse(
                node, f"`{name}` has to be known before the run", "write a number, or a name of the sweep"
            )
        numbers = tuple(part.value for part in parts if isinstance(part, ir.Literal))
        return numbers if isinstance(value, ir.Group) else numbers[0]

    def apply(
        self, span: ir.Span, row: Primitive, operands: tuple[ir.Checked_, ...], options: dict[str, ir.Static]
    ) -> ir.Checked_:
        """A primitive on checked operands: folded, or with its type."""
        self._check_kinds(span, row, operands)
        numbers = [operand.value for operand in operands if isinstance(operand, ir.Literal)]
        plain = all(isinstance(operand.type, ir.NumberType) for operand in operands)
        if plain and len(numbers) == len(operands) and row.name in FOLDS and row.shape in TAKES_NUMBERS:
            return self._fold(span, row, numbers)
        if plain and row.infix and row.name != "matmul":
            type_ = ir.NumberType(kind=self._number_kind(row, operands))
            return ir.Apply(span=span, primitive=row.name, operands=operands, options=options, type=type_)
        return self._array(span, row, operands, options)

    def _fold(self, span: ir.Span, row: Primitive, numbers: list[ir.Number]) -> ir.Checked_:
        try:
            return self.literal(span, fold(row.name, numbers))
        except CannotFold as error:
            raise self.refuse(span, f"this cannot be computed: {error}") from None

    def _number_kind(self, row: Primitive, operands: tuple[ir.Checked_, ...]) -> str:
        if row.result in ("bool", "float"):
            return row.result
        kinds = {operand.type.kind for operand in operands if isinstance(operand.type, ir.NumberType)}
        if row.name == "power" and kinds == {"int"}:
            low, _ = self.interval(operands[1])
            return "int" if low is not None and low >= 0 else "float"
        return "float" if "float" in kinds else "int"

    def _check_kinds(self, span: ir.Span, row: Primitive, operands: tuple[ir.Checked_, ...]) -> None:
        kinds = set()
        for name, operand in zip(row.operands, operands, strict=True):
            if name.startswith("["):
                kinds |= self._check_sequence(row, operand)
                continue
            if not isinstance(operand.type, ir.ArrayType | ir.NumberType):
                part = "one of its parts" if isinstance(operand.type, ir.MappingType) else "one of its items"
                raise self.refuse(
                    operand, f"`{row.infix or row.name}` takes an array, not {describe(operand.type)}", f"take {part}"
                )
            wanted = (kind_of(ROLES[name]),) if name in ROLES else row.kinds
            if operand.type.kind not in wanted:
                raise self._refuse_kind(row, name, operand, wanted)
            if name not in ROLES:
                kinds.add(operand.type.kind)
        if "bool" in kinds and len(kinds) > 1:
            raise self.refuse(
                span, f"`{row.name}` mixes truth values and numbers", "write `where(mask, 1, 0)` for the mask"
            )

    def _refuse_kind(self, row: Primitive, name: str, operand: ir.Checked_, wanted: tuple[str, ...]) -> Refused:
        words = {"float": "numbers", "int": "whole numbers", "bool": "truth values"}
        shown = row.infix or row.name
        kind = operand.type.kind if isinstance(operand.type, ir.ArrayType | ir.NumberType) else ""
        if name == "condition":
            what = f"the condition of `{row.name}` is true or false, not {words[kind]}"
            return self.refuse(operand, what, "write a comparison: `x != 0`")
        if name == "indices":
            return self.refuse(
                operand, "indices are whole numbers", "make them an input: `{literal: [0, 2], dtype: int64}`"
            )
        hint = "write `where(mask, x, 0)` or `where(mask, 1, 0)`" if kind == "bool" else "write a comparison: `x != 0`"
        return self.refuse(operand, f"`{shown}` takes {words[wanted[0]]}, not {words[kind]}", hint)

    def _check_sequence(self, row: Primitive, operand: ir.Checked_) -> set[str]:
        if not isinstance(operand, ir.Group) or not operand.items:
            raise self.refuse(operand, f"`{row.name}` takes arrays in brackets", f"write `{row.name}([x, y])`")
        kinds = {item.type.kind for item in operand.items if isinstance(item.type, ir.ArrayType | ir.NumberType)}
        if "bool" in kinds and "bool" not in row.kinds:
            what = f"`{row.name}` takes numbers, not truth values"
            raise self.refuse(operand, what, "write `where(mask, 1, 0)`")
        return kinds

    def _array(
        self, span: ir.Span, row: Primitive, operands: tuple[ir.Checked_, ...], options: dict[str, ir.Static]
    ) -> ir.Checked_:
        meeting = [part.type for name, part in zip(row.operands, operands, strict=True) if name not in ROLES]
        joined = joined_dtype(meeting, dtype=self.dtype, result="float" if row.result == "float" else "same")
        try:
            wrap = row.shape not in TAKES_NUMBERS or all(isinstance(part.type, ir.NumberType) for part in operands)
            met = tuple(self._meet(row, at, operand, joined, wrap=wrap) for at, operand in enumerate(operands))
            flat = [item for part in met for item in (part.items if isinstance(part, ir.Group) else (part,))]
            shapes = [item.type.shape if isinstance(item.type, ir.ArrayType) else () for item in flat]
            shape = result_shape(row.shape, shapes, options)
        except BadOption as error:
            raise self.refuse(span, str(error)) from None
        except ShapeError as error:
            what = str(error).replace("this takes", f"`{row.name}` takes")  # a rule does not know whose it is
            raise self.refuse(span, what, error.hint) from None
        out = {"bool": "bool", "int": "int64"}.get(row.result, joined)
        type_: ir.Type = ir.ArrayType(kind=kind_of(out), dtype=out, shape=shape)
        if row.pair:
            type_ = ir.TupleType(items=(type_, type_))
        return ir.Apply(span=span, primitive=row.name, operands=met, options=options, type=type_)

    def _meet(self, row: Primitive, position: int, operand: ir.Checked_, joined: str, *, wrap: bool) -> ir.Checked_:
        """An operand as it meets the others: literals rounded; numbers made arrays in a sequence and by `wrap`."""
        if isinstance(operand, ir.Group):
            items = tuple(self._wrapped(item, joined) for item in operand.items)
            return ir.Group(span=operand.span, items=items, type=ir.TupleType(items=tuple(item.type for item in items)))
        dtype = ROLES.get(row.operands[position], joined)
        if isinstance(operand, ir.Literal):
            exponent = row.name == "power" and position == 1
            if exponent and kind_of(joined) == "int" and operand.value < 0:
                raise BadOption("whole numbers have no negative powers: write `1.0 * x`")
            operand = rounded(operand, dtype=dtype, exponent=exponent and not wrap)
        return self._wrapped(operand, dtype) if wrap else operand

    def _wrapped(self, operand: ir.Checked_, dtype: str) -> ir.Checked_:
        """A number as a 0-d array of `dtype`; arrays stay as they are."""
        if not isinstance(operand.type, ir.NumberType):
            return operand
        if isinstance(operand, ir.Literal):
            operand = rounded(operand, dtype=dtype)
        return convert(operand, ir.ArrayType(kind=kind_of(dtype), dtype=dtype, shape=()), dtype=dtype)


def _count(number: int) -> str:
    return {1: "one operand", 2: "two operands", 3: "three operands"}[number]


def _names(names: list[str]) -> str:
    return " and ".join(f"`{name.strip('[]')}`" for name in names)


def _usage(row: Primitive) -> tuple[str]:
    return (f"write `{row.name}({row.signature.replace('*, ', '')})`",)
