"""The judge: from the answers of one problem to findings. Pure: values in, values out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from gradcmp.core.leaves import LeafType
from gradcmp.core.outcomes import Computed, Outcome
from gradcmp.core.problems import Problem
from gradcmp.core.targets import Target
from gradcmp.core.tensors import Leaf, Tensor
from gradcmp.core.truth import Truth, TruthLeaf
from gradcmp.core.verdicts import EVIDENCE, VERDICTS, Finding, Judgement
from gradcmp.judge.agreement import differ, matches, pairs
from gradcmp.judge.answers import Answer, LeafWord, judge_leaf
from gradcmp.judge.cautions import warnings_of
from gradcmp.judge.expectations import stand
from gradcmp.judge.tolerance import Supplier, supplier


def judge(
    problem: Problem,
    outcomes: Mapping[str, Outcome],
    targets: Mapping[str, Target],
    truth: Truth,
    expected: Mapping[str, Truth],
    *,
    leaves: Sequence[LeafType] = (),
    tolerance: Supplier | None = None,
) -> Judgement:
    """Everything the judge says of one problem: a finding per outcome, in the order of `outcomes`.

    `targets` and `expected` are by target id; `expected` holds the truths of the expectations of a result, common or
    the target's own. `leaves` is what the operator defines (`core.leaves.operator_leaves`); without it shapes and
    dtypes are taken from the truth and the answers. `tolerance` None: the scenario's, else the interim limits.
    """
    limits = tolerance if tolerance is not None else supplier(problem.scenario.tolerance)
    values = problem.operator == "value" and problem.protocol is None
    answers: dict[str, Answer] = {
        name: outcome.values if values else outcome.derivatives
        for name, outcome in outcomes.items()
        if isinstance(outcome, Computed)
    }
    common = {(leaf.of, leaf.wrt): leaf for leaf in _part(truth, values=values)}
    words: dict[str, list[LeafWord]] = {name: [] for name in answers}
    known: list[TruthLeaf] = []
    graded: list[str] = []
    for defined in _defined(leaves, common, answers):
        leaf_words, leaf_truth = judge_leaf(
            defined, answers, common.get(defined.key), truth.evidence, problem.dtype, limits
        )
        own = (
            _own(problem, targets, answers, expected, defined, limits, values=values)
            if defined.key not in common
            else {}
        )
        for name, word in {**leaf_words, **own}.items():
            words[name].append(word)
        if leaf_truth is not None:
            known.append(leaf_truth)
        graded.append(max((word.evidence for word in leaf_words.values()), key=EVIDENCE.index, default=truth.evidence))
    findings = tuple(
        _finding(problem, targets[name], outcome, words.get(name, []), expected.get(name), truth, limits, values=values)
        for name, outcome in outcomes.items()
    )
    return Judgement(
        problem=problem.id,
        evidence=min(graded, key=EVIDENCE.index, default=truth.evidence),
        reference_reason=truth.reason,
        warnings=tuple(warnings_of(problem, outcomes, targets, known, truth, values=values)),
        truth=tuple(_shown(leaf, certain=(leaf.of, leaf.wrt) in common) for leaf in known),
        findings=findings,
        pairs=tuple(pairs(problem, answers, limits)),
    )


def _part(truth: Truth, *, values: bool) -> tuple[TruthLeaf, ...]:
    return (truth.values if values else truth.derivatives) or ()


def _defined(
    leaves: Sequence[LeafType], common: Mapping[tuple[str, tuple[str, ...]], TruthLeaf], answers: Mapping[str, Answer]
) -> list[LeafType]:
    """What the operator defines, then whatever else the truth or an answer holds."""
    defined = {leaf.key: leaf for leaf in leaves}
    if not defined:
        keys = [*common, *((leaf.of, leaf.wrt) for answer in answers.values() for leaf in answer)]
        defined = {key: LeafType(of=key[0], wrt=key[1], dtype=_common_dtype(key, answers)) for key in keys}
    return list(defined.values())


def _common_dtype(key: tuple[str, tuple[str, ...]], answers: Mapping[str, Answer]) -> str | None:
    counts = Counter(
        leaf.tensor.dtype
        for answer in answers.values()
        for leaf in answer
        if (leaf.of, leaf.wrt) == key and leaf.tensor is not None
    )
    return counts.most_common(1)[0][0] if counts else None


def _own(
    problem: Problem,
    targets: Mapping[str, Target],
    answers: Mapping[str, Answer],
    expected: Mapping[str, Truth],
    defined: LeafType,
    limits: Supplier,
    *,
    values: bool,
) -> dict[str, LeafWord]:
    """Words by an expectation of the target's own, where the problem has no truth for everybody."""
    words: dict[str, LeafWord] = {}
    for name, answer in answers.items():
        entry = problem.scenario.expect.for_case(
            problem.operator if problem.protocol is None else "gradient", targets[name]
        )
        if entry is None or entry.pattern is None or name not in expected:
            continue
        leaf = next((leaf for leaf in _part(expected[name], values=values) if (leaf.of, leaf.wrt) == defined.key), None)
        if leaf is not None:
            words |= judge_leaf(defined, {name: answer}, leaf, expected[name].evidence, problem.dtype, limits)[0]
    return words


def _finding(
    problem: Problem,
    target: Target,
    outcome: Outcome,
    words: Sequence[LeafWord],
    expected: Truth | None,
    truth: Truth,
    limits: Supplier,
    *,
    values: bool,
) -> Finding:
    case = f"{problem.id}@{target.id}"
    entry = problem.scenario.expect.for_case(problem.expected_operator, target)
    fits = deviates = None
    if isinstance(outcome, Computed):
        word = max(words, key=lambda word: word.rank, default=_nothing())
        verdict, level, messages = word.verdict, word.level, [w.message for w in words if w.message and w.level != "ok"]
        counts: Counter[str] = Counter()
        for each in words or [word]:
            counts.update(each.counts)
        if expected is not None:
            answer = outcome.values if values else outcome.derivatives
            fits = matches(answer, _part(expected, values=values), problem.dtype, limits)
            deviates = differ(_part(expected, values=values), _part(truth, values=values), problem.dtype, limits)
    else:
        verdict, messages = outcome.name, [outcome.message]
        level, counts = VERDICTS[verdict], Counter({verdict: 1})
    standing = stand(
        entry,
        outcome,
        verdict=verdict,
        level=level,
        fits=fits,
        deviates=bool(deviates),
        strict=problem.scenario.expect.strict,
    )
    return Finding(
        case=case,
        verdict=verdict,
        level=standing.level,
        expectation=standing.expectation,
        evidence=min((word.evidence for word in words), key=EVIDENCE.index, default="none"),
        verdicts=dict(counts),
        errors=tuple(word.errors for word in words if word.errors is not None),
        message="; ".join(part for part in (standing.reason, *messages) if part),
        known=standing.known,
    )


def _nothing() -> LeafWord:
    """The word on an answer without leaves where none is defined."""
    return LeafWord(verdict="unjudged", level="note", counts={"unjudged": 1}, message="the answer holds no arrays")


def _shown(leaf: TruthLeaf, *, certain: bool) -> object:
    """What the judgement passes on: the truth with its radius, or the plain numbers of a consensus."""
    return leaf if certain else Leaf(of=leaf.of, wrt=leaf.wrt, tensor=Tensor(dtype="float64", array=leaf.high))
