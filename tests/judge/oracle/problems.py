"""Random problems: an expression, a point where something happens, an operator, a dtype, seeds."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

import numpy as np

from gradcmp.core.formats import FORMATS
from gradcmp.core.operators import Operator
from tests.judge.oracle.expressions import Author, Expression

SHAPES = ((), (2,), (3,), (2, 2))
WEIGHTS = {"float64": 3, "float32": 4, "float16": 2, "bfloat16": 2}


@dataclass(frozen=True)
class Drawn:
    """A problem; `seeds` are cotangents or tangents as the operator wants them, None for ones."""

    expression: Expression
    inputs: Mapping[str, np.ndarray] = field(repr=False)
    operator: Operator
    dtype: str
    cotangent: np.ndarray | None = None
    tangents: Mapping[str, np.ndarray] | None = None

    def __str__(self) -> str:
        inputs = {name: array.tolist() for name, array in self.inputs.items()}
        seeds = [] if self.cotangent is None else [f"cotangent {self.cotangent.tolist()}"]
        seeds += [f"tangents { {k: v.tolist() for k, v in self.tangents.items()} }"] if self.tangents else []
        return " ".join([f"{self.operator} in {self.dtype} of {self.expression.text} at {inputs}", *seeds])


def draw(seed: int) -> Drawn:
    """The problem of that number, always the same."""
    random = Random(seed)
    operator = random.choice(list(Operator))
    dtype = random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    shape = random.choice(SHAPES[: 3 if operator.order > 1 else None])
    names = ("x",) if operator.order > 1 and shape == (3,) else ("x", "y")[: random.choice((1, 2))]
    form = FORMATS[dtype]
    author = Author(random, names, shape, lambda number: form.round(number) == number)
    depth = random.choice((1, 2, 2, 3))
    scalar = operator.scalar or random.random() < 0.3
    expression = author.number(depth) if scalar else author.array(depth)
    point = _Point(random, dtype)
    inputs = {name: point.array(shape) for name in names if re.search(rf"\b{name}\b", expression.text)}
    if not inputs:
        return draw(seed + 2**40)  # an expression of literals alone
    cotangent = _directions(random, expression.shape) if operator.seed == "cotangent" else None
    seeded = operator.seed == "tangent" and random.random() < 0.7
    tangents = {name: _directions(random, shape) for name in inputs} if seeded else None
    return Drawn(expression, inputs, operator, dtype, cotangent, tangents)


def _directions(random: Random, shape: tuple[int, ...]) -> np.ndarray:
    return np.array([random.choice((1.0, -2.0, 0.5, 0.0, 1.0)) for _ in range(math.prod(shape))]).reshape(shape)


class _Point:
    """Numbers of a dtype, ordinary or not."""

    def __init__(self, random: Random, dtype: str) -> None:
        self.random, self.form, self.infinite = random, FORMATS[dtype], random.random() < 0.08
        self.extreme = random.random() < 0.15

    def array(self, shape: tuple[int, ...]) -> np.ndarray:
        size = math.prod(shape)
        way = self.random.random()
        numbers = [self.number() for _ in range(size)]
        if way < 0.15:
            numbers = [numbers[0]] * size  # all are tied
        elif way < 0.3:
            numbers = [0.0] * ((len(shape) and size // shape[0]) or 1) + numbers
        return np.array(numbers[:size], dtype=np.float64).reshape(shape)

    def number(self) -> float:
        random, form = self.random, self.form
        if self.infinite and random.random() < 0.4:
            return random.choice((math.inf, -math.inf, -math.inf))
        if self.extreme and random.random() < 0.5:
            subnormal = math.ldexp(random.randrange(1, 8), form.min_exponent - form.precision + 1)
            large = form.round(form.largest * random.uniform(1e-3, 1))
            return random.choice((-1, 1)) * random.choice(
                (subnormal, large, form.smallest_normal, form.round(large**-0.5))
            )
        way = random.random()
        if way < 0.3:
            return random.choice((0.0, 0.0, 1.0, -1.0, 0.5, 2.0))
        return form.round(random.gauss(0.0, 1.0) * random.choice((1, 1, 1, 10, 0.01)))
