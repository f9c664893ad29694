"""Steps of a program whose results leave the range of its dtype."""

from dataclasses import dataclass, field

import numpy as np

from gradcmp.core.formats import FloatFormat
from gradcmp.numbers.arrays import Flags, Floats
from gradcmp.reference.language.fragility import Fragility


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfRange:
    """The first result of a primitive that overflows `dtype`, or is below its smallest normal number, `border`."""

    primitive: str
    index: tuple[int, ...]
    value: float
    border: float
    dtype: str

    def __str__(self) -> str:
        where = f" at {list(self.index)}" if self.index else ""
        if abs(self.value) > self.border:
            return f"`{self.primitive}`{where} overflows {self.dtype}: {self.value:.3g} is beyond {self.border:.5g}"
        return f"`{self.primitive}`{where} underflows {self.dtype}: {self.value:.3g} is below {self.border:.3g}"


@dataclass(slots=True, kw_only=True)
class Range:
    """Watches the results of one pass; those of the way back belong to no step of the program.

    `unlimited`: as if the format had numbers of every size.
    """

    form: FloatFormat
    fragility: Fragility
    unlimited: bool = False
    left: dict[str, OutOfRange] = field(default_factory=dict)

    def overflows(self, value: Floats) -> Flags:
        """Where a result is beyond the largest number. Formulas chosen for safety do not go there in the dtype."""
        beyond = np.abs(value) > self.form.largest
        if self.fragility.quiet or self.unlimited:
            return np.zeros_like(beyond)
        self._note(value, beyond, self.form.largest)
        return np.asarray(beyond)

    def underflows(self, value: Floats) -> Flags:
        """Where a result is below the smallest normal number, and not zero."""
        size = np.abs(value)
        below = (size < self.form.smallest_normal) & (size > 0.0) & (not self.unlimited)
        if not self.fragility.quiet:
            self._note(value, below, self.form.smallest_normal)
        return np.asarray(below)

    def _note(self, value: Floats, where: Flags, border: float) -> None:
        name = self.fragility.primitive
        if name and name not in self.left and where.any():
            place = np.unravel_index(int(np.argmax(where)), where.shape)
            self.left[name] = OutOfRange(
                primitive=name,
                index=tuple(int(n) for n in place),
                value=float(value[place]),
                border=border,
                dtype=self.form.name,
            )
