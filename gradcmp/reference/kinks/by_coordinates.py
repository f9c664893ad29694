"""Kinks of a gradient, vjp or jacobian, coordinate by coordinate: by switches where they do, else by rays."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gradcmp.core.tensors import Key
from gradcmp.numbers.arrays import Flags, Floats
from gradcmp.reference.algebra import EvaluationError, Undecided
from gradcmp.reference.algebras.balls import filled
from gradcmp.reference.budget import Budget
from gradcmp.reference.kinks.elements import ElementKink, Kinks, directions, element_kink, sampled
from gradcmp.reference.kinks.piecewise_linear import Pieces, pieces
from gradcmp.reference.kinks.rays import Speeds, ends_along, gradient_along, weighted
from gradcmp.reference.kinks.switches import SwitchingTape, flat, reached
from gradcmp.reference.language.arrays import Array, Context
from gradcmp.reference.modes.derivatives import DerivativeProblem, Recorded, record
from gradcmp.reference.modes.rows import Rows, rows_of, seeds

SAMPLING_SHARE, SAMPLING_SECONDS = 0.25, 0.5
"""What the rays of limiting derivatives may take: this share of the time that is left, and no more than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    """The program as recorded at the point."""

    tape: SwitchingTape
    recorded: Recorded
    rows: Rows
    form: Pieces


def by_coordinates(problem: DerivativeProblem, context: Context, budget: Budget, *, sample: bool) -> Kinks:
    """Both sides for every coordinate, with limiting derivatives where `sample`. Raises as `kinks_of`."""
    tape = SwitchingTape(budget.spend)
    recorded = record(problem, context, tape, budget.for_one_more_pass())
    rows = rows_of(problem, {of: tape.shape(node) for of, node in recorded.outputs.items()})
    form = pieces(tape, tuple(recorded.inputs.values()), seeds(rows, recorded.outputs, tape.inner.direction))
    smooth = not (tape.jumps or form.singular)
    point = _Point(tape=tape, recorded=recorded, rows=rows, form=form)
    both = _by_switches(form) if smooth else _by_rays(problem, context, budget, point)
    result = Kinks()
    for key, (heads, columns) in rows.keys.items():
        table = [form.slopes[head][columns.start : columns.stop] for head in heads]
        result.base[key] = Array(kind="float", data=filled([x for row in table for x in row], rows.shapes[key]))
        result.tied[key] = {
            row * len(columns) + j - columns.start: each[head]
            for j, each in both.items()
            if j in columns
            for row, head in enumerate(heads)
            if each[head].is_kink(form.slopes[head][j])
        }
    if sample and any(result.tied.values()):
        samples = _switch_samples(form) if smooth else _ray_samples(problem, context, budget, rows, sorted(both))
        result.limiting = sampled(_by_leaf(rows, each) for each in samples)
    return result


def _by_leaf(rows: Rows, sample: Sequence[Floats]) -> dict[Key, Floats]:
    return {
        key: np.concatenate([sample[head][columns.start : columns.stop] for head in heads]).reshape(rows.shapes[key])
        if heads
        else np.zeros(rows.shapes[key])
        for key, (heads, columns) in rows.keys.items()
    }


def _by_switches(form: Pieces) -> dict[int, list[ElementKink]]:
    return {j: [ElementKink(left=left, right=right) for left, right in both] for j, both in form.one_sided().items()}


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
    problem: DerivativeProblem, context: Context, budget: Budget, point: _Point
) -> dict[int, list[ElementKink]]:
    """One ray to each side for every coordinate that something tied or singular depends on."""
    functions = weighted(point.rows)
    values = functions({of: node.primal for of, node in point.recorded.outputs.items()})
    kinks: dict[int, list[ElementKink]] = {}
    for j in np.flatnonzero(_affected(point)).tolist():
        left, right = (ends_along(problem, context, _speeds(problem, {j: side}), budget, functions) for side in (-1, 1))
        kinks[j] = [element_kink(*each) for each in zip(values, left, right, strict=True)]
    return kinks


def _affected(point: _Point) -> Flags:
    """Which coordinates something tied or singular depends on."""
    tape = point.tape
    marks = [(node, where) for node, where in tape.jumps]
    marks += [(group.gaps, np.ones(tape.shape(group.gaps), dtype=bool)) for group in tape.switches]
    seeds = [(node, tape.inner.direction(np.where(where, math.nan, 0.0))) for node, where in marks]
    affected = reached(flat(tape.backward(seeds, tuple(point.recorded.inputs.values()))))
    for row in point.form.slopes:
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
    problem: DerivativeProblem, context: Context, budget: Budget, rows: Rows, affected: Sequence[int]
) -> Iterator[list[Floats]]:
    """Limiting derivatives: what the derivative nears on random rays, as far as time allows."""
    until = time.monotonic() + min(SAMPLING_SHARE * budget.left, SAMPLING_SECONDS)
    for signs in directions(len(affected)):
        if time.monotonic() > until:
            return
        speeds = _speeds(problem, dict(zip(affected, signs, strict=True)))
        try:
            sample = gradient_along(problem, context, rows, speeds, budget)
        except (EvaluationError, Undecided):  # one sample less
            continue
        if sample is not None and all(x.is_finite() for row in sample for x in row):
            yield [_floats(row) for row in sample]
