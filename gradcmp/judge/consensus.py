"""What several targets say together, where nothing better is known."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from gradcmp.core.reasons import Claim
from gradcmp.core.tensors import Key, Tensor
from gradcmp.core.truth import TruthLeaf
from gradcmp.core.verdicts import Evidence
from gradcmp.judge.codes import DISAGREES, EXACT, NO_DIGITS, ROUNDING, UNJUDGED, WRONG
from gradcmp.judge.elements import Comparison, compare
from gradcmp.judge.tolerance import Limits, Supplier
from gradcmp.numbers.arrays import Flags, Floats
from gradcmp.numbers.rounding import split


@dataclass(frozen=True, slots=True, kw_only=True)
class Consensus:
    """Arrays of one shape, compared with each other.

    `truth` is the value in the middle of a strict majority, None without one. `judged` is the word on every target.
    """

    truth: TruthLeaf | None
    judged: Mapping[str, Comparison]


def as_truth(tensor: Tensor, of: str = "", wrt: tuple[str, ...] = ()) -> TruthLeaf:
    """An array taken for the truth."""
    high, low = split(tensor.array)
    return TruthLeaf(of=of, wrt=wrt, high=high, low=low, radius=np.zeros_like(high))


def between(a: Tensor, b: Tensor, dtype: str, limits: Supplier, key: Key) -> Comparison:
    """`a` against `b`, the same both ways but for a sign: limits and units are those of the larger value."""
    (high_a, low_a), (high_b, low_b) = split(a.array), split(b.array)
    larger_b = np.abs(high_b) >= np.abs(high_a)

    def limits_of_larger(truth: TruthLeaf, dtype: str) -> Limits:
        return limits(_pair(truth, np.where(larger_b, high_b, high_a), np.where(larger_b, low_b, low_a)), dtype)

    return compare(a, as_truth(b, *key), dtype, limits_of_larger, evidence=Evidence.CONSENSUS, claim=Claim.OTHERS)


def _pair(leaf: TruthLeaf, high: Floats, low: Floats) -> TruthLeaf:
    return TruthLeaf(of=leaf.of, wrt=leaf.wrt, high=high, low=low, radius=leaf.radius)


def settle(
    tensors: Mapping[str, Tensor], dtype: str, limits: Supplier, *, of: str = "", wrt: tuple[str, ...] = ()
) -> Consensus:
    """The majority among two or more arrays of one shape, and a word on each.

    With a strict majority the others are judged by its centre; without one every element on which somebody disagrees
    is `disagrees`, for all. Numbers that are not finite make no majority: where more than half have none, nobody is
    right. Agreement is no proof, so nothing is `exact`.
    """
    key = (of, wrt)
    pairs = {(a, b): between(tensors[a], tensors[b], dtype, limits, key) for a in tensors for b in tensors if a != b}
    groups = {a: [a, *(b for b in tensors if b != a and pairs[a, b].agrees and pairs[b, a].agrees)] for a in tensors}
    centre = max(groups, key=lambda name: (len(groups[name]), -_spread(name, groups[name], pairs)))
    settled = 2 * len(groups[centre]) > len(tensors)
    votes = _votes(tensors)
    judged: dict[str, Comparison] = {}
    for name in tensors:
        others = [other for other in tensors if other != name]
        if settled and name not in groups[centre]:
            told = between(tensors[name], tensors[centre], dtype, limits, key)
            codes = np.array(told.codes)
        else:
            witnesses = [other for other in others if not settled or other in groups[centre]]
            told = max((pairs[name, other] for other in witnesses), key=_severity)
            # As arrays: reductions of arrays of shape () give bare numbers, which cannot be written into.
            codes = np.array(np.maximum.reduce([pairs[name, other].codes for other in witnesses]), dtype=np.int8)
            if settled:
                # Members agree with the centre; two of them may lie a limit apart on either side of it.
                codes = np.array(np.minimum(codes, NO_DIGITS), dtype=np.int8)
            else:
                codes[codes >= WRONG] = DISAGREES
            codes[(codes <= NO_DIGITS) & votes.shared[name]] = ROUNDING
        codes[codes == EXACT] = ROUNDING
        codes[votes.void] = np.where(votes.alike[votes.void], UNJUDGED, DISAGREES)
        if np.any(votes.void & ~votes.alike):
            told = max((pairs[name, other] for other in others), key=_severity)
        judged[name] = Comparison(codes=codes, errors=told.errors, reason=told.reason)
    truth = as_truth(tensors[centre], of, wrt) if settled else None
    if truth is not None:
        truth = replace(truth, high=np.where(votes.void, np.nan, truth.high))
    return Consensus(truth=truth, judged=judged)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Votes:
    """Where most targets have no finite number (`void`), where all have the same (`alike`), and where each has, bit
    for bit, what more than half of them have. NaN equals NaN.
    """

    void: Flags
    alike: Flags
    shared: Mapping[str, Flags]


def _votes(tensors: Mapping[str, Tensor]) -> _Votes:
    highs = {name: split(tensor.array)[0] for name, tensor in tensors.items()}
    counts = {
        name: sum(
            ((tensor.array == other.array) | (np.isnan(highs[name]) & np.isnan(highs[at]))).astype(np.int64)
            for at, other in tensors.items()
        )
        for name, tensor in tensors.items()
    }
    finite = sum(np.isfinite(high).astype(np.int64) for high in highs.values())
    return _Votes(
        void=np.asarray(2 * finite <= len(tensors)),
        alike=np.asarray(next(iter(counts.values())) == len(tensors)),
        shared={name: np.asarray(2 * count > len(tensors)) for name, count in counts.items()},
    )


def _spread(name: str, group: list[str], pairs: Mapping[tuple[str, str], Comparison]) -> float:
    return max((pairs[name, other].errors.max_abs or 0.0 for other in group if other != name), default=0.0)


def _severity(comparison: Comparison) -> tuple[int, float]:
    code = int(comparison.codes.max()) if comparison.codes.size else 0
    return code, comparison.errors.max_ulps or 0.0
