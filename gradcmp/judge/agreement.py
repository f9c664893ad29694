"""Whole answers against each other and against an expectation."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from gradcmp.core.findings import Pair
from gradcmp.core.problems import Problem
from gradcmp.core.reasons import Claim, Limit, LimitKind, Reason, ReasonCode
from gradcmp.core.tensors import Key, Leaf, Tensor
from gradcmp.core.truth import RunningErrors, TruthLeaf
from gradcmp.judge.answers import Answer, dtype_kind
from gradcmp.judge.consensus import between
from gradcmp.judge.elements import Comparison, compare
from gradcmp.judge.kinks import may_be_zero
from gradcmp.judge.together import Broken, broken_sums
from gradcmp.judge.tolerance import Limits, Supplier, generous


def matches(
    answer: Answer, leaves: Sequence[TruthLeaf], dtype: str, limits: Supplier, known: Sequence[TruthLeaf] = ()
) -> bool:
    """Is `answer` the expected one, leaf for leaf? `nothing` is met by no gradient alone.

    What is expected is known no better than `known` can be computed: its running errors count.
    """
    returned = {leaf.key: leaf.tensor for leaf in answer}
    errors = _errors_of(known)
    for leaf in leaves:
        tensor = returned.get(leaf.key)
        if leaf.nothing or tensor is None:
            if not (leaf.nothing and tensor is None):
                return False
        elif tensor.shape != leaf.high.shape:
            return False
        else:
            held = replace(leaf, errors=_fitting(errors.get(leaf.key), leaf))
            if not compare(tensor, held, dtype, generous(limits)).agrees:
                return False
    return True


def differ(a: Sequence[TruthLeaf], b: Sequence[TruthLeaf], dtype: str, limits: Supplier) -> bool:
    """Does truth `a` contradict truth `b` beyond the limits? Leaves that only one of them has contradict nothing."""
    other, broken = {leaf.key: leaf for leaf in b}, _broken(a, b, dtype, limits)
    for leaf in a:
        match = other.get(leaf.key)
        if match is None:
            continue
        if leaf.nothing or match.nothing or leaf.high.shape != match.high.shape:
            if leaf.nothing != match.nothing or leaf.high.shape != match.high.shape:
                return True
            continue
        if not _held_against(leaf, match, dtype, limits, broken.get(leaf.key)).agrees:
            return True
    return False


def contradiction(
    expected: Sequence[TruthLeaf], true: Sequence[TruthLeaf], dtype: str, limits: Supplier
) -> Reason | None:
    """Where what is `expected` is not `true`; None where it is.

    `nothing` says zero. A legitimate derivative at a kink, or one that another decision of a comparison within its
    rounding gives, contradicts nothing.
    """
    by_key, broken = {leaf.key: leaf for leaf in true}, _broken(expected, true, dtype, limits)
    for leaf in expected:
        match = by_key.get(leaf.key)
        if match is None or match.nothing:
            continue
        if leaf.nothing:
            if not may_be_zero(match):
                return Reason(code=ReasonCode.NONE_EXPECTED, of=leaf.of, wrt=leaf.wrt)
        elif leaf.high.shape != match.high.shape:
            return Reason(
                code=ReasonCode.SHAPE_EXPECTED, of=leaf.of, wrt=leaf.wrt, returned=leaf.high.shape,
                defined=match.high.shape,
            )  # fmt: skip
        elif not (comparison := _held_against(leaf, match, dtype, limits, broken.get(leaf.key))).agrees:
            return comparison.reason
    return None


def _broken(
    expected: Sequence[TruthLeaf], true: Sequence[TruthLeaf], dtype: str, limits: Supplier
) -> Mapping[Key, Broken]:
    """The sums that what is expected misses at a kink. A decimal's are not asked for: its digits are too few."""
    leaves = [
        Leaf(of=leaf.of, wrt=leaf.wrt, tensor=Tensor(dtype="float64", array=leaf.high))
        for leaf in expected
        if not leaf.nothing and leaf.half_unit is None
    ]
    return broken_sums(leaves, true, dtype, limits)


