"""Every primitive of the catalogue over any algebra: one function each, composed of the algebra's few steps.

A function takes the `Context`, its operands as `Array`s and the static options, and returns an `Array` (or a tuple).
"""

from gradcmp.reference.language.arrays import Composition
from gradcmp.reference.language.compositions.arithmetic import ARITHMETIC
from gradcmp.reference.language.compositions.comparison import COMPARISON, SELECTION
from gradcmp.reference.language.compositions.elementary import ELEMENTARY
from gradcmp.reference.language.compositions.linear_algebra import LINEAR_ALGEBRA
from gradcmp.reference.language.compositions.neural_network import NEURAL_NETWORK
from gradcmp.reference.language.compositions.reduction import REDUCTION
from gradcmp.reference.language.compositions.shape import DIFFERENTIATION, SHAPE

_FUNCTIONS = ARITHMETIC | COMPARISON | SELECTION | ELEMENTARY | NEURAL_NETWORK

COMPOSITIONS: dict[str, Composition] = _FUNCTIONS | REDUCTION | SHAPE | LINEAR_ALGEBRA | DIFFERENTIATION
"""Primitive → composition. A test walks the catalogue."""
