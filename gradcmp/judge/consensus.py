"""What several targets say together, where nothing better is known."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gradcmp.core.reasons import Claim
from gradcmp.core.tensors import Key, Tensor
from gradcmp.core.truth import TruthLeaf
from gradcmp.core.verdicts import Evidence
from gradcmp.judge.codes import DISAGREES, EXACT, NO_DIGITS, ROUNDING, WRONG
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
    is `disagrees`, for all. An element is `exact` where more than half of all targets have it bit for bit.
    """
    key = (of, wrt)
    pairs = {(a, b): between(tensors[a], tensors[b], dtype, limits, key) for a in tensors for b in tensors if a != b}
    groups = {a: [a, *(b for b in tensors if b != a and pairs[a, b].agrees and pairs[b, a].agrees)] for a in tensors}
    centre = max(groups, key=lambda name: (len(groups[name]), -_spread(name, groups[name], pairs)))
    settled = 2 * len(groups[centre]) > len(tensors)
    shared = _majority(tensors)
    judged: dict[str, Comparison] = {}
    for name in tensors:
        if settled and name not in groups[centre]:
            judged[name] = between(tensors[name], tensors[centre], dtype, limits, key)
            continue
        witnesses = [other for other in (groups[centre] if settled else tensors) if other != name]
        worst = max((pairs[name, other] for other in witnesses), key=_severity)
        # As arrays: reductions of arrays of shape () give bare numbers, which cannot be written into.
        codes = np.array(np.maximum.reduce([pairs[name, other].codes for other in witnesses]), dtype=np.int8)
        if settled:
            # Members agree with the centre; two of them may lie a limit apart on either side of it.
            codes = np.array(np.minimum(codes, NO_DIGITS), dtype=np.int8)
        else:
            codes[codes >= WRONG] = DISAGREES
        codes[(codes == EXACT) & ~shared[name]] = ROUNDING
        codes[(codes <= NO_DIGITS) & shared[name]] = EXACT
        judged[name] = Comparison(codes=codes, errors=worst.errors, reason=worst.reason)
    truth = as_truth(tensors[centre], of, wrt) if settled else None
    return Consensus(truth=truth, judged=judged)


def _spread(name: str, group: list[str], pairs: Mapping[tuple[str, str], Comparison]) -> float:
    return max((pairs[name, other].errors.max_abs or 0.0 for other in group if other != name), default=0.0)


def _severity(comparison: Comparison) -> tuple[int, float]:
    code = int(comparison.codes.max()) if comparison.codes.size else 0
    return code, comparison.errors.max_ulps or 0.0


def _majority(tensors: Mapping[str, Tensor]) -> dict[str, Flags]:
    """Where each target has, bit for bit, the value of more than half of the targets. NaN equals NaN."""
    shared = {}
    for name, tensor in tensors.items():
        votes = np.zeros(tensor.shape, dtype=np.int64)
        for other in tensors.values():
            votes += (tensor.array == other.array) | (_nan(tensor) & _nan(other))
        shared[name] = np.asarray(votes * 2 > len(tensors))
    return shared


def _nan(tensor: Tensor) -> Flags:
    return np.asarray(np.isnan(split(tensor.array)[0]))
