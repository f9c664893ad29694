"""Static indexing: the shape that is left, and which indices are refused."""

from collections.abc import Sequence
from typing import Any

from gradcmp.core.leaves import Dimensions
from gradcmp.program.joins import show
from gradcmp.program.shapes import ShapeError


def index_shape(shape: Dimensions, items: Sequence[object]) -> Dimensions:
    """The shape after static indexing.

    Items are slices, `...`, None for a new axis, or the values `[low, high]` between which a whole number lies (None
    where that is not known). Raises `ShapeError`.

    >>> index_shape((3, 4), [[0, 0], ..., None])
    (4, 1)
    """
    if items.count(...) > 1:
        raise ShapeError("`...` may stand once in square brackets")
    if shape is None:
        return None
    taken = sum(item is not None and item is not ... for item in items)
    if taken > len(shape):
        what = "a scalar cannot be indexed" if not shape else f"{taken} indices for shape {show(shape)}"
        raise ShapeError(what, "leave the index out" if not shape else f"write at most {len(shape)}")
    full: list[object] = []
    for item in (*items, ...) if ... not in items else items:
        full.extend([slice(None)] * (len(shape) - taken) if item is ... else [item])
    result: list[int | None] = []
    axis = 0
    for item in full:
        if item is None:
            result.append(1)
            continue
        length = shape[axis]
        if isinstance(item, slice):
            result.append(None if length is None else len(range(*item.indices(length))))
        elif isinstance(item, list) and length is not None:
            _check_bounds(item, length, axis, shape)
        axis += 1
    return tuple(result)


def _check_bounds(bounds: list[Any], length: int, axis: int, shape: Dimensions) -> None:
    low, high = bounds
    if low is not None and high is not None and (low < -length or high >= length):
        bad = high if high >= length else low
        there = f"axis {axis} of shape {show(shape)} has {length} entries"
        raise ShapeError(f"index {bad} is out of bounds: {there}")
