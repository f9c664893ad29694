"""Shapes: what a rule is, and what the rules of several groups of the catalogue have in common.

A rule gives the result's shape from the operands' shapes and the options. A shape is a tuple of lengths; a length, or
the whole shape, is None where it depends on the run, and then nothing that hangs on it is refused. Conventions are
NumPy's.
"""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from gradcmp.core.leaves import Dimensions
from gradcmp.program.joins import show

Options = Mapping[str, Any]
Rule = Callable[[Sequence[Dimensions], Options], Dimensions]

MOST_ENTRIES = 2**31
"""Entries of one array; a larger one is a slip of the pen."""


class ShapeError(Exception):
    """The operands do not fit; `hint` says what to do."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.hint = hint


def broadcast(shapes: Sequence[Dimensions], _: Options | None = None) -> Dimensions:
    """NumPy's broadcasting: shapes aligned at the end, a length of 1 stretches.

    >>> broadcast([(2, 1), (3,)])
    (2, 3)
    """
    result: tuple[int | None, ...] = ()
    for shape in shapes:
        if shape is None:
            return None
        rank = max(len(result), len(shape))
        a = (1,) * (rank - len(result)) + result
        b = (1,) * (rank - len(shape)) + shape
        if any(m != n and m not in (1, None) and n not in (1, None) for m, n in zip(a, b, strict=True)):
            raise ShapeError(
                f"shapes {show(result)} and {show(shape)} do not fit together",
                "lengths must be equal or 1, counted from the last axis",
            )
        result = tuple(_wider(m, n) for m, n in zip(a, b, strict=True))
    return result


def _wider(m: int | None, n: int | None) -> int | None:
    """The length of two that broadcast; an unknown one beside 1 stays unknown."""
    if m == 1 or (m is None and n != 1):
        return n
    return m


def elementwise(shapes: Sequence[Dimensions], _: Options) -> Dimensions:
    """The shape of the sole operand."""
    return shapes[0]


def along_axis(shapes: Sequence[Dimensions], options: Options) -> Dimensions:
    """The shape of the sole operand, which has the axis."""
    if shapes[0] is not None:
        normal_axis(options["axis"], len(shapes[0]))
    return shapes[0]


def normal_axis(axis: int, rank: int) -> int:
    """The axis counted from 0; raises `ShapeError` where there is none."""
    if not -rank <= axis < rank:
        there = f"the axes are {-rank} to {rank - 1}" if rank else "a scalar has no axes"
        raise ShapeError(f"there is no axis {axis}", there)
    return axis % rank


def normal_axes(axis: int | tuple[int, ...] | None, rank: int) -> tuple[int, ...]:
    """The axes counted from 0, all of them for None; raises `ShapeError`."""
    if axis is None:
        return tuple(range(rank))
    axes = tuple(normal_axis(given, rank) for given in (axis if isinstance(axis, tuple) else (axis,)))
    if len(set(axes)) < len(axes):
        raise ShapeError("an axis is named twice", "leave one out")
    return axes


def entries(lengths: Sequence[int | None]) -> int | None:
    """How many entries an array has, None where a length is not known."""
    known = [length for length in lengths if length is not None]
    return prod(known) if len(known) == len(lengths) else None


def matrix(shape: Dimensions, name: str = "this") -> Dimensions:
    """The shape, which is that of a matrix or of a stack of them; raises `ShapeError`."""
    if shape is not None and len(shape) < 2:
        raise ShapeError(f"{name} takes a matrix, not shape {show(shape)}")
    return shape


def result_shape(rule: Rule, shapes: Sequence[Dimensions], options: Options) -> Dimensions:
    """The result's shape by the rule; raises `ShapeError`."""
    shape = rule(shapes, options)
    if shape is not None:
        size = prod(length for length in shape if length is not None)
        if size > MOST_ENTRIES:
            raise ShapeError(f"an array of shape {show(shape)} is refused: more than {MOST_ENTRIES} entries")
    return shape