def _held_against(
    expected: TruthLeaf, true: TruthLeaf, dtype: str, limits: Supplier, broken: Broken | None = None
) -> Comparison:
    """The numbers that are expected, as an answer; what they leave open widens the truth.

    A decimal is held to half a unit of its last digit, or to the limits where its digits go beyond them.
    """
    answer = Tensor(dtype="float64", array=expected.high)
    if expected.half_unit is not None:
        held = _written(generous(limits), expected.half_unit)
        return compare(answer, true, dtype, held, claim=Claim.EXPECTED)
    widened = replace(true, radius=true.radius + expected.radius)
    return compare(answer, widened, dtype, generous(limits), claim=Claim.EXPECTED, broken=broken)


def _written(limits: Supplier, half_unit: float) -> Supplier:
    """Limits for a decimal: half a unit of its last digit, unless that is less than what rounding may do."""

    def held(truth: TruthLeaf, dtype: str) -> Limits:
        narrow = limits(truth, dtype)
        if np.any(np.maximum(narrow.rounding, narrow.high) > half_unit):
            rounding, high = np.maximum(narrow.rounding, half_unit), np.maximum(narrow.high, half_unit)
            return replace(narrow, rounding=rounding, high=high, judged=False)
        alike = np.full_like(narrow.rounding, half_unit)
        return Limits(rounding=alike, high=alike, used=Limit(kind=LimitKind.ABOUT, atol=half_unit), judged=False)

    return held


def pairs(
    problem: Problem, answers: Mapping[str, Answer], limits: Supplier, known: Sequence[TruthLeaf] = ()
) -> list[Pair]:
    """Every two targets that computed: do they agree, and how far apart are they at most?

    Two answers may lie on either side of the truth, each within the running errors of `known`.
    """
    errors = _errors_of(known)
    return [_pair(problem, a, b, answers[a], answers[b], limits, errors) for a, b in combinations(answers, 2)]


def _pair(
    problem: Problem, a: str, b: str, left: Answer, right: Answer, limits: Supplier, errors: Mapping[Key, RunningErrors]
) -> Pair:
    lefts = {leaf.key: leaf.tensor for leaf in left}
    rights = {leaf.key: leaf.tensor for leaf in right}
    agree, ulps, relative = lefts.keys() == rights.keys(), [0.0], [0.0]
    for key in lefts.keys() & rights.keys():
        x, y = lefts[key], rights[key]
        if x is None or y is None:
            present = x if x is not None else y
            agree = agree and (present is None or not np.any(present.array))
        elif x.shape != y.shape:
            agree = False
        elif x.dtype == y.dtype and np.array_equal(x.array, y.array):
            ulps.append(0.0)
        else:
            both = between(x, y, x.dtype, _of_two(limits, errors.get(key)), key)
            agree = agree and both.agrees and dtype_kind(x.dtype) == dtype_kind(y.dtype)
            ulps.append(both.errors.max_ulps or 0.0)
            relative.append(both.errors.max_rel or 0.0)
    measured = len(ulps) > 1
    return Pair(
        problem=problem.id, a=a, b=b, agree=agree,
        max_ulps=max(ulps) if measured else None, max_rel=max(relative) if measured else None,
    )  # fmt: skip


def _errors_of(known: Sequence[TruthLeaf]) -> dict[Key, RunningErrors]:
    return {leaf.key: leaf.errors for leaf in known if leaf.errors is not None}


def _fitting(errors: RunningErrors | None, leaf: TruthLeaf) -> RunningErrors | None:
    return errors if errors is not None and errors.worst.shape == leaf.high.shape else None


def _of_two(limits: Supplier, errors: RunningErrors | None) -> Supplier:
    """Limits for the difference of two answers: worst cases add up, independent errors do so in squares."""
    if errors is None:
        return limits
    doubled = RunningErrors(worst=2 * errors.worst, rss=2**0.5 * errors.rss)

    def wider(truth: TruthLeaf, dtype: str) -> Limits:
        return generous(limits)(replace(truth, errors=_fitting(doubled, truth)), dtype)

    return wider
