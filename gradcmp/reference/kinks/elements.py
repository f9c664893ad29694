"""What is found at a kink: both sides of every tied element, and the derivatives of the pieces that meet there."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradcmp.core.tensors import Key
from gradcmp.core.truth import Sums
from gradcmp.numbers.arrays import Floats
from gradcmp.reference.budget import Budget
from gradcmp.reference.kinks.rays import End, Functions, Speeds, ends_along
from gradcmp.reference.language.arrays import Array, Context
from gradcmp.reference.modes.derivatives import DerivativeProblem

LIMITING = 40
"""Limiting derivatives that are sampled at most."""

LARGEST_SAMPLE = 2_000_000
"""Numbers that the sampled limiting derivatives may have together."""

TRIES, MORE_TRIES = 64, 256
"""Directions in which limiting derivatives are looked for; the more where few coordinates move."""

FEW_COORDINATES = 16
"""Coordinates of which all pieces are to be found."""

STALE = 48
"""Directions in a row without a new one after which the search ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementKink:
    """Both sides of one element, as balls."""

    left: Any
    right: Any
    jump: bool = False

    def is_kink(self, *conventions: Any) -> bool:
        """Is anything here but one and the same finite derivative, from both sides and by these conventions?"""
        items = (self.left, self.right, *conventions)
        if self.jump or not all(item.is_finite() for item in items):
            return True
        return not all(x.overlaps(y) for x, y in itertools.combinations(items, 2))


@dataclass(slots=True, kw_only=True)
class Kinks:
    """At one precision: the derivative by the tape's convention, its tied elements, and samples of limiting ones.

    `limiting` has arrays of the leaf's shape; the n-th of all leaves belong together. `sums`: what no choice changes.
    """

    base: dict[Key, Array] = field(default_factory=dict)
    tied: dict[Key, dict[int, ElementKink]] = field(default_factory=dict)
    limiting: dict[Key, list[Floats]] = field(default_factory=dict)
    sums: dict[Key, Sums] = field(default_factory=dict)


def kinks_along(
    problem: DerivativeProblem, context: Context, speeds: Speeds, budget: Budget, functions: Functions, here: list[Any]
) -> list[ElementKink]:
    """Both sides of `functions` of the outputs on the rays of ± `speeds`; `here` are their values at the point."""
    left, right = (
        ends_along(problem, context, {path: sign * speed for path, speed in speeds.items()}, budget, functions, here)
        for sign in (-1, 1)
    )
    return [_element_kink(*each) for each in zip(here, left, right, strict=True)]


def _element_kink(value: Any, left: End, right: End) -> ElementKink:
    """From what a function nears on the rays to the left and to the right, and its value at the point."""
    jump = any(differ(a, b) for a, b in ((left.value, right.value), (left.value, value), (right.value, value)))
    return ElementKink(left=-left.slope, right=right.slope, jump=jump)


def differ(x: Any, y: Any) -> bool:
    """Are two limits provably different? What is not a number is different from nothing."""
    if x.is_nan() or y.is_nan():
        return False
    if x.is_finite() and y.is_finite():
        return not x.overlaps(y)
    return bool(x != y)


def directions(size: int) -> Iterator[list[int]]:
    """Powers of two with random signs and sizes, first with all signs alike.

    They keep coefficients exact: where something cancels, as in cos(x) / x - sin(x) / x², it can be proven.
    """
    random = np.random.default_rng(0)
    few = size <= FEW_COORDINATES
    for number in range(2 if size < 2 else MORE_TRIES if few else TRIES):
        # No two of a few alike, so that no tie stays but of one and the same function.
        sizes = 2 ** (
            random.permutation(FEW_COORDINATES)[:size] if size <= FEW_COORDINATES else random.integers(0, 10, size)
        )
        signs = np.full(size, 1 - 2 * number) if number < 2 else random.choice((-1, 1), size)
        yield (sizes * signs).tolist()


def sampled(samples: Iterable[dict[Key, Floats]]) -> dict[Key, list[Floats]]:
    """The distinct ones of `samples`, each of all leaves, until they are enough or nothing new comes."""
    distinct: dict[bytes, dict[Key, Floats]] = {}
    stale = 0
    for sample in samples:
        size = sum(array.size for array in sample.values())
        name = b"".join((array + 0.0).tobytes() for array in sample.values())  # -0 is 0
        stale = stale + 1 if name in distinct else 0
        distinct.setdefault(name, sample)
        if stale >= STALE or len(distinct) >= min(LIMITING, max(2, LARGEST_SAMPLE // max(size, 1))):
            break
    keys = next(iter(distinct.values()), {})
    return {key: [sample[key] for sample in distinct.values()] for key in keys}
