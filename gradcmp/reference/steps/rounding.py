"""How far one step may round: the constants of the tolerance pass, with their sources.

What a primitive composes of other steps needs none. `docs/tolerance.md` prints the constants of all rows.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gradcmp.core.formats import FORMATS, FloatFormat

CUDA = "CUDA C Programming Guide, mathematical functions: maximum ULP errors in single precision"
MEASURED = "no vendor documents one; measured on torch and jax"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding:
    """|computed - f(x)| <= u · (`relative` · |f(x)| + `absolute`) for the operands as they are.

    n ULP are at most 2n units of the unit roundoff u.
    """

    relative: float
    absolute: float = 0.0
    source: str


CORRECT = Rounding(relative=1.0, source="IEEE 754: correctly rounded")
EXACT = Rounding(relative=0.0, source="exact in every binary format")


def ulps(n: int, *, absolute: float = 0.0) -> Rounding:
    """What the vendor with the largest errors documents."""
    return Rounding(relative=2.0 * n, absolute=absolute, source=CUDA)


SYSTEM = 3.0
"""Solving by elimination: |computed - exact| <= u · 3n |A⁻¹| |L| |U| |x| (Higham, Accuracy and Stability of Numerical
Algorithms, 2nd ed., theorem 9.4)."""


def sum_factor(terms: npt.ArrayLike) -> Any:
    """c in |error of a sum| <= u · c · Σ|terms|, for any order of summation.

    n - 1 always holds (Higham, Accuracy and Stability, 4.2); 8 √n holds with probability 1 - 2 exp(-32) for each sum
    under independent roundings (Higham and Mary, SIAM J. Sci. Comput. 41, 2019, theorem 2.4 with λ = 8).
    """
    return np.minimum(np.maximum(np.asarray(terms) - 1.0, 0.0), 8.0 * np.sqrt(terms))


def accumulator(form: FloatFormat) -> FloatFormat:
    """The format in which the frameworks add up, multiply matrices and evaluate functions for arrays of `form`.

    float16 and bfloat16 are carried to float32 and rounded once at the end.
    """
    return FORMATS["float32"] if form.precision < FORMATS["float32"].precision else form


def flushes(form: FloatFormat) -> bool:
    """May a framework replace subnormal numbers by zero?

    TensorFlow and XLA do on processors; float16 keeps them, since its are computed as normal float32.
    """
    return form.name != "float16"
