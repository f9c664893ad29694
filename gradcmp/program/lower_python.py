"""A function with Python's own control flow: statements; expressions come from the base."""

import keyword
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gradcmp.program import ir
from gradcmp.program.flow import assigned_names, has_loop, inner
from gradcmp.program.infix import ATOM, Piece
from gradcmp.program.lower_expressions import ExpressionWriter
from gradcmp.program.spelling import Spelling

BUILTINS = frozenset({"range", "float", "tuple", "reversed", "len", "_"})
"""Names that texts use besides those that they import."""


@dataclass(frozen=True, slots=True)
class Lowered:
    """Source text, the function's name in it, and whether it returns `(outputs, finished)`."""

    source: str
    entry: str
    finished: bool


def names_of(checked: ir.Checked, reserved: Iterable[str]) -> dict[str, str]:
    """Name of the program → name in the text: a clash, or what is no name in Python, is moved out of the way."""
    taken = {*reserved, *keyword.kwlist}
    names: dict[str, str] = {}
    for name in [*checked.parameters, *sorted(assigned_names(checked.body))]:
        if name in names:
            continue
        text = re.sub(r"\W", "_", name)
        text = text if text.isidentifier() or keyword.iskeyword(text) else f"_{text}"
        while text in taken:
            text += "_"
        names[name] = text
        taken.add(text)
    return names


def imported(line: str) -> str:
    """The name that an import line binds.

    >>> imported("import jax.numpy as jnp")
    'jnp'
    """
    return line.rsplit(maxsplit=1)[-1].split(".", maxsplit=1)[0]


