"""The first step: text → `Program`. Python's own parser, then a whitelist; nothing of the text is ever run."""

from __future__ import annotations

import ast
import warnings
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from gradcmp.errors import UsageError
from gradcmp.program import ir
from gradcmp.program.hints import for_syntax
from gradcmp.program.parse_expressions import BINARY, MOST_BITS, ExpressionParser
from gradcmp.program.returns import TooManyPaths, returns_last
from gradcmp.program.source import Refused, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradcmp.errors import Location

MOST_CHARACTERS = 64 * 1024
MOST_DEPTH = 100
MOST_NODES = 20_000

TOO_DEEP, SHORTER = "this is nested too deep", "give parts of it names"

REFUSED_STATEMENTS: dict[type[ast.stmt], tuple[str, str]] = {
    ast.Import: ("`import`", "primitives are called by name: `dot(x, x)`"),
    ast.ImportFrom: ("`import`", "primitives are called by name: `dot(x, x)`"),
    ast.ClassDef: ("`class`", "write one function"),
    ast.AsyncFunctionDef: ("`async`", "write a plain `def`"),
    ast.AsyncFor: ("`async`", "write a plain `for`"),
    ast.AsyncWith: ("`async`", "leave it out"),
    ast.Delete: ("`del`", "leave it out"),
    ast.With: ("`with`", "`stop_gradient(x)` makes a constant; the rest is gradcmp's own affair"),
    ast.Raise: ("`raise`", "leave it out"),
    ast.Try: ("`try`", "leave it out"),
    ast.Assert: ("`assert`", "leave it out; `expect` in the scenario says what must come out"),
    ast.Global: ("`global`", "make it an input of the scenario"),
    ast.Nonlocal: ("`nonlocal`", "make it an input of the scenario"),
    ast.Break: ("`break`", "put the condition into the `while`"),
    ast.Continue: ("`continue`", "put the rest of the loop into an `if`"),
    ast.Match: ("`match`", "write `if` and `elif`"),
    ast.AnnAssign: ("an annotation", "leave it out: shapes and dtypes are found by themselves"),
}


