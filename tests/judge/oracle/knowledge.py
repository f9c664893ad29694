"""What the oracle says of a problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from mpmath import mp

from gradcmp.core.tensors import Key


@dataclass(frozen=True)
class Leaf:
    """Per element, of one array of the answer.

    `right`: the derivative, NaN where there is none or none is known; only there `low` and `high`, of those on all
    sides, differ from it. `bound`: how far rounding may lead, infinite where that is not known. `branches`: the whole
    array on every side that was looked at.
    """

    right: np.ndarray
    low: np.ndarray
    high: np.ndarray
    bound: np.ndarray
    branches: tuple[np.ndarray, ...]

    @property
    def smooth(self) -> np.ndarray:
        return np.array([bool(mp.isfinite(number)) for number in self.right.flat]).reshape(self.right.shape)


@dataclass(frozen=True)
class Known:
    """The oracle's word on a problem.

    `fragile`: rounding may decide a comparison. `ranged`: a number on the way leaves the dtype, or nearly. `whole`: the
    function is there on all sides, and continuous nearby.
    """

    leaves: Mapping[Key, Leaf]
    fragile: bool
    ranged: bool
    whole: bool = True
