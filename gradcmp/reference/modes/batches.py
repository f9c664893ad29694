"""Many arrays of one shape at once: the way back, played for many cotangents in one go."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gradcmp.core.tensors import Shape
from gradcmp.numbers.arrays import Flags
from gradcmp.reference.algebra import Algebra, Places, Signs
from gradcmp.reference.language.arrays import places


@dataclass(frozen=True, slots=True)
class Batch:
    """Arrays of one shape, along the first axis of `data`, an array of the inner algebra."""

    data: Any


class BatchAlgebra(Algebra[Any]):
    """`Algebra` whose arrays are those of `inner`, and batches of them.

    For what is linear in batches, as a tape's way back is: no step takes the product of two of them, or compares them.
    """

    def __init__(self, inner: Algebra[Any]) -> None:
        self.inner = inner
        self.formulas, self.tie_shares = inner.formulas, inner.tie_shares

    def constant(self, values: npt.NDArray[Any]) -> Any:
        return self.inner.constant(values)

    def direction(self, values: npt.NDArray[Any]) -> Any:
        return self.inner.direction(values)

    def constantly(self, x: Any) -> Any:
        return self.inner.constantly(x)

    def prices(self, *operands: Any) -> tuple[float, float]:
        return self.inner.prices(*operands)

    def shape(self, x: Any) -> Shape:
        return self.inner.shape(x.data)[1:] if isinstance(x, Batch) else self.inner.shape(x)

    def elementwise(self, name: str, *operands: Any) -> Any:
        if not any(isinstance(x, Batch) for x in operands):
            return self.inner.elementwise(name, *operands)
        rank = max(len(self.shape(x)) for x in operands)
        return Batch(self.inner.elementwise(name, *(self._aligned(x, rank) for x in operands)))

    def whole_power(self, x: Any, exponent: int) -> Any:
        return self.inner.whole_power(x, exponent)

    def sum(self, x: Any, axes: tuple[int, ...]) -> Any:
        if not isinstance(x, Batch):
            return self.inner.sum(x, axes)
        return Batch(self.inner.sum(x.data, tuple(axis + 1 for axis in axes)))

    def matmul(self, x: Any, y: Any) -> Any:
        if isinstance(x, Batch):
            return self._merged(x, -2, lambda rows: self.inner.matmul(rows, y))
        if isinstance(y, Batch):
            return self._merged(y, -1, lambda columns: self.inner.matmul(x, columns))
        return self.inner.matmul(x, y)

    def det(self, x: Any) -> Any:
        return self.inner.det(x)

    def inv(self, x: Any) -> Any:
        return self.inner.inv(x)

    def solve(self, a: Any, b: Any) -> Any:
        if isinstance(b, Batch):
            return self._merged(b, -1, lambda columns: self.inner.solve(a, columns))
        return self.inner.solve(a, b)

    def pick(self, arrays: Sequence[Any], places: Places) -> Any:
        if not any(isinstance(x, Batch) for x in arrays):
            return self.inner.pick(arrays, places)
        sizes = [int(np.prod(self.shape(x))) for x in arrays]
        starts = np.cumsum([0, *sizes[:-1]])
        held = [x.data if isinstance(x, Batch) else x for x in arrays]
        held_starts = np.cumsum([0, *(int(np.prod(self.inner.shape(x))) for x in held[:-1])])
        strides = np.asarray([size if isinstance(x, Batch) else 0 for size, x in zip(sizes, arrays, strict=True)])
        source = np.searchsorted(starts, places, side="right") - 1
        first = held_starts[source] + places - starts[source]
        row = np.arange(max(map(self._rows, arrays))).reshape(-1, *(1 for _ in first.shape))
        return Batch(self.inner.pick(held, first + row * strides[source]))

    def scatter(self, x: Any, places: Places, size: int) -> Any:
        if not isinstance(x, Batch):
            return self.inner.scatter(x, places, size)
        rows = self._rows(x)
        each = np.arange(rows)[:, None] * size + np.asarray(places).ravel()
        return Batch(self._reshaped(self.inner.scatter(x.data, each, rows * size), (rows, size)))

    def zeros(self, x: Any) -> Flags:
        """Of a batch with its first axis."""
        return self.inner.zeros(x.data if isinstance(x, Batch) else x)

    def compare(self, x: Any, y: Any) -> Signs:
        return self.inner.compare(x, y)

    def rows(self, x: Any, count: int) -> Any:
        """A batch of `count`, or one array as many times, as an array of the inner algebra."""
        if isinstance(x, Batch):
            return x.data
        shape = self.shape(x)
        return self.inner.pick([x], np.broadcast_to(places(shape), (count, *shape)))

    def _rows(self, x: Any) -> int:
        return self.inner.shape(x.data)[0] if isinstance(x, Batch) else 1

    def _aligned(self, x: Any, rank: int) -> Any:
        """As an array of the inner algebra, whose axes meet those of arrays of `rank` axes."""
        if not isinstance(x, Batch):
            return x
        rows, *shape = self.inner.shape(x.data)
        return self._reshaped(x.data, (rows, *(1 for _ in range(rank - len(shape))), *shape))

    def _reshaped(self, x: Any, shape: Shape) -> Any:
        return x if self.inner.shape(x) == shape else self.inner.pick([x], places(shape))

    def _merged(self, x: Batch, axis: int, step: Callable[[Any], Any]) -> Batch:
        """A step on a batch of matrices, whose rows (`axis` -2) or columns (-1) are laid end to end meanwhile."""
        count, shape = self._rows(x), list(self.shape(x))
        shape[axis] *= count
        together = np.moveaxis(places(self.inner.shape(x.data)), 0, axis - 1).reshape(shape)
        result = step(self.inner.pick([x.data], together))
        apart = list(self.inner.shape(result))
        at = len(apart) + axis
        apart[at : at + 1] = [count, apart[at] // count]
        split = places(self.inner.shape(result)).reshape(apart)
        return Batch(self.inner.pick([result], np.moveaxis(split, axis - 1, 0)))
