"""Comparisons, which are decided exactly, and what chooses by them."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradcmp.reference.algebra import Signs
from gradcmp.reference.language.arrays import Array, Composition, Context, broadcast_to, places, step


def signs(c: Context, x: Array, y: Array) -> Signs:
    """The signs of x - y, broadcast."""
    shape = np.broadcast_shapes(c.shape(x), c.shape(y))
    kind, (a, b) = c.join_kinds([broadcast_to(c, x, shape=shape), broadcast_to(c, y, shape=shape)])
    if kind == "bool":
        return np.asarray(a.astype(np.int8) - b.astype(np.int8), dtype=np.int8)
    return c.algebra(kind).compare(a, b)


def _comparison(test: Callable[[Signs], Any]) -> Composition:
    return lambda c, x, y: Array(kind="bool", data=np.asarray(test(signs(c, x, y))))


def _logical(test: Callable[..., Any]) -> Composition:
    return lambda _c, *operands: Array(kind="bool", data=np.asarray(test(*(x.data for x in operands))))


def where(c: Context, condition: Array, x: Array, y: Array) -> Array:
    """The elements of `x` where `condition` holds, else those of `y`, broadcast."""
    shape = np.broadcast_shapes(c.shape(condition), c.shape(x), c.shape(y))
    x, y = broadcast_to(c, x, shape=shape), broadcast_to(c, y, shape=shape)
    size = math.prod(shape)
    return c.pick([x, y], np.where(np.broadcast_to(condition.data, shape), places(shape), size + places(shape)))


def _clip(c: Context, x: Array, low: Array, high: Array) -> Array:
    return c.step("minimum", c.step("maximum", x, low), high)


COMPARISON: dict[str, Composition] = {
    "less": _comparison(lambda s: s < 0),
    "less_equal": _comparison(lambda s: s <= 0),
    "greater": _comparison(lambda s: s > 0),
    "greater_equal": _comparison(lambda s: s >= 0),
    "equal": _comparison(lambda s: s == 0),
    "not_equal": _comparison(lambda s: s != 0),
    "logical_and": _logical(np.logical_and),
    "logical_or": _logical(np.logical_or),
    "logical_not": _logical(np.logical_not),
    "where": where,
}

SELECTION: dict[str, Composition] = {"maximum": step("maximum"), "minimum": step("minimum"), "clip": _clip}
