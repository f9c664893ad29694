"""The one-sided and limiting derivatives of the tied elements of a leaf, and which of them a number is."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gradcmp.core.formats import FORMATS
from gradcmp.core.truth import Kink, RunningErrors, TruthLeaf
from gradcmp.judge.tolerance import Supplier
from gradcmp.numbers.arrays import Flags, Floats
from gradcmp.numbers.ulp import overflows, spacing

Places = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Sides:
    """Flat arrays with an entry for each tied element, in units of `dtype`, infinite where `dtype` overflows.

    `limiting` are gradients of the pieces that meet; `errors` are the running errors of the way that was taken.
    """

    dtype: str
    limits: Supplier
    left: Floats
    right: Floats
    jump: Flags
    limiting: tuple[Floats, ...]
    errors: RunningErrors | None

    @cached_property
    def middle(self) -> Floats:
        """NaN where a side is not finite."""
        with np.errstate(invalid="ignore"):
            both = np.isfinite(self.left) & np.isfinite(self.right)
            return np.where(both, self.left / 2 + self.right / 2, np.nan)

    @cached_property
    def smooth(self) -> Flags:
        """Where the derivative exists: both sides are one finite number, as far as two roundings tell.

        So are all gradients nearby: those of the median of three equal numbers are not, whose coordinates have both
        sides alike.
        """
        zero = np.zeros_like(self.left)
        coarse = spacing(self.left, zero, self.dtype) / 4 if self.dtype in FORMATS else zero
        with np.errstate(invalid="ignore"):
            apart = np.maximum.reduce([np.abs(self.left - each) for each in (self.right, *self.limiting)])
            alike = apart <= np.maximum(coarse, 4 * spacing(self.left, zero, "float64"))
        return np.asarray(np.isfinite(self.middle) & ~self.jump & alike)

    @cached_property
    def low(self) -> Floats:
        """The least of all known derivatives; NaN where none is known."""
        return np.asarray(np.fmin.reduce([self.left, self.right, *self.limiting]))

    @cached_property
    def high(self) -> Floats:
        """The greatest of all known derivatives; NaN where none is known."""
        return np.asarray(np.fmax.reduce([self.left, self.right, *self.limiting]))

    def near(self, got: Floats, derivative: Floats, among: Places | None = None) -> Flags:
        """Where `got` is `derivative` (finite) within the limits; where `among` is given, nowhere else."""
        some = np.arange(got.size) if among is None else among
        known = np.isfinite(derivative[some])
        zero = np.zeros(some.shape)
        held = TruthLeaf(
            high=np.where(known, derivative[some], 0.0),
            low=zero,
            radius=zero,
            errors=self.errors and RunningErrors(worst=self.errors.worst[some], rss=self.errors.rss[some]),
        )
        bounds = self.limits(held, self.dtype)
        near = np.zeros(got.shape, dtype=bool)
        with np.errstate(invalid="ignore", over="ignore"):
            away = np.abs(got[some] - held.high)
            near[some] = known & (away <= np.maximum(bounds.rounding, bounds.high))
        return near


def sides_of(truth: TruthLeaf, kink: Kink, places: Places, dtype: str, limits: Supplier) -> Sides:
    """The sides at the flat indices `places`."""

    def take(array: npt.NDArray[np.float64]) -> Floats:
        flat = array.ravel()[places]
        beyond = ~np.isnan(flat) & overflows(flat, np.zeros_like(flat), dtype)
        return np.where(beyond, np.copysign(np.inf, flat), flat)

    errors = truth.errors
    return Sides(
        dtype=dtype,
        limits=limits,
        left=take(kink.left),
        right=take(kink.right),
        jump=kink.jump.ravel()[places],
        limiting=tuple(take(gradient) for gradient in kink.limiting) if kink.limiting.size else (),
        errors=errors and RunningErrors(worst=errors.worst.ravel()[places], rss=errors.rss.ravel()[places]),
    )