class PythonWriter(ExpressionWriter):
    """Writes a function with Python's own control flow."""

    def __init__(self, checked: ir.Checked, spelling: Spelling, *, max_iterations: int | None) -> None:
        imports = {imported(line) for line in spelling.imports}
        names = names_of(checked, {*imports, *spelling.prelude, *BUILTINS})
        super().__init__(spelling, dtype=checked.dtype, names=names)
        self.checked = checked
        self.max_iterations = max_iterations
        self.taken = {*names.values(), *imports, *spelling.prelude, *BUILTINS, checked.name}
        self.lines: list[str] = []
        self.depth = 1
        self.bounded = max_iterations is not None and self.can_bound() and has_loop(checked.body)
        self.finished = self.fresh("finished") if self.bounded else ""
        self.counting = False  # has the text given `finished` a value?

    def can_bound(self) -> bool:
        return self.spelling.loop_bound is not None

    def fresh(self, name: str) -> str:
        """A name for the text's own use."""
        free, number = name, 2
        while free in self.taken:
            free, number = f"{name}_{number}", number + 1
        self.taken.add(free)
        return free

    def line(self, text: str) -> None:
        self.lines.append(f"{'    ' * self.depth}{text}" if text else "")

    def function(self) -> Lowered:
        """The whole text."""
        for dtype in {self.dtype, *(leaf.dtype for leaf in self.checked.leaves.values())}:
            self.dtype_text(dtype)
        entry = self.checked.name
        while entry in {imported(line) for line in self.spelling.imports} | set(self.spelling.prelude):
            entry += "_"
        if self.bounded and any(has_loop(inner(statement)) for statement in self.checked.body):
            self.line(f"{self.finished} = {self.wrap(Piece('True', ATOM), 'bool').text}")
            self.counting = True
        self.block(self.checked.body)
        parameters = ", ".join(self.names[name] for name in self.checked.parameters)
        body = "\n".join([f"def {entry}({parameters}):", *self.lines])
        prelude = self._prelude(body)
        imports = [line for line in self.spelling.imports if _uses("\n".join([*prelude, body]), imported(line))]
        parts = ["\n".join(imports)] if imports else []
        source = "\n\n\n".join([*parts, *prelude, body]) + "\n"
        return Lowered(source=source, entry=entry, finished=self.bounded)

    def _prelude(self, body: str) -> list[str]:
        """The definitions that the text calls, and those that these call, in the table's order."""
        used: set[str] = set()
        waiting = [body]
        while waiting:
            text = waiting.pop()
            called = {name for name in self.spelling.prelude if _uses(text, name)} - used
            used |= called
            waiting.extend(self.spelling.prelude[name] for name in called)
        return [text.strip("\n") for name, text in self.spelling.prelude.items() if name in used]

    # Statements

    def block(self, body: Sequence[ir.CheckedStatement]) -> None:
        if not body:
            self.line("pass")
        for statement in body:
            self.statement(statement)

    def indented(self, body: Sequence[ir.CheckedStatement]) -> None:
        self.depth += 1
        self.block(body)
        self.depth -= 1

    def statement(self, statement: ir.CheckedStatement) -> None:
        if isinstance(statement, ir.Bind):
            self.bind(statement)
        elif isinstance(statement, ir.Give):
            self.give(statement)
        elif isinstance(statement, ir.Branch):
            self.branch(statement)
        elif isinstance(statement, ir.Loop):
            self.loop(statement)
        else:
            self.count(statement)

    def bind(self, statement: ir.Bind) -> None:
        names = ", ".join(self.names[name] for name in statement.names)
        parts = statement.value.items if isinstance(statement.value, ir.Group) else ()
        if len(statement.names) > 1 and len(parts) == len(statement.names):
            self.line(f"{names} = {', '.join(self.text(part) for part in parts)}")
        else:
            self.line(f"{names} = {self.text(statement.value)}")
        values = parts if len(parts) == len(statement.names) > 1 else [statement.value] * len(statement.names)
        loose = {name for name, value in zip(statement.names, values, strict=True) if self.is_loose(value)}
        self.loose = (self.loose - set(statement.names)) | loose

    def give(self, statement: ir.Give) -> None:
        value = statement.value
        if isinstance(value, ir.Group) and not self.bounded and len(value.items) > 1:
            self.line(f"return {', '.join(self.text(item) for item in value.items)}")
        elif self.bounded:
            self.line(f"return {self.text(value)}, {self.finished}")
        else:
            self.line(f"return {self.text(value)}")

    def branch(self, statement: ir.Branch, *, word: str = "if") -> None:
        self.line(f"{word} {self.text(statement.test)}:")
        before = set(self.loose)
        self.indented(statement.body)
        after_body, self.loose = self.loose, before
        if len(statement.orelse) == 1 and isinstance(statement.orelse[0], ir.Branch):
            self.branch(statement.orelse[0], word="elif")
        elif statement.orelse:
            self.line("else:")
            self.indented(statement.orelse)
        self.loose = self.loose | after_body
        if self._is_traced(statement.test):
            self.loose |= _numbers(statement.assigned)

    def _is_traced(self, test: ir.Checked_) -> bool:
        return isinstance(test.type, ir.ArrayType) or self.is_loose(test)

    def loop(self, statement: ir.Loop) -> None:
        if self._is_traced(statement.test):
            self.loose |= _numbers(statement.carried)
        self.line(f"while {self.text(statement.test)}:")
        if self.bounded and self.spelling.loop_bound is not None:
            self.depth += 1
            self.line(self.spelling.loop_bound.format(max_iterations=self.max_iterations))
            self.depth -= 1
        before = set(self.loose)
        self.indented(statement.body)
        self.loose |= before
        if self.bounded:
            self.note_end(self.not_(statement.test))

    def not_(self, test: ir.Checked_) -> str:
        """The negation of a condition, as an array."""
        if isinstance(test.type, ir.ArrayType):
            type_ = ir.ArrayType(kind="bool", dtype="bool", shape=())
            return self.text(
                ir.Apply(span=test.span, primitive="logical_not", operands=(test,), options={}, type=type_)
            )
        number = ir.Apply(span=test.span, primitive="logical_not", operands=(test,), options={}, type=test.type)
        return self.wrap(self.piece(number), "bool", loose=self.is_loose(test)).text

    def note_end(self, ended: str) -> None:
        """Keep whether a bounded loop came to its end."""
        if not self.counting:
            self.line(f"{self.finished} = {ended}")
            self.counting = True
            return
        spell = self.spelling.primitives["logical_and"]
        assert isinstance(spell, str)
        self.line(f"{self.finished} = {spell.format(self.finished, ended)}")

    def count(self, statement: ir.Count) -> None:
        start, stop, step = statement.start, statement.stop, statement.step
        bounds = [start, stop, step]
        if isinstance(step, ir.Literal) and step.value == 1:
            bounds.pop()
            if isinstance(start, ir.Literal) and start.value == 0:
                bounds.pop(0)
        variable = self.names[statement.variable]
        self.line(f"for {variable} in range({', '.join(self.text(bound) for bound in bounds)}):")
        self.loose.discard(statement.variable)
        self.indented(statement.body)


def _numbers(names: Sequence[tuple[str, object]]) -> set[str]:
    return {name for name, type_ in names if isinstance(type_, ir.NumberType)}


def _uses(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w.\"]){re.escape(name)}\b", text) is not None
