"""What a scenario's `expect` says, as truth. Its expressions are evaluated by the reference, exactly."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from gradcmp.core.expected import (
    ExpectedAbout,
    ExpectedExpression,
    ExpectedLeaf,
    ExpectedNothing,
    ExpectedNumbers,
    ExpectedResult,
)
from gradcmp.core.formats import FORMATS
from gradcmp.core.leaves import LeafType, fits, operator_leaves
from gradcmp.core.operators import Operator
from gradcmp.core.outcomes import Computed, Outcome
from gradcmp.core.problems import Case, Problem
from gradcmp.core.tensors import Key
from gradcmp.core.truth import ReasonKind, Truth, TruthLeaf
from gradcmp.core.verdicts import Evidence
from gradcmp.errors import UsageError
from gradcmp.judge.knowledge import part
from gradcmp.program.expected import check_expectation
from gradcmp.program.ir import Checked

NOTHING_KNOWN = Truth()


class _NoTruth(Exception):
    """Why an expectation says nothing of the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The results that a problem's `expect` names, with the leaf of the answer that each part speaks of.

    `common` is the result for every target, `by_target` the one that holds for a target (its id); the values are places
    in `results`. A result is a list of leaves with what is said of them, or the reason why it says nothing.
    """

    results: tuple[tuple[tuple[LeafType, ExpectedLeaf], ...] | str, ...]
    common: int | None
    by_target: Mapping[str, int]

    def expressions(self, problem: Problem, checked: Checked) -> dict[str, tuple[str, str] | str]:
        """What the reference has to evaluate: name → text and dtype, or why it cannot be evaluated."""
        expressions: dict[str, tuple[str, str] | str] = {}
        for name, leaf, expected in self._named():
            try:
                program = check_expectation(expected.program, checked, problem.scenario.parameters)
            except UsageError as error:
                expressions[name] = str(error)
                continue
            alone = [path for path, _ in program.outputs] == [""]
            dtype = leaf.dtype or problem.dtype
            expressions[name] = (expected.program.text, dtype) if alone else "an expected expression gives one array"
        return expressions

    def _named(self) -> Iterator[tuple[str, LeafType, ExpectedExpression]]:
        for number, result in enumerate(self.results):
            for place, (leaf, expected) in enumerate(() if isinstance(result, str) else result):
                if isinstance(expected, ExpectedExpression):
                    yield f"{number}.{place}", leaf, expected

    def truths(
        self,
        problem: Problem,
        arrays: Mapping[str, TruthLeaf | str],
        truth: Truth = NOTHING_KNOWN,
        outcomes: Mapping[str, Outcome] = MappingProxyType({}),
    ) -> tuple[Truth, dict[str, Truth]]:
        """The truth that holds for every target, and the expected truth of every target that has one.

        `arrays` are those of `expressions`. Where an expectation cannot be evaluated, its targets are left out and the
        first truth has the reason, with evidence `none` where nothing else is said. A number that is not finite is
        only told from finite ones: in the common expectation from those of a certified `truth`, in a target's own from
        those of its outcome.
        """
        values = problem.operator is Operator.VALUE
        certified = part(truth, values=values) if truth.evidence is Evidence.CERTIFIED else ()
        known = {leaf.key: _numbers_of(leaf) for leaf in certified}
        common = Truth() if self.common is None else self._truth(self.common, problem, arrays, known)
        by_target: dict[str, Truth] = {}
        for name, number in self.by_target.items():
            expected = common
            if number != self.common:
                expected = self._truth(number, problem, arrays, _answered(outcomes.get(name), values=values))
            if expected.evidence is not Evidence.NONE:
                by_target[name] = expected
            elif not common.reason:
                common = replace(common, reason=expected.reason, reason_kind=expected.reason_kind)
        return common, by_target

    def _truth(
        self, number: int, problem: Problem, arrays: Mapping[str, TruthLeaf | str], known: Mapping[Key, np.ndarray]
    ) -> Truth:
        """What a result says of the leaves that it names, with evidence `expected`.

        Literal numbers are rounded to the leaf's dtype; `about` has a radius of half a unit of its last digit;
        expressions are evaluated on the rounded inputs. A scalar holds for every element; any other shape must be the
        leaf's.
        """
        result = self.results[number]
        try:
            if isinstance(result, str):
                raise _NoTruth(result)
            leaves = tuple(
                _leaf(expected, leaf, leaf.dtype or problem.dtype, arrays.get(f"{number}.{place}"))
                for place, (leaf, expected) in enumerate(result)
            )
            _refuse_poles(leaves, known)
        except _NoTruth as error:
            return Truth(reason=f"the expectation cannot be evaluated: {error}", reason_kind=ReasonKind.EXPECTATION)
        if problem.operator is Operator.VALUE:
            return Truth(evidence=Evidence.EXPECTED, values=leaves)
        return Truth(evidence=Evidence.EXPECTED, derivatives=leaves)


def _refuse_poles(leaves: Sequence[TruthLeaf], known: Mapping[Key, np.ndarray]) -> None:
    """Raise _NoTruth where a value that is not finite does not stand against a finite number of `known`.

    Balls do not tell infinity from NaN, so nothing more can be said of it.
    """
    for leaf in leaves:
        pole, numbers = np.isnan(leaf.high) & np.isnan(leaf.radius), known.get(leaf.key)
        if pole.any() and (numbers is None or numbers.shape != pole.shape or not np.isfinite(numbers[pole]).all()):
            raise _NoTruth("it has a value that is not a finite number")


def _numbers_of(leaf: TruthLeaf) -> np.ndarray:
    """The true numbers; NaN where a side of a kink is none."""
    if leaf.kink is None:
        return leaf.high
    return np.where(np.isfinite(leaf.kink.left) & np.isfinite(leaf.kink.right), leaf.high, np.nan)


def _answered(outcome: Outcome | None, *, values: bool) -> dict[Key, np.ndarray]:
    leaves = (outcome.values if values else outcome.derivatives) if isinstance(outcome, Computed) else ()
    return {leaf.key: leaf.tensor.array for leaf in leaves if leaf.tensor is not None}


def expected_of(problem: Problem, cases: Sequence[Case], checked: Checked) -> Expected:
    """The expected results of a problem's cases."""
    leaves = operator_leaves(problem.operator, problem.scenario.wrt, checked.leaves, checked.outputs)
    results: dict[int, ExpectedResult] = {}  # by identity: targets share them
    expect = problem.scenario.expect
    entries = {case.target.id: expect.for_case(problem.operator, case.target) for case in cases}
    shared = expect.common(problem.operator)
    for entry in (shared, *entries.values()):
        if entry is not None and isinstance(entry.expected, ExpectedResult):
            results.setdefault(id(entry.expected), entry.expected)
    number = {identity: place for place, identity in enumerate(results)}
    return Expected(
        results=tuple(_assigned_or_reason(result, leaves) for result in results.values()),
        common=None if shared is None else number.get(id(shared.expected)),
        by_target={
            name: number[id(entry.expected)]
            for name, entry in entries.items()
            if entry is not None and id(entry.expected) in number
        },
    )


