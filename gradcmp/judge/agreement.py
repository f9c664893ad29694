"""Whole answers against each other and against an expectation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from gradcmp.core.problems import Problem
from gradcmp.core.tensors import Tensor
from gradcmp.core.truth import TruthLeaf
from gradcmp.core.verdicts import Pair
from gradcmp.judge.answers import Answer, dtype_kind
from gradcmp.judge.consensus import between
from gradcmp.judge.elements import compare
from gradcmp.judge.tolerance import Supplier


def matches(answer: Answer, leaves: Sequence[TruthLeaf], dtype: str, limits: Supplier) -> bool:
    """Is `answer` the expected one, leaf for leaf? `nothing` is met by no gradient alone."""
    returned = {(leaf.of, leaf.wrt): leaf.tensor for leaf in answer}
    for leaf in leaves:
        tensor = returned.get((leaf.of, leaf.wrt))
        if leaf.nothing or tensor is None:
            if not (leaf.nothing and tensor is None):
                return False
        elif tensor.shape != leaf.high.shape or not compare(tensor, leaf, dtype, limits).agrees:
            return False
    return True


def differ(a: Sequence[TruthLeaf], b: Sequence[TruthLeaf], dtype: str, limits: Supplier) -> bool:
    """Does truth `a` contradict truth `b` beyond the limits? Leaves that only one of them has contradict nothing."""
    other = {(leaf.of, leaf.wrt): leaf for leaf in b}
    for leaf in a:
        match = other.get((leaf.of, leaf.wrt))
        if match is None:
            continue
        if leaf.nothing or match.nothing or leaf.high.shape != match.high.shape:
            if leaf.nothing != match.nothing or leaf.high.shape != match.high.shape:
                return True
            continue
        widened = TruthLeaf(high=match.high, low=match.low, radius=match.radius + leaf.radius)
        if not compare(Tensor(dtype="float64", array=leaf.high), widened, dtype, limits).agrees:
            return True
    return False


def pairs(problem: Problem, answers: Mapping[str, Answer], limits: Supplier) -> list[Pair]:
    """Every two targets that computed: do they agree, and how far apart are they at most?"""
    return [_pair(problem, a, b, answers[a], answers[b], limits) for a, b in combinations(answers, 2)]


def _pair(problem: Problem, a: str, b: str, left: Answer, right: Answer, limits: Supplier) -> Pair:
    mine = {(leaf.of, leaf.wrt): leaf.tensor for leaf in left}
    theirs = {(leaf.of, leaf.wrt): leaf.tensor for leaf in right}
    agree, ulps, relative = mine.keys() == theirs.keys(), [0.0], [0.0]
    for key in mine.keys() & theirs.keys():
        x, y = mine[key], theirs[key]
        if x is None or y is None:
            present = x if x is not None else y
            agree = agree and (present is None or not np.any(present.array))
        elif x.shape != y.shape:
            agree = False
        else:
            both = between(x, y, x.dtype, limits, key)
            agree = agree and both.agrees and dtype_kind(x.dtype) == dtype_kind(y.dtype)
            ulps.append(both.errors.max_ulps or 0.0)
            relative.append(both.errors.max_rel or 0.0)
    measured = len(ulps) > 1
    return Pair(
        problem=problem.id, a=a, b=b, agree=agree,
        max_ulps=max(ulps) if measured else None, max_rel=max(relative) if measured else None,
    )  # fmt: skip
