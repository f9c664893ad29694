"""Ball arithmetic: arrays of python-flint `arb`, each a number known to lie within a radius.

The precision is FLINT's, which is global to the process: only `precision.at` sets it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import acb, arb, arb_mat

from gradcmp.core.tensors import Shape
from gradcmp.reference.algebra import EvaluationError, Places, Signs, Undecided

Balls = npt.NDArray[np.object_]


def _lgamma(x: Any) -> Any:
    # arb's own is NaN below 0; the real part of the complex one is log |gamma|.
    return x.lgamma() if x > 0 else acb(x).lgamma().real


def _floor(x: Any) -> Any:
    lower = x.floor()
    if lower.is_exact():
        return lower
    raise Undecided("which whole number lies below")


_STEPS: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "power": lambda x, y: x**y,
    "arctan2": arb.atan2,
    "maximum": lambda x, y: x.max(y),  # the hull where they overlap: a valid ball
    "minimum": lambda x, y: x.min(y),
    "negative": lambda x: -x,
    "abs": abs,
    "square": lambda x: x**2,
    "floor": _floor,
    "exp": lambda x: x.exp(),
    "expm1": lambda x: x.expm1(),
    "log": lambda x: x.log(),
    "log1p": lambda x: x.log1p(),
    "sqrt": lambda x: x.sqrt(),
    "rsqrt": lambda x: x.rsqrt(),
    "sin": lambda x: x.sin(),
    "cos": lambda x: x.cos(),
    "tan": lambda x: x.tan(),
    "arcsin": lambda x: x.asin(),
    "arccos": lambda x: x.acos(),
    "arctan": lambda x: x.atan(),
    "sinh": lambda x: x.sinh(),
    "cosh": lambda x: x.cosh(),
    "tanh": lambda x: x.tanh(),
    "arcsinh": lambda x: x.asinh(),
    "arccosh": lambda x: x.acosh(),
    "arctanh": lambda x: x.atanh(),
    "erf": lambda x: x.erf(),
    "erfc": lambda x: x.erfc(),
    "lgamma": _lgamma,
    "digamma": lambda x: x.digamma(),
}


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


class BallAlgebra:
    """`Algebra` over `arb` in NumPy object arrays; matrices go through `arb_mat`."""

    own: Mapping[str, Callable[..., Any]] = {}

    def constant(self, values: npt.NDArray[Any]) -> Balls:
        """Every float64, infinities included, and every integer is an exact ball."""
        return _filled([arb(value) for value in np.asarray(values).ravel().tolist()], np.shape(values))

    def shape(self, x: Balls) -> Shape:
        return x.shape

    def elementwise(self, name: str, *operands: Balls) -> Balls:
        step = _STEPS[name]
        if len(operands) == 1:
            return _filled([step(x) for x in operands[0].ravel().tolist()], operands[0].shape)
        same = all(x.shape == operands[0].shape for x in operands)
        spread = operands if same else np.broadcast_arrays(*operands)  # which is slow beside a few numbers
        return _filled(
            [step(*each) for each in zip(*(x.ravel().tolist() for x in spread), strict=True)], spread[0].shape
        )

    def whole_power(self, x: Balls, exponent: int) -> Balls:
        return _filled([each**exponent for each in x.ravel().tolist()], x.shape)

    def sum(self, x: Balls, axes: tuple[int, ...]) -> Balls:
        kept = tuple(n for axis, n in enumerate(x.shape) if axis not in axes)
        rows = np.moveaxis(x, axes, tuple(range(x.ndim - len(axes), x.ndim))).reshape(int(np.prod(kept, dtype=int)), -1)
        return _filled([sum(row, start=arb(0)) for row in rows.tolist()], kept)

    def matmul(self, x: Balls, y: Balls) -> Balls:
        return _unpacked(_packed(x) * _packed(y))

    def det(self, x: Balls) -> Balls:
        return _filled([_packed(x).det()], ())

    def inv(self, x: Balls) -> Balls:
        return _regular(lambda: _packed(x).inv())

    def solve(self, a: Balls, b: Balls) -> Balls:
        return _regular(lambda: _packed(a).solve(_packed(b)))

    def pick(self, arrays: Sequence[Balls], places: Places) -> Balls:
        flat = np.concatenate([x.ravel() for x in arrays]) if len(arrays) > 1 else arrays[0].ravel()
        return np.asarray(flat[places.ravel()].reshape(places.shape))

    def compare(self, x: Balls, y: Balls) -> Signs:
        pairs = zip(x.ravel().tolist(), y.ravel().tolist(), strict=True)
        return np.asarray([sign(a, b) for a, b in pairs], dtype=np.int8).reshape(x.shape)

    def constantly(self, x: Balls) -> Balls:
        return x


def _filled(items: list[Any], shape: Shape) -> Balls:
    """A NumPy object array that holds `items` as they are."""
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array.reshape(shape)


def _packed(x: Balls) -> Any:
    return arb_mat(x.shape[0], x.shape[1], x.ravel().tolist())


def _unpacked(matrix: Any) -> Balls:
    return _filled(matrix.entries(), (matrix.nrows(), matrix.ncols()))


def _regular(step: Callable[[], Any]) -> Balls:
    try:
        return _unpacked(step())
    except ZeroDivisionError:
        # FLINT's way to say that the matrix is not provably regular.
        raise Undecided("whether a matrix is singular") from None


class WholeAlgebra:
    """`Algebra` over Python integers in NumPy object arrays, for index and counting arithmetic; never wraps round."""

    own: Mapping[str, Callable[..., Any]] = {}
    largest_bits = 4096

    def constant(self, values: npt.NDArray[Any]) -> Balls:
        return _filled([int(value) for value in np.asarray(values).ravel().tolist()], np.shape(values))

    def shape(self, x: Balls) -> Shape:
        return x.shape

    def elementwise(self, name: str, *operands: Balls) -> Balls:
        step = _WHOLE_STEPS.get(name)
        if step is None:
            raise EvaluationError(f"`{name}` of whole numbers is not supported yet")
        spread = np.broadcast_arrays(*operands)
        try:
            items = [step(*each) for each in zip(*(x.ravel().tolist() for x in spread), strict=True)]
        except ZeroDivisionError:
            raise EvaluationError("a whole number is divided by zero") from None
        if any(item.bit_length() > self.largest_bits for item in items):
            raise EvaluationError(f"a whole number grows beyond {self.largest_bits} bits")
        return _filled(items, spread[0].shape)

    def whole_power(self, x: Balls, exponent: int) -> Balls:
        if exponent < 0:
            raise EvaluationError("a whole number is raised to a negative power")
        return self.elementwise("power", x, self.constant(np.asarray(exponent)))

    def sum(self, x: Balls, axes: tuple[int, ...]) -> Balls:
        kept = tuple(n for axis, n in enumerate(x.shape) if axis not in axes)
        return _filled(np.asarray(x.sum(axis=axes), dtype=object).ravel().tolist(), kept)

    def matmul(self, x: Balls, y: Balls) -> Balls:
        return np.asarray(x @ y)

    def det(self, _x: Balls) -> Balls:
        raise EvaluationError("`det` of whole numbers is not supported yet")

    def inv(self, _x: Balls) -> Balls:
        raise EvaluationError("`inv` of whole numbers is not supported yet")

    def solve(self, _a: Balls, _b: Balls) -> Balls:
        raise EvaluationError("`solve` of whole numbers is not supported yet")

    def pick(self, arrays: Sequence[Balls], places: Places) -> Balls:
        flat = np.concatenate([x.ravel() for x in arrays])
        return np.asarray(flat[places.ravel()].reshape(places.shape))

    def compare(self, x: Balls, y: Balls) -> Signs:
        pairs = zip(x.ravel().tolist(), y.ravel().tolist(), strict=True)
        return np.asarray([(a > b) - (a < b) for a, b in pairs], dtype=np.int8).reshape(x.shape)

    def constantly(self, x: Balls) -> Balls:
        return x


def _whole_power(x: int, y: int) -> int:
    if y < 0:
        raise EvaluationError("a whole number is raised to a negative power")
    if x.bit_length() * y > 2 * WholeAlgebra.largest_bits:
        raise EvaluationError(f"a whole number grows beyond {WholeAlgebra.largest_bits} bits")
    return int(x**y)


_WHOLE_STEPS: dict[str, Callable[..., int]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "floor_divide": lambda x, y: x // y,
    "remainder": lambda x, y: x % y,
    "power": _whole_power,
    "maximum": max,
    "minimum": min,
    "negative": lambda x: -x,
    "abs": abs,
    "square": lambda x: x * x,
}
