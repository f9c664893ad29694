"""The true value of an array, as far as it is known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gradcmp.core.tensors import Key
from gradcmp.core.verdicts import Evidence

if TYPE_CHECKING:
    import numpy


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthLeaf:
    """The true value lies within `radius` of `high + low`, element by element; all three float64 of one shape.

    `high` is the value rounded to float64, `low` what that rounding left, so that an error in ULPs of float64 can be
    told to a small fraction of one. `of` and `wrt` as in `core.tensors.Leaf`. `nothing`: the truth is that no
    gradient is returned (an expectation of `none`); the arrays are then empty. `half_unit`: of the last digit of an
    author's decimal, which `radius` then is.
    """

    of: str = ""
    wrt: tuple[str, ...] = ()
    high: numpy.ndarray
    low: numpy.ndarray
    radius: numpy.ndarray
    nothing: bool = False
    half_unit: float | None = None
    kink: Kink | None = None
    errors: RunningErrors | None = None
    otherwise: numpy.ndarray | None = None
    """The value if every fragile comparison went the other way; None where none is fragile."""

    @property
    def key(self) -> Key:
        return self.of, self.wrt


@dataclass(frozen=True, slots=True, kw_only=True)
class Kink:
    """One-sided derivatives of a leaf whose way from the inputs passes comparisons of equal numbers.

    All arrays have the leaf's shape. Where `tied` is False, `left` and `right` are the derivative. NaN: there is no
    derivative on that side, because the function is not defined there or has no limit; infinities are limits.
    `jump`: the function itself is discontinuous. `limiting`: gradients of the smooth pieces that meet here, stacked
    along a first axis; not necessarily all of them. `sums`: what is known of several elements together.
    """

    left: numpy.ndarray
    right: numpy.ndarray
    tied: numpy.ndarray
    jump: numpy.ndarray
    limiting: numpy.ndarray
    sums: Sums | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Weighted sums of tied elements that no choice changes: slopes in directions in which the function is smooth.

    Elements of all leaves with the same number in `groups` (-1: in none), each times its weight, sum up to their
    `totals`. All arrays have the leaf's shape.
    """

    groups: numpy.ndarray
    weights: numpy.ndarray
    totals: numpy.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningErrors:
    """First-order rounding errors of the same program in floating point, in units of the unit roundoff.

    `worst` bounds the error of an element (every rounding at its worst and in one direction), `rss` is the
    root-sum-square of independent ones. Absolute: times `FORMATS[dtype].unit_roundoff`. `out_of_range`: where
    they come from a step of the program that leaves the range of the dtype; None where none does.
    """

    worst: numpy.ndarray
    rss: numpy.ndarray
    out_of_range: numpy.ndarray | None = None


class ReasonKind(StrEnum):
    """What a reason for less than a certificate is of: the case itself, the precision, an expectation.

    The last two say themselves what was not done.
    """

    CAUSE = "cause"
    PRECISION = "precision"
    EXPECTATION = "expectation"


class Absence(StrEnum):
    """Why the referee, which was asked, said nothing: it died or never started, or it did not come to an end."""

    GONE = "referee-gone"
    RUNAWAY = "referee-runaway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Everything known of one problem. `values` and `derivatives` are None where that part is not known.

    `evidence` grades it (`core.verdicts.Evidence`), `reason` says why it is not better. `bits` is the precision that a
    certified truth needed; `fragile` describes comparisons that rounding may decide otherwise, `out_of_range` steps
    whose results the dtype cannot hold. `undefined`: there may be no derivative here, so that not even all targets
    together say what it is; `nonexistent`: that is certain. `absence`: the referee gave no answer, and nobody else
    speaks for it.
    """

    evidence: Evidence = Evidence.NONE
    values: tuple[TruthLeaf, ...] | None = None
    derivatives: tuple[TruthLeaf, ...] | None = None
    reason: str | None = None
    reason_kind: ReasonKind = ReasonKind.CAUSE
    bits: int | None = None
    fragile: tuple[str, ...] = ()
    out_of_range: tuple[str, ...] = ()
    undefined: bool = False
    nonexistent: bool = False
    absence: Absence | None = None
