"""Balls for derivatives at singular points and ties, in which a zero annihilates only where a branch is not taken.

Two numbers tie where they are provably equal: exact and the same, or computed in the same way from the same, for which
one ball stands: the maximum of sin(x) at [1, 1] is a tie, whatever is known of sin(1).

0 · ∞ is a zero if the zero says that nothing comes this way (a masked branch), and unknown if it is a slope that
happens to be zero, as in sqrt(x)² at 0. The two are told apart by identity: `NOTHING` is the one, any other zero the
other.
"""

import itertools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb

from gradcmp.reference.algebras.balls import BallAlgebra, Balls, filled, mapped
from gradcmp.reference.steps.arithmetic import difference, to_whole

NOTHING = arb(0)
"""No cotangent at all."""


MOST_RESULTS = 500_000
"""Steps on numbers of which the results are kept; further ones are computed each time."""


class StrictBalls(BallAlgebra):
    """`BallAlgebra` in which the zeros of directions are `NOTHING`, and only they annihilate.

    One step on the same numbers has one and the same ball as its result.
    """

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[tuple[Any, ...], tuple[Any, tuple[Any, ...]]] = {}
        self._fractions: dict[Fraction, Any] = {}
        self._products: dict[tuple[int, int], Any] = {}
        self._numbers = itertools.count()

    def direction(self, values: npt.NDArray[Any]) -> Balls:
        items = [NOTHING if value == 0 else arb(value) for value in np.asarray(values).ravel().tolist()]
        return filled(items, np.shape(values))

    def number(self, value: float | Fraction) -> Any:
        if not isinstance(value, Fraction):
            return super().number(value)
        return self._fractions.setdefault(value, super().number(value))

    def step(self, name: str) -> Callable[..., Any]:
        plain = _STEPS.get(name) or super().step(name)
        return lambda *items: self._once(plain, name, *items)

    def whole_power(self, x: Balls, exponent: int) -> Balls:
        return mapped(lambda item: self._once(lambda each: to_whole(each, exponent), exponent, item), x)

    def total(self, items: list[Any]) -> Any:
        if all(item is NOTHING for item in items):
            return NOTHING
        terms = [item for item in items if not item.is_zero()]
        if len(terms) == 1:
            return terms[0]
        return self._once(lambda *each: super(StrictBalls, self).total(list(each)), "sum", *terms)

    def matmul(self, x: Balls, y: Balls) -> Balls:
        product = super().matmul(x, y)
        rows, columns = (self._numbered(each) for each in (x, np.swapaxes(y, -1, -2)))
        return mapped(
            lambda item, row, column: self._products.setdefault((row, column), item),
            product,
            rows[..., :, None],
            columns[..., None, :],
        )

    def _numbered(self, vectors: Balls) -> Balls:
        """The same number for vectors along the last axis that are provably equal."""
        flat = vectors.reshape(math.prod(vectors.shape[:-1]), vectors.shape[-1])
        numbers = [self._once(lambda *_: next(self._numbers), "vector", *row) for row in flat.tolist()]
        return filled(numbers, vectors.shape[:-1])

    def _once(self, step: Callable[..., Any], name: str | int, *items: Any) -> Any:
        """The result of `step`, by its name and the numbers."""
        key = (name, *map(_identity, items))
        known = self._known.get(key)
        if known is not None:
            return known[0]
        result = step(*items)
        if len(self._known) < MOST_RESULTS:
            self._known[key] = result, items  # an identity is one as long as what has it is there
        return result


def _identity(item: Any) -> Any:
    """What provably equal numbers have in common: exact ones their value, others that they are the same."""
    return (id(item),) if item is NOTHING or not (item.is_exact() and item.is_finite()) else item


def _sum(a: Any, b: Any) -> Any:
    if a is NOTHING:
        return b
    if b.is_zero():
        return a
    return b if a.is_zero() else a + b


_STEPS: dict[str, Callable[..., Any]] = {
    # On the right it is the direction of a first derivative, whose slope a second one passes.
    "scale": lambda a, b: NOTHING if a is NOTHING or b is NOTHING else a * b,
    "divide": lambda a, b: a if a is NOTHING else a / b,
    "negative": lambda a: a if a is NOTHING else -a,
    "add": _sum,
    "subtract": lambda a, b: a if b.is_zero() else difference(a, b),
    "maximum": lambda a, b: a if a is b or a > b else b if b > a else a.max(b),
    "minimum": lambda a, b: a if a is b or a < b else b if b < a else a.min(b),
}
