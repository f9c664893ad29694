"""Balls for derivatives at singular points: a zero annihilates only where a branch is not taken.

0 · ∞ is a zero if the zero says that nothing comes this way (a masked branch), and unknown if it is a slope that
happens to be zero, as in sqrt(x)² at 0. The two are told apart by identity: `NOTHING` is the one, any other zero the
other.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb

from gradcmp.reference.algebras.balls import BallAlgebra, Balls, filled

NOTHING = arb(0)
"""No cotangent at all."""


class StrictBalls(BallAlgebra):
    """`BallAlgebra` in which the zeros of directions are `NOTHING`, and only they annihilate."""

    def direction(self, values: npt.NDArray[Any]) -> Balls:
        items = [NOTHING if value == 0 else arb(value) for value in np.asarray(values).ravel().tolist()]
        return filled(items, np.shape(values))

    def step(self, name: str) -> Callable[..., Any]:
        return _SILENT.get(name) or super().step(name)

    def total(self, items: list[Any]) -> Any:
        return NOTHING if all(item is NOTHING for item in items) else super().total(items)


def _sum(a: Any, b: Any) -> Any:
    if a is NOTHING:
        return b
    return a if b is NOTHING else a + b


_SILENT: dict[str, Callable[..., Any]] = {
    # On the right it is the direction of a first derivative, whose slope a second one passes.
    "scale": lambda a, b: NOTHING if a is NOTHING or b is NOTHING else a * b,
    "divide": lambda a, b: a if a is NOTHING else a / b,
    "negative": lambda a: a if a is NOTHING else -a,
    "add": _sum,
}