def parse(text: str, *, location: Location, indent: int = 0) -> ir.Program:
    """The program that `text` writes: an expression, a block whose last statement returns, or one `def`.

    `location` is where the first character stands in its file, `indent` the columns that a YAML block takes off every
    line after the first. Raises `UsageError` with every complaint found.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # Python counts each of them as the end of a line
    return replace(_parsed(Source(text=text, location=location, indent=indent)), location=location, indent=indent)


@lru_cache(maxsize=256)  # a suite often has the same text at many points
def _parsed(source: Source) -> ir.Program:
    module, offset = _module(source)
    reader = Parser(source, offset=offset)
    try:
        program = reader.program(module)
    except RecursionError:
        raise UsageError(source.complain(ir.Span(1, 1, 1, 2), TOO_DEEP, hint=SHORTER)) from None
    if reader.complaints or program is None:
        raise UsageError(*reader.in_order())
    return program


def _module(source: Source) -> tuple[ast.Module, int]:
    """Python's syntax tree and the indentation that was taken off; raises `UsageError`."""
    everything = ir.Span(1, 1, 1, 2)
    deep = f"this is nested more than {MOST_DEPTH} deep"

    def fail(what: str, hint: str = "", span: ir.Span = everything) -> UsageError:
        return UsageError(source.complain(span, what, hint=hint))

    if len(source.text) > MOST_CHARACTERS:
        raise fail(f"a function of more than {MOST_CHARACTERS} characters is refused", "make numbers inputs")
    if not source.text.strip():
        raise fail("there is no function here", "write an expression: `sum(x * x)`")
    if _nesting(source.text) > MOST_DEPTH:
        raise fail(deep, SHORTER)
    text, offset = _without_indentation(source.text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's advice on style would leak to the terminal
            module = ast.parse(text)
    except SyntaxError as error:
        line, column = error.lineno or 1, (error.offset or 1) + offset
        line = min(max(line, 1), source.text.count("\n") + 1)
        end = error.end_offset or 0
        end = end + offset if error.end_lineno == error.lineno and end + offset > column else column + 1
        span = ir.Span(line, max(column, 1), line, end)
        if "integer string conversion" in error.msg:
            raise fail(f"a whole number here has more than {MOST_BITS} bits", span=span) from None
        raise fail(f"this cannot be read: {error.msg}", for_syntax(error.msg), span) from None
    except (ValueError, MemoryError, RecursionError, OverflowError) as error:
        if isinstance(error, ValueError):
            raise fail(f"this cannot be read: {error}") from None
        raise fail(deep, SHORTER) from None  # what Python's parser carries is another depth in every version
    deepest, count = _measure(module)
    if deepest > MOST_DEPTH:
        raise fail(deep, SHORTER)
    if count > MOST_NODES:
        raise fail(f"a function of more than {MOST_NODES} parts is refused", "write a loop, or work on whole arrays")
    return module, offset


def _nesting(text: str) -> int:
    """The deepest nesting of brackets: Python's parser must not be handed more than it can carry."""
    depth = deepest = 0
    for character in text:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth -= 1
    return deepest


def _without_indentation(text: str) -> tuple[str, int]:
    """The text without the spaces that stand before every line, and how many they were."""
    lines = text.split("\n")
    width = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
    return "\n".join(line[width:] for line in lines), width


def _measure(tree: ast.AST) -> tuple[int, int]:
    """(depth, number of nodes), without recursion."""
    deepest = count = 0
    waiting: list[tuple[ast.AST, int]] = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        deepest, count = max(deepest, depth), count + 1
        waiting.extend((child, depth + 1) for child in ast.iter_child_nodes(node))
    return deepest, count


class Parser(ExpressionParser):
    """Statements; expressions come from the base."""

    def program(self, module: ast.Module) -> ir.Program | None:
        """The program, or None with the reasons noted."""
        name, parameters, statements = "f", None, module.body
        definitions = [statement for statement in statements if isinstance(statement, ast.FunctionDef)]
        if definitions:
            extra = [statement for statement in statements if statement is not definitions[0]]
            if extra:
                self.complain(self.span(extra[0]), "beside a `def` there may be nothing else", "move it into the `def`")
            name, parameters = definitions[0].name, self.parameters(definitions[0])
            statements = _without_docstring(definitions[0].body)
        self.modules -= _bound(module)
        if not statements:
            self.complain(ir.Span(1, 1, 1, 2), "there is no function here", "write an expression: `sum(x * x)`")
            return None
        if not definitions and len(statements) == 1 and isinstance(statements[0], ast.Expr):
            return self._finish(name, None, self._sole_expression(statements[0]))
        body = self.block(statements, loops=0)
        if self.complaints:
            return None
        try:
            body, missing = returns_last(body)
        except TooManyPaths as error:
            self.complain(error.span, "too many ways lead to a `return`", "return once, at the end")
            return None
        if missing is not None:
            hint = "the last statement returns: `return sum(x * x)`"
            self.complain(missing, "the function may end here without a `return`", hint)
        return self._finish(name, parameters, body)

    def _finish(self, name: str, parameters: tuple[str, ...] | None, body: tuple[ir.Statement, ...]) -> ir.Program:
        return ir.Program(
            name=name,
            parameters=parameters,
            body=body,
            text=self.source.text,
            location=self.source.location,
            indent=self.source.indent,
        )

    def _sole_expression(self, statement: ast.Expr) -> tuple[ir.Statement, ...]:
        try:
            return (ir.Return(span=self.span(statement), value=self.returned(statement.value)),)
        except Refused:
            return ()

    def returned(self, node: ast.expr) -> ir.Expression:
        return self.dictionary(node) if isinstance(node, ast.Dict) else self.expression(node)

    def parameters(self, definition: ast.FunctionDef) -> tuple[str, ...]:
        if definition.decorator_list:
            self.complain(
                self.span(definition.decorator_list[0]),
                "a decorator is not part of the little language",
                "leave it out",
            )
        arguments = definition.args
        extras = (arguments.vararg, arguments.kwarg, *arguments.kwonlyargs)
        defaults = (*arguments.defaults, *arguments.kw_defaults)
        for extra in filter(None, extras):
            what = "only plain parameters are part of the little language"
            self.complain(self.span(extra), what, "write `def f(x, y):`")
        for default in filter(None, defaults):
            what = "a parameter's default is not part of the little language"
            self.complain(self.span(default), what, "make it an input")
        plain = [*arguments.posonlyargs, *arguments.args]
        annotations = [argument.annotation for argument in plain] + [definition.returns]
        for annotation in filter(None, annotations):
            self.complain(self.span(annotation), "an annotation is not part of the little language", "leave it out")
        return tuple(argument.arg for argument in plain)

    def block(self, statements: Sequence[ast.stmt], *, loops: int) -> tuple[ir.Statement, ...]:
        read: list[ir.Statement] = []
        for statement in statements:
            try:
                read.extend(self.statement(statement, loops=loops))
            except Refused:
                continue
            if isinstance(statement, ast.Return) and statement is not statements[-1]:
                following = statements[statements.index(statement) + 1]
                self.complain(self.span(following), "nothing after a `return` is ever reached", "leave it out")
                break
        return tuple(read)

    def statement(self, node: ast.stmt, *, loops: int) -> tuple[ir.Statement, ...]:
        """One statement (`pass` is none); raises `Refused` with the reason noted."""
        simple = _SIMPLE.get(type(node))
        if simple is not None:
            return simple(self, node)
        if isinstance(node, ast.Return):
            return self._return(node, loops=loops)
        if isinstance(node, ast.If | ast.While | ast.For):
            return self._compound(node, loops=loops)
        if isinstance(node, ast.FunctionDef):
            raise self.foreign(node, "a `def` inside a function", "write it out")
        raise self.foreign(node, *REFUSED_STATEMENTS.get(type(node), (f"`{type(node).__name__}`", "")))

    def _return(self, node: ast.Return, *, loops: int) -> tuple[ir.Statement, ...]:
        if loops:
            raise self.foreign(node, "a `return` inside a loop", "put the condition into the `while`")
        if node.value is None:
            raise self.reject(node, "this `return` returns nothing", "write `return x`")
        return (ir.Return(span=self.span(node), value=self.returned(node.value)),)

    def _compound(self, node: ast.If | ast.While | ast.For, *, loops: int) -> tuple[ir.Statement, ...]:
        if isinstance(node, ast.If):
            test = self.quietly(node.test)
            body, orelse = self.block(node.body, loops=loops), self.block(node.orelse, loops=loops)
            return (ir.If(span=self.span(node), test=_whole(test), body=body, orelse=orelse),)
        if node.orelse:
            self.complain(
                self.span(node.orelse[0]), "`else` after a loop is not part of the little language", "leave it out"
            )
        if isinstance(node, ast.While):
            test, body = self.quietly(node.test), self.block(node.body, loops=loops + 1)
            return (ir.While(span=self.span(node), test=_whole(test), body=body),)
        return self._for(node, loops=loops)

    def quietly(self, node: ast.expr) -> ir.Expression | None:
        """The expression, or None with the reason noted: what follows is still read."""
        try:
            return self.expression(node)
        except Refused:
            return None

    def _for(self, node: ast.For, *, loops: int) -> tuple[ir.Statement, ...]:
        body = self.block(node.body, loops=loops + 1)
        if not isinstance(node.target, ast.Name):
            raise self.reject(node.target, "a `for` has one variable", "write `for i in range(10):`")
        call = node.iter
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "range"):
            raise self.reject(call, "a `for` goes only over a `range`", "write `for i in range(10):`")
        if call.keywords or not 1 <= len(call.args) <= 3:
            raise self.reject(
                call, "`range` takes one to three numbers", "write `range(stop)` or `range(start, stop, step)`"
            )
        bounds = self.each(call.args, self.expression)
        span = self.span(call)
        zero, one = ir.Constant(span=span, value=0), ir.Constant(span=span, value=1)
        start, stop, step = {1: (zero, *bounds, one), 2: (*bounds, one), 3: bounds}[len(bounds)]
        return (ir.For(span=self.span(node), variable=node.target.id, start=start, stop=stop, step=step, body=body),)

    def assign(self, node: ast.Assign) -> tuple[ir.Statement, ...]:
        if len(node.targets) > 1:
            raise self.reject(
                node, "several assignments in one are not part of the little language", "write one on each line"
            )
        target = node.targets[0]
        names = [self.target(part) for part in (target.elts if isinstance(target, ast.Tuple | ast.List) else [target])]
        if len(set(names)) < len(names):
            raise self.reject(target, "a name stands twice on the left", "give each value a name of its own")
        return (ir.Assign(span=self.span(node), names=tuple(names), value=self.expression(node.value)),)

    def target(self, node: ast.expr) -> str:
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, ast.Subscript):
            hint = "build a new one with `where`, `stack` or `concatenate`"
            raise self.reject(node, "arrays are never changed in place", hint)
        if isinstance(node, ast.Attribute):
            raise self.reject(node, "attributes cannot be assigned to", "assign to a name")
        raise self.reject(node, "only names can be assigned to", "write `a = x` or `a, b = x, y`")

    def augmented(self, node: ast.AugAssign) -> tuple[ir.Statement, ...]:
        name = self.target(node.target)
        primitive = BINARY.get(type(node.op))
        if primitive is None:
            raise self._refuse_operator(node, node.op)
        old = ir.Name(span=self.span(node.target), id=name)
        value = ir.Call(span=self.span(node), primitive=primitive, arguments=(old, self.expression(node.value)))
        return (ir.Assign(span=self.span(node), names=(name,), value=value),)

    def bare(self, node: ast.Expr) -> tuple[ir.Statement, ...]:
        value = self.expression(node.value)  # its own faults first
        del value
        raise self.reject(node, "this value is not used", "give it a name, or write `return` before it")

    def nothing(self, node: ast.Pass) -> tuple[ir.Statement, ...]:  # noqa: ARG002  # one of the readers
        return ()


def _bound(module: ast.Module) -> set[str]:
    """The names that the text itself gives values to."""
    names = {node.id for node in ast.walk(module) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return names | {node.arg for node in ast.walk(module) if isinstance(node, ast.arg)}


def _whole(expression: ir.Expression | None) -> ir.Expression:
    """The expression; a part that was refused stops the others from being read."""
    if expression is None:
        raise Refused
    return expression


def _without_docstring(statements: list[ast.stmt]) -> list[ast.stmt]:
    first = statements[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return statements[1:]
    return statements


_SIMPLE: dict[type[ast.stmt], Callable[..., tuple[ir.Statement, ...]]] = {
    ast.Assign: Parser.assign,
    ast.AugAssign: Parser.augmented,
    ast.Expr: Parser.bare,
    ast.Pass: Parser.nothing,
}
