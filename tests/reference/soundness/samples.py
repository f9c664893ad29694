"""Random programs of the little language with points inside their domain, for Hypothesis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any

import numpy as np
from hypothesis import strategies as st

from gradcmp.core.operators import Operator
from gradcmp.core.tensors import Shape, Tensor
from gradcmp.errors import Location
from gradcmp.program.check import check
from gradcmp.program.ir import ArrayType, Checked
from gradcmp.program.parse import parse
from gradcmp.reference.modes.derivatives import DerivativeProblem


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A program, a point, a direction to move in (`tangents`, by input) and one to look from (`weights`, cycled)."""

    text: str
    inputs: Mapping[str, Any]
    dtype: str = "float64"
    tangents: Mapping[str, Any] = field(default_factory=dict)
    weights: tuple[float, ...] = (1.0, -2.0, 0.5)

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        return {name: self._tensor(values) for name, values in self.inputs.items()}

    @cached_property
    def checked(self) -> Checked:
        leaves = {name: ArrayType(kind="float", dtype=self.dtype, shape=t.shape) for name, t in self.tensors.items()}
        return check(parse(self.text, location=Location(file="sample")), leaves, dtype=self.dtype)

    @property
    def wrt(self) -> tuple[str, ...]:
        """Every input but the unit matrix that some programs are handed."""
        return tuple(name for name in self.inputs if name != "unit")

    def tangent(self, name: str) -> np.ndarray:
        shape = self.tensors[name].shape
        values = self.tangents.get(name, self.weights)
        return np.resize(np.asarray(values, dtype=np.float64), shape)

    def cotangent(self, shape: Shape) -> np.ndarray:
        return np.resize(np.asarray(self.weights, dtype=np.float64), shape)

    def problem(self, operator: str, **seeds: Mapping[str, np.ndarray]) -> DerivativeProblem:
        """Seeds are float64 whatever the dtype: a direction is nothing that a framework sees here."""
        ready = {kind: {k: Tensor(dtype="float64", array=v) for k, v in each.items()} for kind, each in seeds.items()}
        return DerivativeProblem(
            checked=self.checked, operator=Operator(operator), wrt=self.wrt, inputs=self.tensors, **ready
        )

    @property
    def scalar(self) -> bool:
        outputs = [kind for _, kind in self.checked.outputs]
        return len(outputs) == 1 and isinstance(outputs[0], ArrayType) and outputs[0].shape == ()

    def _tensor(self, values: Any) -> Tensor:
        return Tensor(dtype=self.dtype, array=np.asarray(values, dtype=np.float64).astype(self.dtype))


SMALL, TAME, WILD = range(3)
"""How large the numbers of an expression may be: about 10, about 10⁶, anything."""


@dataclass(frozen=True)
class Term:
    """An expression as text, and what keeps others inside their domain."""

    text: str
    shape: Shape
    size: int = TAME
    positive: bool = False


NUMBERS = ("0.5", "2", "0.1", "-1.25", "3", "0.75", "1e-3", "-0.3")

# name → (the size that the operand may have, the size of the result or None for the operand's, positive)
ANYWHERE: dict[str, tuple[int, int | None, bool]] = {
    "sin": (WILD, SMALL, False), "cos": (WILD, SMALL, False), "tanh": (WILD, SMALL, False),
    "arctan": (WILD, SMALL, False), "erf": (WILD, SMALL, False), "arcsinh": (WILD, TAME, False),
    "sigmoid": (TAME, SMALL, True), "softplus": (TAME, None, True), "silu": (TAME, None, False),
    "gelu": (TAME, None, False), "relu": (WILD, None, False), "leaky_relu": (WILD, None, False),
    "elu": (TAME, None, False), "abs": (WILD, None, False), "square": (WILD, WILD, False), "negative": (WILD, None, False),
    "exp": (SMALL, TAME, True), "expm1": (SMALL, TAME, False), "sinh": (SMALL, TAME, False), "cosh": (SMALL, TAME, True),
    "sign": (WILD, SMALL, False), "tan": (WILD, WILD, False),
}  # fmt: skip
POSITIVE = {"log": SMALL, "log2": SMALL, "sqrt": None, "rsqrt": WILD, "lgamma": WILD, "digamma": SMALL}
UNIT = ("arcsin", "arccos", "arctanh", "log1p")
ALIKE = (
    "flip({})", "softmax({})", "log_softmax({})", "cumsum({}, axis=0)", "concatenate([{0}[1:], {0}[:1]])",
    "squeeze(expand_dims({}, axis=0), axis=0)", "stack([{0}, zeros_like({0})])[0]", "prod(stack([{0}, ones_like({0})], axis=1), axis=1)",
    "reshape({}, shape=(-1,))",
)  # fmt: skip
MATRICES = {
    "tril": "tril({})", "triu": "triu({}, k=1)", "turned": "({}).T", "raw inv": "inv({})", "transpose": "transpose({})",
    "rows": "({0}) * sum({0}, axis=1, keepdims=True)",
}  # fmt: skip


