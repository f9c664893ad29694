"""Small random expressions: the text that gradcmp reads, and the same over arrays of jets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, reduce
from random import Random
from typing import Any

import numpy as np
from mpmath import mp

from tests.judge.oracle.functions import FUNCTIONS, apply
from tests.judge.oracle.jets import Field, Jet, Rounded

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Expression:
    """`shape` is that of the inputs (`()` once reduced); `jets` evaluates it."""

    text: str
    shape: tuple[int, ...]
    jets: Callable[[Field, Arrays], Any]


def elementwise(how: Callable[..., Jet], count: int) -> Callable[..., np.ndarray]:
    """`how` on `count` arrays of jets, one by one."""
    spread = np.frompyfunc(how, count, 1)
    return lambda *operands: np.asarray(spread(*operands), dtype=object)


def larger(x: Jet, y: Jet) -> Jet:
    return x if x.field.above(x, y) else y


def smaller(x: Jet, y: Jet) -> Jet:
    return y if x.field.above(x, y) else x


def positive_part(x: Jet) -> Jet:
    return larger(x, x.constant(0))


def absolute(x: Jet) -> Jet:
    return x if x.field.above(x, x.constant(0)) else -x


def total(jets: Any) -> Jet:
    """A sum in whatever order: each of its additions may be as large as all terms together."""
    terms = list(np.ravel(np.asarray(jets, dtype=object)))
    found = reduce(lambda x, y: x + y, terms)
    if found.field.form and len(terms) > 1:
        size = sum(abs(term.number) for term in terms) * len(terms)
        found = Jet(found.field, _wider(found.value, size), found.gradient, found.hessian)
    return found


def _wider(value: Rounded, error: Any) -> Rounded:
    return Rounded(value.value, value.size, value.error + error)


def greatest(jets: Any) -> Jet:
    return reduce(larger, np.ravel(np.asarray(jets, dtype=object)))


def least(jets: Any) -> Jet:
    return reduce(smaller, np.ravel(np.asarray(jets, dtype=object)))


def norm(jets: Any) -> Jet:
    return apply("sqrt", total([x * x for x in np.ravel(jets)]))


def _shifted(jets: Any) -> tuple[list[Jet], Jet]:
    """The exponentials of what is left when the largest is taken off, as everybody computes them."""
    terms = list(np.ravel(jets))
    top = max(terms, key=lambda x: x.number)
    shift = top.constant(top.number, top.error)
    return [apply("exp", x - shift) for x in terms], shift


def logsumexp(jets: Any) -> Jet:
    powers, shift = _shifted(jets)
    return shift + apply("log", total(powers))


def softmax(jets: Any) -> np.ndarray:
    powers, _ = _shifted(jets)
    rest = apply("reciprocal", total(powers))
    return filled([power * rest for power in powers], np.shape(jets))


def filled(items: list[Any], shape: tuple[int, ...]) -> np.ndarray:
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array.reshape(shape)


REDUCTIONS = {"sum": total, "max": greatest, "min": least, "norm": norm, "logsumexp": logsumexp}
UNARY: dict[str, Callable[[Jet], Jet]] = {
    **{name: partial(apply, name) for name in FUNCTIONS},
    "relu": positive_part, "abs": absolute, "square": lambda x: x * x,
}  # fmt: skip
BINARY: dict[str, Callable[[Jet, Jet], Jet]] = {
    "({} + {})": lambda x, y: x + y,
    "({} - {})": lambda x, y: x - y,
    "({} * {})": lambda x, y: x * y,
    "({} / {})": lambda x, y: x * apply("reciprocal", y),
    "maximum({}, {})": larger,
    "minimum({}, {})": smaller,
}
LITERALS = ("0", "1", "2", "0.5", "3", "-1", "0.1")


def literal(text: str, held: Callable[[float], bool]) -> Expression:
    """A decimal, which a framework rounds where the dtype does not hold it."""

    def jets(field: Field, _: Arrays) -> Any:
        error = 0 if held(float(text)) else abs(mp.mpf(text))
        return Jet(field, field.number(text, error), {}, {})

    return Expression(text, (), jets)


class Author:
    """Draws expressions over inputs of one shape."""

    def __init__(self, random: Random, names: tuple[str, ...], shape: tuple[int, ...], held: Callable[[float], bool]):
        self.random, self.names, self.shape, self.held = random, names, shape, held

    def array(self, depth: int) -> Expression:
        """An expression of the inputs' shape."""
        if depth <= 0:
            return self.leaf()
        ways = [self.unary] * 3 + [self.binary] * 4 + [self.choice] + ([self.soft] if len(self.shape) == 1 else [])
        return self.random.choice(ways)(depth - 1)

    def leaf(self) -> Expression:
        name = self.random.choice(self.names)
        return Expression(name, self.shape, lambda _, arrays: arrays[name])

    def unary(self, depth: int) -> Expression:
        name, x = self.random.choice(sorted(UNARY)), self.array(depth)
        how = elementwise(UNARY[name], 1)
        return Expression(f"{name}({x.text})", self.shape, lambda f, a: how(x.jets(f, a)))

    def operand(self, depth: int) -> Expression:
        if self.random.random() < 0.3:
            return literal(self.random.choice(LITERALS), self.held)
        return self.array(depth)

    def binary(self, depth: int) -> Expression:
        form, x, y = self.random.choice(sorted(BINARY)), self.array(depth), self.operand(depth)
        how = elementwise(BINARY[form], 2)
        return Expression(form.format(x.text, y.text), self.shape, lambda f, a: how(x.jets(f, a), y.jets(f, a)))

    def choice(self, depth: int) -> Expression:
        """A selection by a comparison."""
        x, y, z, limit = self.array(0), self.array(depth), self.operand(depth), self.operand(0)
        how = elementwise(lambda a, b, c, d: c if a.field.above(a, b, selects=True) else d, 4)
        return Expression(
            f"where({x.text} > {limit.text}, {y.text}, {z.text})",
            self.shape,
            lambda f, a: how(x.jets(f, a), limit.jets(f, a), y.jets(f, a), z.jets(f, a)),
        )

    def soft(self, depth: int) -> Expression:
        x = self.array(depth)
        return Expression(f"softmax({x.text})", self.shape, lambda f, a: softmax(x.jets(f, a)))

    def number(self, depth: int) -> Expression:
        """An expression of shape ()."""
        if not self.shape:
            return self.array(depth)
        name, x = self.random.choice(sorted(REDUCTIONS)), self.array(depth)
        if len(self.shape) == 2 and self.random.random() < 0.5:
            rows = self.rows(x)
            return Expression(f"sum({rows.text})", (), lambda f, a: total(rows.jets(f, a)))
        return Expression(f"{name}({x.text})", (), lambda f, a: REDUCTIONS[name](x.jets(f, a)))

    def rows(self, x: Expression) -> Expression:
        """A reduction of every row of a matrix."""
        name = self.random.choice(sorted(REDUCTIONS))
        how = REDUCTIONS[name]
        return Expression(
            f"{name}({x.text}, axis=1)",
            self.shape[:1],
            lambda f, a: filled([how(row) for row in x.jets(f, a)], self.shape[:1]),
        )
