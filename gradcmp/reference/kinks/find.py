"""One-sided and limiting derivatives at a point where the derivative passes a tie or is not finite."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcmp.core.tensors import Key
from gradcmp.core.truth import Kink, TruthLeaf
from gradcmp.numbers.arrays import Flags
from gradcmp.reference.algebra import EvaluationError
from gradcmp.reference.algebras.balls import filled
from gradcmp.reference.algebras.jets import ZERO
from gradcmp.reference.budget import Budget
from gradcmp.reference.kinks.along_tangent import along_tangent
from gradcmp.reference.kinks.by_coordinates import by_coordinates
from gradcmp.reference.kinks.elements import ElementKink, Kinks
from gradcmp.reference.language.arrays import Array, Context
from gradcmp.reference.modes.derivatives import DerivativeProblem
from gradcmp.reference.precision import certified


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafKink:
    """The one-sided derivatives of a leaf, each to an eighth of a unit in the last place; NaN and infinite as in
    `core.truth.Kink`. Where they are equal and finite and the function does not jump, they are the derivative."""

    left: TruthLeaf
    right: TruthLeaf
    kink: Kink


def kinks_of(
    problem: DerivativeProblem, dtype: str, budget: Budget, *, known: Mapping[Key, TruthLeaf] | None = None
) -> dict[Key, LeafKink]:
    """Left and right derivatives of the leaves in which they differ, are not finite, or replace one that is not.

    For gradient, vjp and jacobian by coordinate, for jvp along the tangent. `known` are the certified leaves where
    nothing is tied; without them they are certified here. A jump is claimed where the limits of the function on both
    sides, or its value, provably differ. Raises `EvaluationError` where a comparison stays undecided, for hvp and
    hessian, and over budget.
    """
    if problem.operator == "value":
        return {}
    if problem.operator in ("hvp", "hessian"):
        raise EvaluationError("a second derivative is not defined at a kink")
    rounds: list[Kinks] = []

    def run(context: Context) -> dict[str, Array]:
        before = rounds[-1].limiting if rounds else {}
        kinks = _examined(problem, context, budget, sample=not before)
        kinks.limiting = kinks.limiting or before
        rounds.append(kinks)
        return dict(_named(kinks, known or {}))

    leaves = certified(run, {}, dtype=dtype)
    kinks = rounds[-1]
    return {
        key: _assembled(kinks, key, (known or {}).get(key) or leaves[f"{place} base"], place, leaves)
        for place, key in enumerate(kinks.tied)
        if kinks.tied[key]
    }


def _examined(problem: DerivativeProblem, context: Context, budget: Budget, *, sample: bool) -> Kinks:
    if problem.operator == "jvp":
        return along_tangent(problem, context, budget)
    return by_coordinates(problem, context, budget, sample=sample)


def _named(kinks: Kinks, known: Mapping[Key, TruthLeaf]) -> Iterator[tuple[str, Array]]:
    """The balls that have to become small: both sides of the tied elements, and the others where they are not known."""
    for place, (key, tied) in enumerate(kinks.tied.items()):
        if not tied:
            continue
        for name, from_there in _FROM.items():
            items = [ZERO if from_there(each).is_nan() else from_there(each) for each in tied.values()]
            yield f"{place} {name}", Array(kind="float", data=filled(items, (len(items),)))
        if key not in known:
            base = kinks.base[key].data.copy()
            base.ravel()[list(tied)] = ZERO
            yield f"{place} base", Array(kind="float", data=base)


_FROM: dict[str, Callable[[ElementKink], Any]] = {
    "left": lambda element: element.left,
    "right": lambda element: element.right,
}


def _assembled(kinks: Kinks, key: Key, base: TruthLeaf, place: int, leaves: Mapping[str, TruthLeaf]) -> LeafKink:
    tied = kinks.tied[key]
    where = np.zeros(base.high.shape, dtype=bool)
    where.ravel()[list(tied)] = True
    jump = np.zeros(base.high.shape, dtype=bool)
    jump.ravel()[[i for i, element in tied.items() if element.jump]] = True
    left = _merged(base, list(tied), leaves[f"{place} left"], [element.left.is_nan() for element in tied.values()])
    right = _merged(base, list(tied), leaves[f"{place} right"], [element.right.is_nan() for element in tied.values()])
    same = np.zeros(base.high.shape, dtype=bool)
    same.ravel()[[i for i, element in tied.items() if _equal(element)]] = True
    right = _where(same, left, right)
    limiting = kinks.limiting.get(key, [])
    return LeafKink(
        left=left,
        right=right,
        kink=Kink(
            left=left.high,
            right=right.high,
            tied=where,
            jump=jump,
            limiting=np.stack(limiting) if limiting else np.zeros((0, *base.high.shape)),
        ),
    )


def _equal(element: ElementKink) -> bool:
    """Both sides one number, as far as the precision that was needed shows."""
    return bool(element.left.is_finite() and element.right.is_finite() and element.left.overlaps(element.right))


def _merged(base: TruthLeaf, elements: list[int], others: TruthLeaf, undefined: list[bool]) -> TruthLeaf:
    """`base` with other values in `elements` of it flattened."""
    nowhere: Flags = np.asarray(undefined, dtype=bool)
    parts = {}
    for name, nothing in (("high", np.nan), ("low", 0.0), ("radius", np.nan)):
        whole = getattr(base, name).copy()
        whole.ravel()[elements] = np.where(nowhere, nothing, getattr(others, name))
        parts[name] = whole
    return TruthLeaf(**parts)


def _where(condition: Flags, x: TruthLeaf, y: TruthLeaf) -> TruthLeaf:
    return TruthLeaf(
        high=np.where(condition, x.high, y.high),
        low=np.where(condition, x.low, y.low),
        radius=np.where(condition, x.radius, y.radius),
    )
