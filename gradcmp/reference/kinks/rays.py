"""Derivatives along rays from a point, by germs: for kinks that no switch describes (`switches`)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from flint import arb

from gradcmp.numbers.arrays import Floats
from gradcmp.reference.algebra import EvaluationError
from gradcmp.reference.algebras import jets
from gradcmp.reference.algebras.balls import filled, mapped
from gradcmp.reference.algebras.germs import ORDERS, OUTSIDE, GermAlgebra
from gradcmp.reference.algebras.jets import Element, NeedOrder, moves
from gradcmp.reference.algebras.metered import MeteredAlgebra
from gradcmp.reference.budget import Budget
from gradcmp.reference.kinks.switches import flat_rows
from gradcmp.reference.language.arrays import Array, Context, floats_of
from gradcmp.reference.language.evaluator import evaluate, exact_input
from gradcmp.reference.modes.batches import BatchAlgebra
from gradcmp.reference.modes.both_modes import Ties
from gradcmp.reference.modes.derivatives import DerivativeProblem, Rows, record, rows_of
from gradcmp.reference.modes.duals import Dual, DualAlgebra
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
    problem: DerivativeProblem,
    context: Context,
    speeds: Speeds,
    budget: Budget,
    functions: Functions,
    here: Sequence[Any],
) -> list[End]:
    """The ends of `functions` of the outputs on the ray of inputs + s · `speeds`; `here` are their values at the point.

    Where a function is not a number, the derivative may have an end all the same: what does not move, as a pole that
    is a term beside others, has no part in it. Raises `Undecided` and `EvaluationError`.
    """

    def run(algebra: GermAlgebra) -> list[End]:
        moved = replace(context, floats=MeteredAlgebra(algebra, budget))
        inputs = {path: exact_input(tensor, moved) for path, tensor in problem.inputs.items()}
        for path, speed in speeds.items():
            inputs[path] = Array(kind="float", data=_moved(inputs[path].data, speed))
        values = functions(floats_of(evaluate(problem.checked, moved, inputs, budget)))
        ends = [End(value=jets.limit(each), slope=jets.slope(each, algebra.order)) for each in values]
        unknown = [end.slope.is_nan() and not value.is_finite() for end, value in zip(ends, here, strict=True)]
        if any(unknown):
            slopes = functions(_slopes_along(problem, context, speeds, budget, algebra))
            ends = [
                _end(slope) if open_ and _depends(slope) else end
                for end, slope, open_ in zip(ends, slopes, unknown, strict=True)
            ]
        if algebra.unsupported and any(end.slope.is_nan() for end in ends):
            raise EvaluationError(f"a kink at {algebra.unsupported[0]} is not supported yet")
        return ends

    return _with_order(run)


def _slopes_along(
    problem: DerivativeProblem, context: Context, speeds: Speeds, budget: Budget, algebra: GermAlgebra
) -> dict[str, Any]:
    """The derivative by s of the float outputs, by path, as germs."""
    duals = _GermDuals(MeteredAlgebra(algebra, budget))
    moved = replace(context, floats=duals)
    inputs = {path: exact_input(tensor, moved) for path, tensor in problem.inputs.items()}
    for path, speed in speeds.items():
        start = inputs[path].data.primal
        inputs[path] = Array(kind="float", data=Dual(_moved(start, speed), algebra.direction(speed)))
    outputs = floats_of(evaluate(problem.checked, moved, inputs, budget))
    return {of: duals.tangent(x) for of, x in outputs.items()}


class _GermDuals(DualAlgebra):
    """Derivatives along a ray. They are not numbers where a step is not defined there, whatever its rule says."""

    def elementwise(self, name: str, *operands: Dual) -> Dual:
        result = super().elementwise(name, *operands)
        if not result.live:
            return result
        tangent = result.tangent
        if name in ("log", "log1p"):  # their rules ask for the value too, for which germs have no word at its pole
            one, x = self.inner.constant(np.ones(())), operands[0].primal
            inner = x if name == "log" else self.inner.elementwise("add", one, x)
            slope = self.inner.elementwise("divide", one, inner)
            tangent = self.inner.elementwise("scale", operands[0].tangent, slope)
        outside = mapped(lambda x: x is OUTSIDE, result.primal).astype(bool)
        return Dual(result.primal, np.where(outside, np.asarray(jets.NAN), tangent))


def _depends(slope: Element) -> bool:
    """Does a function whose derivative this is move along the ray?"""
    return moves(slope) or not slope.is_zero()


def _end(slope: Element) -> End:
    """The end of a function whose derivative nears a pole of order 1 or more: an infinity of the other sign."""
    end = jets.limit(slope)
    terms, _ = jets.parts(slope)
    pole = moves(slope) and bool(terms) and terms[0][0] <= -1
    return End(value=-end if pole else jets.NAN, slope=end)


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
