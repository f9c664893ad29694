"""Arrays of any kind over any algebra, and the few steps that compositions are written in."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from gradcmp.core.formats import FORMATS
from gradcmp.core.tensors import Shape
from gradcmp.reference.algebra import Algebra, EvaluationError, Places

N = TypeVar("N")

Composition = Callable[..., Any]
"""(context, operands as `Array`s, options as keywords) → an `Array`, or a tuple of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """An array of a kind: `data` is the float algebra's for float, the whole algebra's for int, NumPy's for bool."""

    kind: str
    data: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The algebras by kind, and the problem's dtype. `binary`: the program's numbers are float64, not decimals."""

    floats: Algebra[Any]
    wholes: Algebra[Any]
    dtype: str
    binary: bool = False

    def algebra(self, kind: str) -> Algebra[Any]:
        if kind == "float":
            return self.floats
        if kind == "int":
            return self.wholes
        raise EvaluationError(f"arithmetic with {kind} arrays is not supported yet")

    def shape(self, x: Array) -> Shape:
        return tuple(x.data.shape) if x.kind == "bool" else self.algebra(x.kind).shape(x.data)

    def as_kind(self, x: Array, kind: str) -> Array:
        """`x` among numbers of `kind`: whole numbers are floats exactly, truth values are 0 and 1."""
        if x.kind == kind:
            return x
        if kind == "bool" or (x.kind, kind) == ("float", "int"):
            raise EvaluationError(f"a {x.kind} array where {kind} is needed is not supported yet")
        values = x.data.astype(object) if x.kind == "bool" else x.data
        return Array(kind=kind, data=self.algebra(kind).constant(np.asarray(values, dtype=object)))

    def join_kinds(self, operands: Sequence[Array]) -> tuple[str, list[Any]]:
        """The joined kind and the operands' data in it."""
        order = ("bool", "int", "float")
        kind = max((x.kind for x in operands), key=order.index)
        return kind, [self.as_kind(x, kind).data for x in operands]

    def pick(self, arrays: Sequence[Array], places: Places) -> Array:
        kind, data = self.join_kinds(arrays)
        if kind == "bool":
            return Array(kind=kind, data=np.concatenate([x.ravel() for x in data])[places])
        return Array(kind=kind, data=self.algebra(kind).pick(data, places))

    def rearranged(self, x: Array, how: Callable[[Places], npt.NDArray[Any]]) -> Array:
        """What `how` does to an array of places, done to `x`."""
        return self.pick([x], np.asarray(how(places(self.shape(x)))))

    def number(self, value: float) -> Array:
        """An exact constant."""
        return Array(kind="float", data=self.floats.constant(np.asarray(value, dtype=np.float64)))

    def decimal(self, value: float) -> Array:
        """A plain number of the program: the decimal that is written, which a dtype may have to round."""
        if isinstance(value, int) or not math.isfinite(value):
            return self._plain(value, value)
        return self._plain(value, Fraction(value) if self.binary else _written(value))

    def exponent(self, value: float) -> Array:
        """An exponent: the float64, since the rules at kinks need a number of finitely many bits."""
        return self._plain(value, Fraction(value) if math.isfinite(value) else value)

    def _plain(self, value: float, exact: float | Fraction) -> Array:
        if FORMATS[self.dtype].round(float(value)) == exact:
            return self.number(float(value))
        return Array(kind="float", data=self.floats.constant(np.asarray(exact, dtype=object)))

    def step(self, name: str, *operands: Array) -> Array:
        """An elementwise step of the algebra of the joined kind."""
        kind, data = self.join_kinds(operands)
        return Array(kind=kind, data=self.algebra(kind).elementwise(name, *data))


@lru_cache(maxsize=256)  # a loop reads a literal in every round
def _written(value: float) -> Fraction:
    return Fraction(repr(value))


def floats_of(arrays: Mapping[N, Array]) -> dict[N, Any]:
    """The data of those arrays that are of floats."""
    return {name: array.data for name, array in arrays.items() if array.kind == "float"}


def places(shape: Shape) -> Places:
    """The places of an array of `shape` in itself flattened."""
    return np.arange(math.prod(shape), dtype=np.int64).reshape(shape)


def broadcast_to(c: Context, x: Array, *, shape: Shape) -> Array:
    """NumPy's `broadcast_to`."""
    return x if c.shape(x) == tuple(shape) else c.rearranged(x, lambda p: np.broadcast_to(p, shape))


def joined(how: Callable[..., Any]) -> Composition:
    """The composition that lays arrays out as `how` (NumPy's `concatenate` or `stack`) does with their places."""

    def join(c: Context, arrays: Sequence[Array], *, axis: int = 0) -> Array:
        offset, pieces = 0, []
        for x in arrays:
            piece = places(c.shape(x))
            pieces.append(piece + offset)
            offset += piece.size
        return c.pick(list(arrays), np.asarray(how(pieces, axis=axis)))

    return join


concatenate: Composition = joined(np.concatenate)


def step(name: str) -> Composition:
    """The composition that is one step of the algebra."""
    return lambda c, *operands: c.step(name, *operands)


def float_step(name: str) -> Composition:
    """As `step`, among floats."""
    return lambda c, *operands: c.step(name, *(c.as_kind(x, "float") for x in operands))


def rearrange(how: Callable[..., Any]) -> Composition:
    """The composition that rearranges an array as `how` does its places."""
    return lambda c, x, **options: c.rearranged(x, lambda p: how(p, **options))


diagonal: Composition = rearrange(lambda p, offset=0: np.diagonal(p, offset=offset, axis1=-2, axis2=-1))


def filled(c: Context, kind: str, shape: Shape, value: int) -> Array:
    """An array of one whole number, or of its truth."""
    if kind == "bool":
        return Array(kind=kind, data=np.full(shape, bool(value)))
    return Array(kind=kind, data=c.algebra(kind).constant(np.full(shape, value, dtype=np.int64)))
