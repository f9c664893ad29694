"""What reverse and forward mode share: arrays over those of another algebra, selections, broadcasting, transposes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from gradcmp.core.tensors import Shape
from gradcmp.numbers.arrays import Flags, Floats
from gradcmp.reference.algebra import Algebra, Signs, Undecided
from gradcmp.reference.language.arrays import places

LARGEST_SINGULAR = 12
"""Rows of the largest matrix whose n² cofactors are computed one by one."""


L = TypeVar("L")


@dataclass(slots=True)
class Ties:
    """Comparisons on the way from the inputs that came out exactly equal: there the function may have a kink.

    `selections` were met where a cotangent arrived at a maximum, minimum or absolute value, `comparisons` in the
    program's own conditions and where a step jumps.
    """

    selections: int = 0
    comparisons: int = 0

    def __bool__(self) -> bool:
        return bool(self.selections or self.comparisons)

    def __add__(self, other: "Ties") -> "Ties":
        return Ties(self.selections + other.selections, self.comparisons + other.comparisons)


class LiftedAlgebra(Generic[L]):
    """What the algebras of both modes have alike. An array of theirs has a `primal` of `inner`, and may be `live`."""

    def __init__(self, inner: Algebra[Any]) -> None:
        self.inner = inner
        self.formulas = inner.formulas
        self.tie_shares = inner.tie_shares
        self.ties = Ties()

    def lifted(self, primal: Any) -> L:
        """An array that no input reaches."""
        raise NotImplementedError

    def constant(self, values: npt.NDArray[Any]) -> L:
        return self.lifted(self.inner.constant(values))

    def direction(self, values: npt.NDArray[Any]) -> L:
        return self.lifted(self.inner.direction(values))

    def constantly(self, x: Any) -> L:
        return self.lifted(self.inner.constantly(x.primal))

    def shape(self, x: Any) -> Shape:
        return self.inner.shape(x.primal)

    def prices(self, *operands: Any) -> tuple[float, float]:
        return self.inner.prices(*(x.primal for x in operands))

    def compare(self, x: Any, y: Any) -> Signs:
        signs = self.inner.compare(x.primal, y.primal)
        if x.live or y.live:
            self.ties.comparisons += int(np.count_nonzero(signs == 0))
        return signs


def spread(a: Algebra[Any], x: Any, shape: Shape) -> Any:
    """`x` broadcast to `shape`."""
    return x if a.shape(x) == shape else a.pick([x], np.broadcast_to(places(a.shape(x)), shape))


def selection_signs(a: Algebra[Any], name: str, values: Sequence[Any]) -> Signs:
    """The signs by which a step of `SELECTIONS` chooses, of the broadcast shape."""
    if name == "abs":
        return a.compare(values[0], a.constant(np.zeros(a.shape(values[0]))))
    shape = np.broadcast_shapes(*(a.shape(x) for x in values))
    return a.compare(*(spread(a, x, shape) for x in values))


def across_the_cut(a: Algebra[Any], y: Any, x: Any) -> Flags:
    """Which elements of arctan2, of the broadcast shape, jump as y passes zero: on the negative half of the x-axis."""
    shape = np.broadcast_shapes(a.shape(y), a.shape(x))
    across = np.array(np.broadcast_to(_zeros_here(a, y), shape))
    behind = a.pick([x], np.broadcast_to(places(a.shape(x)), shape)[across])
    across[across] = a.compare(behind, a.constant(np.zeros(a.shape(behind)))) < 0
    return across


def _zeros_here(a: Algebra[Any], x: Any) -> Flags:
    """Which elements are provably zero at the point itself."""
    return _zeros_here(a.inner, x.primal) if isinstance(a, LiftedAlgebra) else a.zeros(x)


def drawn_shares(a: Algebra[Any], signs: Signs) -> Floats | None:
    """The share of each first operand at the ties; None where it has all."""
    return a.tie_shares(signs.shape) if a.tie_shares and not signs.all() else None


def chosen(a: Algebra[Any], name: str, place: int, signs: Signs, direction: Any, shares: Floats | None = None) -> Any:
    """`direction` where a selection chose the operand at `place`, else zero; for `abs` with the sign of x.

    At a tie the first operand has all of it, or its share.
    """
    size = signs.size
    here = places(signs.shape)
    if name == "abs":
        turned = [direction, a.elementwise("negative", direction)]
        part = a.pick(turned, np.where(signs >= 0, here, size + here))
    else:
        chooses_it = (signs >= 0) if place == 0 else (signs < 0) if shares is None else (signs <= 0)
        part = a.pick([direction, a.direction(np.zeros(()))], np.where(chooses_it, here, size))
    if shares is None:
        return part
    weights = 2.0 * shares - 1.0 if name == "abs" else shares if place == 0 else 1.0 - shares
    return a.elementwise("scale", part, a.constant(np.where(signs == 0, weights, 1.0)))


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
    """A matrix, or each of a stack, with rows and columns exchanged."""
    return a.pick([x], places(a.shape(x)).swapaxes(-1, -2))


def for_entries(a: Algebra[Any], x: Any) -> Any:
    """A number for each matrix of a stack, to meet its entries."""
    return a.pick([x], places(a.shape(x))[..., None, None])


def adjugate(a: Algebra[Any], x: Any) -> Any:
    """det(x) times the inverse of x; of a singular matrix by cofactors (Horn and Johnson, Matrix Analysis, 0.8.2)."""
    shape = a.shape(x)
    n = shape[-1]
    try:
        return a.elementwise("multiply", for_entries(a, a.det(x)), a.inv(x))
    except Undecided:
        if n > LARGEST_SINGULAR:
            raise
    here = places(shape)
    if len(shape) > 2:  # the regular ones of a stack keep their inverses
        return a.pick([adjugate(a, a.pick([x], matrix)) for matrix in here.reshape(-1, n, n)], here)
    parts = []
    for row, column in np.ndindex(n, n):
        # The transpose of the cofactors: the entry at (row, column) leaves out row `column` and column `row`.
        minor = np.delete(np.delete(here, column, axis=0), row, axis=1)
        value = a.det(a.pick([x], minor)) if n > 1 else a.constant(np.ones(()))
        parts.append(value if (row + column) % 2 == 0 else a.elementwise("negative", value))
    return a.pick(parts, here)
