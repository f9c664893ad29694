"""Linear systems in float64, one or a stack, with what the tolerance pass must know of their elimination."""

import math

import numpy as np

from gradcmp.numbers.arrays import Floats
from gradcmp.reference.algebra import Undecided


def solution(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """The solution of a x = b and the inverse of a."""
    try:
        both = np.linalg.solve(a, np.concatenate([b, np.broadcast_to(np.eye(a.shape[-1]), a.shape)], axis=-1))
    except np.linalg.LinAlgError:
        raise Undecided("whether a matrix is singular") from None
    return both[..., : b.shape[-1]], both[..., b.shape[-1] :]


def eliminated(x: Floats) -> tuple[Floats, Floats]:
    """|L| |U| and L² U² of the elimination with partial pivoting, with their rows in the order of x (Higham, 9.1).

    The step k of the elimination rounds the entry (i, j) by a multiple of l_ik u_kj: in the worst case these add up to
    the first, as independent errors their squares add up to the second.
    """
    n = x.shape[-1]
    rows = x.astype(np.float64).reshape(math.prod(x.shape[:-2]), n, n)
    every = np.arange(len(rows))
    order = np.tile(np.arange(n), (len(rows), 1))
    for k in range(n - 1):
        pivot = k + np.argmax(np.abs(rows[:, k:, k]), axis=1)
        for part in (rows, order):
            part[:, k], part[every, pivot] = part[every, pivot], part[:, k].copy()
        head = rows[:, k, k, None]
        rows[:, k + 1 :, k] /= np.where(head == 0.0, 1.0, head)  # then nothing is left below it
        rows[:, k + 1 :, k + 1 :] -= rows[:, k + 1 :, k, None] * rows[:, None, k, k + 1 :]
    lower, upper = np.abs(np.tril(rows, -1)) + np.eye(n), np.abs(np.triu(rows))
    back = np.argsort(order, axis=1)[:, :, None]
    products = (lower @ upper, np.square(lower) @ np.square(upper))
    worst, independent = (np.take_along_axis(product, back, axis=1).reshape(x.shape) for product in products)
    return worst, independent


def adjugate(x: Floats) -> Floats:
    """det(x) times the inverse, by singular values, so that x may be singular (Horn and Johnson, Matrix Analysis)."""
    try:
        left, values, right = np.linalg.svd(x)
    except np.linalg.LinAlgError:
        return np.full_like(x, np.nan) if x.ndim == 2 else np.stack([adjugate(matrix) for matrix in x])
    others = np.stack([np.prod(np.delete(values, k, axis=-1), axis=-1) for k in range(x.shape[-1])], axis=-1)
    turn = (np.linalg.det(left) * np.linalg.det(right))[..., None, None]
    return np.asarray(turn * (right.swapaxes(-1, -2) * others[..., None, :]) @ left.swapaxes(-1, -2))
