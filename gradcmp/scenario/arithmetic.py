"""Small arithmetic over sweep names: `2*n`, `n//2 + 1`."""

import ast
import operator
from collections.abc import Callable, Mapping

Number = int | float

MAX_LENGTH = 200
LARGEST = 2**63

_BINARY: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


class NotArithmetic(Exception):
    """The text is no arithmetic over the names; the message says why."""


def evaluate(text: str, names: Mapping[str, Number | str]) -> Number:
    """The value of an expression of numbers, sweep names, `+ - * / // % **` and parentheses.

    Raises NotArithmetic. Values stay below 2**63, so nothing a user writes takes long.

    >>> evaluate("2*n + 1", {"n": 8})
    17
    """
    if len(text) > MAX_LENGTH:
        raise NotArithmetic("it is too long for a number")
    try:
        tree = ast.parse(text.strip(), mode="eval")
        return _value(tree.body, names)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise NotArithmetic("it is not a number") from None
    except (ZeroDivisionError, OverflowError) as error:
        raise NotArithmetic(f"it has no value: {error}") from None


def _value(node: ast.expr, names: Mapping[str, Number | str]) -> Number:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return _limited(node.value)  # type: ignore[arg-type]  # just looked at
    if isinstance(node, ast.Name):
        value = names.get(node.id)
        if isinstance(value, int | float):
            return value
        raise NotArithmetic(f"`{node.id}` is not a number" if node.id in names else f"`{node.id}` is not a sweep name")
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, names)
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left, names), _value(node.right, names)
        if isinstance(node.op, ast.Pow):
            return _power(left, right)
        function = _BINARY.get(type(node.op))
        if function is not None:
            return _limited(function(left, right))
    raise NotArithmetic("only numbers, sweep names and `+ - * / // % **` may stand here")


def _power(base: Number, exponent: Number) -> Number:
    if abs(exponent) > 64 or (base < 0 and not float(exponent).is_integer()):
        raise NotArithmetic("the power is too large")
    return _limited(base**exponent)


def _limited(value: Number) -> Number:
    if isinstance(value, int) and abs(value) >= LARGEST:
        raise NotArithmetic("the number is too large")
    return value
