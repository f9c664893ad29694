"""The catalogue of primitives: one row each, with the convention that makes the same text mean the same everywhere.

A signature names operands (arrays or numbers) before `*` and static options after it; `[arrays]` is a sequence.
Options may also be given by position, as in NumPy. `rule` names the shape rule in `shapes.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, kw_only=True)
class Primitive:
    """One step of the little language.

    `kinds` are the kinds of operand that it takes; `result` is the kind of its result: `same` as the joined operands,
    `float` (integers become floats of the problem's dtype), `bool` or `int`.
    """

    name: str
    signature: str
    rule: str
    group: str
    result: str = "float"
    kinds: tuple[str, ...] = ("float", "int")
    method: bool = False
    infix: str | None = None
    convention: str = ""

    @cached_property
    def operands(self) -> tuple[str, ...]:
        return tuple(part for part in self.parts[0] if part)

    @cached_property
    def options(self) -> dict[str, str | None]:
        """Static option → default as written; None where the option is demanded."""
        pairs = (part.partition("=") for part in self.parts[1])
        return {name: default if equals else None for name, equals, default in pairs}

    @cached_property
    def parts(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        operands, _, options = self.signature.partition("*")
        return tuple(tuple(piece.strip() for piece in _split(text) if piece.strip()) for text in (operands, options))  # type: ignore[return-value]  # exactly two by construction


def _split(text: str) -> list[str]:
    """Split at commas outside parentheses."""
    pieces, depth, current = [], 0, ""
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            pieces.append(current)
            current = ""
        else:
            current += character
    return [*pieces, current]


def _rows() -> list[Primitive]:
    def infix(name: str, symbol: str, *, result: str = "same", convention: str = "") -> Primitive:
        return Primitive(
            name=name,
            signature="x, y",
            rule="broadcast",
            group="arithmetic",
            result=result,
            infix=symbol,
            convention=convention,
        )

    def compare(name: str, symbol: str) -> Primitive:
        return Primitive(name=name, signature="x, y", rule="broadcast", group="comparison", result="bool", infix=symbol)

    def elementwise(
        name: str,
        convention: str = "",
        *,
        options: str = "",
        group: str = "elementary",
        result: str = "float",
        method: bool = True,
    ) -> Primitive:
        signature = f"x, *, {options}" if options else "x"
        return Primitive(
            name=name,
            signature=signature,
            rule="elementwise",
            group=group,
            result=result,
            method=method,
            convention=convention,
        )

    def reduce(
        name: str, convention: str = "", *, options: str = "", rule: str = "reduction", result: str = "float"
    ) -> Primitive:
        return Primitive(
            name=name,
            signature=f"x, *, axis=None{options}, keepdims=False",
            rule=rule,
            group="reduction",
            result=result,
            method=True,
            convention=convention,
        )

    axes = "over all entries unless `axis` is given; `axis` may be a tuple"
    return [
        infix("add", "+"),
        infix("subtract", "-"),
        infix("multiply", "*"),
        infix("divide", "/", result="float"),
        infix("floor_divide", "//", convention="rounds towards minus infinity; derivative 0 between jumps"),
        infix("remainder", "%", convention="the sign of the divisor, as in Python and NumPy"),
        infix("power", "**", convention="a whole-number exponent stays one (`x ** 2`)"),
        Primitive(name="matmul", signature="x, y", rule="matmul", group="linear algebra", result="same", method=True, infix="@", convention="1-D and 2-D operands and stacks of matrices, as NumPy's `matmul`"),
        Primitive(name="negative", signature="x", rule="elementwise", group="arithmetic", result="same", infix="-"),
        compare("less", "<"),
        compare("less_equal", "<="),
        compare("greater", ">"),
        compare("greater_equal", ">="),
        compare("equal", "=="),
        compare("not_equal", "!="),
        Primitive(name="logical_and", signature="x, y", rule="broadcast", group="comparison", result="bool", kinds=("bool",), infix="and", convention="element by element; both sides are computed"),
        Primitive(name="logical_or", signature="x, y", rule="broadcast", group="comparison", result="bool", kinds=("bool",), infix="or", convention="element by element; both sides are computed"),
        Primitive(name="logical_not", signature="x", rule="elementwise", group="comparison", result="bool", kinds=("bool",), infix="not"),
        Primitive(name="where", signature="condition, x, y", rule="where", group="comparison", result="same", kinds=("float", "int", "bool"), convention="both sides are computed; the condition picks element by element"),
        elementwise("abs", result="same", convention="the absolute value"),
        elementwise("sign", result="same", convention="sign(0) = 0"),
        elementwise("exp"), elementwise("expm1", "exp(x) - 1 without cancellation"),
        elementwise("log", "the natural logarithm"), elementwise("log1p", "log(1 + x) without cancellation"), elementwise("log2"),
        elementwise("sqrt"), elementwise("rsqrt", "1 / sqrt(x)"), elementwise("square", result="same"),
        elementwise("reciprocal", "1 / x"),
        elementwise("sin"), elementwise("cos"), elementwise("tan"),
        elementwise("arcsin"), elementwise("arccos"), elementwise("arctan"),
        Primitive(name="arctan2", signature="y, x", rule="broadcast", group="elementary", convention="the angle of the point (x, y)"),
        elementwise("sinh"), elementwise("cosh"), elementwise("tanh"),
        elementwise("arcsinh"), elementwise("arccosh"), elementwise("arctanh"),
        elementwise("erf"), elementwise("lgamma", "log |gamma(x)|"), elementwise("digamma"),
        elementwise("sigmoid", "1 / (1 + exp(-x))", group="neural network"),
        elementwise("softplus", "log(1 + exp(x)), without threshold or scale", group="neural network"),
        elementwise("relu", "max(x, 0)", group="neural network"),
        elementwise("leaky_relu", "x where x > 0, else negative_slope * x", options="negative_slope=0.01", group="neural network"),
        elementwise("elu", "x where x > 0, else alpha * expm1(x)", options="alpha=1.0", group="neural network"),
        elementwise("gelu", "the exact one: x * (1 + erf(x / sqrt(2))) / 2", group="neural network"),
        elementwise("silu", "x * sigmoid(x)", group="neural network"),
        Primitive(name="maximum", signature="x, y", rule="broadcast", group="selection", result="same", convention="element by element"),
        Primitive(name="minimum", signature="x, y", rule="broadcast", group="selection", result="same", convention="element by element"),
        Primitive(name="clip", signature="x, low, high", rule="broadcast", group="selection", result="same", method=True, convention="min(max(x, low), high) in one step"),
        reduce("sum", axes, result="same"), reduce("mean", axes), reduce("prod", axes, result="same"),
        reduce("max", axes, result="same"), reduce("min", axes, result="same"),
        reduce("var", f"{axes}; `ddof` is demanded, because frameworks disagree on it", options=", ddof"),
        reduce("std", f"{axes}; `ddof` is demanded, because frameworks disagree on it", options=", ddof"),
        reduce("norm", "the 2-norm over all entries unless `axis` is given (for a matrix: the Frobenius norm)"),
        reduce("logsumexp", axes),
        Primitive(name="any", signature="x, *, axis=None, keepdims=False", rule="reduction", group="reduction", result="bool", kinds=("bool",), method=True),
        Primitive(name="all", signature="x, *, axis=None, keepdims=False", rule="reduction", group="reduction", result="bool", kinds=("bool",), method=True),
        Primitive(name="softmax", signature="x, *, axis=-1", rule="along_axis", group="neural network", method=True, convention="along the last axis unless `axis` is given"),
        Primitive(name="log_softmax", signature="x, *, axis=-1", rule="along_axis", group="neural network", method=True, convention="along the last axis unless `axis` is given"),
        Primitive(name="cumsum", signature="x, *, axis=None", rule="cumulative", group="reduction", result="same", method=True, convention="of the flattened array unless `axis` is given"),
        Primitive(name="dot", signature="x, y", rule="dot", group="linear algebra", result="same", method=True, convention="the inner product of two vectors; `matmul` is for matrices"),
        Primitive(name="outer", signature="x, y", rule="outer", group="linear algebra", result="same", convention="of two vectors"),
        Primitive(name="trace", signature="x", rule="trace", group="linear algebra", result="same", method=True, convention="of the last two axes"),
        Primitive(name="transpose", signature="x, *, axes=None", rule="transpose", group="shape", result="same", kinds=("float", "int", "bool"), method=True, convention="reverses the axes unless `axes` is given; `x.T` is the same"),
        Primitive(name="reshape", signature="x, *, shape", rule="reshape", group="shape", result="same", kinds=("float", "int", "bool"), method=True, convention="row-major; one length may be -1"),
        Primitive(name="concatenate", signature="[arrays], *, axis=0", rule="concatenate", group="shape", result="same"),
        Primitive(name="stack", signature="[arrays], *, axis=0", rule="stack", group="shape", result="same"),
        Primitive(name="squeeze", signature="x, *, axis=None", rule="squeeze", group="shape", result="same", kinds=("float", "int", "bool"), method=True),
        Primitive(name="expand_dims", signature="x, *, axis", rule="expand_dims", group="shape", result="same", kinds=("float", "int", "bool")),
        Primitive(name="broadcast_to", signature="x, *, shape", rule="broadcast_to", group="shape", result="same", kinds=("float", "int", "bool")),
        Primitive(name="flip", signature="x, *, axis=None", rule="flip", group="shape", result="same", convention="every axis unless `axis` is given"),
        Primitive(name="take", signature="x, indices, *, axis=None", rule="take", group="shape", result="same", method=True, convention="from the flattened array unless `axis` is given; indices are whole numbers from 0, within bounds"),
        Primitive(name="diagonal", signature="x, *, offset=0", rule="diagonal", group="shape", result="same", method=True, convention="of the last two axes"),
        Primitive(name="tril", signature="x, *, k=0", rule="matrix", group="shape", result="same"),
        Primitive(name="triu", signature="x, *, k=0", rule="matrix", group="shape", result="same"),
        Primitive(name="det", signature="x", rule="square_to_scalar", group="linear algebra"),
        Primitive(name="slogdet", signature="x", rule="slogdet", group="linear algebra", convention="a pair: the sign and the logarithm of the absolute value of the determinant"),
        Primitive(name="inv", signature="x", rule="square", group="linear algebra"),
        Primitive(name="solve", signature="a, b", rule="solve", group="linear algebra", convention="b is a vector, or a matrix of columns"),
        Primitive(name="cholesky", signature="x", rule="square", group="linear algebra", convention="the lower factor of the symmetric part"),
        Primitive(name="stop_gradient", signature="x", rule="elementwise", group="differentiation", result="same", kinds=("float", "int", "bool"), convention="the value, as a constant of the function; `x.detach()` is the same"),
        Primitive(name="zeros_like", signature="x", rule="elementwise", group="shape", result="same"),
        Primitive(name="ones_like", signature="x", rule="elementwise", group="shape", result="same"),
    ]  # fmt: skip


PRIMITIVES: dict[str, Primitive] = {row.name: row for row in _rows()}

METHOD_ALIASES: dict[str, str] = {"detach": "stop_gradient"}

CONSTANTS: dict[str, float] = {"pi": 3.141592653589793, "inf": float("inf")}
