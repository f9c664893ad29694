"""Answers to a problem of whose derivatives the oracle knows: right, nearly right, of another branch, none."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from mpmath import mp

from gradcmp.core.formats import FORMATS, FloatFormat
from gradcmp.core.tensors import Key, Tensor
from tests.judge.oracle.knowledge import Known, Leaf
from tests.judge.oracle.operators import each

Arrays = Mapping[Key, np.ndarray]
"""Arrays of numbers of mpmath."""


@dataclass(frozen=True)
class Answer:
    """What a framework might return, in the dtype."""

    name: str
    tensors: Mapping[Key, Tensor]


def rounded(number: Any, form: FloatFormat) -> float:
    """The number of the format that is nearest, of two the even one. In whole numbers, so rounded once."""
    if not mp.isfinite(number) or not number:
        return float(number)
    quantum = max(int(mp.mag(number)) - 1, form.min_exponent) - form.precision + 1
    with mp.workprec(max(mp.prec, 8000)):
        scaled = abs(mp.ldexp(number, -quantum))
        whole = int(mp.floor(scaled))
        rest = scaled - whole
    whole += bool(rest > 0.5 or (rest == 0.5 and whole % 2))
    if mp.ldexp(whole, quantum) > form.largest:
        return math.copysign(math.inf, number)
    return math.copysign(math.ldexp(whole, quantum), number)


def tensor(array: np.ndarray, dtype: str) -> Tensor:
    numbers = np.array([rounded(number, FORMATS[dtype]) for number in array.flat], dtype=np.float64)
    carrier = "float32" if dtype == "bfloat16" else dtype
    return Tensor(dtype=dtype, array=numbers.reshape(array.shape).astype(carrier))


def answers(known: Known, dtype: str, random: Random) -> list[Answer]:
    """Some of every kind. Where the derivative does not exist, `right` is that of one side."""
    leaves, branches = known.leaves, len(next(iter(known.leaves.values())).branches)
    one, other = random.randrange(branches), random.randrange(branches)
    digits, beyond = random.uniform(0.3, 16.0), random.choice((0.02, 0.1, 0.5, 2.0, 50.0, 1e4))
    sign = random.choice((-1, 1))

    def of(how: Callable[[Leaf], np.ndarray]) -> Arrays:
        return {key: how(leaf) for key, leaf in leaves.items()}

    right = of(lambda leaf: leaf.branches[one])
    kinds = {
        "right": right,
        "to some digits": {k: each(lambda x: x * (1 + sign * mp.mpf(10) ** -digits), a) for k, a in right.items()},
        "beyond rounding": {
            k: each(lambda x, bound: x + sign * beyond * bound if mp.isfinite(bound) else x, a, leaves[k].bound)
            for k, a in right.items()
        },
        "another branch": of(lambda leaf: leaf.branches[other]),
        "subgradient": of(lambda leaf: each(lambda x, y: (x + y) / 2, leaf.branches[one], leaf.branches[other])),
        "NaN": of(lambda leaf: each(lambda _: mp.nan, leaf.right)),
        "zero": of(lambda leaf: each(lambda _: mp.mpf(0), leaf.right)),
        "far off": of(lambda leaf: each(lambda low, high: high + 3 * (high - low) + 2 * abs(high) + 1, leaf.low, leaf.high)),
    }  # fmt: skip
    return [
        Answer(name, {key: tensor(array, dtype) for key, array in arrays.items()}) for name, arrays in kinds.items()
    ]
