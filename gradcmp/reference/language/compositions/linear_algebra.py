"""Linear algebra over any algebra: products, determinants, systems and factors of matrices and stacks of them."""

import math

import numpy as np

from gradcmp.reference.algebra import EvaluationError
from gradcmp.reference.language.arrays import Array, Composition, Context, broadcast_to, diagonal, places
from gradcmp.reference.language.compositions.elementary import sign
from gradcmp.reference.language.compositions.reduction import total


def _matmul(c: Context, x: Array, y: Array) -> Array:
    """NumPy's `matmul`: vectors are rows or columns for the time of the product, matrices stack."""
    row, column = len(c.shape(x)) == 1, len(c.shape(y)) == 1
    x = c.rearranged(x, lambda p: p[None, :]) if row else x
    y = c.rearranged(y, lambda p: p[:, None]) if column else y
    product = _product(c, x, y)
    if row:
        product = c.rearranged(product, lambda p: p[..., 0, :])
    return c.rearranged(product, lambda p: p[..., 0]) if column else product


def _product(c: Context, x: Array, y: Array) -> Array:
    """Of matrices and stacks of them; one matrix for a whole stack multiplies all its rows at once."""
    x_rank, y_rank = len(c.shape(x)), len(c.shape(y))
    if x_rank == 2 < y_rank:
        return _turned(c, _product(c, _turned(c, y), _turned(c, x)))
    (*rows, width), columns = c.shape(x), c.shape(y)[-1]
    if y_rank == 2 < x_rank:
        x = c.rearranged(x, lambda p: p.reshape(math.prod(rows), width))
        return c.rearranged(_product(c, x, y), lambda p: p.reshape(*rows, columns))
    kind, data = c.join_kinds(_alike(c, x, y))
    return Array(kind=kind, data=c.algebra(kind).matmul(*data))


def _turned(c: Context, x: Array) -> Array:
    return c.rearranged(x, lambda p: p.swapaxes(-1, -2))


def _alike(c: Context, *stacks: Array) -> list[Array]:
    """Stacks of matrices with their leading axes broadcast."""
    shapes = [c.shape(x) for x in stacks]
    leading = np.broadcast_shapes(*(shape[:-2] for shape in shapes))
    if 0 in leading:
        raise EvaluationError("an empty stack of matrices is not supported yet")
    return [broadcast_to(c, x, shape=(*leading, *shape[-2:])) for x, shape in zip(stacks, shapes, strict=True)]


def _matrix_step(name: str) -> Composition:
    """The composition that takes the algebra's step `name` of a matrix, or of each of a stack."""

    def on_matrices(c: Context, x: Array) -> Array:
        (x,) = _alike(c, c.as_kind(x, "float"))
        return Array(kind="float", data=getattr(c.floats, name)(x.data))

    return on_matrices


def _solve(c: Context, a: Array, b: Array) -> Array:
    """x with a x = b; b is a vector or has columns, and both stack."""
    a, b = c.as_kind(a, "float"), c.as_kind(b, "float")
    vector = len(c.shape(b)) == 1
    b = c.rearranged(b, lambda p: p[:, None]) if vector else b
    a, b = _alike(c, a, b)
    x = Array(kind="float", data=c.floats.solve(a.data, b.data))
    return c.rearranged(x, lambda p: p[..., 0]) if vector else x


def _cholesky(c: Context, x: Array) -> Array:
    """The lower factor of the symmetric part, column by column (Golub and Van Loan, algorithm 4.2.1)."""
    (x,) = _alike(c, c.as_kind(x, "float"))
    *leading, _, n = c.shape(x)
    half = c.step("divide", c.step("add", x, _turned(c, x)), c.number(2.0))
    columns: list[Array] = []
    for j in range(n):
        rest = c.rearranged(half, lambda p, j=j: p[..., j:, j])  # type: ignore[misc]  # early binding
        for k, done in enumerate(columns):
            below = c.rearranged(done, lambda p, s=j - k: p[..., s:])  # type: ignore[misc]  # likewise
            head = c.rearranged(done, lambda p, s=j - k: p[..., s, None])  # type: ignore[misc]  # likewise
            rest = c.step("subtract", rest, c.step("multiply", below, head))
        columns.append(c.step("divide", rest, c.step("sqrt", c.rearranged(rest, lambda p: p[..., :1]))))
    zero = c.number(0.0)
    where = np.zeros((*leading, n, n), dtype=np.int64)
    start = 1
    for j in range(n):
        column = places((*leading, n - j))
        where[..., j:, j] = start + column
        start += column.size
    return c.pick([zero, *columns], where)


def _slogdet(c: Context, x: Array) -> tuple[Array, Array]:
    determinant = _matrix_step("det")(c, x)
    return sign(c, determinant), c.step("log", c.step("abs", determinant))


LINEAR_ALGEBRA: dict[str, Composition] = {
    "matmul": _matmul,
    "dot": _matmul,
    "outer": lambda c, x, y: c.step("multiply", c.rearranged(x, lambda p: p[:, None]), y),
    "trace": lambda c, x: total(c, diagonal(c, x, offset=0), axis=-1),
    "det": _matrix_step("det"),
    "slogdet": _slogdet,
    "inv": _matrix_step("inv"),
    "solve": _solve,
    "cholesky": _cholesky,
}
