"""What moves, joins, picks or repeats entries and computes nothing; the value as a constant."""

from collections.abc import Sequence
from functools import partial
from math import prod

from gradcmp.core.leaves import Dimensions
from gradcmp.program.catalogue.rows import ANY_KIND, Primitive
from gradcmp.program.joins import show
from gradcmp.program.shapes import Options, ShapeError, elementwise, entries, matrix, normal_axes, normal_axis


def _transpose(shapes: Sequence[Dimensions], options: Options) -> Dimensions:
    shape, axes = shapes[0], options["axes"]
    if shape is None:
        return None
    if axes is None:
        return shape[::-1]
    order = tuple(normal_axis(axis, len(shape)) for axis in axes)
    if sorted(order) != list(range(len(shape))):
        raise ShapeError(f"`axes` names each of the {len(shape)} axes once, not {axes}")
    return tuple(shape[axis] for axis in order)


def _reshape(shapes: Sequence[Dimensions], options: Options) -> Dimensions:
    shape, target = shapes[0], options["shape"]
    size = None if shape is None else entries(shape)
    if any(length < -1 for length in target) or target.count(-1) > 1:
        raise ShapeError(f"{show(target)} is not a shape", "one length may be -1, the others count from 0")
    known = prod(length for length in target if length != -1)
    if -1 not in target:
        if size is not None and size != known:
            raise ShapeError(f"{size} entries of shape {show(shape)} do not fill shape {show(target)}")
        return tuple(target)
    if size is None:
        return tuple(None if length == -1 else length for length in target)
    if known == 0 or size % known:
        raise ShapeError(f"{size} entries of shape {show(shape)} do not fill shape {show(target)}")
    return tuple(size // known if length == -1 else length for length in target)


def _broadcast_to(shapes: Sequence[Dimensions], options: Options) -> Dimensions:
    shape, target = shapes[0], tuple(options["shape"])
    if any(length < 0 for length in target):
        raise ShapeError(f"{show(target)} is not a shape", "lengths count from 0")
    if shape is not None and len(shape) > len(target):
        raise ShapeError(f"shape {show(shape)} cannot be stretched to {show(target)}")
    for have, want in zip(reversed(shape or ()), reversed(target), strict=False):
        if have not in (None, 1, want):
            raise ShapeError(f"shape {show(shape)} cannot be stretched to {show(target)}")
    return target


def _concatenate(shapes: Sequence[Dimensions], options: Options) -> Dimensions:
    known = [shape for shape in shapes if shape is not None]
    if not known:
        return None
    rank = len(known[0])
    if any(len(shape) != rank for shape in known):
        raise ShapeError(f"arrays of shapes {_listed(known)} cannot be concatenated", "they must have as many axes")
    if rank == 0:
        raise ShapeError("scalars cannot be concatenated", "write `stack([a, b])`")
    axis = normal_axis(options["axis"], rank)
    result = known[0]
    for shape in known[1:]:
        rest = zip(result, shape, strict=True)
        if any(i != axis and None not in (m, n) and m != n for i, (m, n) in enumerate(rest)):
            raise ShapeError(f"arrays of shapes {_listed(known)} cannot be concatenated along axis {axis}")
        result = tuple(n if m is None else m for m, n in zip(result, shape, strict=True))
    lengths = [None if shape is None else shape[axis] for shape in shapes]
    total = None if None in lengths else sum(length for length in lengths if length is not None)
    return (*result[:axis], total, *result[axis + 1 :])


def _stack(shapes: Sequence[Dimensions], options: Options) -> Dimensions:
    known = [shape for shape in shapes if shape is not None]
    if not known:
        return None
    result = known[0]
    for shape in known[1:]:
        if len(shape) != len(result) or any(None not in (m, n) and m != n for m, n in zip(result, shape, strict=True)):
            raise ShapeError(f"arrays of shapes {_listed(known)} cannot be stacked", "they must have one shape")
        result = tuple(n if m is None else m for m, n in zip(result, shape, strict=True))
    axis = normal_axis(options["axis"], len(result) + 1)
    return (*result[:axis], len(shapes), *result[axis:])


def _listed(shapes: Sequence[Dimensions]) -> str:
    return " and ".join(show(shape) for shape in shapes[:4]) + (" and more" if len(shapes) > 4 else "")


def squeeze(shapes: Sequence[Dimensions], options: Options) -> Dimensions:
    """The shape without its axes of length 1, or without those named. Raises ShapeError for another length."""
    shape, axis = shapes[0], options["axis"]
    if shape is None or (axis is None and None in shape):
        return None
    if axis is None:
        return tuple(length for length in shape if length != 1)
    gone = normal_axes(axis, len(shape))
    for position in gone:
        if shape[position] not in (None, 1):
            raise ShapeError(f"axis {position} of shape {show(shape)} is not of length 1")
    return tuple(length for position, length in enumerate(shape) if position not in gone)


def expand_dims(shapes: Sequence[Dimensions], options: Options) -> Dimensions:
    """The shape with new axes of length 1 at the places that they have in the result."""
    shape = shapes[0]
    if shape is None:
        return None
    axes = options["axis"] if isinstance(options["axis"], tuple) else (options["axis"],)
    rank = len(shape) + len(axes)
    places = normal_axes(axes, rank)
    lengths = iter(shape)
    return tuple(1 if position in places else next(lengths) for position in range(rank))


def flip(shapes: Sequence[Dimensions], options: Options) -> Dimensions:
    """The same shape. Raises ShapeError for axes that there are not."""
    if shapes[0] is not None:
        normal_axes(options["axis"], len(shapes[0]))
    return shapes[0]


def _take(shapes: Sequence[Dimensions], options: Options) -> Dimensions:
    shape, indices = shapes
    if options["axis"] is None:
        return indices
    if shape is None:
        return None
    axis = normal_axis(options["axis"], len(shape))
    return None if indices is None else (*shape[:axis], *indices, *shape[axis + 1 :])


def _diagonal(shapes: Sequence[Dimensions], options: Options) -> Dimensions:
    shape, offset = matrix(shapes[0]), options["offset"]
    if shape is None:
        return None
    rows, columns = shape[-2:]
    if rows is None or columns is None:
        return (*shape[:-2], None)
    length = min(rows + min(offset, 0), columns - max(offset, 0))
    if length <= 0:
        raise ShapeError(f"a matrix of shape {show(shape[-2:])} has no diagonal {offset}")
    return (*shape[:-2], length)


def _same_matrix(shapes: Sequence[Dimensions], _: Options) -> Dimensions:
    return matrix(shapes[0])


_row = partial(Primitive, signature="x", group="shape", result="same")
_any_kind = partial(_row, kinds=ANY_KIND)

ARRANGEMENTS: tuple[Primitive, ...] = (
    _any_kind("transpose", signature="x, *, axes=None", shape=_transpose, method=True, convention="reverses the axes unless `axes` is given; `x.T` is the same"),
    _any_kind("reshape", signature="x, *, shape", shape=_reshape, method=True, convention="row-major; one length may be -1"),
    _row("concatenate", signature="[arrays], *, axis=0", shape=_concatenate),
    _row("stack", signature="[arrays], *, axis=0", shape=_stack),
    _any_kind("squeeze", signature="x, *, axis=None", shape=squeeze, method=True),
    _any_kind("expand_dims", signature="x, *, axis", shape=expand_dims),
    _any_kind("broadcast_to", signature="x, *, shape", shape=_broadcast_to),
    _row("flip", signature="x, *, axis=None", shape=flip, convention="every axis unless `axis` is given"),
    _row("take", signature="x, indices, *, axis=None", shape=_take, method=True, convention="from the flattened array unless `axis` is given; indices are whole numbers from 0, within bounds"),
    _row("diagonal", signature="x, *, offset=0", shape=_diagonal, method=True, convention="of the last two axes"),
    _row("tril", signature="x, *, k=0", shape=_same_matrix),
    _row("triu", signature="x, *, k=0", shape=_same_matrix),
)  # fmt: skip

CONSTANTS: tuple[Primitive, ...] = (
    Primitive("stop_gradient", signature="x", shape=elementwise, group="differentiation", result="same", kinds=ANY_KIND, convention="the value, as a constant of the function; `x.detach()` is the same"),
    _row("zeros_like", shape=elementwise),
    _row("ones_like", shape=elementwise),
)  # fmt: skip