@cache
def _below(count: int) -> st.SearchStrategy[int]:
    return st.integers(0, count - 1)


class Author:
    """Draws expressions and statements; `terms` are the names at hand."""

    def __init__(self, draw: Callable[[Any], Any], terms: list[Term], *, side: int) -> None:
        self.draw = draw
        self.terms = terms
        self.side = side

    def one(self, options: Any) -> Any:
        return options[self.draw(_below(len(options)))]

    def term(self, shape: Shape, depth: int) -> Term:
        if depth <= 0:
            return self.leaf(shape)
        ways = [self.elementwise, self.elementwise, self.binary, self.binary, self.choice]
        ways += {0: [self.reduction] * 3, 1: [self.vector] * 2, 2: [self.matrix] * 2}[len(shape)]
        return self.one(ways)(shape, depth - 1)

    def leaf(self, shape: Shape) -> Term:
        fitting = [term for term in self.terms if term.shape == shape]
        if fitting:
            return self.one(fitting)
        if shape == ():
            other = self.one(self.terms)
            return Term(f"sum({other.text})", (), other.size)
        scalar = self.leaf(())
        return replace(scalar, text=f"broadcast_to({scalar.text}, shape={shape})", shape=shape)

    # Terms brought into a domain

    def tamed(self, term: Term, size: int) -> Term:
        if term.size <= size:
            return term
        return Term(f"{self.one(('sin', 'tanh', 'arctan', 'erf'))}({term.text})", term.shape, SMALL)

    def positive(self, shape: Shape, depth: int) -> Term:
        term = self.term(shape, depth)
        if term.positive:
            return term
        way = self.one(("(abs({}) + 0.5)", "(square({}) + 0.25)", "exp({})", "sqrt(square({}) + 2)", "softplus({})"))
        size = {"exp({})": SMALL, "softplus({})": TAME}.get(way, WILD)
        term = self.tamed(term, size)
        grown = WILD if "square" in way else min(term.size + (size == SMALL), WILD)
        return Term(way.format(term.text), shape, grown, positive=True)

    def unit(self, shape: Shape, depth: int) -> Term:
        way = self.one(("tanh({}) * 0.75", "sin({}) / 2", "({0}) / (1 + abs({0}))", "erf({}) * 0.9"))
        return Term(f"({way.format(self.term(shape, depth).text)})", shape, SMALL)

    # Ways to make a term of a shape

    def elementwise(self, shape: Shape, depth: int) -> Term:
        group = self.one(("anywhere", "anywhere", "anywhere", "positive", "unit", "other"))
        if group == "anywhere":
            name = self.one(sorted(ANYWHERE))
            limit, size, positive = ANYWHERE[name]
            term = self.tamed(self.term(shape, depth), limit)
            text = f"-({term.text})" if name == "negative" else f"{name}({term.text})"
            return Term(text, shape, term.size if size is None else size, positive)
        if group == "positive":
            name = self.one(sorted(POSITIVE))
            term = self.positive(shape, depth)
            size = POSITIVE[name]
            return Term(f"{name}({term.text})", shape, term.size if size is None else size, name in ("sqrt", "rsqrt"))
        if group == "unit":
            return Term(f"{self.one(UNIT)}({self.unit(shape, depth).text})", shape, SMALL)
        return self.one((self.shifted, self.powered))(shape, depth)

    def shifted(self, shape: Shape, depth: int) -> Term:
        """Functions whose domain is no half-line: beyond 1, and between two poles below 0."""
        name = self.one(("arccosh", "lgamma", "digamma", "reciprocal", "clip", "floor"))
        if name == "arccosh":
            return Term(f"arccosh(1.25 + {self.positive(shape, depth).text})", shape, TAME)
        if name == "reciprocal":
            return Term(f"reciprocal({self.positive(shape, depth).text})", shape, WILD, positive=True)
        if name == "clip":
            return Term(f"clip({self.term(shape, depth).text}, -1.5, 2)", shape, SMALL)
        if name == "floor":
            term = self.tamed(self.term(shape, depth), TAME)
            return Term(f"({term.text} {self.one(('//', '%'))} 0.7)", shape, TAME)
        pole = self.one(("1.5", "2.5", "0.5"))
        return Term(f"{name}({self.unit(shape, depth).text} * 0.4 - {pole})", shape, SMALL)

    def powered(self, shape: Shape, depth: int) -> Term:
        way = self.one(("whole", "plain", "variable"))
        if way == "whole":
            return Term(f"({self.term(shape, depth).text}) ** {self.one((2, 3, 1, 0))}", shape, WILD)
        base = self.positive(shape, depth)
        if way == "plain":
            return Term(f"({base.text}) ** {self.one((0.5, 1.5, -0.7, 2.0, -2))}", shape, WILD, positive=True)
        exponent = self.tamed(self.term(shape, depth), SMALL)
        return Term(f"({base.text}) ** ({exponent.text})", shape, WILD, positive=True)

    def binary(self, shape: Shape, depth: int) -> Term:
        x = self.term(shape, depth)
        way = self.one(("+", "-", "*", "*", "/", "maximum", "minimum", "arctan2", "number"))
        if way == "number":
            return Term(f"({self.one(NUMBERS)} {self.one('*+-')} {x.text})", shape, x.size)
        if way == "/":
            return Term(f"({x.text}) / ({self.positive(shape, depth).text})", shape, WILD)
        y = self.term(self.one((shape, shape, ())), depth)
        size = max(x.size, y.size)
        if way in "+-*":
            return Term(f"(({x.text}) {way} ({y.text}))", shape, max(size, TAME) if way != "*" else WILD)
        return Term(f"{way}({x.text}, {y.text})", shape, SMALL if way == "arctan2" else size)

    def choice(self, shape: Shape, depth: int) -> Term:
        x, y, z = (self.term(shape, depth) for _ in range(3))
        relation = self.one(("<", "<=", ">", ">=", "!="))
        limit = self.one(("0", "0.25", y.text))
        masked = self.one((f"({z.text})", f"sqrt({z.text})", "0"))
        test = self.one(("{}", "{}", "not ({})", "({}) and x0 != 1", "({}) or x0 == 0")).replace("x0", f"({z.text})")
        test = test.format(f"{x.text} {relation} {limit}")
        return Term(f"where({test}, {y.text}, {masked})", shape, max(x.size, y.size, z.size))

    def reduction(self, _shape: Shape, depth: int) -> Term:
        inner = self.one([term.shape for term in self.terms if term.shape])
        x = self.term(inner, depth)
        name = self.one(
            ("sum", "mean", "prod", "max", "min", "var", "norm", "logsumexp", "dot", "index", "std")
            + (("det", "slogdet", "slogdet", "trace") if len(inner) == 2 else ())
        )
        if name == "dot":
            return Term(f"sum(({x.text}) * ({self.term(inner, depth).text}))", (), WILD)
        if name == "index":
            return Term(f"({x.text})[{', '.join('0' for _ in inner)}]", (), x.size)
        if name in ("var", "std"):
            return Term(f"{name}(({x.text}) * {self.ramp(inner)}, ddof=0)", (), WILD)
        if name == "norm":
            return Term(f"norm(({x.text}) + 0.7)", (), x.size)
        if name == "logsumexp":
            return Term(f"logsumexp({self.tamed(x, TAME).text})", (), TAME)
        if name == "slogdet":
            return Term(f"slogdet({self.regular(depth).text})[1]", (), TAME)
        return Term(f"{name}({x.text})", (), x.size if name in ("sum", "mean", "max", "min", "trace") else WILD)

    def ramp(self, shape: Shape) -> str:
        return next(term.text for term in self.terms if term.shape == shape)

    def vector(self, shape: Shape, depth: int) -> Term:
        square = (self.side, self.side)
        ways = ["alike", "alike"]
        if shape == (self.side,) and any(term.shape == square for term in self.terms):
            ways += ["matmul", "row", "column sum", "diagonal", "solve"]
        way = self.one(ways)
        if way == "alike":
            x = self.tamed(self.term(shape, depth), TAME)
            return Term(self.one(ALIKE).format(x.text), shape, x.size)
        if way == "solve":
            return Term(f"solve({self.regular(depth).text}, {self.term(shape, depth).text})", shape, WILD)
        x = self.term(square, depth)
        if way == "matmul":
            return Term(f"(({x.text}) @ ({self.term(shape, depth).text}))", shape, WILD)
        text = {"row": "({})[0]", "column sum": "sum({}, axis=0)", "diagonal": "diagonal({})"}[way]
        return Term(text.format(x.text), shape, x.size)

    def matrix(self, shape: Shape, depth: int) -> Term:
        way = self.one(("matmul", "inv", "cholesky", "outer", "solve", "softmax", *MATRICES))
        if way in ("inv", "solve"):
            other = self.term(shape, depth).text
            text = f"inv({self.regular(depth).text})" if way == "inv" else f"solve({self.regular(depth).text}, {other})"
            return Term(text, shape, WILD)
        if way == "cholesky":
            x = self.tamed(self.term(shape, depth), SMALL).text
            return Term(f"cholesky(({x}) @ ({x}).T + unit)", shape, TAME)
        if way == "outer":
            row, column = self.term(shape[:1], depth), self.term(shape[:1], depth)
            return Term(f"outer({row.text}, {column.text})", shape, WILD)
        x = self.term(shape, depth)
        if way == "matmul":
            return Term(f"(({x.text}) @ ({self.term(shape, depth).text}))", shape, WILD)
        if way == "softmax":
            return Term(f"softmax({self.tamed(x, TAME).text}, axis=0)", shape, SMALL)
        return Term(MATRICES[way].format(x.text), shape, WILD if way in ("raw inv", "rows") else x.size)

    def regular(self, depth: int) -> Term:
        """A matrix that is regular for certain: more on its diagonal than beside it."""
        shape = (self.side, self.side)
        return Term(f"(sin({self.term(shape, depth).text}) + 4 * unit)", shape, TAME)

    # Statements

    def statement(self, number: int) -> list[str]:
        shape = self.one([term.shape for term in self.terms])
        name = f"t{number}"
        way = self.one(("bind", "bind", "bind", "if", "for", "while", "select", "stop"))
        lines = getattr(self, _STATEMENTS.get(way, way))(name, shape)
        return list(lines)

    def named(self, name: str, term: Term) -> None:
        self.terms.append(replace(term, text=name))

    def bind(self, name: str, shape: Shape) -> list[str]:
        term = self.term(shape, 2)
        self.named(name, term)
        return [f"{name} = {term.text}"]

    def stop(self, name: str, shape: Shape) -> list[str]:
        term = self.term(shape, 1)
        self.named(name, term)
        return [f"{name} = stop_gradient({term.text})"]

    def select(self, name: str, shape: Shape) -> list[str]:
        x, y, test = self.term(shape, 1), self.term(shape, 1), self.test()
        self.named(name, Term(name, shape, max(x.size, y.size)))
        return [f"{name} = ({x.text}) if {test} else ({y.text})"]

    def branch(self, name: str, shape: Shape) -> list[str]:
        x, y, test = self.term(shape, 2), self.term(shape, 2), self.test()
        self.named(name, Term(name, shape, max(x.size, y.size)))
        return [f"if {test}:", f"    {name} = {x.text}", "else:", f"    {name} = {y.text}"]

    def test(self) -> str:
        if self.one((True, False, False, False)):
            term = self.leaf(self.one([term.shape for term in self.terms if term.shape]))
            return f"{self.one(('any', 'all'))}({term.text} < {self.one(NUMBERS)})"
        term = self.term((), 1)
        return f"{term.text} {self.one(('<', '>', '>=', '<='))} {self.one(('0.25', '0', '-1.5', '3'))}"

    def count(self, name: str, shape: Shape) -> list[str]:
        start, more = self.term(shape, 1), self.leaf(shape)
        bound = self.one(("sin", "tanh", "arctan", "sigmoid"))
        self.named(name, Term(name, shape, max(TAME, more.size)))
        return [f"{name} = {start.text}", "for j in range(3):", f"    {name} = {bound}({name}) + {more.text} * j"]

    def loop(self, name: str, shape: Shape) -> list[str]:
        start = self.term(shape, 1)
        self.named(name, Term(name, shape, WILD))
        step = self.one((f"{name} * 2 + 0.25", f"{name} * {name} + 0.5", f"{name} - sin({name}) + 1"))
        return [
            f"{name} = {start.text}",
            "k = 0",
            f"while sum(abs({name})) < 40 and k < 4:",
            f"    {name} = {step}",
            "    k = k + 1",
        ]


