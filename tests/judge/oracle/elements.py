"""One number of an answer, as the oracle sees it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from mpmath import mp

from gradcmp.core.formats import FloatFormat
from tests.judge.oracle.answers import rounded

EXPLAINED = 32
"""Times its own bound, itself of worst cases: what the oracle lets rounding explain."""


@dataclass(frozen=True)
class Element:
    """One number of an answer beside what the oracle knows of it."""

    form: FloatFormat
    got: float
    right: Any
    low: Any
    high: Any
    bound: Any

    @property
    def smooth(self) -> bool:
        return bool(mp.isfinite(self.right))

    @property
    def bounded(self) -> bool:
        """Are the derivatives on all sides known and finite?"""
        return bool(mp.isfinite(self.low) and mp.isfinite(self.high))

    @property
    def away(self) -> Any:
        """How far it is from the derivative, or from all between those of the sides; what overflowed is that large."""
        if not math.isfinite(self.got):
            return 2 * mp.mpf(self.form.largest)
        return max(self.low - mp.mpf(self.got), mp.mpf(self.got) - self.high, mp.mpf(0))

    @property
    def size(self) -> Any:
        return max(abs(self.low), abs(self.high))

    @property
    def unit(self) -> Any:
        """In the last place of the derivative."""
        exponent = max(int(mp.mag(self.size)) - 1 if self.size else self.form.min_exponent, self.form.min_exponent)
        return mp.ldexp(1, exponent - self.form.precision + 1)

    @property
    def exact(self) -> bool:
        return self.smooth and self.got == rounded(self.right, self.form)

    @property
    def legitimate(self) -> bool:
        """Is it the derivative, or between those on all sides? Of those of which one is infinite, that one."""
        if self.smooth or mp.isnan(self.low):
            return self.exact
        if not self.bounded:
            return math.isinf(self.got) and self.got in (self.low, self.high)
        return rounded(self.low, self.form) <= self.got <= rounded(self.high, self.form)

    @property
    def explained(self) -> Any:
        """How far off rounding and flushing may lead, generously; at a kink also to what is nearly between both sides."""
        flushed = self.form.smallest_normal if self.form.name != "float16" else 0
        return EXPLAINED * self.bound + 2 * self.unit + flushed + (self.high - self.low) / 2

    @property
    def beyond(self) -> bool:
        """Is the number off by more than anything explains?"""
        if math.isnan(self.got):
            return True
        return self.bounded and not self.exact and not self.away <= self.explained

    @property
    def lost(self) -> bool:
        """Is it off by half of the derivative, and by far more than rounding, or half of the digits of what cancelled?"""
        cancelled = self.bound / math.sqrt(self.form.unit_roundoff)
        return self.bounded and not self.exact and self.away > self.size / 2 + 4 * self.explained + cancelled

    @property
    def half(self) -> bool:
        """Are half of the digits right that the dtype has at this size, and is it less than an eighth off?"""
        if not self.smooth or not self.right:
            return self.exact
        held = int(mp.mag(self.size)) - int(mp.mag(self.unit)) + 1
        near = self.away <= self.size * min(mp.mpf(2) ** (-mp.mpf(held) / 2), mp.mpf(1) / 8)
        return self.exact or bool(math.isfinite(self.got) and near)
