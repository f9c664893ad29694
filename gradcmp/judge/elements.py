"""One array against the truth, element by element."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from gradcmp.core.findings import LeafErrors
from gradcmp.core.formats import FORMATS
from gradcmp.core.reasons import Claim, LimitKind, Reason
from gradcmp.core.tensors import Tensor
from gradcmp.core.truth import RunningErrors, TruthLeaf
from gradcmp.core.verdicts import Evidence, Verdict, worst
from gradcmp.judge.codes import (
    EXACT,
    FLUSHED,
    FRAGILE,
    HIGH,
    INACCURATE,
    NO_DIGITS,
    NONFINITE,
    RANGE,
    ROUNDING,
    VERDICTS,
    WRONG,
    Codes,
)
from gradcmp.judge.digits import LOST, Accuracy, accuracy, is_zero, size_of, tolerable
from gradcmp.judge.kinks import read
from gradcmp.judge.metrics import distance, is_exact
from gradcmp.judge.precision import Elsewhere, convicted, is_open, shrinking
from gradcmp.judge.reasons import Measured, reason_at
from gradcmp.judge.together import Broken
from gradcmp.judge.tolerance import FLUSHING, Limits, Supplier, generous, interim
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
        return not np.any(self.codes >= INACCURATE)


def compare(
    tensor: Tensor,
    truth: TruthLeaf,
    dtype: str,
    limits: Supplier,
    *,
    evidence: Evidence = Evidence.CERTIFIED,
    elsewhere: Elsewhere | None = None,
    claim: Claim = Claim.TRUE,
    broken: Broken | None = None,
) -> Comparison:
    """`tensor` judged by `truth` (of one shape), known by `evidence`, in units of `dtype`.

    `elsewhere` is the same leaf of the same target in another dtype. `claim` says what is compared. `broken` are the
    sums that the answer misses at a kink.
    """
    got, got_low = split(tensor.array)
    reading = None
    if truth.kink is not None and np.any(truth.kink.tied):
        reading = read(got, truth, truth.kink, dtype, limits, broken)
    nearest = truth if reading is None else reading.facing(truth)
    bounds = limits(nearest, dtype)
    away = distance(_with_top(got, nearest, dtype), got_low, nearest)
    exact = is_exact(got, got_low, nearest, dtype)
    away = np.where(exact & np.isinf(got), 0.0, away)
    counted = np.where(np.isfinite(got) | exact, _counted(away, nearest, dtype, evidence), np.nan)
    digits = accuracy(counted, nearest, dtype)
    codes = _codes(got, exact, away, nearest, bounds, dtype, digits, estimated=evidence is Evidence.NUMERICAL)
    shrinks, open_ = None, np.zeros(codes.shape, dtype=bool)
    if digits is not None and bounds.used.kind is LimitKind.RUNNING:
        if elsewhere is not None:
            shrinks = shrinking(away, nearest, dtype, elsewhere, limits)
            codes = codes if shrinks is None else convicted(codes, shrinks, digits, dtype)
        open_ = is_open(codes, digits, dtype)
    if reading is not None:
        codes = reading.settle(codes)
        open_.flat[reading.places] = False
    codes = _of_the_other_branch(tensor, truth, codes, dtype, limits)
    undecided = elsewhere is None and bool(np.any(open_ & (codes != FRAGILE)))
    measured = Measured(
        tensor=tensor, truth=nearest, dtype=dtype, codes=codes, away=away, bounds=bounds, digits=digits, claim=claim,
        reading=reading, shrinking=shrinks, asked=elsewhere is not None,
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


def _counted(away: Floats, truth: TruthLeaf, dtype: str, evidence: Evidence) -> Floats:
    """The distances that count as errors: of a truth that is not certified, those beyond the interim limit."""
    if evidence is Evidence.CERTIFIED or dtype not in FORMATS:
        return away
    plain = interim(truth, dtype)
    return np.maximum(away - np.maximum(plain.rounding, plain.high), 0.0)


def _codes(
    got: Floats,
    exact: Flags,
    away: Floats,
    truth: TruthLeaf,
    bounds: Limits,
    dtype: str,
    digits: Accuracy | None,
    *,
    estimated: bool,
) -> Codes:
    """Best verdict last, so that it overwrites; every comparison is `<=`, which NaN never passes."""
    size = size_of(truth)
    codes = np.full(got.shape, WRONG, dtype=np.int8)
    if bounds.judged and digits is not None:
        codes[tolerable(away, truth, digits, bounds)] = INACCURATE
    codes[overflows(truth.high, truth.low, dtype) | ~np.isfinite(got)] = NONFINITE
    for limit, verdict in ((bounds.high, HIGH), (bounds.rounding, ROUNDING)):
        within = away <= limit
        # A limit above an eighth of the value leaves no digit to judge; what another one lets pass has digits.
        blind = within & (limit > LOST * size) if bounds.judged else np.zeros_like(within)
        codes[within & ~blind] = verdict
        codes[blind & (codes != HIGH)] = NO_DIGITS
    if bounds.judged and dtype in FORMATS:
        codes[away <= spacing(truth.high, truth.low, dtype)] = ROUNDING
    inside = (away == 0.0) & (truth.radius > 0.0)  # within what is known of the truth
    codes[inside] = ROUNDING
    if digits is not None and bounds.judged:
        _out_of_range(codes, got, away, truth, bounds, dtype, digits)
    if estimated:
        codes[inside & (truth.radius > LOST * size)] = NO_DIGITS
    codes[exact] = EXACT
    return codes


def _out_of_range(
    codes: Codes, got: Floats, away: Floats, truth: TruthLeaf, bounds: Limits, dtype: str, digits: Accuracy
) -> None:
    """What the dtype cannot hold, in the truth or on the way to it, judged by its digits."""
    size = size_of(truth)
    if dtype in FLUSHING:
        subnormal = (np.abs(truth.high) < FORMATS[dtype].smallest_normal) & ~is_zero(truth) & (codes > ROUNDING)
        own = accuracy(away, replace(truth, errors=None), dtype)  # of its own size, whatever cancelled
        codes[subnormal & (own is not None and own.half)] = HIGH
        codes[subnormal & (got == 0.0)] = FLUSHED
    if truth.errors is not None and truth.errors.out_of_range is not None:
        # The errors of such a step leave no digit, or are not known.
        untold = (
            truth.errors.out_of_range
            & (np.maximum(bounds.high, bounds.rounding) > LOST * size)
            & (codes > ROUNDING)
            & (codes != FLUSHED)
        )
        codes[untold] = np.where(digits.half[untold] & np.isfinite(got[untold]), HIGH, RANGE)


def _of_the_other_branch(tensor: Tensor, truth: TruthLeaf, codes: Codes, dtype: str, limits: Supplier) -> Codes:
    """`fragile` where an answer beyond its limits is right if comparisons that rounding decides go the other way.

    So is the mean of both ways: rounding may make a tie of the comparison, at which a framework takes it. The running
    errors are those of the way that was taken, so the limits of the other one are generous.
    """
    far = codes >= INACCURATE
    if truth.otherwise is None or not np.any(far):
        return codes
    zero = np.zeros(np.count_nonzero(far))
    errors = truth.errors and RunningErrors(worst=truth.errors.worst[far], rss=truth.errors.rss[far])
    ways = (truth.otherwise[far], truth.otherwise[far] / 2 + truth.high[far] / 2)
    answer = Tensor(dtype=tensor.dtype, array=tensor.array[far])
    settled = codes.copy()
    for high in ways:
        other = TruthLeaf(high=high, low=zero, radius=zero, errors=errors)
        right = compare(answer, other, dtype, generous(limits)).codes <= NO_DIGITS
        settled[far] = np.where(right, FRAGILE, settled[far])
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
        badness = ulps if measured.digits is None else -measured.digits.correct
        rank = np.where(ordinary, -np.inf, np.where(finite, badness, np.inf))
        candidates = np.flatnonzero((codes == codes.max()) & ~ordinary)
        order = np.lexsort((np.where(finite, ulps, np.inf).flat[candidates], rank.flat[candidates]))
        place = tuple(int(i) for i in np.unravel_index(int(candidates[order[-1]]), codes.shape))
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
        digits=None if place is None or measured.digits is None else measured.digits.at(place),
        limit=measured.bounds.used if place is None else measured.bounds.at(place, measured.unit(place)),
        kink=None if measured.reading is None else measured.reading.summary(codes.shape),
    )
    return errors, place


def _largest(values: Floats, where: Flags) -> float | None:
    chosen = values[where]
    return float(chosen.max()) if chosen.size else None
