"""What reverse and forward mode need of an algebra beside its steps: selections, broadcasting, transposes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcmp.core.tensors import Shape
from gradcmp.reference.algebra import Algebra, Signs, Undecided
from gradcmp.reference.language.arrays import places

LARGEST_SINGULAR = 12
"""Rows of the largest matrix whose n² cofactors are computed one by one."""


def selection_signs(a: Algebra[Any], name: str, values: Sequence[Any]) -> Signs:
    """The signs by which a step of `SELECTIONS` chooses, of the broadcast shape."""
    if name == "abs":
        return a.compare(values[0], a.constant(np.zeros(a.shape(values[0]))))
    shape = np.broadcast_shapes(*(a.shape(x) for x in values))
    spread = [a.pick([x], np.broadcast_to(places(a.shape(x)), shape)) for x in values]
    return a.compare(spread[0], spread[1])


def chosen(a: Algebra[Any], name: str, place: int, signs: Signs, direction: Any) -> Any:
    """`direction` where a selection chose the operand at `place`, else zero; for `abs` with the sign of x."""
    size = signs.size
    here = places(signs.shape)
    if name == "abs":
        turned = [direction, a.elementwise("negative", direction)]
        return a.pick(turned, np.where(signs >= 0, here, size + here))
    chooses_it = (signs >= 0) if place == 0 else (signs < 0)
    return a.pick([direction, a.direction(np.zeros(()))], np.where(chooses_it, here, size))


def reduced(a: Algebra[Any], x: Any, shape: Shape) -> Any:
    """The sum over the axes along which an operand of `shape` was broadcast."""
    have = a.shape(x)
    if have == shape:
        return x
    extra = len(have) - len(shape)
    axes = tuple(axis for axis, n in enumerate(have) if axis < extra or (shape[axis - extra] == 1 and n != 1))
    total = a.sum(x, axes) if axes else x
    return total if a.shape(total) == shape else a.pick([total], places(shape))


def transposed(a: Algebra[Any], x: Any) -> Any:
    """A matrix with rows and columns exchanged."""
    return a.pick([x], places(a.shape(x)).T)


def adjugate(a: Algebra[Any], x: Any) -> Any:
    """det(x) times the inverse of x; of a singular matrix by cofactors (Horn and Johnson, Matrix Analysis, 0.8.2)."""
    n = a.shape(x)[0]
    try:
        return a.elementwise("multiply", a.det(x), a.inv(x))
    except Undecided:
        if n > LARGEST_SINGULAR:
            raise
    here = places((n, n))
    parts = []
    for row, column in np.ndindex(n, n):
        # The transpose of the cofactors: the entry at (row, column) leaves out row `column` and column `row`.
        minor = np.delete(np.delete(here, column, axis=0), row, axis=1)
        value = a.det(a.pick([x], minor)) if n > 1 else a.constant(np.ones(()))
        parts.append(value if (row + column) % 2 == 0 else a.elementwise("negative", value))
    return a.pick(parts, here)