def _assigned_or_reason(
    result: ExpectedResult, leaves: Sequence[LeafType]
) -> tuple[tuple[LeafType, ExpectedLeaf], ...] | str:
    try:
        return tuple(assigned(result, leaves))
    except _NoTruth as error:
        return str(error)


def assigned(expected: ExpectedResult, leaves: Sequence[LeafType]) -> list[tuple[LeafType, ExpectedLeaf]]:
    """Which leaf of the answer each expected one speaks of: by `wrt`, by `of`, or by `of.wrt` where both vary."""
    if list(expected.leaves) == [""]:
        if len(leaves) != 1:
            names = ", ".join(f"`{name}`" for name in _choices(leaves))
            raise _NoTruth(f"the answer has several leaves, so it takes a map by {names}")
        return [(leaves[0], expected.leaves[""])]
    pairs = []
    for path, expected_leaf in expected.leaves.items():
        named = [leaf for leaf in leaves if path in leaf.names() or (path == "" and len(leaves) == 1)]
        if len(named) != 1:
            problem = "several leaves" if named else "no leaf"
            names = ", ".join(f"`{name}`" for name in _choices(leaves))
            raise _NoTruth(f"`{path}` names {problem} of the answer; there are {names}")
        pairs.append((named[0], expected_leaf))
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


def _leaf(expected_leaf: ExpectedLeaf, leaf: LeafType, dtype: str, array: TruthLeaf | str | None) -> TruthLeaf:
    """What is said of one leaf. `array`: the value of an expression, or why it has none."""
    if isinstance(array, str):
        raise _NoTruth(array)
    if isinstance(expected_leaf, ExpectedNothing):
        empty = np.zeros((0,))
        return TruthLeaf(of=leaf.of, wrt=leaf.wrt, high=empty, low=empty, radius=empty, nothing=True)
    if isinstance(expected_leaf, ExpectedNumbers):
        high, low, radius = _numbers(expected_leaf.data, dtype)
    elif isinstance(expected_leaf, ExpectedAbout):
        high, low, radius = np.asarray(expected_leaf.value), np.zeros(()), np.asarray(expected_leaf.half_unit)
    else:
        if array is None:
            raise _NoTruth("nothing evaluated it")
        high, low, radius = array.high, array.low, array.radius
    shape = _shape(high.shape, leaf)
    high, low, radius = (np.broadcast_to(part, shape).copy() for part in (high, low, radius))
    half_unit = expected_leaf.half_unit if isinstance(expected_leaf, ExpectedAbout) else None
    return TruthLeaf(of=leaf.of, wrt=leaf.wrt, high=high, low=low, radius=radius, half_unit=half_unit)


def _shape(shape: tuple[int, ...], leaf: LeafType) -> tuple[int, ...]:
    """The leaf's shape, which the expected numbers must have unless they are one number for all elements."""
    if shape != () and fits(shape, leaf.shape):
        return shape
    if leaf.shape is None or None in leaf.shape:
        raise _NoTruth("the shape of the answer is known only at run time, so one number is not enough")
    known = tuple(n for n in leaf.shape if n is not None)
    if shape not in ((), known):
        raise _NoTruth(f"the expected value has shape {list(shape)}, the answer {list(known)}")
    return known


def _numbers(data: Any, dtype: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nested lists as numbers rounded to `dtype`; integers beyond float64 in two parts."""
    try:
        exact = np.asarray(data, dtype=object)
        items = exact.ravel().tolist()
        round_ = FORMATS[dtype].round if dtype in FORMATS else float
        numbers = [(float(item), round_(float(item))) for item in items]
        # What the dtype does not have is expected all the same: an answer of infinity is not it.
        kept = [number if math.isinf(rounded) else rounded for number, rounded in numbers]
        high = np.asarray(kept, dtype=np.float64).reshape(exact.shape)
    except (TypeError, ValueError, OverflowError):
        raise _NoTruth("the expected numbers do not form an array of one shape") from None
    low = np.zeros_like(high)
    if dtype not in FORMATS:
        rest = [item - int(item_high) for item, item_high in zip(items, high.ravel().tolist(), strict=True)]
        low = np.asarray(rest, dtype=np.float64).reshape(exact.shape)
    return high, low, np.zeros_like(high)
