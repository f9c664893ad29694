"""How many significant digits of an answer are right, and how many its dtype can hold there."""

import math
from dataclasses import dataclass

import numpy as np

from gradcmp.core.formats import FORMATS
from gradcmp.core.reasons import Digits
from gradcmp.core.truth import TruthLeaf
from gradcmp.judge.tolerance import Limits
from gradcmp.numbers.arrays import Flags, Floats

CANCELLED = 1 / 8
"""Of the root-sum-square of what was rounded: the size of what cancelled."""

LOST = 1 / 8
"""Of the truth: an error beyond it leaves no digit."""

TWICE = 2.0
"""Times the limit: what the limit, itself an estimate, may have missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """Per element: the `correct` decimal digits, at most those that are `held`."""

    correct: Floats
    held: Floats

    @property
    def half(self) -> Flags:
        """Where at least half of the digits are right."""
        return np.asarray(self.correct >= self.held / 2)

    def at(self, place: tuple[int, ...]) -> Digits:
        """The digits of one element."""
        return Digits(correct=float(self.correct[place]), held=float(self.held[place]))


def accuracy(away: Floats, truth: TruthLeaf, dtype: str) -> Accuracy | None:
    """The digits d = -log10(away / scale) that are right; None for whole numbers.

    The scale is |truth|, or an eighth of the root-sum-square running error in units of the roundoff where that is
    larger; never the size of another element. An answer that is not finite has none.
    """
    if dtype not in FORMATS:
        return None
    scale = _scale(truth)
    held = _held(scale, dtype)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        digits = -np.log10(away / scale)
    digits = np.where(away == 0.0, held, np.where(np.isnan(digits), 0.0, digits))
    return Accuracy(correct=np.clip(digits, 0.0, held), held=held)


def tolerable(away: Floats, truth: TruthLeaf, digits: Accuracy, limits: Limits) -> Flags:
    """Where an error beyond its limit is an inaccuracy rather than a wrong value.

    Half of the digits are right, or it is within twice the limit. What is off by more than an eighth of the truth is
    lost, unless the limit itself goes as far.
    """
    allowed, part = np.maximum(limits.high, limits.rounding), LOST * np.abs(truth.high)
    lost = (away > part) & (allowed < part)
    return np.asarray((digits.half | (away <= TWICE * allowed)) & ~lost)


def is_zero(truth: TruthLeaf) -> Flags:
    """Where the true value is zero, as far as anybody can tell."""
    return np.asarray(np.abs(truth.high) <= truth.radius)


def size_of(truth: TruthLeaf) -> Floats:
    """The size that a limit must leave digits of: a true zero's is that of what cancelled."""
    return np.asarray(np.where(is_zero(truth), _scale(truth), np.abs(truth.high)))


def _scale(truth: TruthLeaf) -> Floats:
    size: Floats = np.abs(truth.high)
    if truth.errors is None:
        return size
    cancelled = CANCELLED * truth.errors.rss
    if truth.errors.out_of_range is not None:  # these are not of what cancelled
        cancelled = np.where(truth.errors.out_of_range, 0.0, cancelled)
    return np.asarray(np.where(np.isfinite(cancelled), np.maximum(size, cancelled), size))


def _held(scale: Floats, dtype: str) -> Floats:
    """The digits of the format at numbers of this size, fewer below its smallest normal number; all of them at 0."""
    form = FORMATS[dtype]
    _, exponent = np.frexp(scale)  # 2**(exponent - 1) <= scale
    bits = np.clip(exponent - 1 - form.min_exponent + form.precision, 1, form.precision)
    return np.asarray(math.log10(2.0) * np.where((scale > 0.0) & np.isfinite(scale), bits, form.precision))
