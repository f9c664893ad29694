"""Linear systems in float64, with what the tolerance pass must know of their elimination."""

import numpy as np

from gradcmp.numbers.arrays import Floats
from gradcmp.reference.algebra import Undecided


def solution(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """The solution of a x = b and the inverse of a."""
    try:
        both = np.linalg.solve(a, np.concatenate([b, np.eye(a.shape[0])], axis=1))
    except np.linalg.LinAlgError:
        raise Undecided("whether a matrix is singular") from None
    return both[:, : b.shape[1]], both[:, b.shape[1] :]


def eliminated(x: Floats) -> tuple[Floats, Floats]:
    """|L| |U| and L² U² of the elimination with partial pivoting, with their rows in the order of x (Higham, 9.1).

    The step k of the elimination rounds the entry (i, j) by a multiple of l_ik u_kj: in the worst case these add up to
    the first, as independent errors their squares add up to the second.
    """
    n = x.shape[0]
    rows, order = x.astype(np.float64), np.arange(n)
    for k in range(n - 1):
        pivot = k + int(np.argmax(np.abs(rows[k:, k])))
        if pivot != k:
            rows[[k, pivot]], order[[k, pivot]] = rows[[pivot, k]], order[[pivot, k]]
        if rows[k, k] != 0.0:
            rows[k + 1 :, k] /= rows[k, k]
            rows[k + 1 :, k + 1 :] -= rows[k + 1 :, k : k + 1] * rows[k, k + 1 :]
    lower, upper = np.abs(np.tril(rows, -1)) + np.eye(n), np.abs(np.triu(rows))
    back = np.argsort(order)
    return (lower @ upper)[back], (np.square(lower) @ np.square(upper))[back]


def adjugate(x: Floats) -> Floats:
    """det(x) times the inverse, by singular values, so that x may be singular (Horn and Johnson, Matrix Analysis)."""
    try:
        left, values, right = np.linalg.svd(x)
    except np.linalg.LinAlgError:
        return np.full_like(x, np.nan)
    others = [np.prod(np.delete(values, k)) for k in range(values.size)]
    turn = np.linalg.det(left) * np.linalg.det(right)
    return np.asarray(turn * (right.T * np.asarray(others)) @ left.T)
