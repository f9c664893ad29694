"""Is a point a convex combination of given points?"""

import numpy as np

from gradcmp.numbers.arrays import Floats

LARGEST = 10**6
"""Numbers in `points`; beyond it the question is not asked."""


def in_hull(point: Floats, points: Floats, tolerance: float) -> bool | None:
    """Does `point` (n) lie within `tolerance`, relative to the sizes, of the hull of `points` (k, n)?

    None where that is not told: no points, too many, or not all of them finite. The weights w >= 0 with sum 1 that
    come nearest are found by least squares (Lawson and Hanson, Solving Least Squares Problems, 1974, chapter 23), with
    the sum as a further equation.
    """
    if not points.size or points.size > LARGEST or not (np.isfinite(point).all() and np.isfinite(points).all()):
        return None
    scale = max(float(np.abs(points).max()), float(np.abs(point).max())) or 1.0
    matrix = np.vstack([points.T / scale, np.ones(len(points))])
    target = np.append(point / scale, 1.0)
    rest = target - matrix @ _weights(matrix, target)
    return bool(np.abs(rest).max() <= tolerance)


def _weights(matrix: Floats, target: Floats) -> Floats:
    """The w >= 0 for which matrix @ w is nearest to target."""
    count = matrix.shape[1]
    weights = np.zeros(count)
    passive = np.zeros(count, dtype=bool)
    for _ in range(3 * count):
        slope = matrix.T @ (target - matrix @ weights)
        if passive.all() or slope[~passive].max() <= 1e-13:
            break
        passive[np.argmax(np.where(passive, -np.inf, slope))] = True
        while True:
            trial = np.zeros(count)
            trial[passive] = np.linalg.lstsq(matrix[:, passive], target, rcond=None)[0]
            stuck = passive & (trial <= 0.0)
            if not stuck.any():
                weights = trial
                break
            # As far towards the trial as no weight turns negative; what reaches zero leaves.
            step = np.min(weights[stuck] / np.maximum(weights[stuck] - trial[stuck], np.finfo(float).tiny))
            weights = weights + step * (trial - weights)
            passive &= weights > 1e-14
            weights[~passive] = 0.0
    return weights
