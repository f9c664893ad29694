"""Linear algebra over any algebra: products, determinants, systems and factors of matrices and stacks of them."""

from collections.abc import Callable

import numpy as np

from gradcmp.reference.algebra import EvaluationError
from gradcmp.reference.language.arrays import Array, Composition, Context, broadcast_to, diagonal, joined
from gradcmp.reference.language.compositions.elementary import sign
from gradcmp.reference.language.compositions.reduction import total


def _matmul(c: Context, x: Array, y: Array) -> Array:
    """NumPy's `matmul`: vectors are rows or columns for the time of the product, matrices stack."""
    row, column = len(c.shape(x)) == 1, len(c.shape(y)) == 1
    x = c.rearranged(x, lambda p: p[None, :]) if row else x
    y = c.rearranged(y, lambda p: p[:, None]) if column else y
    kind, _ = c.join_kinds([x, y])
    product = _stacked(c, lambda a, b: Array(kind=kind, data=c.algebra(kind).matmul(*c.join_kinds([a, b])[1])), x, y)
    if row:
        product = c.rearranged(product, lambda p: p[..., 0, :])
    return c.rearranged(product, lambda p: p[..., 0]) if column else product


def _stacked(c: Context, step: Callable[..., Array], *operands: Array, scalar: bool = False) -> Array:
    """`step` on matrices, over all matrices of operands whose leading axes broadcast."""
    shapes = [c.shape(x) for x in operands]
    leading = np.broadcast_shapes(*(shape[:-2] for shape in shapes))
    if not leading:
        return step(*operands)
    spread = [broadcast_to(c, x, shape=(*leading, *shape[-2:])) for x, shape in zip(operands, shapes, strict=True)]

    def matrix(x: Array, index: tuple[int, ...]) -> Array:
        return c.rearranged(x, lambda p: p[index])

    parts = [step(*(matrix(x, index) for x in spread)) for index in np.ndindex(*leading)]
    if not parts:
        raise EvaluationError("an empty stack of matrices is not supported yet")
    inner = () if scalar else c.shape(parts[0])
    return c.rearranged(joined(np.stack)(c, parts, axis=0), lambda p: p.reshape(*leading, *inner))


def _matrix_step(name: str, *, scalar: bool = False) -> Composition:
    """The composition that takes the algebra's step `name` of every matrix of a stack; `scalar`: it gives a number."""

    def on_matrix(c: Context, x: Array) -> Array:
        return Array(kind="float", data=getattr(c.floats, name)(x.data))

    return lambda c, x: _stacked(c, lambda m: on_matrix(c, m), c.as_kind(x, "float"), scalar=scalar)


def _solve(c: Context, a: Array, b: Array) -> Array:
    """x with a x = b; b is a vector or has columns, and both stack."""
    a, b = c.as_kind(a, "float"), c.as_kind(b, "float")
    vector = len(c.shape(b)) == 1
    b = c.rearranged(b, lambda p: p[:, None]) if vector else b
    x = _stacked(c, lambda m, r: Array(kind="float", data=c.floats.solve(m.data, r.data)), a, b)
    return c.rearranged(x, lambda p: p[..., 0]) if vector else x


def _factor(c: Context, x: Array) -> Array:
    """The lower factor of the symmetric part, column by column (Golub and Van Loan, algorithm 4.2.1)."""
    n = c.shape(x)[0]
    half = c.step("divide", c.step("add", x, c.rearranged(x, np.transpose)), c.number(2.0))
    columns: list[Array] = []
    for j in range(n):
        rest = c.rearranged(half, lambda p, j=j: p[j:, j])  # type: ignore[misc]  # early binding
        for k, done in enumerate(columns):
            below = c.rearranged(done, lambda p, s=j - k: p[s:])  # type: ignore[misc]  # likewise
            head = c.rearranged(done, lambda p, s=j - k: p[s])  # type: ignore[misc]  # likewise
            rest = c.step("subtract", rest, c.step("multiply", below, head))
        columns.append(c.step("divide", rest, c.step("sqrt", c.rearranged(rest, lambda p: p[0]))))
    zero = c.number(0.0)
    where = np.zeros((n, n), dtype=np.int64)
    start = 1
    for j in range(n):
        where[j:, j] = np.arange(start, start + n - j)
        start += n - j
    return c.pick([zero, *columns], where)


def _slogdet(c: Context, x: Array) -> tuple[Array, Array]:
    determinant = _matrix_step("det", scalar=True)(c, x)
    return sign(c, determinant), c.step("log", c.step("abs", determinant))


LINEAR_ALGEBRA: dict[str, Composition] = {
    "matmul": _matmul,
    "dot": _matmul,
    "outer": lambda c, x, y: c.step("multiply", c.rearranged(x, lambda p: p[:, None]), y),
    "trace": lambda c, x: total(c, diagonal(c, x, offset=0), axis=-1),
    "det": _matrix_step("det", scalar=True),
    "slogdet": _slogdet,
    "inv": _matrix_step("inv"),
    "solve": _solve,
    "cholesky": lambda c, x: _stacked(c, lambda m: _factor(c, m), c.as_kind(x, "float")),
}
