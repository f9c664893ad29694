"""Balls for derivatives at singular points: a zero annihilates only where a branch is not taken.

0 · ∞ is a zero if the zero says that nothing comes this way (a masked branch), and unknown if it is a slope that
happens to be zero, as in sqrt(x)² at 0. The two are told apart by identity: `NOTHING` is the one, any other zero the
other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb

from gradcmp.reference.algebra import Places
from gradcmp.reference.algebras.balls import BallAlgebra, Balls, filled

NOTHING = arb(0)
"""No cotangent at all."""


class StrictBalls(BallAlgebra):
    """`BallAlgebra` in which the zeros of directions are `NOTHING`, and only they annihilate."""

    def direction(self, values: npt.NDArray[Any]) -> Balls:
        items = [NOTHING if value == 0 else arb(value) for value in np.asarray(values).ravel().tolist()]
        return filled(items, np.shape(values))

    def elementwise(self, name: str, *operands: Balls) -> Balls:
        if name in ("scale", "divide"):
            x, y = np.broadcast_arrays(*operands)
            pairs = zip(x.ravel().tolist(), y.ravel().tolist(), strict=True)
            if name == "scale":
                return filled([a if a is NOTHING else a * b for a, b in pairs], x.shape)
            return filled([a if a is NOTHING else a / b for a, b in pairs], x.shape)
        if name == "negative":
            return filled([a if a is NOTHING else -a for a in operands[0].ravel().tolist()], operands[0].shape)
        if name == "add":
            x, y = np.broadcast_arrays(*operands)
            return filled([_sum(a, b) for a, b in zip(x.ravel().tolist(), y.ravel().tolist(), strict=True)], x.shape)
        return super().elementwise(name, *operands)

    def sum(self, x: Balls, axes: tuple[int, ...]) -> Balls:
        total = super().sum(x, axes)
        silent = _all_silent(x, axes).ravel().tolist()
        items = zip(silent, total.ravel().tolist(), strict=True)
        return filled([NOTHING if nothing else item for nothing, item in items], total.shape)

    def scatter(self, x: Balls, places: Places, size: int) -> Balls:
        total: list[Any] = [NOTHING] * size
        for place, item in zip(places.ravel().tolist(), x.ravel().tolist(), strict=True):
            total[place] = _sum(total[place], item)
        return filled(total, (size,))


def _sum(a: Any, b: Any) -> Any:
    if a is NOTHING:
        return b
    return a if b is NOTHING else a + b


def _all_silent(x: Balls, axes: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    silent = np.asarray([item is NOTHING for item in x.ravel().tolist()], dtype=bool).reshape(x.shape)
    return np.asarray(silent.all(axis=axes))
