"""Answers at a kink: which legitimate derivative is it, if any?

An element is tied where its way from the inputs passes a comparison of equal numbers. There `left` and `right` are the
one-sided derivatives along its coordinate (`core.truth.Kink`), and what a framework returns is a convention.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from gradcmp.core.formats import FORMATS
from gradcmp.core.reasons import KinkSummary, Sum, Together
from gradcmp.core.truth import Kink, TruthLeaf
from gradcmp.core.verdicts import Convention
from gradcmp.judge.codes import CONVENTION, EXACT, HIGH, NO_DIGITS, NONFINITE, REMOVABLE, UNJUDGED, WRONG, Codes
from gradcmp.judge.hull import in_hull
from gradcmp.judge.sides import Places, Sides, sides_of
from gradcmp.judge.together import Broken
from gradcmp.judge.tolerance import Supplier, generous
from gradcmp.numbers.arrays import Floats

CONVENTIONS: tuple[Convention, ...] = tuple(Convention)
"""Code → what an answer at a tied element is."""
(
    SMOOTH, LEFT, RIGHT, MIDPOINT, LIMITING, BETWEEN, INFINITE, NOT_A_NUMBER, JUMP, UNDEFINED, REMOVED, INCOMPATIBLE,
    OUTSIDE,
) = (convention.rank for convention in CONVENTIONS)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An answer at the tied elements of one leaf: per tied element its name, its verdict, and what it is held against.

    `places` are flat indices, ascending; the other arrays have an entry for each. `names` are places in `CONVENTIONS`,
    `codes` are `EXACT` where the name is `smooth`. `nearest` is the derivative that the answer is taken for. `together`
    says whether the answer as a whole is a limiting gradient, `broken` which sums it misses.
    """

    places: Places
    names: Codes
    codes: Codes
    nearest: Floats
    left: Floats
    right: Floats
    together: Together | None
    broken: Broken | None

    def facing(self, truth: TruthLeaf) -> TruthLeaf:
        """The truth with the derivative that each tied element is taken for."""
        high, low, radius = truth.high.copy(), truth.low.copy(), truth.radius.copy()
        other = high.flat[self.places] != self.nearest  # what `low` and `radius` say is not of this one
        high.flat[self.places] = self.nearest
        low.flat[self.places[other]] = 0.0
        radius.flat[self.places[other]] = 0.0
        return replace(truth, high=high, low=low, radius=radius)

    def settle(self, codes: Codes) -> Codes:
        """`codes` of the whole leaf with those of the tied elements."""
        settled = codes.copy()
        found = settled.flat[self.places]
        # A smooth one was recognised by generous limits: what the strict ones say beyond `high` is not meant for it.
        ordinary = np.where(found > NO_DIGITS, HIGH, found)
        # What is compatible with no others is as far from a derivative as from those that are.
        apart = np.where(found > CONVENTION, found, CONVENTION)
        own = np.where(self.names == INCOMPATIBLE, apart, self.codes)
        settled.flat[self.places] = np.where(self.names == SMOOTH, ordinary, own)
        return settled

    @property
    def counts(self) -> Mapping[Convention, int]:
        """How many elements are what, the most frequent first; without the smooth ones."""
        numbers = np.bincount(self.names, minlength=len(CONVENTIONS))
        order = sorted(CONVENTIONS[1:], key=lambda convention: (-numbers[convention.rank], convention.rank))
        return {convention: int(numbers[convention.rank]) for convention in order if numbers[convention.rank]}

    def summary(self, shape: tuple[int, ...]) -> KinkSummary | None:
        """What the answer is, and both sides at the worst tied element; None where all are smooth."""
        kinked = self.names != SMOOTH
        if not kinked.any():
            return None
        worst = int(np.argmax(np.where(kinked, self.codes, -1)))
        index = tuple(int(i) for i in np.unravel_index(int(self.places[worst]), shape))
        return self.at(worst, index)

    def at(self, entry: int, index: tuple[int, ...]) -> KinkSummary:
        """What the answer is, and both sides at one tied element."""
        left, right = float(self.left[entry]), float(self.right[entry])
        return KinkSummary(counts=self.counts, tied=int(self.names.size), index=index, left=left, right=right)

    def sum_at(self, entry: int) -> Sum | None:
        """The sum that one tied element misses with others."""
        if self.broken is None or self.names[entry] != INCOMPATIBLE:
            return None
        return self.broken.sums[int(self.broken.groups.flat[self.places[entry]])]

    def entry(self, place: tuple[int, ...], shape: tuple[int, ...]) -> int | None:
        """Where in the arrays an element of the leaf stands; None where it is not tied, or smooth."""
        flat = int(np.ravel_multi_index(place, shape)) if place else 0
        entry = int(np.searchsorted(self.places, flat))
        kinked = entry < self.places.size and self.places[entry] == flat and self.names[entry] != SMOOTH
        return entry if kinked else None


def read(
    answer: Floats, truth: TruthLeaf, kink: Kink, dtype: str, limits: Supplier, broken: Broken | None = None
) -> Reading:
    """What `answer` (of the leaf's shape) is at the tied elements of `truth`, in units of `dtype`.

    `broken` are the sums that it misses, with the other leaves of the answer.
    """
    places = np.flatnonzero(kink.tied)
    got = answer.ravel()[places]
    sides = sides_of(truth, kink, places, dtype, generous(limits))
    names = _names(got, sides)
    codes = _codes(got, names, sides)
    nearest = _nearest(got, names, codes, sides)
    if broken is not None:
        apart = broken.where.ravel()[places] & (codes == CONVENTION)
        names[apart] = INCOMPATIBLE
        nearest[apart] = broken.nearest.ravel()[places][apart]
    return Reading(
        places=places,
        names=names,
        codes=codes,
        nearest=nearest,
        left=sides.left,
        right=sides.right,
        together=None if broken is not None else _together(got, names, codes, sides),
        broken=broken,
    )


