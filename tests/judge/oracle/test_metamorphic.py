"""What must not matter does not: with evidence above consensus the verdicts stay, whoever else answers and however it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest

from gradcmp.core.findings import Finding
from gradcmp.core.operators import Operator
from gradcmp.core.verdicts import Evidence
from gradcmp.errors import UsageError
from tests.judge.oracle.answers import Answer, answers
from tests.judge.oracle.court import Court
from tests.judge.oracle.jets import Outside
from tests.judge.oracle.problems import Drawn, draw
from tests.judge.oracle.truths import know

FIRST = 10_000_000
SEEDED = ("cotangent", "tangent")


def courts(
    count: int, fitting: Callable[[Drawn], bool] = lambda _: True, *, ranged: bool = True
) -> Iterator[tuple[Court, list[Answer]]]:
    """Problems whose truth is known by more than a consensus, with answers of every kind.

    Not `ranged`: those none of whose numbers comes near the ends of the dtype.
    """
    number = FIRST
    while count:
        number += 1
        problem = draw(number)
        if not fitting(problem):
            continue
        try:
            known, court = know(problem), Court(problem)
            if court.truth.evidence.rank > Evidence.CONSENSUS.rank and (ranged or not known.ranged):
                count -= 1
                yield court, answers(known, problem.dtype, Random(number))
        except (Outside, UsageError):
            continue


def words(findings: Sequence[Finding], given: Sequence[Answer]) -> Mapping[str, Any]:
    """By answer: the verdict, and how many elements have which."""
    return {answer.name: (f.verdict, f.level, dict(f.verdicts)) for f, answer in zip(findings, given, strict=True)}


def test_neither_the_order_of_targets_nor_a_further_one_changes_a_verdict():
    for court, given in courts(26):
        alone = {name: (f.verdict, f.level, dict(f.verdicts)) for name, f in court.findings(given).items()}
        for order in (given, given[::-1], given[3:] + given[:3]):
            assert words(court.judged(order, court.truth).findings, order) == alone, court.problem


def times(answer: Answer, factor: float) -> Answer:
    with np.errstate(over="ignore"):
        tensors = {k: replace(t, array=t.array * t.array.dtype.type(factor)) for k, t in answer.tensors.items()}
    return Answer(answer.name, tensors)


def survives(answer: Answer, factor: float) -> bool:
    """Is nothing of it lost at the ends of its dtype?"""
    back = times(times(answer, factor), 1 / factor)
    return all(np.array_equal(t.array, back.tensors[k].array, equal_nan=True) for k, t in answer.tensors.items())


@pytest.mark.parametrize("factor", [2.0, 0.25, -1.0, 4.0])
def test_a_seed_scaled_by_a_power_of_two_changes_no_verdict(factor):
    for court, given in courts(20, lambda problem: problem.operator.seed in SEEDED, ranged=False):
        scaled = Court(_scaled(court.problem, factor))
        smaller = [answer for answer in given if survives(answer, factor)]
        larger = [times(answer, factor) for answer in smaller]
        there, here = scaled.judged(larger, scaled.truth), court.judged(smaller, court.truth)
        assert words(there.findings, larger) == words(here.findings, smaller), court.problem


def _scaled(problem: Drawn, factor: float) -> Drawn:
    if problem.operator is Operator.VJP:
        assert problem.cotangent is not None
        return replace(problem, cotangent=problem.cotangent * factor)
    ones = {name: np.ones(array.shape) for name, array in problem.inputs.items()}
    return replace(problem, tangents={name: each * factor for name, each in (problem.tangents or ones).items()})


def test_a_gradient_and_a_vjp_of_ones_have_the_same_verdicts():
    for court, given in courts(20, lambda problem: problem.operator is Operator.GRADIENT):
        problem = court.problem
        for cotangent in (np.ones(()), None):
            other = Court(replace(problem, operator=Operator.VJP, cotangent=cotangent))
            seen = [Answer(a.name, {("", key[1]): t for key, t in a.tensors.items()}) for a in given]
            assert words(other.judged(seen, other.truth).findings, seen) == words(
                court.judged(given, court.truth).findings, given
            ), problem
