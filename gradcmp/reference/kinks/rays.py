"""Derivatives along rays from a point, by germs: for kinks that no switch describes (`switches`)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy.typing as npt
from flint import arb

from gradcmp.numbers.arrays import Floats
from gradcmp.reference.algebra import EvaluationError
from gradcmp.reference.algebras import jets
from gradcmp.reference.algebras.balls import filled
from gradcmp.reference.algebras.germs import ORDERS, GermAlgebra
from gradcmp.reference.algebras.jets import Element, NeedOrder
from gradcmp.reference.algebras.metered import MeteredAlgebra
from gradcmp.reference.budget import Budget
from gradcmp.reference.kinks.switches import flat_rows
from gradcmp.reference.language.arrays import Array, Context, floats_of
from gradcmp.reference.language.evaluator import evaluate, exact_input
from gradcmp.reference.modes.batches import BatchAlgebra
from gradcmp.reference.modes.both_modes import Ties
from gradcmp.reference.modes.derivatives import DerivativeProblem, Rows, record, rows_of
from gradcmp.reference.modes.tape import TapeAlgebra

Speeds = Mapping[str, npt.NDArray[Any]]
"""Input path → its direction, of its shape; inputs without one stay where they are."""

Functions = Callable[[Mapping[str, Any]], list[Element]]
"""Arrays of germs or balls, by output path → the functions of them, element by element."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What a function nears on a ray: its value and that of its derivative; NaN where it is not defined there."""

    value: Any
    slope: Any


def ends_along(
    problem: DerivativeProblem, context: Context, speeds: Speeds, budget: Budget, functions: Functions
) -> list[End]:
    """The ends of `functions` of the outputs on the ray of inputs + s · `speeds`.

    Raises `Undecided` and `EvaluationError`.
    """

    def run(algebra: GermAlgebra) -> list[End]:
        moved = replace(context, floats=MeteredAlgebra(algebra, budget))
        inputs = {path: exact_input(tensor, moved) for path, tensor in problem.inputs.items()}
        for path, speed in speeds.items():
            inputs[path] = Array(kind="float", data=_moved(inputs[path].data, speed))
        values = functions(floats_of(evaluate(problem.checked, moved, inputs, budget)))
        ends = [End(value=jets.limit(each), slope=jets.slope(each, algebra.order)) for each in values]
        if algebra.unsupported and any(end.slope.is_nan() for end in ends):
            raise EvaluationError(f"a kink at {algebra.unsupported[0]} is not supported yet")
        return ends

    return _with_order(run)


def gradient_ends_along(
    problem: DerivativeProblem, context: Context, speeds: Speeds, budget: Budget
) -> tuple[list[Any], list[list[End]], bool]:
    """What the outputs near on a ray, the ends of the derivative by row and coordinate, and whether a tie opens.

    On a ray in a direction drawn at random, numbers that tie are the same function, so that either does. Raises
    `Undecided` and `EvaluationError`.
    """

    def run(algebra: GermAlgebra) -> tuple[list[Any], list[list[End]], bool]:
        outputs, rows, _ = _gradient_germs(problem, context, speeds, budget, algebra)
        ends = [[End(value=jets.limit(x), slope=jets.slope(x, algebra.order)) for x in row] for row in rows]
        if algebra.unsupported and any(end.slope.is_nan() for row in ends for end in row):
            raise EvaluationError(f"a kink at {algebra.unsupported[0]} is not supported yet")
        return [jets.limit(x) for x in outputs], ends, algebra.opened

    return _with_order(run)


def gradient_along(
    problem: DerivativeProblem, context: Context, speeds: Speeds, budget: Budget
) -> list[list[Any]] | None:
    """The limit of the derivative on a ray, as balls by row and coordinate; None where the ray runs along a kink."""

    def run(algebra: GermAlgebra) -> list[list[Any]] | None:
        _, rows, ties = _gradient_germs(problem, context, speeds, budget, algebra)
        return None if ties else [[jets.limit(item) for item in row] for row in rows]

    return _with_order(run)


def _gradient_germs(
    problem: DerivativeProblem, context: Context, speeds: Speeds, budget: Budget, algebra: GermAlgebra
) -> tuple[list[Element], list[list[Element]], Ties]:
    """The outputs, element by element, the derivative by row and coordinate, and the ties on the ray."""
    batches = BatchAlgebra(MeteredAlgebra(algebra, budget))
    tape = TapeAlgebra(batches)
    recorded = record(problem, context, tape, budget, lambda path, x: _moved(x, speeds[path]) if path in speeds else x)
    inputs = tuple(recorded.inputs.values())
    rows = [
        row
        for seeds, count in rows_of(problem, recorded).seeds(recorded)
        for row in flat_rows(batches, tape.backward(seeds, inputs), count)
    ]
    outputs = [item for node in recorded.outputs.values() for item in node.primal.ravel().tolist()]
    return outputs, rows, tape.ties


def weighted(rows: Rows) -> Functions:
    """The rows as functions of the outputs. An output of weight zero takes no part, whatever it is."""

    def functions(outputs: Mapping[str, Any]) -> list[Element]:
        return [jets.add(_terms(weights, outputs), ORDERS[-1]) for weights in rows.weights()]

    return functions


def _terms(weights: Mapping[str, Floats], outputs: Mapping[str, Any]) -> Sequence[Element]:
    return [
        jets.scaled(item, arb(weight))
        for of, array in weights.items()
        for weight, item in zip(array.ravel().tolist(), outputs[of].ravel().tolist(), strict=True)
        if weight
    ]


def _moved(starts: Any, speeds: npt.NDArray[Any]) -> Any:
    pairs = zip(starts.ravel().tolist(), speeds.ravel().tolist(), strict=True)
    return filled([jets.ray(start, arb(speed)) if speed != 0 else start for start, speed in pairs], starts.shape)


def _with_order(run: Callable[[GermAlgebra], T]) -> T:
    for order in ORDERS:
        try:
            return run(GermAlgebra(order))
        except NeedOrder:
            continue
    raise EvaluationError(f"what happens near the point does not show in {ORDERS[-1]} terms")
