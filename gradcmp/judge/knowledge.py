"""What is known of a problem before its answers are looked at, the best evidence first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gradcmp.core.findings import OtherPrecision
from gradcmp.core.operators import Operator
from gradcmp.core.outcomes import Computed
from gradcmp.core.problems import Problem
from gradcmp.core.reasons import Reason, ReasonCode
from gradcmp.core.tensors import Key, Leaf
from gradcmp.core.truth import Truth, TruthLeaf
from gradcmp.core.verdicts import Evidence
from gradcmp.judge.agreement import contradiction
from gradcmp.judge.precision import Elsewhere
from gradcmp.judge.tolerance import Supplier


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """The truth of one leaf and its evidence."""

    leaf: TruthLeaf
    evidence: Evidence


def is_value(problem: Problem) -> bool:
    """Are the function's values what the problem asks for?"""
    return problem.operator is Operator.VALUE


def part(truth: Truth, *, values: bool) -> tuple[TruthLeaf, ...]:
    """The leaves of the values or of the derivatives."""
    return (truth.values if values else truth.derivatives) or ()


def best(truths: Sequence[Truth], *, values: bool) -> dict[Key, Graded]:
    """Every leaf by the best evidence that any of `truths` has for it; the first of equals."""
    leaves: dict[Key, Graded] = {}
    for truth in sorted(truths, key=lambda truth: -truth.evidence.rank):
        for leaf in part(truth, values=values):
            leaves.setdefault(leaf.key, Graded(leaf=leaf, evidence=truth.evidence))
    return leaves


def refuted(expected: Truth, truth: Truth, problem: Problem, limits: Supplier) -> Reason | None:
    """How the certified truth contradicts an expectation; None where it does not or nothing is certified."""
    if truth.evidence is not Evidence.CERTIFIED or expected.evidence is not Evidence.EXPECTED:
        return None
    values = is_value(problem)
    because = contradiction(part(expected, values=values), part(truth, values=values), problem.dtype, limits)
    return None if because is None else Reason(code=ReasonCode.CONTRADICTED, because=because, of_values=values)


def elsewhere(key: Key, evidence_from: Mapping[str, OtherPrecision], *, values: bool) -> dict[str, Elsewhere]:
    """One leaf in the other dtype by target id, where it was computed and is known there."""
    answers: dict[str, Elsewhere] = {}
    for other in evidence_from.values():
        truth = best([other.truth], values=values).get(key)
        for name, outcome in other.outcomes.items() if truth is not None else ():
            leaf = (
                _leaf(outcome.values if values else outcome.derivatives, key) if isinstance(outcome, Computed) else None
            )
            if truth is not None and leaf is not None and leaf.tensor is not None and not truth.leaf.nothing:
                answers[name] = Elsewhere(tensor=leaf.tensor, truth=truth.leaf)
    return answers


def _leaf(leaves: Sequence[Leaf], key: Key) -> Leaf | None:
    return next((leaf for leaf in leaves if leaf.key == key), None)
