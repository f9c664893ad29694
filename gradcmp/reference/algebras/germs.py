"""The algebra of directed infinitesimals: arrays of germs, for one-sided derivatives and limits at a kink.

An element that does not move along the ray is an `arb` and costs what it costs in `BallAlgebra`.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb

from gradcmp.numbers.arrays import Flags
from gradcmp.reference.algebra import Signs, Undecided
from gradcmp.reference.algebras import jets
from gradcmp.reference.algebras.balls import BallAlgebra, filled, mapped, over_stack
from gradcmp.reference.algebras.germ_steps import (
    Outside,
    Singular,
    compared,
    divide,
    element,
    minus,
    opens,
    whole_power,
)
from gradcmp.reference.algebras.jets import NAN, ZERO, Element, NeedOrder, moves
from gradcmp.reference.steps import STEPS

Germs = npt.NDArray[np.object_]

ORDERS: tuple[int, ...] = (4, 8, 16)
"""Terms of a germ that are kept, doubled while they do not answer."""

OUTSIDE = arb("nan")
"""What a step comes to whose function is not defined along the ray: this very object, so that it can be told."""

DENSE = 512
"""Products of moving elements from which a matrix product goes through `arb_mat`, order by order."""


class GermAlgebra(BallAlgebra):
    """`Algebra` over germs of at most `order` terms. Methods raise `NeedOrder` too.

    `unsupported` collects the reasons of results that are NaN because the algebra has no word for them, as the
    logarithm of a vanishing number; every other NaN means that the function is not defined along the ray. `opened`:
    some comparison or step is at a tie at the point itself, and not along the ray.
    """

    def __init__(self, order: int = ORDERS[0]) -> None:
        super().__init__()
        self.order = order
        self.unsupported: list[str] = []
        self.opened = False

    def prices(self, *operands: Germs) -> tuple[float, float]:
        call, addition = super().prices(*operands)
        moving = max((np.count_nonzero(_moves(x)) / max(1, x.size) for x in operands), default=0.0)
        return call, addition * (1.0 + moving * self.order**2)

    def step(self, name: str) -> Callable[..., Any]:
        still = super().step(name)
        return lambda *row: self._element(name, row) if any(map(moves, row)) else still(*row)

    def elementwise(self, name: str, *operands: Germs) -> Germs:
        row = STEPS[name]
        if row.chooses:
            self._note(operands[0], operands[1] if len(operands) > 1 else np.asarray(ZERO))
        elif row.flat:
            self.opened = self.opened or any(moves(x) and jets.limit(x).is_integer() for x in operands[0].flat)
        return super().elementwise(name, *operands)

    def whole_power(self, x: Germs, exponent: int) -> Germs:
        return mapped(lambda item: whole_power(item, exponent, self.order), x)

    def total(self, items: list[Element]) -> Element:
        return jets.add(items, self.order) if any(map(moves, items)) else super().total(items)

    def matmul(self, x: Germs, y: Germs) -> Germs:
        if not (_moving(x) or _moving(y)):
            return super().matmul(x, y)
        return over_stack(self._product, x, y)

    def _product(self, x: Germs, y: Germs) -> Germs:
        moving = np.count_nonzero(_moves(x)) * y.shape[1] + np.count_nonzero(_moves(y)) * x.shape[0]
        product = self._by_orders(x, y) if moving >= DENSE else None
        return self._by_movers(x, y) if product is None else product

    def det(self, x: Germs) -> Germs:
        if not _moving(x):
            return super().det(x)
        nothing = np.empty((*x.shape[:-1], 0), dtype=object)
        return over_stack(lambda m, none: filled([self._eliminated(m, none)[1]], ()), x, nothing)

    def inv(self, x: Germs) -> Germs:
        return (
            self.solve(x, self.constant(np.broadcast_to(np.eye(x.shape[-1]), x.shape)))
            if _moving(x)
            else super().inv(x)
        )

    def solve(self, a: Germs, b: Germs) -> Germs:
        if not (_moving(a) or _moving(b)):
            return super().solve(a, b)
        return over_stack(self._solution, a, b)

    def zeros(self, x: Germs) -> Flags:
        return mapped(lambda item: not moves(item) and item.is_zero(), x).astype(bool)

    def compare(self, x: Germs, y: Germs) -> Signs:
        self._note(x, y)
        return mapped(lambda a, b: compared(a, b, self.order), x, y).astype(np.int8)

    def constantly(self, x: Germs) -> Germs:
        """The values that are neared: what does not move for the derivative either."""
        return mapped(jets.limit, x)

    def _note(self, x: Germs, y: Germs) -> None:
        self.opened = self.opened or bool(mapped(lambda a, b: opens(a, b, self.order), x, y).any())

    # One element

    def _element(self, name: str, row: Sequence[Element]) -> Element:
        try:
            return element(name, row, self.order)
        except Outside:
            return OUTSIDE
        except Singular as error:
            self.unsupported.append(str(error))
            return NAN

    def _times(self, x: Element, y: Element) -> Element:
        return jets.multiply(x, y, self.order)

    # Matrices

    def _solution(self, a: Germs, b: Germs) -> Germs:
        solution, _ = self._eliminated(a, b)
        if solution is None:
            raise Undecided("whether a matrix is singular")
        return solution

    def _eliminated(self, a: Germs, b: Germs) -> tuple[Germs | None, Element]:
        """The solution of a x = b and the determinant of a; no solution where a is provably singular along the ray."""
        rows = [[*left, *right] for left, right in zip(a.tolist(), b.tolist(), strict=True)]
        n, determinant = len(rows), arb(1)
        for column in range(n):
            place = self._pivot(rows, column)
            if place is None:
                return None, ZERO
            if place != column:
                rows[column], rows[place] = rows[place], rows[column]
                determinant = jets.negative(determinant)
            pivot = rows[column][column]
            determinant = self._times(determinant, pivot)
            rows[column] = [divide(item, pivot, self.order) for item in rows[column]]
            for other in range(n):
                factor = rows[other][column]
                if other != column and (moves(factor) or not factor.is_zero()):
                    rows[other] = [
                        minus(item, self._times(factor, above), self.order)
                        for item, above in zip(rows[other], rows[column], strict=True)
                    ]
        return filled([item for row in rows for item in row[n:]], (n, b.shape[1])), determinant

    def _pivot(self, rows: Sequence[Sequence[Element]], column: int) -> int | None:
        """A row at or below `column` whose element is provably not zero, of the lowest order."""
        candidates: list[tuple[jets.Exponent, int]] = []
        unknown: list[Exception] = []
        for row in range(column, len(rows)):
            item = rows[row][column]
            terms, order = jets.parts(item)
            if terms and not terms[0][1].contains(0):
                candidates.append((terms[0][0], row))
            elif terms:
                unknown.append(Undecided("whether a matrix is singular"))
            elif order is not None:
                unknown.append(NeedOrder())
        if candidates:
            return min(candidates)[1]
        if unknown:
            raise unknown[0]
        return None

    def _by_movers(self, x: Germs, y: Germs) -> Germs:
        """The product of matrices in which little moves: that of the balls, and what moves one by one."""
        moves_x, moves_y, zero = _moves(x), _moves(y), np.asarray(ZERO)
        product = super().matmul(np.where(moves_x, zero, x), np.where(moves_y, zero, y))
        terms: dict[tuple[int, int], list[Element]] = {}
        for row, inner in np.argwhere(moves_x).tolist():
            for column in range(y.shape[1]):
                terms.setdefault((row, column), []).append(self._times(x[row, inner], y[inner, column]))
        for inner, column in np.argwhere(moves_y).tolist():
            for row in np.flatnonzero(~moves_x[:, inner]).tolist():
                terms.setdefault((row, column), []).append(self._times(x[row, inner], y[inner, column]))
        for place, parts in terms.items():
            product[place] = jets.add([product[place], *parts], self.order)
        return product

    def _by_orders(self, x: Germs, y: Germs) -> Germs | None:
        """The product of matrices by one ball product for each pair of orders; None where an order is no integer."""
        left, right = _orders(x), _orders(y)
        if left is None or right is None:
            return None
        (parts_x, lowest_x, known_x), (parts_y, lowest_y, known_y) = left, right
        order = np.minimum(_tropical(known_x, lowest_y), _tropical(lowest_x, known_y))
        order = np.minimum(order, _tropical(known_x, known_y))
        product: dict[int, Germs] = {}
        for (e, a), (f, b) in itertools.product(parts_x.items(), parts_y.items()):
            if (order <= e + f).all():
                continue
            term = super().matmul(a, b)
            product[e + f] = super().elementwise("add", product[e + f], term) if e + f in product else term
        columns = [(e, part.ravel().tolist()) for e, part in sorted(product.items())]
        items = [
            jets.made({e: part[i] for e, part in columns}, None if math.isinf(known) else int(known), self.order)
            for i, known in enumerate(order.ravel().tolist())
        ]
        return filled(items, order.shape)


def _moving(x: Germs) -> bool:
    return any(map(moves, x.flat))


def _moves(x: Germs) -> Flags:
    return mapped(moves, x).astype(bool)


def _orders(x: Germs) -> tuple[dict[int, Germs], npt.NDArray[Any], npt.NDArray[Any]] | None:
    """A matrix of balls by order, the lowest order of each element and that from which it is unknown (or infinity)."""
    items = [jets.parts(item) for item in x.ravel().tolist()]
    lowest, known = np.full(len(items), np.inf), np.full(len(items), np.inf)
    columns: dict[int, list[Any]] = {}
    for i, (terms, order) in enumerate(items):
        if order is not None:
            known[i] = order
        for e, c in terms:
            if not isinstance(e, int) or not isinstance(order, int | None):
                return None
            columns.setdefault(e, [ZERO] * len(items))[i] = c
        if terms:
            lowest[i] = terms[0][0]
    matrices = {e: filled(column, x.shape) for e, column in columns.items()}
    return matrices, lowest.reshape(x.shape), known.reshape(x.shape)


def _tropical(x: npt.NDArray[Any], y: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The matrix product in which sums are minima and products are sums."""
    return np.asarray(np.min(x[:, :, None] + y[None, :, :], axis=1, initial=np.inf))
