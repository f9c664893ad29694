"""Control flow as JAX's own: `lax.cond`, `lax.while_loop`, and a bounded `lax.scan` where a bound is given.

Reverse mode cannot go through `lax.while_loop`, but it can through a scan of known length whose step stops working
once the condition is false. What a loop carries keeps its dtype and shape from round to round.
"""

import re
from collections.abc import Sequence

from gradcmp.program.flow import assigned_names, has_loop, inner, returns
from gradcmp.program.infix import ATOM, SIGN, Piece
from gradcmp.program.ir import Branch, Loop, NumberType, Select, TupleType, Type
from gradcmp.program.lower_expressions import CannotLower, shape_is_known
from gradcmp.program.lower_python import PythonWriter
from gradcmp.program.prune import live_at_head


class StructuredWriter(PythonWriter):
    """Writes a function that JAX can trace. `for` loops stay Python's and are unrolled by tracing."""

    structured = True

    def can_bound(self) -> bool:
        return True

    def select(self, node: Select) -> Piece:
        if not self._is_traced(node.test):
            return super().select(node)
        self._must_know(node.type, "this conditional")
        sides = []
        for side in (node.body, node.orelse):
            piece = self.piece(side)
            if isinstance(side.type, NumberType) and not self.is_loose(side):
                piece = self.wrap(piece, _dtype(side.type))
            sides.append(piece.text)
        return Piece(f"lax.cond({self.text(node.test)}, lambda: {sides[0]}, lambda: {sides[1]})", ATOM)

    def branch(self, statement: Branch, *, word: str = "if") -> None:
        if not self._is_traced(statement.test):
            super().branch(statement, word=word)
            return
        ends = returns(statement.body)
        loops = self.bounded and has_loop(inner(statement))
        for name, type_ in statement.assigned:
            self._must_know(type_, f"`{name}`")
        if ends:
            for path, type_ in self.checked.outputs:
                self._must_know(type_, f"output `{path}`" if path else "the output")
        given = [name for name, _ in statement.assigned]
        handed = self._handed(statement, given)
        parameters = [self.names[name] for name in handed] + [self.finished] * loops
        sides = []
        numbers = _number_types(statement.assigned)
        before, counting = set(self.loose), self.counting
        for role, body in (("then", statement.body), ("otherwise", statement.orelse)):
            self.loose, self.counting = set(before), counting
            function = self.fresh(role)
            self.line("")
            self.line(f"def {function}({', '.join(parameters)}):")
            self.depth += 1
            for nested in body:
                self.statement(nested)
            if not ends:
                self.line(f"return {self._packed(given, numbers, flag=loops)}")
            self.depth -= 1
            sides.append(function)
        self.loose, self.counting = before, counting
        self.line("")
        call = f"lax.cond({', '.join([self.text(statement.test), *sides, *parameters])})"
        if ends:
            self.line(f"return {call}")
            return
        names = [self.names[name] for name in given] + [self.finished] * loops
        self.line(f"{', '.join(names)} = {call}" if names else call)
        self.loose = (self.loose - set(given)) | set(numbers)

    def _handed(self, statement: Branch, given: Sequence[str]) -> list[str]:
        """Names that a branch both reads and binds: inside a function they have to come in as parameters."""
        handed: set[str] = set()
        for body in (statement.body, statement.orelse):
            handed |= live_at_head(body, frozenset(given)).intersection(assigned_names(body))
        return [name for name in self.names if name in handed]

    def _packed(self, given: Sequence[str], numbers: dict[str, NumberType], *, flag: bool) -> str:
        """What a function returns: the names' values, plain numbers made arrays."""
        texts = []
        for name in given:
            text = self.names[name]
            if name in numbers and name not in self.loose:
                text = self.wrap(Piece(text, ATOM), _dtype(numbers[name])).text
            texts.append(text)
        texts += [self.finished] * flag
        return ", ".join(texts) if texts else "()"

    def loop(self, statement: Loop) -> None:
        loops = self.bounded and has_loop(statement.body)
        for name, type_ in statement.carried:
            self._must_know(type_, f"`{name}`")
        given = [name for name, _ in statement.carried]
        numbers = _number_types(statement.carried)
        for name, type_ in numbers.items():
            if name not in self.loose:
                self._make_array(self.names[name], _dtype(type_))
        self.loose |= set(numbers)
        names = [self.names[name] for name in given] + [self.finished] * loops
        parameter = names[0] if len(names) == 1 else self.fresh("state")
        state = names[0] if len(names) == 1 else f"({', '.join(names)})"
        condition, body = self.fresh("condition"), self.fresh("body")
        before, counting = set(self.loose), self.counting
        self._open(condition, parameter, names)
        self.line(f"return {self.text(statement.test)}")
        self.depth -= 1
        self._open(body, parameter, names)
        for nested in statement.body:
            self.statement(nested)
        self.line(f"return {self._packed(given, numbers, flag=loops)}")
        self.depth -= 1
        self.loose, self.counting = before, counting
        target = ", ".join(names)
        if not self.bounded:
            self.line("")
            call = f"lax.while_loop({condition}, {body}, {state})"
            self.line(f"{target} = {call}" if names else call)
            return
        step = self.fresh("step")
        self._open(step, f"{parameter}, _", [])
        same = f"lambda {parameter}: {parameter}"
        self.line(f"return lax.cond({condition}({parameter}), {body}, {same}, {parameter}), None")
        self.depth -= 1
        self.line("")
        left = state if names else "_"
        self.line(f"{left}, _ = lax.scan({step}, {state}, None, length={self.max_iterations})")
        ended = f"jnp.logical_not({condition}({state}))"
        self.note_end(ended)

    def _make_array(self, name: str, dtype: str) -> None:
        """Make a number an array: where it was just written, or on a line of its own."""
        indentation = "    " * self.depth
        for position in range(len(self.lines) - 1, -1, -1):
            left, _, right = self.lines[position].partition(" = ")
            if left == f"{indentation}{name}" and re.fullmatch(r"-?\d+|True|False", right):
                self.lines[position] = f"{left} = {self.wrap(Piece(right, SIGN), dtype).text}"
                return
            if not re.fullmatch(r" *\w+", left) or re.search(rf"\b{re.escape(name)}\b", right):
                break
        self.line(f"{name} = {self.wrap(Piece(name, ATOM), dtype).text}")

    def _open(self, function: str, parameters: str, names: Sequence[str]) -> None:
        """Begin an inner function, and take its state apart where it is several values."""
        self.line("")
        self.line(f"def {function}({parameters}):")
        self.depth += 1
        if len(names) > 1:
            self.line(f"{', '.join(names)} = {parameters}")

    def _must_know(self, type_: Type, what: str) -> None:
        if not shape_is_known(type_):
            raise CannotLower(
                f"compiled control flow needs shapes that are known before: that of {what} depends on the run"
            )
        if isinstance(type_, TupleType) and any(isinstance(item, NumberType) for item in type_.items):
            raise CannotLower(f"compiled control flow does not carry numbers inside a tuple yet: {what}")


def _number_types(names: Sequence[tuple[str, Type]]) -> dict[str, NumberType]:
    return {name: type_ for name, type_ in names if isinstance(type_, NumberType)}


def _dtype(type_: NumberType) -> str:
    return {"int": "int64", "bool": "bool"}[type_.kind]