def may_be_zero(truth: TruthLeaf) -> bool:
    """Is zero the derivative, or between the one-sided ones, everywhere?"""
    zero = (truth.high == 0.0) & (truth.low == 0.0)
    if truth.kink is not None:
        kink = truth.kink
        between = (np.fmin(kink.left, kink.right) <= 0.0) & (np.fmax(kink.left, kink.right) >= 0.0)
        zero = np.where(kink.tied, between, zero)
    return bool(np.all(zero))


def with_larger_side(truth: TruthLeaf) -> TruthLeaf:
    """The truth with the larger of the one-sided derivatives where it is tied: for telling sizes."""
    if truth.kink is None:
        return truth
    left, right, tied = truth.kink.left, truth.kink.right, truth.kink.tied
    larger = np.where(np.abs(left) >= np.abs(right), left, right)
    return replace(truth, high=np.where(tied, larger, truth.high), low=np.where(tied, 0.0, truth.low), kink=None)


def _names(got: Floats, sides: Sides) -> Codes:
    """The name of each answer; the most telling one is written last."""
    names = np.full(got.shape, OUTSIDE, dtype=np.int8)
    finite = np.isfinite(got)
    with np.errstate(invalid="ignore"):
        names[finite & np.isnan(sides.low)] = UNDEFINED
        names[finite & (sides.low <= got) & (got <= sides.high)] = BETWEEN
    near_left, near_right, near_middle = (sides.near(got, side) for side in (sides.left, sides.right, sides.middle))
    unnamed = np.flatnonzero(~(near_left | near_right | near_middle))
    for gradient in sides.limiting if unnamed.size else ():
        names[sides.near(got, gradient, unnamed)] = LIMITING
    names[near_middle] = MIDPOINT
    names[near_right] = RIGHT
    names[near_left] = LEFT
    names[sides.jump & (near_left & near_right | (names == UNDEFINED))] = JUMP
    names[sides.smooth] = REMOVED
    names[sides.smooth & near_left] = SMOOTH
    names[np.isinf(got)] = INFINITE
    names[np.isnan(got)] = NOT_A_NUMBER
    return names


def _codes(got: Floats, names: Codes, sides: Sides) -> Codes:
    """The verdict of each name.

    An infinity is a convention where it is one of the derivatives, NaN where no side is finite, and either where the
    function jumps. A finite answer is `nonfinite` where every derivative is infinite. Outside the domain, where there
    is no derivative on either side, nothing is judged; an infinity there is that of a pole.
    """
    infinite = np.any([got == side for side in (sides.left, sides.right, *sides.limiting)], axis=0)
    nowhere = ~(np.isfinite(sides.left) | np.isfinite(sides.right))
    codes = np.full(names.shape, CONVENTION, dtype=np.int8)
    codes[names == SMOOTH] = EXACT
    codes[names == UNDEFINED] = UNJUDGED
    codes[names == REMOVED] = REMOVABLE
    codes[names == OUTSIDE] = WRONG
    codes[(names == OUTSIDE) & ~(np.isfinite(sides.low) | np.isfinite(sides.high))] = NONFINITE
    codes[(names == INFINITE) & ~(infinite | sides.jump)] = NONFINITE
    codes[(names == NOT_A_NUMBER) & ~(nowhere | sides.jump)] = NONFINITE
    outside = np.isnan(sides.left) & np.isnan(sides.right) & ~sides.jump
    codes[outside & (names == NOT_A_NUMBER)] = UNJUDGED
    codes[outside & (names == INFINITE)] = CONVENTION
    return codes


def _nearest(got: Floats, names: Codes, codes: Codes, sides: Sides) -> Floats:
    """The derivative that each answer is taken for: itself where it is some other legitimate one."""
    nearest = got.copy()
    for name, derivative in (
        (LEFT, sides.left),
        (RIGHT, sides.right),
        (MIDPOINT, sides.middle),
        (SMOOTH, sides.left),
        (REMOVED, sides.left),
    ):
        nearest[names == name] = derivative[names == name]
    with np.errstate(invalid="ignore"):
        closest = np.clip(got, sides.low, sides.high)
    nearest[names == OUTSIDE] = closest[names == OUTSIDE]
    foul = codes == NONFINITE
    nearest[foul] = np.where(np.isfinite(sides.left), sides.left, sides.right)[foul]
    return nearest


def _together(got: Floats, names: Codes, codes: Codes, sides: Sides) -> Together | None:
    """Two sides that are each legitimate need not be so together: (1, 1) is no derivative of max(x, y) at a tie."""
    kinked = np.flatnonzero(names != SMOOTH)
    if kinked.size < 2 or not sides.limiting or bool(np.any(codes[kinked] != CONVENTION)):
        return None
    if any(bool(sides.near(got, gradient, kinked)[kinked].all()) for gradient in sides.limiting):
        return Together.LIMITING
    stack = np.stack([gradient[kinked] for gradient in sides.limiting])
    tolerance = max(1e-9, 64 * FORMATS[sides.dtype].unit_roundoff) if sides.dtype in FORMATS else 1e-9
    # Outside the hull of a sample proves nothing: it may be in the hull of all.
    return Together.HULL if in_hull(got[kinked], stack, tolerance) else None
