"""What sums up an array, whole or along axes."""

from collections.abc import Sequence
from functools import partial

from gradcmp.core.leaves import Dimensions
from gradcmp.program.catalogue.rows import Primitive
from gradcmp.program.shapes import Options, along_axis, entries, normal_axes


def reduction(shapes: Sequence[Dimensions], options: Options) -> Dimensions:
    """Without the axes, or with lengths of 1 for them."""
    shape, axis = shapes[0], options["axis"]
    if shape is None:
        return () if axis is None and not options["keepdims"] else None
    reduced = normal_axes(axis, len(shape))
    if options["keepdims"]:
        return tuple(1 if position in reduced else length for position, length in enumerate(shape))
    return tuple(length for position, length in enumerate(shape) if position not in reduced)


def _cumulative(shapes: Sequence[Dimensions], options: Options) -> Dimensions:
    shape = shapes[0]
    if options["axis"] is None:
        return (None,) if shape is None else (entries(shape),)
    return along_axis(shapes, options)


_AXES = "over all entries unless `axis` is given; `axis` may be a tuple"
_DDOF = f"{_AXES}; `ddof` is demanded, because frameworks disagree on it"

_reduce = partial(Primitive, signature="x, *, axis=None, keepdims=False", shape=reduction, group="reduction", method=True)  # fmt: skip
_over_axes = partial(_reduce, convention=_AXES)
_spread = partial(_reduce, signature="x, *, axis=None, ddof, keepdims=False", convention=_DDOF)

REDUCTIONS: tuple[Primitive, ...] = (
    _over_axes("sum", result="same"),
    _over_axes("mean"),
    _over_axes("prod", result="same"),
    _over_axes("max", result="same"),
    _over_axes("min", result="same"),
    _spread("var"),
    _spread("std"),
    _reduce("norm", convention="the 2-norm over all entries unless `axis` is given (for a matrix: the Frobenius norm)"),
    _over_axes("logsumexp"),
    _reduce("any", result="bool", kinds=("bool",)),
    _reduce("all", result="bool", kinds=("bool",)),
)  # fmt: skip

CUMULATIVE: tuple[Primitive, ...] = (
    _reduce("cumsum", signature="x, *, axis=None", shape=_cumulative, result="same", convention="of the flattened array unless `axis` is given"),
)  # fmt: skip