_STATEMENTS = {"if": "branch", "for": "count", "while": "loop"}

ROUND = (0.0, 1.0, -1.0, 0.5, 2.0, -4.0, 1024.0, 2.0**-20, -(2.0**-30), 1e-3, 100.5, -1e5)
EXTREME = (5e-324, -3e-320, 2.0**-1022, 1e-300, 2.0**-149, -1e-42, 1e-20, 1e20, 2.0**60, -(2.0**40))


def _number(code: int) -> float:
    """The code's last digits choose the kind: eighths, binary fractions of many digits, round or extreme numbers."""
    rest, kind = divmod(code, 8)
    rest = rest * 0x9E3779B1 % 2**26  # small codes, which Hypothesis likes, are no small numbers
    if kind < 3:
        return (rest % 65 - 32) / 8
    if kind < 6:
        return (rest % 2**26 - 2**25) / 2**23
    return (ROUND if kind == 6 else EXTREME)[rest % (len(ROUND) if kind == 6 else len(EXTREME))]


@st.composite
def samples(draw: Callable[[Any], Any]) -> Sample:
    """A program of some statements at a point of 1 to 12 numbers."""
    side = 1 + draw(_below(3))
    kinds = draw(st.sampled_from(("x", "x", "xy", "ax", "xM", "xM", "M", "aM")))
    length = side if "M" in kinds else 1 + draw(_below(5))
    shapes = {"a": (), "x": (length,), "y": (length,), "M": (side, side)}
    dtype = draw(st.sampled_from(("float64", "float64", "float64", "float32")))
    inputs: dict[str, Any] = {}
    terms: list[Term] = []
    for name in kinds:
        shape = shapes[name]
        count = int(np.prod(shape, dtype=int))
        values = [_number(draw(_below(2**29))) for _ in range(count)]
        array = np.asarray(values, dtype=np.float64).astype(dtype).reshape(shape)
        inputs[name] = array.tolist()
        largest = float(np.abs(array).max())
        terms.append(Term(name, shape, SMALL if largest <= 10 else TAME if largest <= 2e6 else WILD))
    if "M" in kinds:
        inputs["unit"] = np.eye(side).tolist()
    author = Author(draw, terms, side=side)
    lines = [line for number in range(draw(_below(4))) for line in author.statement(number)]
    last = author.terms[-1]
    shape = draw(st.sampled_from([(), (), (), last.shape]))
    result = author.term(shape, 2)
    rest = "" if last.text in inputs else f" + {last.text}" if shape == last.shape else f" + sum({last.text})"
    pair = f", {author.term((), 1).text}" if draw(_below(10)) == 0 else ""
    lines.append(f"return {result.text}{rest}{pair}")
    weights = tuple(author.one((1.0, -1.0, 2.0, -0.5, 3.0, 0.25)) for _ in range(5))
    return Sample(text="\n".join(lines) + "\n", inputs=inputs, dtype=dtype, weights=weights)
