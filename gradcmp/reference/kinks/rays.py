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
from gradcmp.reference.budget import Budget
from gradcmp.reference.kinks.switches import flat_rows
from gradcmp.reference.language.arrays import Array, Context, floats_of
from gradcmp.reference.language.evaluator import evaluate, exact_input
from gradcmp.reference.modes.batches import BatchAlgebra
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
        moved = replace(context, floats=algebra)
        inputs = {path: exact_input(tensor, moved) for path, tensor in problem.inputs.items()}
        for path, speed in speeds.items():
            inputs[path] = Array(kind="float", data=_moved(inputs[path].data, speed))
        values = functions(floats_of(evaluate(problem.checked, moved, inputs, budget.for_one_more_pass())))
        ends = [End(value=jets.limit(each), slope=jets.slope(each, algebra.order)) for each in values]
        if algebra.unsupported and any(end.slope.is_nan() for end in ends):
            raise EvaluationError(f"a kink at {algebra.unsupported[0]} is not supported yet")
        return ends

    return _with_order(run)


def gradient_along(
    problem: DerivativeProblem, context: Context, speeds: Speeds, budget: Budget
) -> list[list[Any]] | None:
    """The limit of the derivative on a ray, as balls by row and coordinate; None where the ray runs along a kink."""

    def run(algebra: GermAlgebra) -> list[list[Any]] | None:
        batches = BatchAlgebra(algebra)
        tape = TapeAlgebra(batches, budget.spend)
        once = budget.for_one_more_pass()
        recorded = record(
            problem, context, tape, once, lambda path, x: _moved(x, speeds[path]) if path in speeds else x
        )
        inputs = tuple(recorded.inputs.values())
        limits = [
            [jets.limit(item) for item in row]
            for seeds, count in rows_of(problem, recorded).seeds(recorded)
            for row in flat_rows(batches, tape.backward(seeds, inputs, rows=count), count)
        ]
        return None if tape.ties else limits

    return _with_order(run)


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
    return filled([jets.ray(start, arb(speed)) if speed else start for start, speed in pairs], starts.shape)


def _with_order(run: Callable[[GermAlgebra], T]) -> T:
    for order in ORDERS:
        try:
            return run(GermAlgebra(order))
        except NeedOrder:
            continue
    raise EvaluationError(f"what happens near the point does not show in {ORDERS[-1]} terms")
