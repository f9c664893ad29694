"""The second step: `Program` → `Checked`. Shapes, kinds and dtypes are found, plain numbers computed, faults told."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from gradcmp.core.trees import nested
from gradcmp.errors import Complaint, UsageError
from gradcmp.program import ir
from gradcmp.program.calls import convert
from gradcmp.program.check_calls import Binding
from gradcmp.program.check_expressions import TooMuch
from gradcmp.program.check_ways import Environment, WayChecker
from gradcmp.program.flow import assigned_names, walk
from gradcmp.program.joins import CannotJoin, describe, join, show
from gradcmp.program.parse import SHORTER, TOO_DEEP
from gradcmp.program.prune import prune
from gradcmp.program.source import Refused, Source


def check(
    program: ir.Program,
    leaves: Mapping[str, ir.ArrayType],
    *,
    dtype: str,
    parameters: Mapping[str, int | float | str] = {},
) -> ir.Checked:
    """The program with its types, for inputs whose leaves have the types `leaves` (by path, in the scenario's order).

    `dtype` is the problem's; `parameters` are sweep names, plain numbers in the program. Raises `UsageError` with every
    complaint found.
    """
    typing = _Typing(
        text=program.text,
        parsed=bool(program.body),
        leaves=tuple(leaves.items()),
        dtype=dtype,
        numbers=tuple((name, repr(value)) for name, value in parameters.items()),
        program=program,
        parameters=parameters,
    )
    return replace(_checked(typing), program=program, leaves=dict(leaves))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Typing:
    """What decides the types of a program. Where it stands does not, and its text says all of the rest."""

    text: str
    parsed: bool
    leaves: tuple[tuple[str, ir.ArrayType], ...]
    dtype: str
    numbers: tuple[tuple[str, str], ...]  # the parameters as written: 1 is not 1.0 here
    program: ir.Program = field(compare=False)
    parameters: Mapping[str, int | float | str] = field(compare=False)


@lru_cache(maxsize=256)  # a suite often has the same function at many points
def _checked(typing: _Typing) -> ir.Checked:
    program, leaves, parameters = typing.program, dict(typing.leaves), typing.parameters
    words = {name: value for name, value in parameters.items() if isinstance(value, str)}
    checker = Checker(Source.of(program), dtype=typing.dtype, words=words)
    inputs = _inputs(leaves)
    checker.bind_inputs(program, inputs, parameters)
    body: tuple[ir.CheckedStatement, ...] = ()
    try:
        body = checker.block(program.body)
    except TooMuch:
        checker.complain(ir.Span(1, 1, 1, 2), "this takes too long to be checked", "nest fewer loops")
    except RecursionError:
        checker.complain(ir.Span(1, 1, 1, 2), TOO_DEEP, SHORTER)
    outputs = checker.outputs() if not checker.complaints else ()
    if checker.complaints:
        raise UsageError(*checker.in_order())
    return ir.Checked(
        name=program.name,
        parameters=tuple(inputs),
        leaves=leaves,
        body=prune(body),
        outputs=outputs,
        dtype=typing.dtype,
        program=program,
    )


def require_scalar_outputs(checked: ir.Checked, operator: str = "gradient") -> Complaint | None:
    """What is wrong with the outputs for `gradient` or `hessian`, or None where every one is a floating scalar."""
    source = Source.of(checked.program)
    span = next(statement.span for statement in walk(checked.body) if isinstance(statement, ir.Give))
    for path, type_ in checked.outputs:
        name = f"output `{path}`" if path else "the function"
        if type_.kind != "float":
            what = f"`{operator}` needs a floating output; {name} gives {type_.dtype}"
            return source.complain(span, what, hint="take `operator: value`, or return floating numbers")
        if type_.shape:
            what = f"`{operator}` needs a scalar output; {name} gives shape {show(type_.shape)}"
            other = "`jacobian` for all derivatives" if operator == "gradient" else "`jacobian` for first derivatives"
            hint = f"take {other}, `vjp` for a weighted sum of rows (with a cotangent of ones: `y.sum().backward()`)"
            return source.complain(span, what, hint=hint)
    return None


def _inputs(leaves: Mapping[str, ir.ArrayType]) -> dict[str, ir.Type]:
    """Top-level name → type, trees put together from their leaves."""

    def close(tree: object) -> ir.Type:
        if isinstance(tree, dict):
            return ir.MappingType(items=tuple((name, close(child)) for name, child in tree.items()))
        assert isinstance(tree, ir.ArrayType)
        return tree

    return {name: close(tree) for name, tree in nested(leaves).items()}


class Checker(WayChecker):
    """Statements; expressions come from the base."""

    def __init__(self, source: Source, *, dtype: str, words: Mapping[str, str]) -> None:
        super().__init__(source, dtype=dtype, words=words)
        self.given: dict[ir.Span, ir.Type] = {}  # what each `return` gives

    def bind_inputs(
        self, program: ir.Program, inputs: Mapping[str, ir.Type], parameters: Mapping[str, int | float | str]
    ) -> None:
        """The names that the program begins with; a `def` sees only its own parameters, and sweep names."""
        nowhere = ir.Span(1, 1, 1, 2)
        for name, value in parameters.items():
            if not isinstance(value, str):
                known = self.literal(nowhere, value)
                self.environment[name] = Binding(type=known.type, known=known)
        wanted = inputs if program.parameters is None else program.parameters
        for name in wanted:
            if name in inputs:
                self.environment[name] = Binding(type=inputs[name])
            elif name not in parameters:
                listed = ", ".join(f"`{known}`" for known in list(inputs)[:12])
                hint = self.suggest(name, inputs)
                self.complain(
                    _parameter(program, name),
                    f"no input is called `{name}`",
                    hint,
                    f"expected the names of inputs: {listed}",
                )
                self.environment[name] = Binding(type=None)
        self.hidden = frozenset(inputs) - frozenset(wanted)

    def block(self, statements: Sequence[ir.Statement]) -> tuple[ir.CheckedStatement, ...]:
        checked: list[ir.CheckedStatement] = []
        for statement in statements:
            self.visit(5)  # a statement costs about as much as a few expressions
            try:
                checked.extend(_STATEMENTS[type(statement)](self, statement))
            except Refused:
                for name in assigned_names((statement,)):
                    self.environment[name] = Binding(type=None)
        return tuple(checked)

    # Assignments

    def assign(self, node: ir.Assign) -> list[ir.CheckedStatement]:
        value = self.expression(node.value)
        if len(node.names) == 1:
            self._bind(node.names[0], value)
            return [ir.Bind(span=node.span, names=node.names, value=value)]
        if not isinstance(value.type, ir.TupleType):
            hint = "take its entries one by one: `a = x[0]`" if isinstance(value.type, ir.ArrayType) else ""
            raise self.refuse(node, f"{describe(value.type)} cannot be taken apart", hint)
        if len(value.type.items) != len(node.names):
            raise self.refuse(
                node,
                f"{len(node.names)} names cannot take {len(value.type.items)} items",
                "write as many names as items",
            )
        before = dict(self.environment)
        bindings: Environment = {}
        for position, name in enumerate(node.names):
            if isinstance(value, ir.Group):
                self._bind(name, value.items[position])
                bindings[name] = self.environment[name]
                self.environment = dict(before)  # all of the right side is read first
            else:
                bindings[name] = Binding(type=value.type.items[position])
        self.environment = before | bindings
        return [ir.Bind(span=node.span, names=node.names, value=value)]

    def _bind(self, name: str, value: ir.Checked_) -> None:
        literal = isinstance(value, ir.Literal) and isinstance(value.type, ir.NumberType)
        group = isinstance(value, ir.Group) and all(isinstance(item, ir.Literal) for item in value.items)
        low, high = self.interval(value)
        between = (low, high) if low is not None and high is not None else None
        self.environment[name] = Binding(type=value.type, known=value if literal or group else None, interval=between)

    def give(self, node: ir.Return) -> list[ir.CheckedStatement]:
        value = self._as_output(self.expression(node.value))
        self.given[node.span] = value.type
        return [ir.Give(span=node.span, value=value)]

    def _as_output(self, value: ir.Checked_) -> ir.Checked_:
        """Outputs are arrays: plain numbers become arrays of the problem's dtype."""
        if isinstance(value, ir.Outputs):
            items = tuple((key, self._as_output(item)) for key, item in value.items)
            return replace(value, items=items, type=ir.MappingType(items=tuple((k, v.type) for k, v in items)))
        if isinstance(value.type, ir.TupleType):
            if not value.type.items:
                raise self.refuse(value, "an empty tuple has no outputs", "write `return x`")
            types = tuple(self._output_type(item) for item in value.type.items)
            return convert(value, ir.TupleType(items=types), dtype=self.dtype)
        if isinstance(value.type, ir.MappingType):
            raise self.refuse(value, f"the output is an array, not {describe(value.type)}", "return one of its parts")
        return convert(value, self._output_type(value.type), dtype=self.dtype)

    def _output_type(self, type_: ir.Type) -> ir.Type:
        if not isinstance(type_, ir.NumberType):
            return type_
        kind, dtype = ("bool", "bool") if type_.kind == "bool" else ("float", self.dtype)
        return ir.ArrayType(kind=kind, dtype=dtype, shape=())

    def outputs(self) -> tuple[tuple[str, ir.ArrayType], ...]:
        """Path and type of every output, joined over all `return`s."""
        joined: ir.Type | None = None
        for span, type_ in self.given.items():
            try:
                joined = type_ if joined is None else self._join_outputs(joined, type_)
            except CannotJoin as error:
                self.complain(span, f"the `return`s differ: {error}", "return the same sort of value everywhere")
        if isinstance(joined, ir.TupleType):
            pairs = [(str(position), item) for position, item in enumerate(joined.items)]
        elif isinstance(joined, ir.MappingType):
            pairs = list(joined.items)
        else:
            pairs = [("", joined)] if joined is not None else []
        return tuple((path, type_) for path, type_ in pairs if isinstance(type_, ir.ArrayType))

    def _join_outputs(self, a: ir.Type, b: ir.Type) -> ir.Type:
        if isinstance(a, ir.MappingType) and isinstance(b, ir.MappingType):
            if [key for key, _ in a.items] != [key for key, _ in b.items]:
                raise CannotJoin("their keys are not the same")
            pairs = zip(a.items, b.items, strict=True)
            return ir.MappingType(items=tuple((key, join(m, n, dtype=self.dtype)) for (key, m), (_, n) in pairs))
        return join(a, b, dtype=self.dtype)


def _parameter(program: ir.Program, name: str) -> ir.Span:
    """Where a `def` names a parameter."""
    match = re.search(rf"\bdef\b[^(]*\([^)]*?\b({re.escape(name)})\b", program.text)
    if match is None:
        return ir.Span(1, 1, 1, 2)
    line = program.text.count("\n", 0, match.start(1)) + 1
    column = match.start(1) - (program.text.rfind("\n", 0, match.start(1)) + 1) + 1
    return ir.Span(line, column, line, column + len(name))


_STATEMENTS: dict[type, Callable[..., list[ir.CheckedStatement]]] = {
    ir.Assign: Checker.assign,
    ir.Return: Checker.give,
    ir.If: Checker.branch,
    ir.While: Checker.loop,
    ir.For: Checker.count,
}
