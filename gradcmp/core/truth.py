"""The true value of an array, as far as it is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthLeaf:
    """The true value lies within `radius` of `high + low`, element by element; all three float64 of one shape.

    `high` is the value rounded to float64, `low` what that rounding left, so that an error in ULPs of float64 can be
    told to a small fraction of one. `of` and `wrt` as in `core.tensors.Leaf`. `nothing`: the truth is that no
    gradient is returned (an expectation of `none`); the arrays are then empty. `left` and `right` are the one-sided
    derivatives at a kink, None where there is none.
    """

    of: str = ""
    wrt: tuple[str, ...] = ()
    high: numpy.ndarray
    low: numpy.ndarray
    radius: numpy.ndarray
    nothing: bool = False
    left: numpy.ndarray | None = None
    right: numpy.ndarray | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Everything known of one problem. `values` and `derivatives` are None where that part is not known.

    `evidence` grades it (`core.verdicts.EVIDENCE`), `reason` says why it is not better.
    """

    evidence: str = "none"
    values: tuple[TruthLeaf, ...] | None = None
    derivatives: tuple[TruthLeaf, ...] | None = None
    reason: str | None = None
