"""From balls to certified numbers: precision is doubled until every ball is small against the dtype (Ziv's loop)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb, ctx

from gradcmp.core.formats import FORMATS
from gradcmp.core.truth import TruthLeaf
from gradcmp.reference.algebra import EvaluationError, Undecided
from gradcmp.reference.arrays import Array, Context
from gradcmp.reference.balls import BallAlgebra, WholeAlgebra

BITS: tuple[int, ...] = (128, 256, 512, 1024)

Floats = npt.NDArray[np.float64]


@contextmanager
def at(bits: int) -> Iterator[None]:
    """FLINT at a precision, which is global to the process, and back."""
    before = ctx.prec
    ctx.prec = bits
    try:
        yield
    finally:
        ctx.prec = before


def certified(
    run: Callable[[Context], Mapping[str, Array]],
    dtypes: Mapping[str, str],
    *,
    dtype: str,
    bits: tuple[int, ...] = BITS,
) -> dict[str, TruthLeaf]:
    """The results of `run` by name, each known to an eighth of a unit in the last place of its dtype in `dtypes`.

    `run` is called with rising precision. A zero that arises by cancellation never gets an exact ball: a ball below
    an eighth of the smallest normal number is small enough, and at the last precision also one that holds 0 and is
    far below the rounding errors of the leaf's largest element. The radius is kept, so nothing is claimed that is not
    proven. `dtype` is the problem's. Raises `EvaluationError`.
    """
    reason = "the precision is not enough"
    for number in bits:
        with at(number):
            context = Context(floats=BallAlgebra(), wholes=WholeAlgebra(), dtype=dtype)
            try:
                results = run(context)
            except Undecided as error:
                reason = str(error)
                continue
            leaves = {name: truth_of(array) for name, array in results.items()}
        last = number == bits[-1]
        open_ = [name for name, leaf in leaves.items() if not settled(leaf, dtypes.get(name, dtype), last=last)]
        if not open_:
            return leaves
        leaf = leaves[open_[0]]
        reason = "a value that is not a finite number" if np.isnan(leaf.high).any() else "a value that stays uncertain"
    raise EvaluationError(f"not certified with {bits[-1]} bits: {reason}")


def settled(leaf: TruthLeaf, dtype: str, *, last: bool) -> bool:
    """Is every ball small enough for a verdict in `dtype`?"""
    if np.isnan(leaf.high).any() or np.isnan(leaf.radius).any():
        return False
    if dtype not in FORMATS:
        return not leaf.radius.any()
    form = FORMATS[dtype]
    with np.errstate(invalid="ignore"):
        exponent = np.frexp(np.where(np.isfinite(leaf.high), leaf.high, 1.0))[1] - 1
    binade = np.clip(np.where(leaf.high == 0.0, form.min_exponent, exponent), form.min_exponent, form.max_exponent)
    small = (
        leaf.radius
        <= np.maximum(np.ldexp(1.0, (binade - form.precision + 1).astype(np.int64)), form.smallest_normal) / 8
    )
    if last:
        holds_zero = np.abs(leaf.high) <= leaf.radius
        scale = float(np.abs(leaf.high[np.isfinite(leaf.high) & ~holds_zero]).max(initial=0.0)) or 1.0
        small |= holds_zero & (leaf.radius <= math.ldexp(form.unit_roundoff, -20) * scale)
    return bool(small.all())


def truth_of(array: Array) -> TruthLeaf:
    """An array as float64 pairs with radii."""
    if array.kind == "bool":
        high = np.asarray(array.data, dtype=np.float64)
        return TruthLeaf(high=high, low=np.zeros_like(high), radius=np.zeros_like(high))
    items = array.data.ravel().tolist()
    triples = np.asarray([pair_of(item) for item in items], dtype=np.float64).reshape(len(items), 3)
    high, low, radius = (triples[:, i].reshape(array.data.shape) for i in range(3))
    return TruthLeaf(high=high, low=low, radius=radius)


def pair_of(ball: Any) -> tuple[float, float, float]:
    """A ball (or a Python integer) as (high, low, radius): it lies within `radius` of `high + low`.

    NaN where the ball is not a number; infinity where it lies beyond the largest float64. Works at a precision of its
    own, so that subtracting rounds nothing away.
    """
    with at(2 * ctx.prec + 2200):  # enough to subtract any two float64 exactly
        ball = arb(ball)
        if ball.is_nan() or (not ball.is_finite() and not (ball > 1 or ball < -1)):
            return math.nan, 0.0, math.nan
        high = float(ball)
        if math.isinf(high):
            # Certainly beyond the largest number, or infinite: there is nothing more to say in float64.
            sure = abs(ball) > arb(FORMATS["float64"].largest)
            return high, 0.0, 0.0 if sure else math.nan
        rest = ball - arb(high)
        low = float(rest)
        left = float((rest - arb(low)).abs_upper())
    return high, low, math.nextafter(left, math.inf) if left or not ball.is_exact() else 0.0
