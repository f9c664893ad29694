"""From checked expressions to one framework's text, with the parentheses that Python needs and no others."""

import math
from collections.abc import Mapping

from gradcmp.program import ir
from gradcmp.program.infix import ATOM, CONDITIONAL, NOT, OR, SIGN, Piece, joined, level_of
from gradcmp.program.primitives import PRIMITIVES
from gradcmp.program.spelling import Application, Fragment, Spelling


class CannotLower(Exception):
    """The program cannot be written for this backend and execution; the message is the reason."""


def number_text(value: ir.Number) -> Piece:
    """A number as Python writes it."""
    if isinstance(value, float) and not math.isfinite(value):
        text = 'float("nan")' if math.isnan(value) else 'float("inf")'
        return Piece(text, ATOM) if value != -math.inf else Piece(f"-{text}", SIGN)
    text = repr(value)
    return Piece(text, SIGN if text.startswith("-") else ATOM)


class ExpressionWriter:
    """Writes expressions. `names` maps names of the program to names of the text.

    `loose` are names of plain numbers that the framework may hold as arrays of a dtype of its own: a number that a
    `while` carries under AutoGraph or in a structured loop.
    """

    structured = False

    def __init__(self, spelling: Spelling, *, dtype: str, names: Mapping[str, str]) -> None:
        self.spelling = spelling
        self.dtype = dtype
        self.names = names
        self.loose: set[str] = set()

    def dtype_text(self, dtype: str) -> str:
        if dtype not in self.spelling.dtypes:
            raise CannotLower(f"it has no dtype {dtype}")
        return self.spelling.dtypes[dtype]

    def text(self, node: ir.Checked_) -> str:
        """The bare text: safe between commas and on the right of `=`."""
        return self.piece(node).text

    def piece(self, node: ir.Checked_) -> Piece:
        """The text of an expression and how tightly it binds."""
        if isinstance(node, ir.Literal):
            number = number_text(node.value)
            return number if isinstance(node.type, ir.NumberType) else self.wrap(number, node.type.dtype)
        if isinstance(node, ir.Read):
            head, *rest = node.path
            return Piece(self.names.get(head, head) + "".join(f'["{part}"]' for part in rest), ATOM)
        if isinstance(node, ir.Apply):
            return self._apply(node)
        if isinstance(node, ir.Select):
            return self.select(node)
        if isinstance(node, ir.Index):
            items = ", ".join(self._item(item) for item in node.items)
            return Piece(f"{self.piece(node.value).at(ATOM)}[{items}]", ATOM)
        if isinstance(node, ir.Outputs):
            pairs = ", ".join(f'"{key}": {self.text(value)}' for key, value in node.items)
            return Piece(f"{{{pairs}}}", ATOM)
        return self._tuple(node)

    def _tuple(self, node: ir.Group) -> Piece:
        items = [self.text(item) for item in node.items]
        return Piece(f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})", ATOM)

    def _item(self, item: object) -> str:
        if item is ...:
            return "..."
        if isinstance(item, ir.IndexSlice):
            ends = ["" if end is None else str(end) for end in (item.start, item.stop)]
            return ":".join(ends) + ("" if item.step is None else f":{item.step}")
        return "None" if item is None else self.text(item)  # type: ignore[arg-type]  # what is left is an expression

    def select(self, node: ir.Select) -> Piece:
        test, body = self.piece(node.test).at(OR), self.piece(node.body).at(OR)
        return Piece(f"{body} if {test} else {self.piece(node.orelse).at(CONDITIONAL)}", CONDITIONAL)

    def wrap(self, number: Piece, dtype: str, *, loose: bool = False) -> Piece:
        """A number as a 0-d array."""
        template = self.spelling.cast if loose and self.spelling.cast else self.spelling.number
        text = template.format(value=number.text, dtype=self.dtype_text(dtype))
        return Piece(text, level_of(text))

    def is_loose(self, node: ir.Checked_) -> bool:
        """May the framework hold this plain number as an array?"""
        if not isinstance(node.type, ir.NumberType):
            return False
        if isinstance(node, ir.Read):
            return node.path[0] in self.loose
        if isinstance(node, ir.Apply):
            return any(self.is_loose(operand) for operand in node.operands)
        if isinstance(node, ir.Select):
            branches = isinstance(node.test.type, ir.ArrayType) or self.is_loose(node.test)
            return branches or self.is_loose(node.body) or self.is_loose(node.orelse)
        return False

    def _apply(self, node: ir.Apply) -> Piece:
        if node.primitive == "array":
            (number,) = node.operands
            assert isinstance(node.type, ir.ArrayType)
            return self.wrap(self.piece(number), node.type.dtype, loose=self.is_loose(number))
        if isinstance(node.type, ir.NumberType) and not (
            PRIMITIVES[node.primitive].group == "comparison" and self.is_loose(node)
        ):
            return self._infix(node)
        spell = self.spelling.primitives.get(node.primitive)
        if spell is None:
            return self._plain(node)
        application = self.application(node)
        if isinstance(spell, str):
            text = spell.format(*application.operands, **application.options)
        else:
            text = spell(application)
        return Piece(text, level_of(text))

    def _plain(self, node: ir.Apply) -> Piece:
        reason = self.spelling.absent.get(node.primitive)
        if reason is not None or PRIMITIVES[node.primitive].infix is None or node.primitive.startswith("logical"):
            raise CannotLower(reason or f"it has no `{node.primitive}`")
        return self._infix(node)

    def _infix(self, node: ir.Apply) -> Piece:
        """Python's own operator."""
        symbol = PRIMITIVES[node.primitive].infix
        assert symbol is not None
        pieces = [self._operand(node, operand) for operand in node.operands]
        if len(pieces) == 1:
            if symbol == "not":
                return Piece(f"not {pieces[0].at(NOT)}", NOT)
            return Piece(f"-{pieces[0].at(SIGN)}", SIGN)
        return joined(pieces[0], symbol, pieces[1])

    def _operand(self, node: ir.Apply, operand: ir.Checked_) -> Piece:
        """An operand; a loose number that meets arrays is given their dtype, one that meets floats becomes one."""
        piece = self.piece(operand)
        if not isinstance(operand.type, ir.NumberType):
            return piece
        if isinstance(node.type, ir.NumberType):
            kinds = {
                node.type.kind,
                *(other.type.kind for other in node.operands if isinstance(other.type, ir.NumberType)),
            }
            casts = self.spelling.cast is not None and not self.structured and operand.type.kind == "int"
            if casts and "float" in kinds and self.is_loose(operand):
                return self.wrap(piece, "float64", loose=True)
            return piece
        if self._needs_dtype(node, operand):
            return self.wrap(piece, self._meeting_dtype(node, operand.type), loose=True)
        return piece

    def _needs_dtype(self, node: ir.Apply, operand: ir.Checked_) -> bool:
        """Would this number bring a dtype of its own? In a structured loop whole numbers do not."""
        assert isinstance(operand.type, ir.NumberType)
        if not self.is_loose(operand):
            small = self.dtype in ("float16", "bfloat16")  # some frameworks compute with numbers in more precision
            return operand.type.kind == "float" and small and not isinstance(operand, ir.Literal)
        if self.structured:
            return operand.type.kind == "float"
        return self.spelling.cast is not None and operand.type.kind != "bool" and node.primitive != "take"

    def _meeting_dtype(self, node: ir.Apply, type_: ir.NumberType) -> str:
        arrays = [operand.type for operand in node.operands if isinstance(operand.type, ir.ArrayType)]
        floats = [array.dtype for array in arrays if array.kind == "float"]
        if floats:
            return floats[0]
        if type_.kind == "float" or not arrays:
            return self.dtype
        return arrays[0].dtype

    def application(self, node: ir.Apply) -> Application:
        """What a spelling may know."""
        bare = tuple(self._bare(node, operand) for operand in node.operands)
        arrays = tuple(self._as_array(operand, fragment) for operand, fragment in zip(node.operands, bare, strict=True))
        return Application(
            primitive=node.primitive,
            operands=bare,
            arrays=arrays,
            options=node.options,
            types=tuple(operand.type for operand in node.operands),
            result=node.type,
            dtype=self.dtype,
        )

    def _bare(self, node: ir.Apply, operand: ir.Checked_) -> Fragment:
        if isinstance(operand, ir.Group):
            return Fragment(f"[{', '.join(self.text(item) for item in operand.items)}]", atomic=True)
        return self._operand(node, operand).fragment

    def _as_array(self, operand: ir.Checked_, fragment: Fragment) -> Fragment:
        if not isinstance(operand.type, ir.NumberType):
            return fragment
        dtype = "bool" if operand.type.kind == "bool" else self.dtype
        return self.wrap(self.piece(operand), dtype, loose=self.is_loose(operand)).fragment


def shape_is_known(type_: ir.Type) -> bool:
    """Does the type say every length?"""
    if isinstance(type_, ir.ArrayType):
        return type_.shape is not None and None not in type_.shape
    return all(shape_is_known(item) for item in getattr(type_, "items", ()) if not isinstance(item, tuple))
