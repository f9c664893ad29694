"""From balls to certified numbers: precision is doubled until every ball is small against the dtype (Ziv's loop)."""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Generic, TypeVar

import numpy as np
from flint import arb, ctx

from gradcmp.core.formats import FORMATS
from gradcmp.core.truth import TruthLeaf
from gradcmp.numbers.arrays import Flags, Floats
from gradcmp.numbers.ulp import spacing
from gradcmp.reference.algebra import NeverDecided, Uncertified, Undecided
from gradcmp.reference.algebras.balls import BallAlgebra
from gradcmp.reference.algebras.whole_numbers import WholeAlgebra
from gradcmp.reference.language.arrays import Array, Context

BITS: tuple[int, ...] = (64, 128, 256, 512, 1024, 2048)
"""64 bits are enough for most results in float32 and below; float64 starts with 128. The last one has digits of the
smallest numbers of float64 beside 1, where a derivative is what two numbers of that size leave."""


Name = TypeVar("Name")
"""What results are told apart by."""


ENOUGH_FOR_ZERO = 256
"""Bits from which a ball that holds 0 and is far below the rounding errors counts as a zero by cancellation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate(Generic[Name]):
    """Balls by name at the precision that was needed. `open` has the leaves that are not settled, with which elements
    and `reason`."""

    leaves: Mapping[Name, TruthLeaf]
    bits: int
    open: Mapping[Name, Flags]
    reason: str = ""

    def refusal(self) -> Uncertified:
        """That something stays open, and why."""
        return Uncertified(f"not certified with {self.bits} bits: {self.reason}")


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
    run: Callable[[Context], Mapping[Name, Array]],
    dtypes: Mapping[Name, str],
    *,
    dtype: str,
    bits: tuple[int, ...] = BITS,
) -> dict[Name, TruthLeaf]:
    """The results of `run` by name, each known to an eighth of a unit in the last place of its dtype in `dtypes`.

    As `refined`, but raises `EvaluationError` where a single element stays open.
    """
    certificate = refined(run, dtypes, dtype=dtype, bits=bits)
    if certificate.open:
        raise certificate.refusal()
    return dict(certificate.leaves)


def refined(
    run: Callable[[Context], Mapping[Name, Array]],
    dtypes: Mapping[Name, str],
    *,
    dtype: str,
    bits: tuple[int, ...] = BITS,
    noise: Mapping[Name, Floats] = MappingProxyType({}),
    balls: Callable[[], BallAlgebra] = BallAlgebra,
) -> Certificate[Name]:
    """Call `run` with rising precision until every ball is below an eighth of a unit in the last place.

    Precisions at which the largest radius would still be too large are left out.

    A zero that arises by cancellation never gets an exact ball: a ball below an eighth of the smallest normal number
    is small enough, and so is one that holds 0 and is 2**-20 of the rounding errors of the leaf's largest element (of 1
    where there is none) and of those that `noise` knows of (absolute, by name); at the last precision of the former
    alone. Errors that grow without bound, as in a chaotic loop, make nothing a zero. The radius is kept, so nothing is
    claimed that is not proven. `dtype` is the problem's. Raises `EvaluationError` where a comparison stays
    undecided.
    """
    steps = [number for number in bits if dtype != "float64" or number >= 128] or list(bits)
    certificate: Certificate[Name] | None = None
    reason = "the precision is not enough"
    needed = 0
    for number in steps:
        if number < min(needed, steps[-1]):
            continue
        with at(number):
            context = Context(floats=balls(), wholes=WholeAlgebra(), dtype=dtype)
            try:
                leaves = {name: truth_of(array) for name, array in run(context).items()}
            except Undecided as error:
                reason, certificate = str(error), None
                continue
        last = number == steps[-1]
        unsettled = {
            name: ~settled(
                leaf, dtypes.get(name, dtype), last=last, noise=noise.get(name) if number >= ENOUGH_FOR_ZERO else None
            )
            for name, leaf in leaves.items()
        }
        open_ = {name: elements for name, elements in unsettled.items() if elements.any()}
        certificate = Certificate(leaves=leaves, bits=number, open=open_, reason=_why(leaves, open_))
        if not open_:
            return certificate
        needed = number + max(missing_bits(leaves[name], dtypes.get(name, dtype)) for name in open_)
    if certificate is None:
        raise NeverDecided(f"not certified with {steps[-1]} bits: {reason}")
    return certificate


def _why(leaves: Mapping[Name, TruthLeaf], open_: Mapping[Name, Flags]) -> str:
    if any(np.isnan(leaves[name].high[elements]).any() for name, elements in open_.items()):
        return "a value that is not a finite number"
    return "a value that stays uncertain" if open_ else ""


def settled(leaf: TruthLeaf, dtype: str, *, last: bool, noise: Floats | None = None) -> Flags:
    """Which balls are small enough for a verdict in `dtype`?"""
    known = ~(np.isnan(leaf.high) | np.isnan(leaf.radius))
    if dtype not in FORMATS:
        return np.asarray(known & (leaf.radius == 0.0), dtype=bool)
    small = leaf.radius <= _room(leaf, dtype)
    zero = _holds_zero(leaf) & (leaf.radius <= _room_of_zero(leaf, dtype))
    noise = np.full(known.shape, np.nan) if noise is None else noise
    heard = np.isfinite(noise)
    # The rounding errors of the program say how large a zero by cancellation may be; where they do not, the last bits.
    small |= zero & np.where(heard, leaf.radius <= np.ldexp(np.where(heard, noise, 0.0), -20), last)
    return np.asarray(known & small, dtype=bool)


def missing_bits(leaf: TruthLeaf, dtype: str) -> int:
    """How many bits the largest radius that is known lacks, for radii shrink by one with each."""
    if dtype not in FORMATS:
        return 0
    room = np.where(_holds_zero(leaf), _room_of_zero(leaf, dtype), _room(leaf, dtype))
    with np.errstate(all="ignore"):
        bits = np.log2(leaf.radius) - np.log2(room)
    return math.ceil(float(bits[np.isfinite(bits)].max(initial=0.0)))


def _holds_zero(leaf: TruthLeaf) -> Flags:
    return np.asarray(np.abs(leaf.high) <= leaf.radius)


def _room(leaf: TruthLeaf, dtype: str) -> Floats:
    """An eighth of a unit in the last place, or of the smallest normal number; of itself far beyond the largest one."""
    size, form = np.abs(leaf.high), FORMATS[dtype]
    unit = np.maximum(spacing(leaf.high, np.zeros_like(leaf.low), dtype), form.smallest_normal)
    return np.asarray(np.where(size >= 2.0 * form.largest, size, unit) / 8)


def _room_of_zero(leaf: TruthLeaf, dtype: str) -> float:
    """2**-20 of the rounding error of the largest element that is not zero, or of 1."""
    numbers = leaf.high[np.isfinite(leaf.high) & ~_holds_zero(leaf)]
    scale = float(np.abs(numbers).max(initial=0.0)) or 1.0
    return math.ldexp(FORMATS[dtype].unit_roundoff, -20) * scale


def truth_of(array: Array) -> TruthLeaf:
    """An array as float64 pairs with radii."""
    if array.kind == "bool":
        high = np.asarray(array.data, dtype=np.float64)
        return TruthLeaf(high=high, low=np.zeros_like(high), radius=np.zeros_like(high))
    items = array.data.ravel().tolist()
    with at(ctx.prec + 64):
        numbers = itertools.chain.from_iterable(map(pair_of, items))
        triples = np.fromiter(numbers, np.float64, 3 * len(items)).reshape(len(items), 3)
    high, low, radius = (triples[:, i].reshape(array.data.shape) for i in range(3))
    return TruthLeaf(high=high, low=low, radius=radius)


def pair_of(ball: Any) -> tuple[float, float, float]:
    """A ball (or a Python integer) as (high, low, radius): it lies within `radius` of `high + low`.

    NaN where the ball is not a number; infinity where it lies beyond the largest float64. Subtracting at the precision
    at hand encloses the rest, so the radius is one at any precision.
    """
    if isinstance(ball, int):
        with at(max(ctx.prec, ball.bit_length() + 64)):
            ball = arb(ball)
    if not ball.is_finite():
        # Infinite for certain, or nothing that is known.
        return (float(ball), 0.0, 0.0) if ball > 1 or ball < -1 else (math.nan, 0.0, math.nan)
    high = float(ball)
    if math.isinf(high):
        # Beyond the largest number, if that is certain: there is nothing more to say in float64.
        return high, 0.0, 0.0 if abs(ball) > arb(FORMATS["float64"].largest) else math.nan
    rest = ball - high
    if rest.is_zero():
        return high, 0.0, 0.0
    low = float(rest)
    left = rest - low
    return high, low, 0.0 if left.is_zero() else math.nextafter(float(left.abs_upper()), math.inf)
