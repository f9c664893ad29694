"""Second derivatives where ties lie on the way, or a slope is not finite, and the gradient is smooth all the same.

Along a ray x + s w a gradient is a germ, whose slope is the Hessian times w if there is a Hessian. That there is one
shows in directions drawn at random: on both sides of the point, and for all of them, the function and its gradient near
the same values, and the slopes are those of one matrix. Such rays run along no tie but those in which nothing varies.
"""

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb

from gradcmp.core.operators import Operator
from gradcmp.core.tensors import Key
from gradcmp.reference.algebra import EvaluationError, Nonexistent, Undecided
from gradcmp.reference.algebras.balls import filled
from gradcmp.reference.algebras.jets import ZERO
from gradcmp.reference.budget import Budget
from gradcmp.reference.kinks.conventions import by_two_conventions
from gradcmp.reference.kinks.elements import ElementKink, Kinks, differ
from gradcmp.reference.kinks.rays import gradient_ends_along
from gradcmp.reference.kinks.switches import flat
from gradcmp.reference.language.arrays import Array, Context, floats_of
from gradcmp.reference.language.evaluator import evaluate
from gradcmp.reference.modes.derivatives import DerivativeProblem

DIRECTIONS = 8
"""Random directions in which a Hessian has to hold; each is a ray to both sides."""

MANY = 64
"""Coordinates up to which directions are of powers of two."""

FEW = 4
"""Coordinates up to which the directions and their opposites have all combinations of signs."""

Numbers = npt.NDArray[Any]
"""Balls. A direction has one for every coordinate, which are the elements of all inputs of `wrt` end to end."""


def second_order(problem: DerivativeProblem, context: Context, budget: Budget) -> Kinks:
    """The elements that depend on a convention at a tie, or are not finite by it; both their sides are alike.

    Raises as `kinks_of`, and where there is no second derivative.
    """
    first, arbitrary = by_two_conventions(problem, context, budget)
    rays = _Rays(problem, context, budget, finite=all(x.is_finite() for x in flat([x.data for x in first.values()])))
    if problem.operator is Operator.HVP:
        found = rays.product(_seed(problem))
    else:
        found = rays.hessian(_hessian(problem, first))
    result = Kinks()
    for key, base in first.items():
        conventions = zip(flat([base.data]), flat([arbitrary[key].data]), strict=True)
        elements = [ElementKink(left=item, right=item) for item in flat([found[_place(problem, key)]])]
        result.base[key] = base
        result.tied[key] = {
            i: element
            for i, (element, each) in enumerate(zip(elements, conventions, strict=True))
            if element.is_kink(*each)
        }
    return result


class _Rays:
    """Slopes of the gradient, by output and coordinate, each checked against all that were asked for before.

    `finite`: are they finite at the point itself? Then all is smooth there but ties that open on rays.
    """

    def __init__(self, problem: DerivativeProblem, context: Context, budget: Budget, *, finite: bool) -> None:
        self.problem, self.context, self.budget = problem, context, budget
        self.smooth = finite
        self.values = flat(list(floats_of(evaluate(problem.checked, context, problem.inputs, budget)).values()))
        self.still = np.concatenate([~np.isfinite(problem.inputs[path].array).ravel() for path in problem.wrt])
        self.gradient: Numbers | None = None

    def slopes(self, direction: Numbers) -> Numbers:
        """The slope of the gradient in `direction`, in which infinite inputs do not move."""
        moving = filled([ZERO if still else x for x, still in zip(direction, self.still, strict=True)], direction.shape)
        ahead, behind = self._side(moving), self._side(-moving)
        _same(ahead, -behind)
        return ahead

    def product(self, seed: Numbers) -> Numbers:
        """The Hessian times `seed`: a difference of slopes, for a ray in its own direction may run along a kink.

        Where the seed's coefficients are too uneven to prove that poles cancel, by the columns.
        """
        scale = arb(2) ** math.frexp(max(abs(float(x)) for x in seed))[1]
        try:
            found = self._for_all(lambda each: self.slopes(seed + each) - self.slopes(each), scale)
        except Undecided:
            return np.asarray(self.hessian(None) @ seed)
        for _, other in found:
            _same(found[0][1], other)
        return found[0][1]

    def hessian(self, candidate: Numbers | None) -> Numbers:
        """`candidate` if it holds in all directions, else column by column."""
        slopes = self._for_all(self.slopes, arb(1))
        if candidate is not None and all(_alike(candidate @ each, slope) for each, slope in slopes):
            return candidate
        found = np.stack([self._column(j, *slopes[0]) for j in range(self.still.size)], axis=-1)
        for each, slope in slopes:
            _same(found @ each, slope)
        return found

    def _for_all(self, found: Callable[[Numbers], Numbers], scale: Any) -> list[tuple[Numbers, Numbers]]:
        """What is `found` for each direction; for one of them where all is smooth."""
        pairs = []
        for each in _directions(self.still.size, scale):
            pairs.append((each, found(each)))
            if self.smooth:
                break
        return pairs

    def _column(self, j: int, direction: Numbers, slope: Numbers) -> Numbers:
        """From the slopes in `direction` and in one that differs from it in one coordinate, by a factor of 2."""
        other = direction.copy()
        other[j] = 2 * direction[j]
        return np.asarray((self.slopes(other) - slope) / direction[j])

    def _side(self, direction: Numbers) -> Numbers:
        speeds = {
            path: direction[part].reshape(self.problem.inputs[path].shape)
            for path, part in _parts(self.problem).items()
        }
        values, rows, opened = gradient_ends_along(self.problem, self.context, speeds, self.budget)
        self.smooth = self.smooth and not opened
        gradient = np.asarray([[end.value for end in row] for row in rows], dtype=object)
        self.gradient = gradient if self.gradient is None else self.gradient
        _same(self.gradient, gradient)
        if any(differ(x, y) for x, y in zip(self.values, values, strict=True)):
            raise Nonexistent("a second derivative is not defined where the function jumps")
        return np.asarray([[end.slope for end in row] for row in rows], dtype=object)


