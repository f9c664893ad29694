"""What a scenario's `expect` says, as truth: evaluated exactly, never by the framework under test."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradcmp.core.expectations import (
    ExpectedAbout,
    ExpectedExpression,
    ExpectedLeaf,
    ExpectedNothing,
    ExpectedNumbers,
    ExpectedResult,
)
from gradcmp.core.formats import FORMATS
from gradcmp.core.leaves import LeafType, fits
from gradcmp.core.problems import Problem
from gradcmp.core.targets import Target
from gradcmp.core.truth import Truth, TruthLeaf
from gradcmp.core.verdicts import Evidence
from gradcmp.errors import UsageError
from gradcmp.program.expected import check_expectation
from gradcmp.program.ir import Checked
from gradcmp.reference.algebra import EvaluationError

Evaluate = Callable[[Mapping[str, tuple[Checked, str]]], Mapping[str, TruthLeaf | str]]
"""Expressions, checked, with the dtype they are for, by name → their arrays, or why there is none.

`reference.expressions.evaluated` is one; here nothing of the reference's arithmetic is imported.
"""


def expected_truths(
    problem: Problem, targets: Mapping[str, Target], checked: Checked, leaves: Sequence[LeafType], evaluate: Evaluate
) -> tuple[Truth, dict[str, Truth]]:
    """The truth of a problem as its common expectation gives it, and the expected truth of every target that has one.

    `targets` by target id, `leaves` what the operator defines. Where an expectation cannot be evaluated, the first
    truth has evidence `none` and the reason, and the targets are left out.
    """
    operator = problem.operator
    expect = problem.scenario.expect
    truths: dict[int, Truth] = {}

    def truth_for(expected: ExpectedResult) -> Truth:
        if id(expected) not in truths:
            try:
                truths[id(expected)] = expected_truth(expected, problem, checked, leaves, evaluate)
            except EvaluationError as error:
                truths[id(expected)] = Truth(reason=f"the expectation cannot be evaluated: {error}")
        return truths[id(expected)]

    common = expect.common(operator)
    truth = (
        truth_for(common.expected) if common is not None and isinstance(common.expected, ExpectedResult) else Truth()
    )
    by_target: dict[str, Truth] = {}
    for name, target in targets.items():
        entry = expect.for_case(operator, target)
        if entry is not None and isinstance(entry.expected, ExpectedResult):
            expected = truth_for(entry.expected)
            if expected.evidence == "none":
                truth = truth if truth.reason or truth.evidence != "none" else Truth(reason=expected.reason)
            else:
                by_target[name] = expected
    return truth, by_target


def expected_truth(
    expected: ExpectedResult, problem: Problem, checked: Checked, leaves: Sequence[LeafType], evaluate: Evaluate
) -> Truth:
    """What `expected` says of the leaves that it names, with evidence `expected`.

    Literal numbers are rounded to the leaf's dtype; `about` has a radius of half a unit of its last digit; expressions
    are evaluated on the rounded inputs. A scalar holds for every element; any other shape must be the leaf's. Raises
    `EvaluationError` with the reason.
    """
    pairs = assigned(expected, leaves)
    expressions: dict[str, tuple[Checked, str]] = {}
    arrays: dict[str, TruthLeaf | str] = {}
    for place, (leaf, spoken) in enumerate(pairs):
        if isinstance(spoken, ExpectedExpression):
            try:
                program = check_expectation(spoken.program, checked, problem.scenario.parameters)
            except UsageError as error:
                arrays[str(place)] = str(error)
                continue
            if [path for path, _ in program.outputs] == [""]:
                expressions[str(place)] = program, leaf.dtype or problem.dtype
            else:
                arrays[str(place)] = "an expected expression gives one array"
    arrays |= evaluate(expressions) if expressions else {}
    truths = tuple(
        _leaf(spoken, leaf, leaf.dtype or problem.dtype, arrays.get(str(place)))
        for place, (leaf, spoken) in enumerate(pairs)
    )
    values = problem.operator == "value" and problem.protocol is None
    return Truth(evidence=Evidence.EXPECTED, values=truths if values else None, derivatives=None if values else truths)


def assigned(expected: ExpectedResult, leaves: Sequence[LeafType]) -> list[tuple[LeafType, ExpectedLeaf]]:
    """Which leaf of the answer each expected one speaks of: by `wrt`, by `of`, or by `of.wrt` where both vary."""
    if list(expected.leaves) == [""]:
        if len(leaves) != 1:
            names = ", ".join(f"`{name}`" for name in _choices(leaves))
            raise EvaluationError(f"the answer has several leaves, so it takes a map by {names}")
        return [(leaves[0], expected.leaves[""])]
    pairs = []
    for path, spoken in expected.leaves.items():
        named = [leaf for leaf in leaves if path in leaf.names() or (path == "" and len(leaves) == 1)]
        if len(named) != 1:
            problem = "several leaves" if named else "no leaf"
            names = ", ".join(f"`{name}`" for name in _choices(leaves))
            raise EvaluationError(f"`{path}` names {problem} of the answer; there are {names}")
        pairs.append((named[0], spoken))
    return pairs


def _choices(leaves: Sequence[LeafType]) -> list[str]:
    """The shortest name of each leaf that no other has."""
    counts: dict[str, int] = {}
    for leaf in leaves:
        for name in leaf.names():
            counts[name] = counts.get(name, 0) + 1
    return [
        min((name for name in leaf.names() if counts[name] == 1), key=len, default=(leaf.names() or ("",))[0])
        for leaf in leaves
    ]


def _leaf(spoken: ExpectedLeaf, leaf: LeafType, dtype: str, array: TruthLeaf | str | None) -> TruthLeaf:
    """What is said of one leaf. `array`: the value of an expression, or why it has none."""
    if isinstance(array, str):
        raise EvaluationError(array)
    if isinstance(spoken, ExpectedNothing):
        empty = np.zeros((0,))
        return TruthLeaf(of=leaf.of, wrt=leaf.wrt, high=empty, low=empty, radius=empty, nothing=True)
    if isinstance(spoken, ExpectedNumbers):
        high, low, radius = _numbers(spoken.data, dtype)
    elif isinstance(spoken, ExpectedAbout):
        high, low, radius = np.asarray(spoken.value), np.zeros(()), np.asarray(spoken.half_unit)
    else:
        assert array is not None
        high, low, radius = array.high, array.low, array.radius
    shape = _shape(high.shape, leaf)
    high, low, radius = (np.broadcast_to(part, shape).copy() for part in (high, low, radius))
    return TruthLeaf(of=leaf.of, wrt=leaf.wrt, high=high, low=low, radius=radius)


def _shape(shape: tuple[int, ...], leaf: LeafType) -> tuple[int, ...]:
    """The leaf's shape, which the expected numbers must have unless they are one number for all elements."""
    if shape != () and fits(shape, leaf.shape):
        return shape
    if leaf.shape is None or None in leaf.shape:
        raise EvaluationError("the shape of the answer is known only at run time, so one number is not enough")
    known = tuple(n for n in leaf.shape if n is not None)
    if shape not in ((), known):
        raise EvaluationError(f"the expected value has shape {list(shape)}, the answer {list(known)}")
    return known


def _numbers(data: Any, dtype: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nested lists as numbers rounded to `dtype`; integers beyond float64 in two parts."""
    try:
        exact = np.asarray(data, dtype=object)
        items = exact.ravel().tolist()
        round_ = FORMATS[dtype].round if dtype in FORMATS else float
        high = np.asarray([round_(float(item)) for item in items], dtype=np.float64).reshape(exact.shape)
    except (TypeError, ValueError, OverflowError):
        raise EvaluationError("the expected numbers do not form an array of one shape") from None
    low = np.zeros_like(high)
    if dtype not in FORMATS:
        rest = [item - int(item_high) for item, item_high in zip(items, high.ravel().tolist(), strict=True)]
        low = np.asarray(rest, dtype=np.float64).reshape(exact.shape)
    return high, low, np.zeros_like(high)
