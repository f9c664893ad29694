"""One-sided and limiting derivatives at a point where the derivative passes a tie or is not finite."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from gradcmp.core.operators import Operator
from gradcmp.core.tensors import Key, Shape
from gradcmp.core.truth import Kink, TruthLeaf
from gradcmp.numbers.arrays import Flags
from gradcmp.reference.algebras.balls import filled
from gradcmp.reference.algebras.jets import ZERO
from gradcmp.reference.algebras.metered import metered
from gradcmp.reference.budget import Budget
from gradcmp.reference.kinks.along_tangent import along_tangent
from gradcmp.reference.kinks.by_coordinates import by_coordinates
from gradcmp.reference.kinks.elements import ElementKink, Kinks
from gradcmp.reference.kinks.second_order import second_order
from gradcmp.reference.language.arrays import Array, Context
from gradcmp.reference.modes.derivatives import DerivativeProblem
from gradcmp.reference.precision import certified


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafKink:
    """The one-sided derivatives of a leaf, each to an eighth of a unit in the last place; NaN and infinite as in
    `core.truth.Kink`. Where those of `kink` are equal and finite and nothing jumps, they are the derivative."""

    left: TruthLeaf
    right: TruthLeaf
    kink: Kink


def kinks_of(
    problem: DerivativeProblem, dtype: str, budget: Budget, *, known: Mapping[Key, TruthLeaf] | None = None
) -> dict[Key, LeafKink]:
    """Left and right derivatives of the leaves in which they differ, are not finite, or replace one that is not.

    For gradient, vjp and jacobian by coordinate, for jvp along the tangent; second derivatives have no sides, but are
    not those of a convention either. `known` are the certified leaves where
    nothing is tied; without them they are certified here. A jump is claimed where the limits of the function on both
    sides, or its value, provably differ. Raises `EvaluationError` where a comparison stays undecided, where there is no
    second derivative, and over budget.
    """
    if problem.operator is Operator.VALUE:
        return {}
    rounds: list[Kinks] = []

    def run(context: Context) -> dict[str, Array]:
        context = replace(metered(context, budget), binary=problem.binary)
        before = rounds[-1] if rounds else Kinks()
        if problem.operator.order == 2:
            kinks = second_order(problem, context, budget)
        elif problem.operator is Operator.JVP:
            kinks = along_tangent(problem, context, budget)
        else:
            kinks = by_coordinates(problem, context, budget, sample=not before.limiting)
        kinks.limiting, kinks.sums = kinks.limiting or before.limiting, kinks.sums or before.sums
        rounds.append(kinks)
        return dict(_named(kinks, known or {}))

    leaves = certified(run, {}, dtype=dtype)
    kinks = rounds[-1]
    return {
        key: _assembled(kinks, key, (known or {}).get(key) or leaves[f"{place} base"], place, leaves)
        for place, key in enumerate(kinks.tied)
        if kinks.tied[key]
    }


def _named(kinks: Kinks, known: Mapping[Key, TruthLeaf]) -> Iterator[tuple[str, Array]]:
    """The balls that have to become small: both sides of the tied elements, and the others where they are not known."""
    for place, (key, tied) in enumerate(kinks.tied.items()):
        if not tied:
            continue
        for name in ("left", "right"):
            sides = [getattr(element, name) for element in tied.values()]
            items = [ZERO if side.is_nan() else side for side in sides]
            yield f"{place} {name}", Array(kind="float", data=filled(items, (len(items),)))
        if key not in known:
            base = kinks.base[key].data.copy()
            base.ravel()[list(tied)] = ZERO
            yield f"{place} base", Array(kind="float", data=base)


def _assembled(kinks: Kinks, key: Key, base: TruthLeaf, place: int, leaves: Mapping[str, TruthLeaf]) -> LeafKink:
    tied = kinks.tied[key]
    shape = base.high.shape
    left = _merged(base, list(tied), leaves[f"{place} left"], [element.left.is_nan() for element in tied.values()])
    right = _merged(base, list(tied), leaves[f"{place} right"], [element.right.is_nan() for element in tied.values()])
    same = _flags(shape, [i for i, element in tied.items() if _equal(element)])
    limiting = kinks.limiting.get(key, [])
    return LeafKink(
        left=left,
        right=right,
        kink=Kink(
            left=left.high,
            right=np.where(same, left.high, right.high),
            tied=_flags(shape, list(tied)),
            jump=_flags(shape, [i for i, element in tied.items() if element.jump]),
            limiting=np.stack(limiting) if limiting else np.zeros((0, *shape)),
            sums=kinks.sums.get(key),
        ),
    )


def _flags(shape: Shape, elements: list[int]) -> Flags:
    """True in `elements` of an array of `shape` flattened."""
    flags = np.zeros(shape, dtype=bool)
    flags.ravel()[elements] = True
    return flags


def _equal(element: ElementKink) -> bool:
    """Both sides one number, as far as the precision that was needed shows."""
    return bool(element.left.is_finite() and element.right.is_finite() and element.left.overlaps(element.right))


def _merged(base: TruthLeaf, elements: list[int], others: TruthLeaf, undefined: list[bool]) -> TruthLeaf:
    """`base` with other values in `elements` of it flattened."""
    parts = {}
    for name, nothing in (("high", np.nan), ("low", 0.0), ("radius", np.nan)):
        whole = getattr(base, name).copy()
        whole.ravel()[elements] = np.where(undefined, nothing, getattr(others, name))
        parts[name] = whole
    return TruthLeaf(**parts)