def _directions(size: int, scale: Any) -> list[Numbers]:
    """No two coordinates at one speed, for a ray would stay on their tie; few coordinates take all signs in turn.

    Powers of two keep coefficients exact; so many that their sizes would be too uneven get whole numbers.
    """
    random = np.random.default_rng(0)
    found = []
    for number in range(DIRECTIONS if size > 1 else 1):
        turns = [number >> i & 1 for i in range(size)] if size <= FEW else random.integers(0, 2, size).tolist()
        powers = random.permutation(max(10, size))[:size].tolist()
        sizes = [2**power for power in powers] if size <= MANY else random.integers(2**10, 2**20, size).tolist()
        found.append(filled([scale * (-x if turn else x) for x, turn in zip(sizes, turns, strict=True)], (size,)))
    return found


def _alike(x: Numbers, y: Numbers) -> bool:
    """Are two arrays of balls one and the same finite numbers, as far as the precision tells?"""
    return all(a.is_finite() and b.is_finite() and a.overlaps(b) for a, b in zip(x.flat, y.flat, strict=True))


def _same(x: Numbers, y: Numbers) -> None:
    if not _alike(x, y):
        proven = any(differ(a, b) for a, b in zip(x.flat, y.flat, strict=True))
        raise (Nonexistent if proven else EvaluationError)("a second derivative is not defined at a kink")


def _parts(problem: DerivativeProblem) -> dict[str, slice]:
    """The coordinates of each input."""
    sizes = [math.prod(problem.inputs[path].shape) for path in problem.wrt]
    ends = list(itertools.accumulate(sizes))
    return {path: slice(end - size, end) for path, size, end in zip(problem.wrt, sizes, ends, strict=True)}


def _place(problem: DerivativeProblem, key: Key) -> tuple[int | slice, ...]:
    """Where a leaf stands in an array by output and coordinates."""
    of, paths = key
    outputs = [name for name, kind in problem.checked.outputs if kind.kind == "float"]
    parts = _parts(problem)
    return (outputs.index(of), *(parts[path] for path in paths))


def _seed(problem: DerivativeProblem) -> Numbers:
    given = problem.directions()
    still = {path: np.zeros(problem.inputs[path].shape) for path in problem.wrt}
    return filled(
        [arb(x) for path in problem.wrt for x in given.get(path, still[path]).ravel().tolist()],
        (sum(x.size for x in still.values()),),
    )


def _hessian(problem: DerivativeProblem, leaves: Mapping[Key, Array]) -> Numbers:
    """The blocks of `leaves` in one array by output and two coordinates."""
    size = sum(part.stop - part.start for part in _parts(problem).values())
    whole = np.empty((len({of for of, _ in leaves}), size, size), dtype=object)
    for key, array in leaves.items():
        place = _place(problem, key)
        whole[place] = array.data.reshape(whole[place].shape)
    return whole
