"""Shapes and places, and constants of the function (`stop_gradient`)."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradcmp.reference.algebra import EvaluationError
from gradcmp.reference.language.arrays import (
    Array,
    Composition,
    Context,
    broadcast_to,
    concatenate,
    diagonal,
    filled,
    joined,
    rearrange,
)
from gradcmp.reference.language.compositions.comparison import where


def _take(c: Context, x: Array, indices: Array, *, axis: Any = None) -> Array:
    if indices.kind != "int":
        raise EvaluationError("`take` needs whole numbers as indices")
    where = np.asarray(indices.data, dtype=np.int64)
    length = math.prod(c.shape(x)) if axis is None else c.shape(x)[axis]
    if np.any((where < 0) | (where >= length)):
        raise EvaluationError(f"an index of `take` lies outside 0 … {length - 1}")
    return c.rearranged(x, lambda p: np.take(p, where, axis=axis))


def _triangle(mask: Callable[..., Any]) -> Composition:
    def keep(c: Context, x: Array, *, k: int) -> Array:
        shape = c.shape(x)
        inside = np.broadcast_to(mask(np.ones(shape[-2:], dtype=bool), k=k), shape)
        return where(c, Array(kind="bool", data=inside), x, filled(c, x.kind, shape, 0))

    return keep


def _stop_gradient(c: Context, x: Array) -> Array:
    return x if x.kind == "bool" else Array(kind=x.kind, data=c.algebra(x.kind).constantly(x.data))


SHAPE: dict[str, Composition] = {
    "transpose": rearrange(lambda p, axes=None: np.transpose(p, axes)),
    "reshape": rearrange(np.reshape),
    "concatenate": concatenate,
    "stack": joined(np.stack),
    "squeeze": rearrange(lambda p, axis=None: np.squeeze(p, axis)),
    "expand_dims": rearrange(np.expand_dims),
    "broadcast_to": broadcast_to,
    "flip": rearrange(lambda p, axis=None: np.flip(p, axis)),
    "take": _take,
    "diagonal": diagonal,
    "tril": _triangle(np.tril),
    "triu": _triangle(np.triu),
    "zeros_like": lambda c, x: filled(c, x.kind, c.shape(x), 0),
    "ones_like": lambda c, x: filled(c, x.kind, c.shape(x), 1),
}

DIFFERENTIATION: dict[str, Composition] = {"stop_gradient": _stop_gradient}
