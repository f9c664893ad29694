"""Walks a checked program once, over any algebra. Control flow is decided by mathematics, never by rounding."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradcmp.core.formats import FORMATS
from gradcmp.core.tensors import Tensor
from gradcmp.core.trees import nested
from gradcmp.program import ir
from gradcmp.program.fold import CannotFold, fold
from gradcmp.program.joins import joined_dtype
from gradcmp.program.primitives import PRIMITIVES
from gradcmp.reference.algebra import EvaluationError, OverBudget
from gradcmp.reference.budget import Budget
from gradcmp.reference.language.arrays import Array, Context
from gradcmp.reference.language.compositions import COMPOSITIONS

KINDS: Mapping[str, str] = {"f": "float", "i": "int", "u": "int", "b": "bool"}
"""NumPy's kinds of dtypes → the language's."""

APPLY_S = 2e-6
"""Nominal seconds of an expression, beside the steps on arrays that it takes."""

Value = Any
"""A plain number, an `Array`, a tuple or dict of values, or a function without arguments that gives one when read."""


def evaluate(checked: ir.Checked, context: Context, inputs: Mapping[str, Value], budget: Budget) -> dict[str, Array]:
    """The outputs of a program by path (`""`: the sole one).

    `inputs` are arrays by leaf path, or tensors, which are taken exactly. Raises `Undecided` where a comparison needs
    more precision and `EvaluationError` where there is no value to certify.
    """
    exact = {path: exact_input(x, context) if isinstance(x, Tensor) else x for path, x in inputs.items()}
    result = _Walk(context, budget).block(checked.body, nested(exact))
    if result is None:
        raise EvaluationError("the function returns nothing")
    if isinstance(result, dict):
        named = dict(result)
    elif isinstance(result, tuple):
        named = {str(place): value for place, value in enumerate(result)}
    else:
        named = {"": result}
    types = dict(checked.outputs)
    return {path: _Walk(context, budget).fitted(value, types[path]) for path, value in named.items()}


def exact_input(tensor: Tensor, context: Context) -> Array:
    """An input as the exact numbers that the frameworks see."""
    kind = KINDS[tensor.array.dtype.kind]
    if kind == "bool":
        return Array(kind=kind, data=tensor.array)
    numbers = tensor.array.astype(np.float64) if kind == "float" else tensor.array.astype(object)
    return Array(kind=kind, data=context.algebra(kind).constant(numbers))


class _Walk:
    """One pass over a program: expressions to values, statements into a frame of names."""

    def __init__(self, context: Context, budget: Budget) -> None:
        self.context = context
        self.budget = budget
        self.rounds = 0

    # Statements: the value returned, or None where the block falls through.

    def block(self, body: tuple[ir.CheckedStatement, ...], frame: dict[str, Value]) -> Value:
        for statement in body:
            result = self.statement(statement, frame)
            if result is not None:
                return result
        return None

    def statement(self, statement: ir.CheckedStatement, frame: dict[str, Value]) -> Value:
        if isinstance(statement, ir.Give):
            return self.value(statement.value, frame)
        if isinstance(statement, ir.Bind):
            value = self.value(statement.value, frame)
            values = value if len(statement.names) > 1 else (value,)
            frame.update(zip(statement.names, values, strict=True))
            return None
        if isinstance(statement, ir.Branch):
            body = statement.body if self.truth(statement.test, frame) else statement.orelse
            result = self.block(body, frame)
            if result is None:
                self.fit(statement.assigned, frame)
            return result
        if isinstance(statement, ir.Loop):
            self.fit(statement.carried, frame)
            while self.truth(statement.test, frame):
                self.begin_round()
                self.block(statement.body, frame)
                self.fit(statement.carried, frame)
            return None
        return self.count(statement, frame)

    def count(self, statement: ir.Count, frame: dict[str, Value]) -> Value:
        start, stop, step = (int(self.value(each, frame)) for each in (statement.start, statement.stop, statement.step))
        for number in range(start, stop, step):
            self.begin_round()
            frame[statement.variable] = number
            result = self.block(statement.body, frame)
            if result is not None:
                return result
        return None

    def begin_round(self) -> None:
        self.rounds += 1
        if self.rounds > self.budget.rounds:
            raise OverBudget("the loops take more rounds than the reference follows")

    def fit(self, types: tuple[tuple[str, ir.Type], ...], frame: dict[str, Value]) -> None:
        """Numbers that the program carries as arrays become arrays."""
        for name, kind in types:
            if name in frame:
                frame[name] = self.fitted(frame[name], kind)

    def fitted(self, value: Value, kind: ir.Type) -> Value:
        if not isinstance(kind, ir.ArrayType):
            return value
        return self.context.as_kind(self.array(value, kind.dtype), kind.kind)

    def truth(self, test: ir.Checked_, frame: dict[str, Value]) -> bool:
        value = self.value(test, frame)
        return bool(value.data.reshape(()).item()) if isinstance(value, Array) else bool(value)

    # Expressions

    def value(self, node: ir.Checked_, frame: dict[str, Value]) -> Value:
        if isinstance(node, ir.Literal):
            return self.fitted(node.value, node.type)
        if isinstance(node, ir.Read):
            return self.read(node, frame)
        if isinstance(node, ir.Apply):
            return self.apply(node, frame)
        if isinstance(node, ir.Select):
            chosen = node.body if self.truth(node.test, frame) else node.orelse
            return self.fitted(self.value(chosen, frame), node.type)
        if isinstance(node, ir.Index):
            return self.index(node, frame)
        if isinstance(node, ir.Group):
            return tuple(self.value(item, frame) for item in node.items)
        if isinstance(node, ir.Outputs):
            return {name: self.value(item, frame) for name, item in node.items}
        raise EvaluationError(f"{type(node).__name__} is not supported yet")

    def read(self, node: ir.Read, frame: dict[str, Value]) -> Value:
        value: Value = frame
        for name in node.path:
            value = value[int(name)] if isinstance(value, tuple) else value[name]
        return value() if callable(value) else value

    def apply(self, node: ir.Apply, frame: dict[str, Value]) -> Value:
        self.budget.spend(APPLY_S)
        self.budget.allow(node.type)
        operands = [self.value(operand, frame) for operand in node.operands]
        if isinstance(node.type, ir.NumberType):
            try:
                return fold(node.primitive, operands)
            except CannotFold as error:
                raise EvaluationError(str(error)) from None
        if node.primitive == "array":
            return self.fitted(operands[0], node.type)
        if node.primitive == "power" and isinstance(operands[0], Array) and _whole(operands[1]):
            base = operands[0]
            return Array(kind=base.kind, data=self.context.algebra(base.kind).whole_power(base.data, operands[1]))
        row = PRIMITIVES[node.primitive]
        meeting = [
            operand.type
            for name, operand in zip(row.operands, node.operands, strict=True)
            if name not in ("condition", "indices")
        ]
        result = "float" if row.result == "float" else "same"
        joined = joined_dtype(meeting, dtype=self.context.dtype, result=result)
        if node.primitive == "power" and isinstance(operands[1], float):
            operands[1] = self.context.exponent(operands[1])
        ready = [
            self.operand(operand, "int64" if name == "indices" else joined)
            for name, operand in zip(row.operands, operands, strict=True)
        ]
        step: Callable[..., Value] = self.context.floats.formulas.get(node.primitive) or COMPOSITIONS[node.primitive]
        value = step(self.context, *ready, **node.options)
        return self.fitted(value, node.type) if isinstance(value, Array) else value

    def operand(self, value: Value, dtype: str) -> Value:
        """A number as an array of `dtype`, in which the operands meet; a sequence item by item."""
        if isinstance(value, tuple):
            return [self.operand(item, dtype) for item in value]
        return self.array(value, dtype)

    def array(self, value: Value, dtype: str) -> Array:
        """A plain number as an array of shape (): among floats the decimal that is written."""
        if isinstance(value, Array):
            return value
        if isinstance(value, bool):
            return Array(kind="bool", data=np.asarray(value))
        if dtype in FORMATS:
            return self.context.decimal(value)
        return Array(kind="int", data=self.context.wholes.constant(np.asarray(value, dtype=object)))

    def index(self, node: ir.Index, frame: dict[str, Value]) -> Value:
        value = self.value(node.value, frame)
        if isinstance(value, tuple):  # a result of several arrays, taken apart
            return value[int(self.item(node.items[0], frame))]  # type: ignore[call-overload]  # a tuple's index is a number
        key = tuple(self.item(item, frame) for item in node.items)
        try:
            return self.context.rearranged(value, lambda places: places[key])  # type: ignore[index]  # slices too
        except IndexError as error:
            raise EvaluationError(str(error)) from None

    def item(self, item: object, frame: dict[str, Value]) -> object:
        if item is None or isinstance(item, ir.NewAxis):
            return None
        if item is Ellipsis or isinstance(item, ir.Ellipsis_):
            return Ellipsis
        if isinstance(item, ir.IndexSlice):
            return slice(item.start, item.stop, item.step)
        return int(item if isinstance(item, int) else self.value(item, frame))  # type: ignore[arg-type]  # what is left is an expression


def _whole(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
