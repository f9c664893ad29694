"""Derivatives where a comparison is tied or a number is infinite: what they come to from all sides.

The point is moved by two tiny steps, about along every coordinate and along diagonals, or along a tangent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from mpmath import mp

from gradcmp.core.formats import FORMATS
from gradcmp.core.operators import Operator
from gradcmp.core.tensors import Key
from tests.judge.oracle.jets import Field, Outside, Rounded
from tests.judge.oracle.knowledge import Known, Leaf
from tests.judge.oracle.operators import Variable, derived, each, outputs_of, variables
from tests.judge.oracle.problems import Drawn

STEP = 200
"""The binary exponent by which the first step is smaller than every number of the point; the second takes it twice."""

CALM = 150
"""The binary exponent of what a function may differ by, beside its value, from what it comes to."""

VANISHING = -80
"""The binary exponent by which what comes to zero, as fast as a root of the step, falls at least from one to the next."""

WIDEST = 200
"""Binary exponents between the smallest and the largest number of a point whose sides are looked at."""

DIAGONALS = 4


@dataclass(frozen=True)
class Side:
    """Limits on one side of a point; `calm`: the function comes to its value; `below`: the gradients' limits."""

    arrays: Mapping[Key, np.ndarray]
    bounds: Mapping[Key, np.ndarray]
    calm: bool
    below: list[Any]


def by_limits(problem: Drawn, values: list[Any], at: Field) -> Known:
    """Of what is found on all sides; `values` and what was met `at` the point. Raises `Outside` where that is nothing."""
    form, order = FORMATS[problem.dtype], problem.operator.order
    numbers = [abs(float(x)) for array in problem.inputs.values() for x in array.flat if np.isfinite(x) and x != 0.0]
    small, large = (int(mp.mag(pick([1.0, *numbers]))) for pick in (min, max))
    if large - small > WIDEST:
        raise Outside("the numbers of the point are too far apart")
    sides: list[Side] = []
    rounded, whole = Field(order=order, form=form), True
    with mp.workprec(200 + 3 * (2 * STEP + large - small) - form.min_exponent):
        for way in _ways(problem):
            points = [_moved(problem, way, times, small, large) for times in (1, 2)]
            try:
                sides.append(_side(problem, points, values, rounded))
            except Outside:
                whole = False
        calm = [side for side in sides if side.calm]
        if not calm:
            raise Outside("on all sides")
        # Beside a jump is another function.
        whole, sides = whole and len(calm) == len(sides), calm
        smooth = whole and all(map(_same, zip(*(side.below for side in sides), strict=True)))
        leaves = {
            key: _leaf([(s.arrays[key], s.bounds[key]) for s in sides], form.unit_roundoff, smooth=smooth)
            for key in sides[0].arrays
        }
    far = any(not form.smallest_normal <= abs(x) <= form.largest / 4 for x in _numbers(leaves) if x and not mp.isnan(x))
    return Known(
        leaves, fragile=bool(at.fragile or rounded.fragile), ranged=at.ranged or far, whole=whole and not at.jumps
    )


def _numbers(leaves: Mapping[Key, Leaf]) -> Iterator[Any]:
    return (number for leaf in leaves.values() for branch in leaf.branches for number in branch.flat)


def _interim(number: Any, unit: float) -> Any:
    """What the judge allows besides where the errors that it knows are those of one side."""
    return 4 * unit * abs(number) if mp.isfinite(number) else mp.mpf(0)


def _leaf(sides: list[tuple[np.ndarray, np.ndarray]], unit: float, *, smooth: bool) -> Leaf:
    branches, bounds = zip(*sides, strict=True)
    return Leaf(
        right=each(lambda *found: found[0] if smooth and _same(found) else mp.nan, *branches),
        low=each(lambda *found: min(found) if not any(map(mp.isnan, found)) else mp.nan, *branches),
        high=each(lambda *found: max(found) if not any(map(mp.isnan, found)) else mp.nan, *branches),
        bound=each(
            lambda *found: max(found),
            *bounds,
            *(each(lambda number: _interim(number, unit), branch) for branch in branches),
        ),
        branches=branches,
    )


def _ways(problem: Drawn) -> Iterator[dict[Variable, float]]:
    """Directions: of a jvp the tangent's; else none that is quite along a coordinate, where a tie might last."""
    random = Random(0)
    every = [at for name in problem.inputs for at in variables(problem, name)]
    if problem.operator is Operator.JVP:
        given = problem.tangents
        for sign in (1.0, -1.0):
            yield {(name, place): sign * (1.0 if given is None else given[name][place]) for name, place in every}
        return
    for one in every:
        for sign in (1, -1):
            yield {at: sign * (at == one) + random.randrange(1, 64, 2) / 2**12 for at in every}
    for _ in range(DIAGONALS):
        yield {at: random.choice((-1, 1)) * (1 + random.randrange(1, 64, 2) / 2**7) for at in every}


def _moved(problem: Drawn, way: Mapping[Variable, float], times: int, small: int, large: int) -> dict[Variable, Any]:
    """The point that lies the step times `way` off; what is infinite becomes as large as the step is small."""
    moved = {}
    for at, part in way.items():
        number = float(problem.inputs[at[0]][at[1]])
        if np.isinf(number):
            moved[at] = mp.ldexp(np.sign(number) * (1 + part / 4), times * STEP + large)
        else:
            moved[at] = mp.mpf(number) + mp.ldexp(mp.mpf(part), small - times * STEP)
    return moved


def _side(problem: Drawn, points: list[dict[Variable, Any]], values: list[Any], rounded: Field) -> Side:
    """What the function and its derivatives come to; the nearer point's are as good as those of the point."""
    plain = Field(order=problem.operator.order)
    near, nearer = (outputs_of(problem, field, point) for field, point in zip((rounded, plain), points, strict=True))
    first, second = derived(problem, near, rounded), derived(problem, nearer, plain)
    calm = True
    for value, x, y in zip(values, near.flat, nearer.flat, strict=True):
        before, after = abs(x.number - value), abs(y.number - value)
        calm &= bool(after <= before / 2 or after <= mp.ldexp(abs(value), -CALM))
    below = []
    if problem.operator.order > 1:
        (x,), (y,) = near.flat, nearer.flat
        below = [_limit(x.gradient.get(at, rounded.number(0)), y.gradient.get(at, mp.mpf(0))) for at in points[0]]
    assert rounded.form is not None
    unit = rounded.form.unit_roundoff
    return Side(
        arrays={key: each(_limit, array, second[key]) for key, array in first.items()},
        bounds={key: each(lambda c: c.off(unit), array) for key, array in first.items()},
        calm=calm,
        below=below,
    )


def _limit(near: Rounded, nearer: Any) -> Any:
    """Where two numbers lead, of which the second is twice as far on the way; NaN where that is not told."""
    first = near.settled
    if abs(nearer) <= near.noise:
        nearer = mp.mpf(0)
    if abs(nearer) <= mp.ldexp(abs(first), VANISHING):
        return mp.mpf(0)
    if abs(nearer - first) <= mp.ldexp(abs(nearer), -40):
        return nearer
    if abs(nearer) >= mp.ldexp(max(abs(first), 1), 20):
        return mp.inf if nearer > 0 else -mp.inf
    return mp.nan


def _same(found: Any) -> bool:
    """Are all one finite number?"""
    return all(mp.isfinite(each) for each in found) and max(found) - min(found) <= mp.ldexp(max(map(abs, found)), -40)
