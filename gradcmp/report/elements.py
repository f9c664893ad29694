"""Single elements of the arrays in a result file: what every target returned there, and what is true."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy

from gradcmp.core.truth import TruthLeaf
from gradcmp.numbers.ulp import spacing_at
from gradcmp.result.arrays import read_array
from gradcmp.result.records import ArrayRecord, CaseRecord, ErrorsRecord, TruthRecord

Key = tuple[str, tuple[str, ...]]
Place = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The true value of one element: within `radius` of `high + low`; `radius` None where nothing is known of it.

    `left` and `right` are None where they are that value too. `half_unit` is that of a decimal's last digit.
    """

    high: float
    low: float = 0.0
    radius: float | None = None
    half_unit: float | None = None
    left: float | None = None
    right: float | None = None

    def away(self, got: float) -> float:
        """The distance of `got` from the middle, rounded once; NaN where one of them is not finite."""
        if not (math.isfinite(got) and math.isfinite(self.high)):
            return math.nan
        return float(abs(Fraction(got) - Fraction(self.high) - Fraction(self.low)))


@dataclass(kw_only=True)
class Arrays:
    """The arrays of one problem, read when they are asked for. `file` is the result file, `dtype` the problem's."""

    truth: tuple[TruthRecord, ...]
    cases: Mapping[str, CaseRecord]  # by target
    file: Path
    dtype: str
    _read: dict[tuple[int, str], numpy.ndarray | None] = field(default_factory=dict)

    def answer(self, target: str, key: Key) -> numpy.ndarray | None:
        """What a target returned; None where it did not, or no gradient."""
        case = self.cases.get(target)
        entries = (*case.derivatives, *case.values) if case else ()
        entry = next((entry for entry in entries if entry.key == key), None)
        return None if entry is None else self._array(entry, "data")

    def known(self, key: Key, place: Place) -> Known | None:
        """The truth of one element; None where there is none of that shape."""
        entry = next((entry for entry in self.truth if entry.key == key), None)
        high = None if entry is None else self._at(entry, "data", place)
        if entry is None or high is None:
            return None
        low = self._at(entry, "low", place) or 0.0
        left, right = (self._at(entry, side, place) for side in ("left", "right"))
        ulps = entry.radius_ulps
        return Known(
            high=high,
            low=low,
            radius=None if ulps is None else ulps * spacing_at(high, 0.0, self.dtype),
            half_unit=entry.half_unit,
            left=None if left == right else left,
            right=None if left == right else right,
        )

    def worst_place(self, target: str, key: Key, errors: ErrorsRecord | None) -> Place | None:
        """Where the judge found the worst element, else the one that is furthest off; None where nothing is there."""
        got = self.answer(target, key)
        if got is None or not got.size:
            return None
        if errors is not None and errors.worst_index is not None:
            inside = len(errors.worst_index) == got.ndim and all(
                at < length for at, length in zip(errors.worst_index, got.shape, strict=True)
            )
            return errors.worst_index if inside else None
        entry = next((entry for entry in self.truth if entry.key == key), None)
        high = None if entry is None else self._array(entry, "data")
        if high is None or high.shape != got.shape:
            return (0,) * got.ndim
        with numpy.errstate(invalid="ignore", divide="ignore", over="ignore"):
            away = numpy.ldexp(numpy.abs(got.astype(numpy.float64) - high), -numpy.frexp(high)[1])
        flat = int(numpy.argmax(numpy.nan_to_num(away, nan=0.0, posinf=0.0)))
        return tuple(int(at) for at in numpy.unravel_index(flat, got.shape))

    def got(self, target: str, key: Key, place: Place) -> float | None:
        """One number that a target returned; None where its array has no such place."""
        return _element(self.answer(target, key), place)

    def _at(self, entry: ArrayRecord, name: str, place: Place) -> float | None:
        return _element(self._array(entry, name), place)

    def _array(self, entry: ArrayRecord, name: str) -> numpy.ndarray | None:
        place = id(entry), name
        if place not in self._read:
            tensor = read_array(entry, self.file, name)
            self._read[place] = None if tensor is None else tensor.array
        return self._read[place]


def sharper(known: Known, leaf: TruthLeaf | None, place: Place) -> Known:
    """`known` to the digits of another reading of the same truth, where that is narrower and does not contradict it."""
    if leaf is None or known.radius is None or known.left is not None or leaf.high.ndim != len(place):
        return known
    high, low, radius = (_element(array, place) for array in (leaf.high, leaf.low, leaf.radius))
    if high is None or low is None or radius is None or not radius < known.radius:
        return known
    found = Known(high=high, low=low, radius=radius)
    apart = abs(Fraction(high) + Fraction(low) - Fraction(known.high) - Fraction(known.low))
    return found if apart <= Fraction(known.radius) + Fraction(radius) else known


def _element(array: numpy.ndarray | None, place: Place) -> float | None:
    if array is None or array.ndim != len(place) or any(at >= n for at, n in zip(place, array.shape, strict=True)):
        return None
    return float(array[place])
