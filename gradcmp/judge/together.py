"""Elements at a kink judged together: weighted sums of them that no choice at a tie changes (`core.truth.Sums`)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gradcmp.core.leaves import LeafType
from gradcmp.core.reasons import Sum
from gradcmp.core.tensors import Key, Leaf
from gradcmp.core.truth import Kink, Sums, TruthLeaf
from gradcmp.judge.tolerance import Supplier, interim
from gradcmp.numbers.arrays import Flags, Floats

GROSS = 2.0**-30
"""Of the sizes of the derivatives: what a sum is off by at the least. Its weights are rounded, and proven to 2**-40."""

Numbers = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The sums that an answer misses in one leaf, whose shape the arrays have.

    `where` are the elements, `groups` says in which of `sums` each is (others: -1), and `nearest` are the numbers
    nearest to the answer that sum up as they have to.
    """

    where: Flags
    groups: Numbers
    nearest: Floats
    sums: Mapping[int, Sum]


def broken_sums(answer: Iterable[Leaf], known: Iterable[TruthLeaf], dtype: str, limits: Supplier) -> dict[Key, Broken]:
    """What `answer` misses, by leaf.

    A sum is not asked for where one of its elements is no derivative by itself, which says more, or is missing.
    """
    found = {leaf.key: leaf.tensor for leaf in answer}
    parts: list[_Part] = []
    incomplete: set[int] = set()
    for leaf in known:
        if leaf.kink is None or leaf.kink.sums is None:
            continue
        tensor = found.get(leaf.key)
        if tensor is None or tensor.shape != leaf.high.shape:
            incomplete |= set(leaf.kink.sums.groups.ravel().tolist())
        else:
            parts.append(_part(leaf, leaf.kink, leaf.kink.sums, tensor.array.astype(np.float64), dtype, limits))
    numbers = np.unique(np.concatenate([part.groups for part in parts])) if parts else np.zeros(0, dtype=np.intp)
    return _broken(parts, numbers, incomplete) if numbers.size else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """The elements of one leaf that are in a group: `places` in it flattened, the other arrays have an entry for each.

    `allowed` is how far each may be off, `size` how large the derivatives are there; `unsound` is 1 where it is none.
    """

    leaf: TruthLeaf
    places: Numbers
    groups: Numbers
    weights: Floats
    totals: Floats
    got: Floats
    allowed: Floats
    size: Floats
    unsound: Floats


def _part(leaf: TruthLeaf, kink: Kink, sums: Sums, answer: Floats, dtype: str, limits: Supplier) -> _Part:
    allowed = _allowed(leaf, answer, dtype, limits)
    ends = (kink.left, kink.right, *kink.limiting)
    with np.errstate(invalid="ignore"):
        sound = (np.minimum.reduce(ends) - allowed <= answer) & (answer <= np.maximum.reduce(ends) + allowed)
    places = np.flatnonzero(sums.groups >= 0)

    def take(array: Floats) -> Floats:
        return array.ravel()[places]

    return _Part(
        leaf=leaf,
        places=places,
        groups=sums.groups.ravel()[places],
        weights=take(sums.weights),
        totals=take(sums.totals),
        got=take(answer),
        allowed=take(allowed),
        size=take(np.maximum(np.abs(kink.left), np.abs(kink.right))),
        unsound=take((~(sound & np.isfinite(answer))).astype(np.float64)),
    )


def _allowed(leaf: TruthLeaf, answer: Floats, dtype: str, limits: Supplier) -> Floats:
    """What rounding may do to each element, by its own size and the running errors; never less than the interim limit.

    The size of the largest element is in it only where the running errors are not known: many elements are summed up.
    """
    zero = np.zeros_like(answer)
    held = TruthLeaf(high=np.where(np.isfinite(answer), answer, 0.0), low=zero, radius=zero, errors=leaf.errors)
    used, plain = limits(held, dtype), interim(held, dtype)
    own = np.maximum(used.rounding, used.high)
    if used.judged:
        own = np.where(np.isfinite(own), np.maximum(own, plain.rounding), np.maximum(plain.rounding, plain.high))
    return np.asarray(np.maximum(own, leaf.radius))


def _broken(parts: list[_Part], numbers: Numbers, incomplete: set[int]) -> dict[Key, Broken]:
    places = [np.searchsorted(numbers, part.groups) for part in parts]  # of the groups in the arrays of sums

    def summed(items: list[Floats]) -> Floats:
        return np.bincount(np.concatenate(places), np.concatenate(items), minlength=numbers.size).astype(np.float64)

    due = np.zeros(numbers.size)
    for at, part in zip(places, parts, strict=True):
        due[at] = part.totals
    with np.errstate(invalid="ignore"):
        found = summed([part.weights * part.got for part in parts])
        allowed = summed([np.abs(part.weights) * (part.allowed + GROSS * part.size) for part in parts])
        missed = np.abs(found - due) > allowed
    missed &= (summed([part.unsound for part in parts]) == 0.0) & ~np.isin(numbers, list(incomplete))
    if not missed.any():
        return {}
    counts = summed([np.ones(at.shape) for at in places])
    weighted = summed([np.abs(part.weights - 1.0) for part in parts]) > 0.0
    steps = (due - found) / summed([part.weights**2 for part in parts])
    leaves = [
        (LeafType(of=part.leaf.of, wrt=part.leaf.wrt).label, set(at[missed[at]].tolist()))
        for at, part in zip(places, parts, strict=True)
    ]
    sums = {
        number: Sum(
            count=int(counts[number]),
            due=float(due[number]),
            found=float(found[number]),
            weighted=bool(weighted[number]),
            leaves=tuple(label for label, held in leaves if number in held),
        )
        for number in np.flatnonzero(missed).tolist()
    }
    return {
        part.leaf.key: _in_leaf(part, np.where(missed[at], at, -1), steps[at], sums)
        for at, part in zip(places, parts, strict=True)
        if missed[at].any()
    }


def _in_leaf(part: _Part, at: Numbers, steps: Floats, sums: Mapping[int, Sum]) -> Broken:
    shape = part.leaf.high.shape
    groups, nearest = np.full(shape, -1, dtype=np.intp), np.zeros(shape)
    groups.flat[part.places] = at
    nearest.flat[part.places] = part.got + steps * part.weights
    return Broken(where=groups >= 0, groups=groups, nearest=nearest, sums=sums)
