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
    def error(self) -> Any:
        return abs(mp.mpf(self.got) - self.right) if math.isfinite(self.got) else mp.inf

    @property
    def exact(self) -> bool:
        return self.smooth and self.got == rounded(self.right, self.form)

    @property
    def legitimate(self) -> bool:
        """Is it the derivative, or between those on all sides? Of those of which one is infinite, that one."""
        if self.smooth or mp.isnan(self.low):
            return self.exact
        if not (mp.isfinite(self.low) and mp.isfinite(self.high)):
            return math.isinf(self.got) and self.got in (self.low, self.high)
        return rounded(self.low, self.form) <= self.got <= rounded(self.high, self.form)

    @property
    def unit(self) -> Any:
        """In the last place of the right number."""
        exponent = max(int(mp.mag(self.right)) - 1 if self.right else self.form.min_exponent, self.form.min_exponent)
        return mp.ldexp(1, exponent - self.form.precision + 1)

    @property
    def explained(self) -> Any:
        """How far off rounding and flushing may lead, generously."""
        flushed = self.form.smallest_normal if self.form.name != "float16" else 0
        return EXPLAINED * self.bound + 2 * self.unit + flushed

    @property
    def cancelled(self) -> Any:
        """Half of the digits of what cancelled on the way."""
        return self.bound / math.sqrt(self.form.unit_roundoff)

    @property
    def beyond(self) -> bool:
        """Is the number off by more than anything explains?"""
        if self.smooth:
            return not self.exact and not self.error <= self.explained
        if math.isnan(self.got):
            return True
        if mp.isnan(self.low) or not (mp.isfinite(self.low) and mp.isfinite(self.high)):
            return False
        slack = (self.high - self.low) / 2 + EXPLAINED * self.bound + self.form.smallest_normal
        slack += 4 * self.form.unit_roundoff * max(abs(self.low), abs(self.high))
        return not self.low - slack <= self.got <= self.high + slack

    @property
    def half(self) -> bool:
        """Are half of the digits right that the dtype has at this size, and is it less than an eighth off?"""
        if not self.smooth or not self.right:
            return self.exact
        held = mp.log(abs(self.right) / self.unit, 2) + 1
        return self.exact or bool(self.error <= abs(self.right) * min(mp.mpf(2) ** (-held / 2), mp.mpf(1) / 8))
