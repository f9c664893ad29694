"""Comparisons that rounding may decide otherwise: where they are, and what follows if it does."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from gradcmp.numbers.arrays import Flags, Floats
from gradcmp.reference.algebra import Signs

QUIET = ""
"""In place of a primitive's name: its comparisons choose between formulas for the same function."""

_OF_EQUALS: dict[str, int] = {"less_equal": 1, "greater": 1}
"""Primitive → the sign that turns its answer for equal operands round; -1 for all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FragileComparison:
    """The closest comparison of a primitive that rounding may decide otherwise.

    `margin` is |a - b| in float64 and `error` the worst rounding error of the difference in the dtype. A `margin` of 0
    with an `error` is a difference that float64 cannot tell from zero: it may be an exact tie, which is a kink.
    """

    primitive: str
    index: tuple[int, ...]
    margin: float
    error: float

    def __str__(self) -> str:
        where = f" at {list(self.index)}" if self.index else ""
        differ = f"differ by {self.margin:.2g}" if self.margin else "are equal in float64"
        return (
            f"`{self.primitive}`{where} compares numbers that {differ}, "
            f"and rounding moves their difference by up to {self.error:.2g}"
        )


@dataclass(slots=True, kw_only=True)
class Fragility:
    """Watches the comparisons of one pass. `unit` is u; with `otherwise` the fragile ones are turned round."""

    unit: float
    otherwise: bool = False
    closest: dict[str, FragileComparison] = field(default_factory=dict)
    _names: list[str] = field(default_factory=list)

    @property
    def quiet(self) -> bool:
        return QUIET in self._names

    @property
    def primitive(self) -> str:
        """The primitive that is evaluated; empty on the way back."""
        return self._names[0] if self._names else ""

    @contextmanager
    def within(self, primitive: str) -> Iterator[None]:
        """Name the primitive that is evaluated; `QUIET` makes its comparisons safe."""
        self._names.append(primitive)
        try:
            yield
        finally:
            self._names.pop()

    def near(self, margin: Floats, error: Floats) -> Flags:
        """Where rounding may decide: a tie of exact numbers stays a tie, and an unknown error says nothing."""
        return np.asarray((error > 0.0) & np.isfinite(error) & (margin <= self.unit * error))

    def meet(self, margin: Floats, error: Floats) -> Flags:
        """Note a comparison of the primitive at hand; where it is fragile."""
        near = self.near(margin, error)
        if self.quiet or not near.any():
            return np.zeros_like(near)
        if name := self.primitive:  # on the way back the comparison was noted already
            ratio = np.where(near, margin / error, np.inf)
            place = np.unravel_index(int(np.argmin(ratio)), ratio.shape)
            comparison = FragileComparison(
                primitive=name,
                index=tuple(int(n) for n in place),
                margin=float(margin[place]),
                error=float(self.unit * error[place]),
            )
            known = self.closest.get(name)
            if known is None or comparison.margin * known.error < known.margin * comparison.error:
                self.closest[name] = comparison
        return near

    def decided(self, signs: Signs, margin: Floats, error: Floats) -> Signs:
        """The signs of the comparisons, turned round where they are fragile if this pass is the other one."""
        near = self.meet(margin, error)
        if not self.otherwise or not near.any():
            return signs
        name = self._names[-1] if self._names else ""
        if name in ("equal", "not_equal"):
            turned = np.where(signs == 0, 1, 0)
        else:
            turned = np.where(signs == 0, _OF_EQUALS.get(name, -1), -signs)
        return np.where(near, turned, signs).astype(np.int8)
