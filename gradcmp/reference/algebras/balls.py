"""Ball arithmetic: arrays of python-flint `arb`, each a number known to lie within a radius.

The precision is FLINT's, which is global to the process: only `precision.at` sets it.
"""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb, arb_mat, ctx, fmpq

from gradcmp.core.tensors import Shape
from gradcmp.numbers.arrays import Flags
from gradcmp.reference.algebra import Algebra, Places, Signs, Undecided
from gradcmp.reference.steps import STEPS
from gradcmp.reference.steps.arithmetic import to_whole

Balls = npt.NDArray[np.object_]

CALL_S, ADDITION_S = 20e-6, 0.15e-6
"""Nominal seconds of a step, of an addition in it while the balls are narrow."""

WIDE_BITS = 1000
"""Bits at which a ball costs twice as much."""


def sign(x: Any, y: Any) -> int:
    """The sign of x - y: the only comparison of balls.

    python-flint answers False to `<`, `>` and `==` alike where it cannot tell, so each answer is asked for. One and the
    same ball stands for one and the same number, however little is known of it.
    """
    if x > y:
        return 1
    if x < y:
        return -1
    if x.is_exact() and y.is_exact() and x == y:
        return 0
    if x is y and x.is_finite():
        return 0
    if x.is_nan() or y.is_nan():
        raise Undecided("a comparison with something that may be no number")
    raise Undecided("a comparison of two numbers that may be equal")


class BallAlgebra(Algebra[Balls]):
    """`Algebra` over `arb` in NumPy object arrays; matrices go through `arb_mat`."""

    annihilated = False
    """Has a zero met something that is not a finite number? `StrictBalls` knows whether it may."""
    decimals = False
    """Were there constants that no ball holds exactly?"""

    def constant(self, values: npt.NDArray[Any]) -> Balls:
        """Every float64, infinities included, and every integer is an exact ball; a fraction as exact as can be."""
        items = np.asarray(values).ravel().tolist()
        self.decimals = self.decimals or any(
            isinstance(item, Fraction) and Fraction(float(item)) != item for item in items
        )
        return filled([self.number(item) for item in items], np.shape(values))

    def number(self, value: float | Fraction) -> Any:
        """The ball of a number."""
        return exactly(value)

    def shape(self, x: Balls) -> Shape:
        return x.shape

    def prices(self, *_operands: Balls) -> tuple[float, float]:
        return CALL_S, ADDITION_S * (1.0 + (ctx.prec / WIDE_BITS) ** 2)

    def step(self, name: str) -> Callable[..., Any]:
        """The step `name` on single numbers."""
        return self._scale if name == "scale" else STEPS[name].ball

    def elementwise(self, name: str, *operands: Balls) -> Balls:
        return mapped(self.step(name), *operands)

    def _scale(self, x: Any, y: Any) -> Any:
        if not x.is_zero():
            return x * y
        self.annihilated = self.annihilated or not y.is_finite()
        return x

    def whole_power(self, x: Balls, exponent: int) -> Balls:
        return mapped(lambda each: to_whole(each, exponent), x)

    def total(self, items: list[Any]) -> Any:
        """The sum of single numbers."""
        return sum(items, start=arb(0))

    def sum(self, x: Balls, axes: tuple[int, ...]) -> Balls:
        kept = tuple(n for axis, n in enumerate(x.shape) if axis not in axes)
        last = tuple(range(x.ndim - len(axes), x.ndim))
        rows = np.moveaxis(x, axes, last).reshape(math.prod(kept), math.prod(x.shape[axis] for axis in axes))
        return filled([self.total(row) for row in rows.tolist()], kept)

    def matmul(self, x: Balls, y: Balls) -> Balls:
        return over_stack(lambda m, n: _unpacked(_packed(m) * _packed(n)), x, y)

    def det(self, x: Balls) -> Balls:
        return over_stack(lambda m: filled([_packed(m).det()], ()), x)

    def inv(self, x: Balls) -> Balls:
        return over_stack(lambda m: _regular(_packed(m).inv), x)

    def solve(self, a: Balls, b: Balls) -> Balls:
        return over_stack(lambda m, r: _regular(lambda: _packed(m).solve(_packed(r))), a, b)

    def pick(self, arrays: Sequence[Balls], places: Places) -> Balls:
        return picked(arrays, places)

    def scatter(self, x: Balls, places: Places, size: int) -> Balls:
        groups: list[list[Any]] = [[] for _ in range(size)]
        for place, item in zip(places.ravel().tolist(), x.ravel().tolist(), strict=True):
            groups[place].append(item)
        return filled([group[0] if len(group) == 1 else self.total(group) for group in groups], (size,))

    def zeros(self, x: Balls) -> Flags:
        return mapped(arb.is_zero, x).astype(bool)

    def compare(self, x: Balls, y: Balls) -> Signs:
        return mapped(sign, x, y).astype(np.int8)


def exactly(value: float | Fraction) -> Any:
    """The ball of a number."""
    return arb(fmpq(value.numerator, value.denominator)) if isinstance(value, Fraction) else arb(value)


def filled(items: list[Any], shape: Shape) -> Balls:
    """A NumPy object array that holds `items` as they are."""
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array.reshape(shape)


def mapped(step: Callable[..., Any], *operands: npt.NDArray[Any]) -> Balls:
    """`step` on the elements of operands that broadcast."""
    with np.errstate(all="ignore"):  # FLINT leaves flags of float64 behind
        return np.asarray(np.frompyfunc(step, len(operands), 1)(*operands), dtype=object)


def over_stack(step: Callable[..., Balls], *stacks: Balls) -> Balls:
    """`step` on matrices, or on those at each place of stacks whose leading axes are alike."""
    leading = stacks[0].shape[:-2]
    if not leading:
        return step(*stacks)
    rows = (stack.reshape(math.prod(leading), *stack.shape[-2:]) for stack in stacks)
    parts = [step(*matrices) for matrices in zip(*rows, strict=True)]
    return np.stack(parts).reshape(*leading, *parts[0].shape)


def picked(arrays: Sequence[npt.NDArray[Any]], places: Places) -> npt.NDArray[Any]:
    """`Algebra.pick` from plain arrays."""
    flat = np.concatenate([x.ravel() for x in arrays]) if len(arrays) > 1 else arrays[0].ravel()
    return np.asarray(flat[places])


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
