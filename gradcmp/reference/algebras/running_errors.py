"""First-order running errors: what rounding does to a program in some dtype, from one pass in float64.

Every number carries two bounds of its error in units of the unit roundoff u: `worst` adds up, `rss` takes the root of
the sum of squares, as for independent errors (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 3.3).
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gradcmp.core.formats import FloatFormat
from gradcmp.core.tensors import Shape
from gradcmp.numbers.arrays import Flags, Floats
from gradcmp.reference.algebra import Algebra, Places, Signs
from gradcmp.reference.algebras.balls import picked
from gradcmp.reference.algebras.elimination import adjugate, eliminated, solution
from gradcmp.reference.algebras.running_steps import Running, Steps, known_infinities, zeros
from gradcmp.reference.language.fragility import Fragility
from gradcmp.reference.language.textbook import textbook_formulas
from gradcmp.reference.steps.rounding import SYSTEM, Rounding

CALL_S, ADDITION_S = 60e-6, 0.02e-6
"""Nominal seconds of a step, of an addition in it."""


class RunningErrorAlgebra(Algebra[Running]):
    """`Algebra` over `Running`, for a program whose arrays have the format `form`.

    Overflow of the format makes an error infinite, underflow adds what it loses. Sums, matrix products and elementary
    functions of float16 and bfloat16 are carried in float32 and rounded once. With `otherwise`, comparisons that
    rounding may decide are decided the other way; `unlimited`, nothing leaves the range of the format.
    """

    def __init__(self, form: FloatFormat, *, otherwise: bool = False, unlimited: bool = False) -> None:
        self.form = form
        self.fragility = Fragility(unit=form.unit_roundoff, otherwise=otherwise)
        self.steps = Steps(form, self.fragility, unlimited=unlimited)
        self.formulas = textbook_formulas(self.fragility)

    def constant(self, values: npt.NDArray[Any]) -> Running:
        """Exact where they are float64; of fractions and whole numbers those that the format holds."""
        given = np.asarray(values)
        value = _floats(given)
        if given.dtype.kind != "O":
            return self.steps.given(value)
        pairs = zip(given.ravel().tolist(), value.ravel().tolist(), strict=True)
        held = np.reshape([math.isfinite(near) and self.form.round(near) == item for item, near in pairs], value.shape)
        return self.steps.literal(value, held)

    def shape(self, x: Running) -> Shape:
        return x.value.shape

    def prices(self, *_operands: Running) -> tuple[float, float]:
        return CALL_S, ADDITION_S

    def elementwise(self, name: str, *operands: Running) -> Running:
        """A row of `steps`, or a step of `textbook`."""
        with np.errstate(all="ignore"):
            return self.steps.step(name, *operands)

    def whole_power(self, x: Running, exponent: int) -> Running:
        """By repeated multiplication, which rounds |exponent| - 1 times at most, and once more for a reciprocal."""
        with np.errstate(all="ignore"):
            value = np.asarray(np.power(x.value, float(exponent)))
            slope = exponent * np.power(x.value, exponent - 1.0) if exponent else 0.0
            times = abs(exponent) - (exponent > 0)
            return self.steps.rounded(value, [(slope, x)], Rounding(relative=float(times), source="repeated products"))

    def sum(self, x: Running, axes: tuple[int, ...]) -> Running:
        terms = math.prod(x.value.shape[axis] for axis in axes)
        with np.errstate(all="ignore"):
            value = np.asarray(x.value.sum(axis=axes))
            size = _finite_sizes(x).sum(axis=axes)
            worst = np.asarray(x.worst.sum(axis=axes))
            return self.steps.added(value, size, worst, np.asarray(np.square(x.rss).sum(axis=axes)), terms)

    def matmul(self, x: Running, y: Running) -> Running:
        if x.value.shape[-1] == 1:  # products alone: those with a power of two are exact
            return self.elementwise("multiply", x, y)
        with np.errstate(all="ignore"):
            left, right = _finite_sizes(x), _finite_sizes(y)
            worst = left @ y.worst + x.worst @ right
            squares = np.square(left) @ np.square(y.rss) + np.square(x.rss) @ np.square(right)
            # A product rounds as well as the sum: n roundings instead of n - 1.
            return self.steps.added(x.value @ y.value, left @ right, worst, squares, x.value.shape[-1] + 1)

    def det(self, x: Running) -> Running:
        """By the adjugate, which is the derivative, and the backward error of elimination (Higham, theorem 9.3)."""
        with np.errstate(all="ignore"):
            n = x.value.shape[-1]
            slope, (backward, independent) = np.abs(adjugate(x.value)).swapaxes(-1, -2), eliminated(x.value)
            value, pivots = np.asarray(np.linalg.det(x.value)), n * self.steps.ratio**2
            entries = (slope * (x.worst + n * self.steps.ratio * backward)).sum(axis=(-2, -1))
            worst = entries + n * self.steps.ratio * np.abs(value)
            inner = np.square(x.rss) + self.steps.ratio**2 * independent
            squares = (np.square(slope) * inner).sum(axis=(-2, -1)) + pivots * np.square(value)
            return self.steps.once_more(value, np.asarray(worst), np.asarray(squares))

    def inv(self, x: Running) -> Running:
        return self.solve(x, self.constant(np.broadcast_to(np.eye(x.value.shape[-1]), x.value.shape)))

    def solve(self, a: Running, b: Running) -> Running:
        """By Gaussian elimination with partial pivoting: `steps.rounding.SYSTEM`."""
        with np.errstate(all="ignore"):
            value, inverse = solution(a.value, b.value)
            size, reach = np.abs(value), np.abs(inverse)
            backward, independent = eliminated(a.value)
            rounding = SYSTEM * a.value.shape[-1] * self.steps.ratio * backward
            worst = reach @ ((a.worst + rounding) @ size + b.worst)
            inner = (np.square(a.rss) + SYSTEM * self.steps.ratio**2 * independent) @ np.square(size) + np.square(b.rss)
            return self.steps.once_more(value, worst, np.square(reach) @ inner)

    def pick(self, arrays: Sequence[Running], places: Places) -> Running:
        parts = ([getattr(x, part) for x in arrays] for part in ("value", "worst", "rss"))
        return Running(*(picked(part, places) for part in parts))

    def scatter(self, x: Running, places: Places, size: int) -> Running:
        where = np.asarray(places).ravel()

        def spread(part: npt.NDArray[Any]) -> Floats:
            return np.asarray(np.bincount(where, weights=part.ravel(), minlength=size), dtype=np.float64)

        with np.errstate(all="ignore"):
            value, worst, rss, terms = spread(x.value), spread(x.worst), spread(x.rss), spread(~zeros(x))
            if terms.max(initial=0.0) < 2.0:
                return Running(value, worst, rss)
            # One addition rounds its result; more come in an order that nobody promises.
            sizes = spread(_finite_sizes(x))
            sizes = np.where(terms > 2.0, sizes, np.minimum(np.abs(value), sizes))
            # Nor does anybody promise a wider accumulator where elements are added in place.
            added = self.steps.added(value, sizes, worst, spread(np.square(x.rss)), terms, wide=False)
            return Running(value, *(np.where(terms < 2.0, *pair) for pair in ((worst, added.worst), (rss, added.rss))))

    def zeros(self, x: Running) -> Flags:
        return zeros(x)

    def compare(self, x: Running, y: Running) -> Signs:
        with np.errstate(all="ignore"):
            signs = (x.value > y.value).astype(np.int8) - (x.value < y.value).astype(np.int8)
            return self.fragility.decided(signs, np.abs(x.value - y.value), x.worst + y.worst)


def _finite_sizes(x: Running) -> Floats:
    return np.where(known_infinities(x), 0.0, np.abs(x.value))


def _floats(values: npt.NDArray[Any]) -> Floats:
    try:
        return values.astype(np.float64)
    except OverflowError:  # a whole number beyond float64
        items = [math.inf if abs(item) > 2**1023 else float(item) for item in values.ravel().tolist()]
        return np.asarray(items).reshape(values.shape)
