"""From Python's syntax tree to expressions of the little language, by whitelist: what is not listed is refused."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradcmp.program import hints, ir
from gradcmp.program.primitives import CONSTANTS, METHOD_ALIASES, PRIMITIVES
from gradcmp.program.source import Complaints, Refused, Source

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_BITS = 4096
"""The longest whole number."""

BINARY: dict[type[ast.operator], str] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.FloorDiv: "floor_divide",
    ast.Mod: "remainder", ast.Pow: "power", ast.MatMult: "matmul",
}  # fmt: skip

COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "less", ast.LtE: "less_equal", ast.Gt: "greater", ast.GtE: "greater_equal", ast.Eq: "equal",
    ast.NotEq: "not_equal",
}  # fmt: skip

REFUSED_OPERATORS: dict[type[ast.AST], tuple[str, str]] = {
    ast.BitAnd: ("&", "write `and`, which works element by element here"),
    ast.BitOr: ("|", "write `or`, which works element by element here"),
    ast.BitXor: ("^", "write `**` for a power, `!=` for either-or"),
    ast.LShift: ("<<", "write `x * 2**n`"),
    ast.RShift: (">>", "write `x // 2**n`"),
    ast.Invert: ("~", "write `not`, which works element by element here"),
    ast.Is: ("is", "write `==`"),
    ast.IsNot: ("is not", "write `!=`"),
    ast.In: ("in", "write `any(x == value)`"),
    ast.NotIn: ("not in", "write `all(x != value)`"),
}

REFUSED_EXPRESSIONS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Lambda: ("`lambda`", "write the expression where it is used"),
    ast.ListComp: ("a comprehension", "work on whole arrays, or write a `for` loop"),
    ast.SetComp: ("a comprehension", "work on whole arrays, or write a `for` loop"),
    ast.DictComp: ("a comprehension", "write the keys one by one: `{'a': x, 'b': y}`"),
    ast.GeneratorExp: ("a comprehension", "work on whole arrays: `sum(x * y)`"),
    ast.NamedExpr: ("`:=`", "assign on a line of its own"),
    ast.JoinedStr: ("an f-string", "only numbers and arrays are computed here"),
    ast.Starred: ("`*`", "write the items one by one"),
    ast.Set: ("a set", "write a tuple: `(a, b)`"),
    ast.Await: ("`await`", "leave it out"),
    ast.Yield: ("`yield`", "write `return`"),
    ast.YieldFrom: ("`yield`", "write `return`"),
    ast.Dict: ("a dict", "a dict may only be returned: `return {'a': x}`"),
    ast.Slice: ("a slice", "slices stand in square brackets: `x[1:3]`"),
}


ALL = "`gradcmp list --primitives` prints what there is"


class ExpressionParser(Complaints):
    """Turns expressions, and keeps every complaint; positions are counted from the text's first character."""

    def __init__(self, source: Source, *, offset: int = 0) -> None:
        super().__init__(source)
        self.modules = hints.MODULES  # less those that the text itself uses as names
        self.offset = offset  # columns that a common indentation of the text took off every line
        self.lines = [line.encode("utf-8", "replace") for line in source.text.split("\n")]

    def span(self, node: ast.AST) -> ir.Span:
        """The node's place: `ast` counts in bytes of UTF-8 from 0, we in characters from 1."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        end_line, end_column = getattr(node, "end_lineno", line), getattr(node, "end_col_offset", column + 1)
        return ir.Span(line, self._character(line, column), end_line, self._character(end_line, end_column))

    def _character(self, line: int, column: int) -> int:
        if not 1 <= line <= len(self.lines):
            return column + 1
        return len(self.lines[line - 1][: column + self.offset].decode("utf-8", "ignore")) + 1

    def reject(self, node: ast.AST, what: str, hint: str = "", expected: str = "") -> Refused:
        """As `refuse`, at a node of the syntax tree."""
        return self.refuse(self.span(node), what, hint, expected)

    def foreign(self, node: ast.AST, what: str, hint: str = "") -> Refused:
        """Refuse what Python has and the little language has not."""
        return self.reject(node, f"{what} is not part of the little language", hint)

    def expression(self, node: ast.expr) -> ir.Expression:
        """The expression; raises `Refused` with the reason noted."""
        reader = _READERS.get(type(node))
        if reader is not None:
            return reader(self, node)
        raise self.foreign(node, *REFUSED_EXPRESSIONS.get(type(node), (f"`{type(node).__name__}`", "")))

    def constant(self, node: ast.Constant) -> ir.Expression:
        value = node.value
        if value is None:
            return ir.NewAxis(span=self.span(node))
        if value is Ellipsis:
            raise self.reject(node, "`...` stands only in square brackets", "write `x[..., 0]`")
        if isinstance(value, bool | int | float):
            if isinstance(value, int) and value.bit_length() > MOST_BITS:
                raise self.reject(node, f"a whole number here has more than {MOST_BITS} bits")
            return ir.Constant(span=self.span(node), value=value)
        kinds = {str: "a string", bytes: "a string", complex: "a complex number"}
        hint = "only numbers and arrays are computed here"
        if isinstance(value, complex):
            hint = "complex numbers are not supported yet"
        raise self.foreign(node, kinds.get(type(value), "this"), hint)

    def name(self, node: ast.Name) -> ir.Expression:
        if node.id == "newaxis":
            return ir.NewAxis(span=self.span(node))
        return ir.Name(span=self.span(node), id=node.id)

    def attribute(self, node: ast.Attribute) -> ir.Expression:
        dotted = _dotted(node)
        if dotted and dotted[0] in self.modules:
            hint = hints.for_function(dotted[-1])
            raise self.reject(
                node, f"`{'.'.join(dotted)}` is not known here", hint or "primitives are called by name: `dot(x, x)`"
            )
        if node.attr.startswith("_"):
            raise self.foreign(node, f"`{node.attr}`", "arrays have `T`, `shape`, `size` and `ndim`")
        return ir.Field(span=self.span(node), value=self.expression(node.value), name=node.attr)

    def subscript(self, node: ast.Subscript) -> ir.Expression:
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        value, *read = self.each([node.value, *items], lambda part: self.index(part, node.value))
        return ir.Subscript(span=self.span(node), value=value, items=tuple(read))

    def index(self, node: ast.expr, value: ast.expr) -> ir.Expression:
        """An item in square brackets (or, by identity, the thing that is indexed)."""
        if node is value:
            return self.expression(node)
        if isinstance(node, ast.Slice):
            bounds = [None if part is None else self.expression(part) for part in (node.lower, node.upper, node.step)]
            start, stop, step = (None if isinstance(bound, ir.NewAxis) else bound for bound in bounds)
            return ir.Slice(span=self.span(node), start=start, stop=stop, step=step)
        if isinstance(node, ast.Constant) and node.value is Ellipsis:
            return ir.Ellipsis_(span=self.span(node))
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            tree = ".".join(_dotted(value)) or "x"
            hint = f"write `{tree}.{node.value}`" if node.value.isidentifier() else ""
            raise self.reject(node, "the parts of a tree are reached with a dot", hint)
        return self.expression(node)

    def sequence(self, node: ast.Tuple | ast.List) -> ir.Expression:
        return ir.Sequence(span=self.span(node), items=self.each(node.elts, self.expression))

    def dictionary(self, node: ast.Dict) -> ir.Expression:
        """A dict that is returned."""
        keys = []
        for key in node.keys:
            if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
                raise self.reject(key or node, "an output's key is a word in quotes", "write `return {'loss': x}`")
            if not key.value.isidentifier():
                raise self.reject(key, f"`{key.value[:40]}` cannot be an output's name", "use letters, digits and `_`")
            if key.value in keys:
                raise self.reject(key, f"the key `{key.value}` is there twice", "rename one of the two")
            keys.append(key.value)
        if not keys:
            raise self.reject(node, "an empty dict has no outputs", "write `return {'loss': x}`")
        values = self.each(node.values, self.expression)
        return ir.Dictionary(span=self.span(node), items=tuple(zip(keys, values, strict=True)))

    def unary(self, node: ast.UnaryOp) -> ir.Expression:
        if isinstance(node.op, ast.Invert):
            raise self._refuse_operator(node, node.op)
        operand = self.expression(node.operand)
        if isinstance(node.op, ast.UAdd):
            return operand
        name = "negative" if isinstance(node.op, ast.USub) else "logical_not"
        return ir.Call(span=self.span(node), primitive=name, arguments=(operand,))

    def binary(self, node: ast.BinOp) -> ir.Expression:
        name = BINARY.get(type(node.op))
        if name is None:
            raise self._refuse_operator(node, node.op)
        return ir.Call(
            span=self.span(node), primitive=name, arguments=self.each((node.left, node.right), self.expression)
        )

    def logical(self, node: ast.BoolOp) -> ir.Expression:
        name = "logical_and" if isinstance(node.op, ast.And) else "logical_or"
        return self._chain(node, name, self.each(node.values, self.expression))

    def comparison(self, node: ast.Compare) -> ir.Expression:
        for operator in node.ops:
            if type(operator) not in COMPARISONS:
                raise self._refuse_operator(node, operator)
        sides = self.each((node.left, *node.comparators), self.expression)
        pairs = [
            ir.Call(span=self.span(node), primitive=COMPARISONS[type(operator)], arguments=(left, right))
            for operator, left, right in zip(node.ops, sides, sides[1:], strict=False)
        ]
        return self._chain(node, "logical_and", tuple(pairs))

    def _chain(self, node: ast.expr, name: str, parts: tuple[ir.Expression, ...]) -> ir.Expression:
        result = parts[0]
        for part in parts[1:]:
            result = ir.Call(span=self.span(node), primitive=name, arguments=(result, part))
        return result

    def _refuse_operator(self, node: ast.AST, operator: ast.AST) -> Refused:
        symbol, hint = REFUSED_OPERATORS[type(operator)]
        return self.foreign(node, f"`{symbol}`", hint)

    def conditional(self, node: ast.IfExp) -> ir.Expression:
        test, body, orelse = self.each((node.test, node.body, node.orelse), self.expression)
        return ir.Conditional(span=self.span(node), test=test, body=body, orelse=orelse)

    def call(self, node: ast.Call) -> ir.Expression:
        function = node.func
        if isinstance(function, ast.Name):
            return self._call(node, self._function(function), list(node.args))
        if not isinstance(function, ast.Attribute):
            raise self.reject(node, "this cannot be called", "primitives are called by name: `dot(x, x)`")
        dotted = _dotted(function)
        if dotted and dotted[0] in self.modules:
            hint = hints.for_function(dotted[-1])
            if not hint:
                hint = self.suggest(dotted[-1], PRIMITIVES) or "primitives are called by name: `dot(x, x)`"
            raise self.reject(function, f"`{'.'.join(dotted)}` is not known here", hint)
        return self._call(node, self._method(function, dotted), [function.value, *node.args])

    def _function(self, function: ast.Name) -> str:
        name = function.id
        if name in PRIMITIVES or name == "len":
            return name
        if name in CONSTANTS:
            raise self.reject(function, f"`{name}` is a number, not a function", f"write `{name}`")
        hint = hints.for_function(name) or self.suggest(name, PRIMITIVES)
        raise self.reject(function, f"there is no primitive `{name}`", hint or ALL)

    def _method(self, function: ast.Attribute, dotted: list[str]) -> str:
        name = METHOD_ALIASES.get(function.attr, function.attr)
        if function.attr in METHOD_ALIASES or (name in PRIMITIVES and PRIMITIVES[name].method):
            return name
        if len(dotted) >= 2 and dotted[0] in hints.MAYBE_MODULES:
            raise self.reject(function, f"`{'.'.join(dotted)}` is not known here", hints.for_function(dotted[-1]))
        if name in PRIMITIVES:
            raise self.reject(function, f"`{name}` is not a method", f"write `{name}(...)`")
        hint = hints.for_method(name) or self.suggest(name, [row.name for row in PRIMITIVES.values() if row.method])
        self.expression(function.value)  # its own faults first
        raise self.reject(function, f"there is no method `{name}`", hint or ALL)

    def _call(self, node: ast.Call, name: str, arguments: list[ast.expr]) -> ir.Expression:
        row = PRIMITIVES.get(name)
        known = row.options if row else {}
        names: list[str] = []
        for keyword in node.keywords:
            if keyword.arg is None:
                raise self.foreign(keyword, "`**`", "write the options one by one")
            if keyword.arg not in known and row is not None and keyword.arg not in row.operands:
                raise self._refuse_keyword(keyword, name, known)
            names.append(keyword.arg)
        values = self.each([*arguments, *(keyword.value for keyword in node.keywords)], self.expression)
        positional, named = values[: len(arguments)], values[len(arguments) :]
        return ir.Call(
            span=self.span(node), primitive=name, arguments=positional, keywords=tuple(zip(names, named, strict=True))
        )

    def _refuse_keyword(self, keyword: ast.keyword, name: str, known: dict[str, str | None]) -> Refused:
        word = str(keyword.arg)
        translated = hints.KEYWORDS.get(word)
        hint = f"write `{translated}`" if translated in known else self.suggest(word, known)
        expected = f"its options are {', '.join(f'`{option}`' for option in known)}" if known else "it has no options"
        return self.reject(keyword, f"`{name}` has no option `{word}`", hint, expected)


def _dotted(node: ast.expr) -> list[str]:
    """`["a", "b", "c"]` for `a.b.c`; empty where it does not begin with a name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [*reversed([*parts, node.id])] if isinstance(node, ast.Name) else []


_READERS: dict[type[ast.expr], Callable[..., ir.Expression]] = {
    ast.Constant: ExpressionParser.constant,
    ast.Name: ExpressionParser.name,
    ast.Attribute: ExpressionParser.attribute,
    ast.Subscript: ExpressionParser.subscript,
    ast.Tuple: ExpressionParser.sequence,
    ast.List: ExpressionParser.sequence,
    ast.UnaryOp: ExpressionParser.unary,
    ast.BinOp: ExpressionParser.binary,
    ast.BoolOp: ExpressionParser.logical,
    ast.Compare: ExpressionParser.comparison,
    ast.IfExp: ExpressionParser.conditional,
    ast.Call: ExpressionParser.call,
}
