"""One array against the truth, element by element."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gradcmp.core.findings import LeafErrors
from gradcmp.core.formats import FORMATS
from gradcmp.core.reasons import Claim, Reason
from gradcmp.core.tensors import Tensor
from gradcmp.core.truth import RunningErrors, TruthLeaf
from gradcmp.core.verdicts import Verdict, worst
from gradcmp.judge.codes import EXACT, EXCESS, FRAGILE, HIGH, NO_DIGITS, NONFINITE, ROUNDING, VERDICTS, WRONG, Codes
from gradcmp.judge.kinks import read
from gradcmp.judge.metrics import distance, is_exact
from gradcmp.judge.precision import Elsewhere, decided, shrinking
from gradcmp.judge.reasons import Measured, reason_at
from gradcmp.judge.tolerance import Limits, Supplier, generous
from gradcmp.numbers.arrays import Flags, Floats
from gradcmp.numbers.rounding import split
from gradcmp.numbers.ulp import overflows, spacing


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """An array judged by a truth of the same shape: a verdict per element, distances, and why the worst has its own.

    `undecided`: the same answer in another dtype would tell more.
    """

    codes: Codes
    errors: LeafErrors
    reason: Reason | None
    undecided: bool = False

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """Verdict → number of elements; an empty array counts as one exact element."""
        if not self.codes.size:
            return {Verdict.EXACT: 1}
        numbers = np.bincount(self.codes.ravel(), minlength=len(VERDICTS))
        return {VERDICTS[code]: int(numbers[code]) for code in np.flatnonzero(numbers)}

    @property
    def verdict(self) -> Verdict:
        return worst(self.counts)

    @property
    def agrees(self) -> bool:
        """Nothing lies beyond its limit."""
        return not np.any(self.codes >= EXCESS)


def compare(
    tensor: Tensor,
    truth: TruthLeaf,
    dtype: str,
    limits: Supplier,
    *,
    estimated: bool = False,
    elsewhere: Elsewhere | None = None,
    claim: Claim = Claim.TRUE,
) -> Comparison:
    """`tensor` judged by `truth` (of one shape) in units of `dtype`.

    `estimated`: the radius of the truth is an estimate and no author's word, so it may be too wide to conclude
    anything. `elsewhere` is the same leaf of the same target in another dtype. `claim` says what is compared.
    """
    got, got_low = split(tensor.array)
    reading = None
    if truth.kink is not None and np.any(truth.kink.tied):
        reading = read(got, truth, truth.kink, dtype, limits)
    nearest = truth if reading is None else reading.facing(truth)
    bounds = limits(nearest, dtype)
    away = distance(_with_top(got, nearest, dtype), got_low, nearest)
    exact = is_exact(got, got_low, nearest, dtype)
    codes = _codes(got, exact, away, nearest, bounds, dtype, estimated=estimated)
    shrinks = None
    if elsewhere is not None and bounds.excess is not None:
        shrinks = shrinking(away, nearest, dtype, elsewhere, limits)
        codes = codes if shrinks is None else decided(codes, shrinks, dtype)
    open_ = (codes == HIGH) | (codes == EXCESS) | (codes == WRONG)
    if reading is not None:
        codes = reading.settle(codes)
        open_.flat[reading.places] = False
    codes = _of_the_other_branch(tensor, truth, codes, dtype, limits)
    undecided = bounds.excess is not None and elsewhere is None and bool(np.any(open_ & (codes != FRAGILE)))
    measured = Measured(
        tensor=tensor, truth=nearest, dtype=dtype, codes=codes, away=away, bounds=bounds, claim=claim, reading=reading,
        shrinking=shrinks,
    )  # fmt: skip
    errors, place = _errors(measured, exact)
    reason = None if place is None else reason_at(measured, place)
    return Comparison(codes=codes, errors=errors, reason=reason, undecided=undecided)


def _with_top(got: Floats, truth: TruthLeaf, dtype: str) -> Floats:
    """`got` with infinity read as the first number that overflows, where the truth lies at the top of the format.

    There the last finite number and infinity are one unit apart.
    """
    if dtype not in FORMATS or dtype == "float64":
        return got
    top = math.ldexp(1.0, FORMATS[dtype].max_exponent + 1)
    near = np.isinf(got) & (np.abs(truth.high) >= FORMATS[dtype].largest / 2) & np.isfinite(truth.high)
    return np.where(near, np.copysign(top, got), got)


def _codes(
    got: Floats, exact: Flags, away: Floats, truth: TruthLeaf, bounds: Limits, dtype: str, *, estimated: bool
) -> Codes:
    """Best verdict last, so that it overwrites; every comparison is `<=`, which NaN never passes."""
    size = np.abs(truth.high)
    codes = np.full(got.shape, WRONG, dtype=np.int8)
    if bounds.excess is not None:
        codes[away <= bounds.excess] = EXCESS
    codes[overflows(truth.high, truth.low, dtype) | ~np.isfinite(got)] = NONFINITE
    for limit, verdict in ((bounds.high, HIGH), (bounds.rounding, ROUNDING)):
        within = away <= limit
        codes[within] = verdict
        if bounds.judged:  # a limit above an eighth of the value leaves no digit to judge
            codes[within & (limit > size / 8)] = NO_DIGITS
    if bounds.judged and dtype in FORMATS:
        codes[away <= spacing(truth.high, truth.low, dtype)] = ROUNDING
    inside = (away == 0.0) & (truth.radius > 0.0)  # within what is known of the truth
    codes[inside] = ROUNDING
    if estimated:
        codes[inside & (truth.radius > size / 8)] = NO_DIGITS
    codes[exact] = EXACT
    return codes


def _of_the_other_branch(tensor: Tensor, truth: TruthLeaf, codes: Codes, dtype: str, limits: Supplier) -> Codes:
    """`fragile` where an answer beyond its limits is right if comparisons that rounding decides go the other way.

    The running errors are those of the way that was taken, so the limits of the other one are generous.
    """
    far = codes >= EXCESS
    if truth.otherwise is None or not np.any(far):
        return codes
    zero = np.zeros(np.count_nonzero(far))
    errors = truth.errors and RunningErrors(worst=truth.errors.worst[far], rss=truth.errors.rss[far])
    other = TruthLeaf(high=truth.otherwise[far], low=zero, radius=zero, errors=errors)
    answer = Tensor(dtype=tensor.dtype, array=tensor.array[far])
    settled = codes.copy()
    settled[far] = np.where(compare(answer, other, dtype, generous(limits)).codes <= NO_DIGITS, FRAGILE, codes[far])
    return settled


def _errors(measured: Measured, exact: Flags) -> tuple[LeafErrors, tuple[int, ...] | None]:
    """The distances of a leaf, and the place of the worst element (None where all are exact)."""
    truth, away, codes = measured.truth, measured.away, measured.codes
    size = int(codes.size)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ulps = away / spacing(truth.high, truth.low, measured.dtype)
        relative = np.where(away == 0.0, 0.0, away / np.abs(truth.high))
    finite = np.isfinite(away)
    solid = finite & (truth.high != 0.0)
    unbounded = bool(np.any(~exact & ~solid & ~(away == 0.0)))  # no relative tolerance lets these pass
    place: tuple[int, ...] | None = None
    ordinary = exact & (codes == EXACT)
    if size and not bool(ordinary.all()):
        rank = np.where(ordinary, -1.0, np.where(finite, ulps, np.inf))
        level = np.where(codes == codes.max(), rank, -2.0)
        place = tuple(int(i) for i in np.unravel_index(int(np.argmax(level)), codes.shape))
    errors = LeafErrors(
        of=truth.of,
        wrt=truth.wrt,
        max_ulps=_largest(ulps, finite),
        max_abs=_largest(away, finite),
        max_rel=_largest(relative, solid),
        worst_index=place,
        differing=int(size - np.count_nonzero(exact)),
        size=size,
        needed_rtol=None if unbounded else (_largest(relative, solid & ~exact) or 0.0),
        limit=measured.bounds.used if place is None else measured.bounds.at(place, measured.unit(place)),
        kink=None if measured.reading is None else measured.reading.summary(codes.shape),
    )
    return errors, place


def _largest(values: Floats, where: Flags) -> float | None:
    chosen = values[where]
    return float(chosen.max()) if chosen.size else None
