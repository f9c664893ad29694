"""Ball arithmetic: arrays of python-flint `arb`, each a number known to lie within a radius.

The precision is FLINT's, which is global to the process: only `precision.at` sets it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb, arb_mat

from gradcmp.core.tensors import Shape
from gradcmp.numbers.arrays import Flags
from gradcmp.reference.algebra import Algebra, Places, Signs, Undecided
from gradcmp.reference.steps import STEPS

Balls = npt.NDArray[np.object_]


def sign(x: Any, y: Any) -> int:
    """The sign of x - y: the only comparison of balls.

    python-flint answers False to `<`, `>` and `==` alike where it cannot tell, so each answer is asked for.
    """
    if x > y:
        return 1
    if x < y:
        return -1
    if x.is_exact() and y.is_exact() and x == y:
        return 0
    if x.is_nan() or y.is_nan():
        raise Undecided("a comparison with something that may be no number")
    raise Undecided("a comparison of two numbers that may be equal")


class BallAlgebra(Algebra[Balls]):
    """`Algebra` over `arb` in NumPy object arrays; matrices go through `arb_mat`."""

    def __init__(self) -> None:
        self.annihilated = False
        """Has a zero met something that is not a finite number? `StrictBalls` knows whether it may."""

    def constant(self, values: npt.NDArray[Any]) -> Balls:
        """Every float64, infinities included, and every integer is an exact ball."""
        return filled([arb(value) for value in np.asarray(values).ravel().tolist()], np.shape(values))

    def shape(self, x: Balls) -> Shape:
        return x.shape

    def step(self, name: str) -> Callable[..., Any]:
        """The step `name` on single numbers."""
        return self._scale if name == "scale" else STEPS[name].ball

    def elementwise(self, name: str, *operands: Balls) -> Balls:
        step = self.step(name)
        spread = spread_out(operands)
        return filled(list(map(step, *(x.ravel().tolist() for x in spread))), spread[0].shape)

    def _scale(self, x: Any, y: Any) -> Any:
        if not x.is_zero():
            return x * y
        self.annihilated = self.annihilated or not y.is_finite()
        return x

    def whole_power(self, x: Balls, exponent: int) -> Balls:
        return filled([each**exponent for each in x.ravel().tolist()], x.shape)

    def sum(self, x: Balls, axes: tuple[int, ...]) -> Balls:
        return summed(x, axes, lambda row: sum(row, start=arb(0)))

    def matmul(self, x: Balls, y: Balls) -> Balls:
        return _unpacked(_packed(x) * _packed(y))

    def det(self, x: Balls) -> Balls:
        return filled([_packed(x).det()], ())

    def inv(self, x: Balls) -> Balls:
        return _regular(lambda: _packed(x).inv())

    def solve(self, a: Balls, b: Balls) -> Balls:
        return _regular(lambda: _packed(a).solve(_packed(b)))

    def pick(self, arrays: Sequence[Balls], places: Places) -> Balls:
        flat = np.concatenate([x.ravel() for x in arrays]) if len(arrays) > 1 else arrays[0].ravel()
        return np.asarray(flat[places.ravel()].reshape(places.shape))

    def scatter(self, x: Balls, places: Places, size: int) -> Balls:
        total = [arb(0)] * size
        for place, item in zip(places.ravel().tolist(), x.ravel().tolist(), strict=True):
            total[place] = total[place] + item
        return filled(total, (size,))

    def zeros(self, x: Balls) -> Flags:
        return np.asarray([item.is_zero() for item in x.ravel().tolist()], dtype=bool).reshape(x.shape)

    def compare(self, x: Balls, y: Balls) -> Signs:
        pairs = zip(x.ravel().tolist(), y.ravel().tolist(), strict=True)
        return np.asarray([sign(a, b) for a, b in pairs], dtype=np.int8).reshape(x.shape)


def filled(items: list[Any], shape: Shape) -> Balls:
    """A NumPy object array that holds `items` as they are."""
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array.reshape(shape)


def spread_out(operands: Sequence[Balls]) -> Sequence[Balls]:
    """The operands of one shape."""
    same = all(x.shape == operands[0].shape for x in operands)
    return operands if same else np.broadcast_arrays(*operands)  # which is slow beside a few numbers


def summed(x: Balls, axes: tuple[int, ...], total: Callable[[list[Any]], Any]) -> Balls:
    """The `total` of the elements along `axes`, which go."""
    kept = tuple(n for axis, n in enumerate(x.shape) if axis not in axes)
    last = tuple(range(x.ndim - len(axes), x.ndim))
    rows = np.moveaxis(x, axes, last).reshape(math.prod(kept), math.prod(x.shape[axis] for axis in axes))
    return filled([total(row) for row in rows.tolist()], kept)


def _packed(x: Balls) -> Any:
    return arb_mat(x.shape[0], x.shape[1], x.ravel().tolist())


def _unpacked(matrix: Any) -> Balls:
    return filled(matrix.entries(), (matrix.nrows(), matrix.ncols()))


def _regular(step: Callable[[], Any]) -> Balls:
    try:
        return _unpacked(step())
    except ZeroDivisionError:
        # FLINT's way to say that the matrix is not provably regular.
        raise Undecided("whether a matrix is singular") from None
