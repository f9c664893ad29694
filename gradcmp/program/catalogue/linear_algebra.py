"""Products of vectors and matrices, and what is made of square ones."""

from collections.abc import Sequence
from functools import partial

from gradcmp.core.leaves import Dimensions
from gradcmp.program.catalogue.rows import Primitive
from gradcmp.program.joins import show
from gradcmp.program.shapes import Options, ShapeError, broadcast, matrix


def _matmul(shapes: Sequence[Dimensions], _: Options) -> Dimensions:
    a, b = shapes
    if a is None or b is None:
        return None
    if not a or not b:
        raise ShapeError("`@` takes vectors and matrices, not scalars", "write `*`")
    left = a if len(a) > 1 else (1, *a)
    right = b if len(b) > 1 else (*b, 1)
    if None not in (left[-1], right[-2]) and left[-1] != right[-2]:
        raise ShapeError(
            f"shapes {show(a)} and {show(b)} cannot be multiplied",
            f"the inner lengths are {left[-1]} and {right[-2]}; `x.T` swaps the axes of a matrix",
        )
    stacks = broadcast([left[:-2], right[:-2]])
    tail = (left[-2],) * (len(a) > 1) + (right[-1],) * (len(b) > 1)
    return None if stacks is None else (*stacks, *tail)


def _dot(shapes: Sequence[Dimensions], _: Options) -> Dimensions:
    for shape in shapes:
        if shape is not None and len(shape) != 1:
            hint = "write `matmul(x, y)` or `x @ y` for matrices, `x * y` for scalars"
            raise ShapeError(f"`dot` takes two vectors, not shape {show(shape)}", hint)
    a, b = shapes
    if a is not None and b is not None and None not in (a[0], b[0]) and a[0] != b[0]:
        raise ShapeError(f"`dot` takes vectors of one length, not {show(a)} and {show(b)}")
    return ()


def _outer(shapes: Sequence[Dimensions], _: Options) -> Dimensions:
    for shape in shapes:
        if shape is not None and len(shape) != 1:
            raise ShapeError(f"`outer` takes two vectors, not shape {show(shape)}")
    return tuple(None if shape is None else shape[0] for shape in shapes)


def _square_matrix(shape: Dimensions, name: str = "this") -> Dimensions:
    matrix(shape, name)
    if shape is not None and None not in shape[-2:] and shape[-1] != shape[-2]:
        raise ShapeError(f"{name} takes a square matrix, not shape {show(shape)}")
    return shape


def _trace(shapes: Sequence[Dimensions], _: Options) -> Dimensions:
    shape = matrix(shapes[0])
    return None if shape is None else shape[:-2]


def _square(shapes: Sequence[Dimensions], _: Options) -> Dimensions:
    return _square_matrix(shapes[0])


def _square_to_scalar(shapes: Sequence[Dimensions], _: Options) -> Dimensions:
    shape = _square_matrix(shapes[0])
    return None if shape is None else shape[:-2]


def _solve(shapes: Sequence[Dimensions], _: Options) -> Dimensions:
    a, b = _square_matrix(shapes[0], "the first operand of `solve`"), shapes[1]
    if b is not None and not b:
        raise ShapeError("the second operand of `solve` is a vector or a matrix of columns, not a scalar")
    if a is None or b is None:
        return b if a is None else None
    rows = b[0] if len(b) == 1 else b[-2]
    if None not in (a[-1], rows) and a[-1] != rows:
        raise ShapeError(f"`solve` cannot take shapes {show(a)} and {show(b)}", f"b must have {a[-1]} rows")
    if len(b) == 1:
        return (*a[:-2], a[-1])
    stacks = broadcast([a[:-2], b[:-2]])
    return None if stacks is None else (*stacks, a[-1], b[-1])


_product = partial(Primitive, signature="x, y", group="linear algebra", result="same")
_of_square = partial(Primitive, signature="x", group="linear algebra")

INFIX: tuple[Primitive, ...] = (
    _product("matmul", shape=_matmul, method=True, infix="@", convention="1-D and 2-D operands and stacks of matrices, as NumPy's `matmul`"),
)  # fmt: skip

PRODUCTS: tuple[Primitive, ...] = (
    _product("dot", shape=_dot, method=True, convention="the inner product of two vectors; `matmul` is for matrices"),
    _product("outer", shape=_outer, convention="of two vectors"),
    _product("trace", signature="x", shape=_trace, method=True, convention="of the last two axes"),
)  # fmt: skip

MATRICES: tuple[Primitive, ...] = (
    _of_square("det", shape=_square_to_scalar),
    _of_square("slogdet", shape=_square_to_scalar, pair=True, convention="a pair: the sign and the logarithm of the absolute value of the determinant"),
    _of_square("inv", shape=_square),
    _of_square("solve", signature="a, b", shape=_solve, convention="b is a vector, or a matrix of columns"),
    _of_square("cholesky", shape=_square, convention="the lower factor of the symmetric part"),
)  # fmt: skip
