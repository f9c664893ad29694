"""What a scenario's `expect` says, as truth: evaluated exactly, never by the framework under test."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
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
from gradcmp.core.tensors import Tensor
from gradcmp.core.truth import ReasonKind, Truth, TruthLeaf
from gradcmp.core.verdicts import Evidence
from gradcmp.errors import UsageError
from gradcmp.program.expected import check_expectation, result_paths
from gradcmp.program.ir import Checked
from gradcmp.reference.algebra import EvaluationError
from gradcmp.reference.arrays import Array, Context
from gradcmp.reference.evaluator import Budget, evaluate, exact_input
from gradcmp.reference.precision import certified


def expected_truths(
    problem: Problem,
    targets: Mapping[str, Target],
    checked: Checked,
    inputs: Mapping[str, Tensor],
    leaves: Sequence[LeafType],
    *,
    seconds: float = 10.0,
) -> tuple[Truth, dict[str, Truth]]:
    """The truth of a problem as its common expectation gives it, and the expected truth of every target that has one.

    `targets` by target id, `leaves` what the operator defines. Where an expectation cannot be evaluated, the first
    truth has evidence `none` and the reason, and the targets are left out.
    """
    operator = problem.operator
    expect = problem.scenario.expect
    done: dict[int, Truth] = {}

    def truth_for(expected: ExpectedResult) -> Truth:
        if id(expected) not in done:
            try:
                done[id(expected)] = expected_truth(
                    expected, problem=problem, checked=checked, inputs=inputs, leaves=leaves, seconds=seconds
                )
            except EvaluationError as error:
                reason = f"the expectation cannot be evaluated: {error}"
                done[id(expected)] = Truth(reason=reason, reason_kind=ReasonKind.EXPECTATION)
        return done[id(expected)]

    common = expect.common(operator)
    truth = (
        truth_for(common.expected) if common is not None and isinstance(common.expected, ExpectedResult) else Truth()
    )
    own: dict[str, Truth] = {}
    for name, target in targets.items():
        entry = expect.for_case(operator, target)
        if entry is not None and isinstance(entry.expected, ExpectedResult):
            found = truth_for(entry.expected)
            if found.evidence == "none":
                truth = truth if truth.reason or truth.evidence != "none" else found
            else:
                own[name] = found
    return truth, own


def expected_truth(
    expected: ExpectedResult,
    *,
    problem: Problem,
    checked: Checked,
    inputs: Mapping[str, Tensor],
    leaves: Sequence[LeafType],
    seconds: float = 10.0,
) -> Truth:
    """What `expected` says of the leaves that it names, with evidence `expected`.

    Literal numbers are rounded to the leaf's dtype; `about` has a radius of half a unit of its last digit; expressions
    are evaluated on the rounded inputs. A scalar holds for every element; any other shape must be the leaf's. Raises
    `EvaluationError` with the reason.
    """
    budget = Budget(seconds=seconds)
    truths = tuple(
        _leaf(spoken, leaf, problem=problem, checked=checked, inputs=inputs, budget=budget)
        for leaf, spoken in assigned(expected, leaves)
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


def _leaf(
    spoken: ExpectedLeaf,
    leaf: LeafType,
    *,
    problem: Problem,
    checked: Checked,
    inputs: Mapping[str, Tensor],
    budget: Budget,
) -> TruthLeaf:
    dtype = leaf.dtype or problem.dtype
    if isinstance(spoken, ExpectedNothing):
        empty = np.zeros((0,))
        return TruthLeaf(of=leaf.of, wrt=leaf.wrt, high=empty, low=empty, radius=empty, nothing=True)
    if isinstance(spoken, ExpectedNumbers):
        high, low, radius = _numbers(spoken.data, dtype)
    elif isinstance(spoken, ExpectedAbout):
        high, low = np.asarray(spoken.value), np.zeros(())
        radius = np.asarray(spoken.half_unit)
    else:
        found = _expression(spoken, problem=problem, checked=checked, inputs=inputs, dtype=dtype, budget=budget)
        high, low, radius = found.high, found.low, found.radius
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


def _expression(
    spoken: ExpectedExpression,
    *,
    problem: Problem,
    checked: Checked,
    inputs: Mapping[str, Tensor],
    dtype: str,
    budget: Budget,
) -> TruthLeaf:
    try:
        program = check_expectation(spoken.program, checked, problem.scenario.parameters)
    except UsageError as error:
        raise EvaluationError(str(error)) from None
    if [path for path, _ in program.outputs] != [""]:
        raise EvaluationError("an expected expression gives one array")

    def run(context: Context) -> dict[str, Array]:
        known: dict[str, Any] = {path: exact_input(tensor, context) for path, tensor in inputs.items()}
        outputs = _once(lambda: _function(checked, context, inputs, budget))
        known |= {name: partial(_part, outputs, of) for of, name in result_paths(checked).items()}
        return evaluate(program, context, known, budget)

    return certified(run, {"": dtype}, dtype=problem.dtype)[""]


def _function(checked: Checked, context: Context, inputs: Mapping[str, Tensor], budget: Budget) -> dict[str, Array]:
    return evaluate(checked, context, {path: exact_input(tensor, context) for path, tensor in inputs.items()}, budget)


def _part(outputs: Callable[[], dict[str, Array]], of: str) -> Array:
    return outputs()[of]


def _once(make: Callable[[], Any]) -> Callable[[], Any]:
    """`make()` when it is first asked for, the same value ever after."""
    kept: list[Any] = []

    def read() -> Any:
        if not kept:
            kept.append(make())
        return kept[0]

    return read
