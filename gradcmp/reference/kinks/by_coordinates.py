"""Kinks of a gradient, vjp or jacobian, coordinate by coordinate: by switches where they do, else by rays."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gradcmp.core.tensors import Key
from gradcmp.numbers.arrays import Flags, Floats
from gradcmp.reference.algebra import EvaluationError, Undecided
from gradcmp.reference.algebras.balls import filled
from gradcmp.reference.budget import Budget
from gradcmp.reference.kinks.conventions import by_an_arbitrary_convention
from gradcmp.reference.kinks.elements import ElementKink, Kinks, directions, kinks_along, sampled
from gradcmp.reference.kinks.piecewise_linear import Pieces, pieces
from gradcmp.reference.kinks.rays import Speeds, gradient_along, weighted
from gradcmp.reference.kinks.switches import SwitchingTape, flat, reached
from gradcmp.reference.kinks.together import sums
from gradcmp.reference.language.arrays import Array, Context
from gradcmp.reference.modes.derivatives import DerivativeProblem, Recorded, Rows, record, rows_of

SAMPLING_SHARE, SAMPLING_SECONDS = 0.25, 0.5
"""What the rays of limiting derivatives may take: this share of what is left, and no more nominal seconds than this."""


def by_coordinates(problem: DerivativeProblem, context: Context, budget: Budget, *, sample: bool) -> Kinks:
    """Both sides for every coordinate; where `sample`, what belongs together too. Raises as `kinks_of`."""
    tape = SwitchingTape(budget)
    recorded = record(problem, context, tape, budget)
    rows = rows_of(problem, recorded)
    form = pieces(tape, tuple(recorded.inputs.values()), rows.seeds(recorded), budget)
    by_rays = tape.jumps or form.singular
    if by_rays:
        both = _by_rays(problem, context, budget, recorded, _affected(tape, recorded, form))
        samples = _ray_samples(problem, context, budget, sorted(both))
    else:
        both, samples = form.one_sided(), _switch_samples(form)
    result = Kinks()
    arbitrary = by_an_arbitrary_convention(problem, context, budget) if both else {}
    for key, (heads, columns, shape) in rows.leaves.items():
        table = [form.slopes[head][columns.start : columns.stop] for head in heads]
        result.base[key] = Array(kind="float", data=filled([x for row in table for x in row], shape))
        reached_by_a_tie = (
            (row * len(columns) + j - columns.start, each[head], form.slopes[head][j])
            for j, each in both.items()
            if j in columns
            for row, head in enumerate(heads)
        )
        result.tied[key] = {
            place: element
            for place, element, slope in reached_by_a_tie
            if element.is_kink(slope, arbitrary[key].data.flat[place])
        }
    if sample and any(result.tied.values()):
        result.limiting = sampled(_by_leaf(rows, each) for each in samples)
        result.sums = {} if by_rays else sums(form, rows, result.tied)
    return result


def _by_leaf(rows: Rows, sample: Sequence[Floats]) -> dict[Key, Floats]:
    return {
        key: np.asarray([sample[head][columns.start : columns.stop] for head in heads], dtype=np.float64).reshape(shape)
        for key, (heads, columns, shape) in rows.leaves.items()
    }


def _switch_samples(form: Pieces) -> Iterator[list[Floats]]:
    """Limiting derivatives: those of the linear pieces that random directions lead into."""
    movers = form.movers()
    plain = [_floats(row) for row in form.slopes]
    for signs in directions(len(movers)):
        added = form.limiting(dict(zip(movers, signs, strict=True)))
        if added is None:
            continue
        sample = [row.copy() for row in plain]
        for row, slopes, extra in zip(sample, form.slopes, added, strict=True):
            for j, value in extra.items():
                row[j] = float(slopes[j] + value)
        yield sample


def _floats(row: Sequence[Any]) -> Floats:
    return np.asarray([float(x) for x in row], dtype=np.float64)


def _by_rays(
    problem: DerivativeProblem, context: Context, budget: Budget, recorded: Recorded, affected: Flags
) -> dict[int, list[ElementKink]]:
    """One ray to each side for every coordinate that is `affected`."""
    functions = weighted(rows_of(problem, recorded))
    values = functions({of: node.primal for of, node in recorded.outputs.items()})
    return {
        j: kinks_along(problem, context, _speeds(problem, {j: 1}), budget, functions, values)
        for j in np.flatnonzero(affected).tolist()
    }


def _affected(tape: SwitchingTape, recorded: Recorded, form: Pieces) -> Flags:
    """Which coordinates something tied or singular depends on."""
    marks = [*tape.jumps, *((group.gaps, np.ones(tape.shape(group.gaps), dtype=bool)) for group in tape.switches)]
    seeds = [(node, tape.inner.direction(np.where(where, math.nan, 0.0))) for node, where in marks]
    affected = reached(flat(tape.backward(seeds, tuple(recorded.inputs.values()))))
    for row in form.slopes:
        affected |= reached(row)
    return affected


def _speeds(problem: DerivativeProblem, moving: Mapping[int, int]) -> Speeds:
    """Speeds by input from those by coordinate."""
    speeds: dict[str, npt.NDArray[Any]] = {}
    start = 0
    for path in problem.wrt:
        shape = problem.inputs[path].shape
        speed = np.zeros(math.prod(shape), dtype=np.int64)
        moved = {j - start: value for j, value in moving.items() if start <= j < start + speed.size}
        speed[list(moved)] = list(moved.values())
        speeds[path] = speed.reshape(shape)
        start += speed.size
    return speeds


def _ray_samples(
    problem: DerivativeProblem, context: Context, budget: Budget, affected: Sequence[int]
) -> Iterator[list[Floats]]:
    """Limiting derivatives: what the derivative nears on random rays, as far as the budget allows."""
    least = budget.left - min(SAMPLING_SHARE * budget.left, SAMPLING_SECONDS)
    for signs in directions(len(affected)):
        if budget.left < least:
            return
        speeds = _speeds(problem, dict(zip(affected, signs, strict=True)))
        try:
            sample = gradient_along(problem, context, speeds, budget)
        except (EvaluationError, Undecided):  # one sample less
            continue
        if sample is not None and all(x.is_finite() for row in sample for x in row):
            yield [_floats(row) for row in sample]
