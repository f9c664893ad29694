"""The judge: from the answers of one problem to findings. Pure: values in, values out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from gradcmp.core.findings import EvidenceRequest, Finding, Judgement, OtherPrecision
from gradcmp.core.leaves import LeafType
from gradcmp.core.outcomes import Computed, Outcome
from gradcmp.core.problems import Problem
from gradcmp.core.reasons import Reason, ReasonCode
from gradcmp.core.targets import Target
from gradcmp.core.tensors import Key, Leaf, Tensor
from gradcmp.core.truth import Truth, TruthLeaf
from gradcmp.core.verdicts import Convention, Evidence, ExpectationState, Level, Verdict
from gradcmp.judge.agreement import differ, matches, pairs
from gradcmp.judge.answers import ABSENCES, Answer, Asides, LeafWord, judge_leaf
from gradcmp.judge.cautions import warnings_of
from gradcmp.judge.expectations import Stance, stand
from gradcmp.judge.kinks import with_larger_side
from gradcmp.judge.knowledge import Graded, best, elsewhere, is_value, part, refuted
from gradcmp.judge.precision import other_dtype
from gradcmp.judge.together import broken_sums
from gradcmp.judge.tolerance import Supplier, supplier

by_rank = attrgetter("rank")

_NOTHING = LeafWord(verdict=Verdict.UNJUDGED, counts={Verdict.UNJUDGED: 1})
"""The word on an answer without leaves where none is defined."""

FRAGILE_SHOWN = 3
"""Comparisons that rounding decides, named as reasons."""

STEPS_SHOWN = 3
"""Steps that leave the range of the dtype."""


def judge(
    problem: Problem,
    outcomes: Mapping[str, Outcome],
    targets: Mapping[str, Target],
    truth: Truth,
    expected: Mapping[str, Truth],
    *,
    common: Truth | None = None,
    leaves: Sequence[LeafType] = (),
    evidence_from: Mapping[str, OtherPrecision] | None = None,
) -> Judgement:
    """Everything the judge says of one problem: a finding per outcome, in the order of `outcomes`.

    `truth` is what the reference says, `common` what the expectation for everybody says; each leaf is judged by the
    better evidence of the two. `targets` and `expected` are by target id; `expected` holds the truths of the
    expectations of a result, common or the target's own. `leaves` is what the operator defines
    (`core.leaves.operator_leaves`); without it shapes and dtypes are taken from the truth and the answers.
    `evidence_from` answers the requests of an earlier judgement, by dtype; what it has a key for is not requested.
    """
    common, others = common or Truth(), evidence_from or {}
    limits = supplier(problem.scenario.tolerance)
    values = is_value(problem)
    answers: dict[str, Answer] = {
        name: outcome.values if values else outcome.derivatives
        for name, outcome in outcomes.items()
        if isinstance(outcome, Computed)
    }
    known = best([truth, common], values=values)
    words: dict[str, list[LeafWord]] = {name: [] for name in answers}
    judged_by: list[TruthLeaf] = []
    graded: list[Evidence] = []
    untold = _untold(truth, common)
    certain = [graded_leaf.leaf for graded_leaf in known.values()]
    broken = {name: broken_sums(answer, certain, problem.dtype, limits) for name, answer in answers.items()}
    for defined in _defined(leaves, known, answers):
        graded_leaf = known.get(defined.key)
        leaf_words, leaf_truth = judge_leaf(
            defined,
            answers,
            graded_leaf.leaf if graded_leaf else None,
            graded_leaf.evidence if graded_leaf else Evidence.NONE,
            problem.dtype,
            limits,
            untold=untold,
            asides=Asides(
                elsewhere=elsewhere(defined.key, others, values=values),
                broken={name: each[defined.key] for name, each in broken.items() if defined.key in each},
            ),
        )
        own = {} if graded_leaf else _own(problem, targets, answers, expected, defined, limits)
        for name, word in {**leaf_words, **own}.items():
            words[name].append(word)
        if leaf_truth is not None:
            judged_by.append(leaf_truth)
        graded.append(max((word.evidence for word in leaf_words.values()), key=by_rank, default=truth.evidence))
    context = _Context(problem=problem, truth=truth, known=known, limits=limits, words=words)
    findings = tuple(
        _finding(context, targets[name], outcome, words.get(name, []), expected.get(name))
        for name, outcome in outcomes.items()
    )
    sized = [with_larger_side(leaf) for leaf in judged_by]
    with_values = truth if truth.values is not None else common
    warnings = warnings_of(problem, outcomes, targets, sized, with_values, values=values)
    warnings += _outside_the_domain(words)
    refutation = refuted(common, truth, problem, limits)
    return Judgement(
        problem=problem.id,
        evidence=min(graded, key=by_rank, default=truth.evidence),
        reference_reason=truth.reason or common.reason,
        reason_kind=(truth if truth.reason else common).reason_kind,
        warnings=(*warnings, *filter(None, [refutation])),
        truth=tuple(_shown(leaf, certain=leaf.key in known) for leaf in judged_by),
        findings=findings,
        pairs=tuple(pairs(problem, answers, limits, judged_by)),
        requests=_requests(problem, words, others),
    )


def _outside_the_domain(words: Mapping[str, Sequence[LeafWord]]) -> list[Reason]:
    """Who has finite numbers where the function has no derivative on either side."""
    kinks = {name: [word.errors.kink for word in each if word.errors is not None] for name, each in words.items()}
    names = tuple(
        name for name, each in kinks.items() if any(kink and kink.counts.get(Convention.UNDEFINED) for kink in each)
    )
    return [Reason(code=ReasonCode.OUTSIDE_DOMAIN, targets=names)] if names else []


def _requests(
    problem: Problem, words: Mapping[str, Sequence[LeafWord]], others: Mapping[str, OtherPrecision]
) -> tuple[EvidenceRequest, ...]:
    """The other dtype for the targets whose errors only it can explain."""
    dtype = other_dtype(problem.dtype)
    asking = tuple(name for name, leaf_words in words.items() if any(word.undecided for word in leaf_words))
    if dtype is None or dtype in others or not asking:
        return ()
    return (EvidenceRequest(problem=problem.id, dtype=dtype, targets=asking),)


def _defined(leaves: Sequence[LeafType], known: Mapping[Key, Graded], answers: Mapping[str, Answer]) -> list[LeafType]:
    """What the operator defines, then whatever else the truth or an answer holds."""
    defined = {leaf.key: leaf for leaf in leaves}
    if not defined:
        keys = [*known, *(leaf.key for answer in answers.values() for leaf in answer)]
        defined = {key: LeafType(of=key[0], wrt=key[1], dtype=_common_dtype(key, answers)) for key in keys}
    return list(defined.values())


def _common_dtype(key: Key, answers: Mapping[str, Answer]) -> str | None:
    counts = Counter(
        leaf.tensor.dtype
        for answer in answers.values()
        for leaf in answer
        if leaf.key == key and leaf.tensor is not None
    )
    return counts.most_common(1)[0][0] if counts else None


def _own(
    problem: Problem,
    targets: Mapping[str, Target],
    answers: Mapping[str, Answer],
    expected: Mapping[str, Truth],
    defined: LeafType,
    limits: Supplier,
) -> dict[str, LeafWord]:
    """Words by an expectation of the target's own, where the problem has no truth for everybody."""
    words: dict[str, LeafWord] = {}
    for name, answer in answers.items():
        entry = problem.scenario.expect.for_case(problem.operator, targets[name])
        if entry is None or entry.pattern is None or name not in expected:
            continue
        graded = best([expected[name]], values=is_value(problem)).get(defined.key)
        if graded is not None:
            words |= judge_leaf(defined, {name: answer}, graded.leaf, graded.evidence, problem.dtype, limits)[0]
    return words


@dataclass(frozen=True, slots=True, kw_only=True)
class _Context:
    """What the findings of one problem share."""

    problem: Problem
    truth: Truth
    known: Mapping[Key, Graded]
    limits: Supplier
    words: Mapping[str, Sequence[LeafWord]]

    def well(self) -> tuple[str, ...]:
        """The targets all of whose arrays are judged ok."""
        return tuple(
            name for name, words in self.words.items() if words and all(word.level == Level.OK for word in words)
        )

    @property
    def leaves(self) -> list[TruthLeaf]:
        return [graded.leaf for graded in self.known.values()]


def _finding(
    context: _Context, target: Target, outcome: Outcome, words: Sequence[LeafWord], expected: Truth | None
) -> Finding:
    word = max(words, key=lambda word: word.rank, default=_NOTHING)
    evidence = min((word.evidence for word in words), key=by_rank, default=Evidence.NONE)
    if isinstance(outcome, Computed):
        verdict, level = word.verdict, word.level
        reasons = [word.reason for word in words if word.level != Level.OK]
        if verdict == Verdict.FRAGILE:
            comparisons = context.truth.fragile[:FRAGILE_SHOWN]
            reasons += [Reason(code=ReasonCode.COMPARISON, text=comparison) for comparison in comparisons]
        if verdict == Verdict.RANGE:
            steps = context.truth.out_of_range[:STEPS_SHOWN]
            reasons += [Reason(code=ReasonCode.STEP, text=step) for step in steps]
            better = context.well()
            reasons += [Reason(code=ReasonCode.BETTER, targets=better)] if better else []
        counts: Counter[Verdict] = Counter()
        for each in words or [word]:
            counts.update(each.counts)
    else:
        verdict, reasons = Verdict(outcome.name), [Reason(code=ReasonCode.OUTCOME, text=outcome.message)]
        level, counts = verdict.level, Counter({verdict: 1})
    stance = _stance(context, target, outcome, expected, verdict=verdict, level=level, evidence=evidence)
    return Finding(
        case=f"{context.problem.id}@{target.id}",
        verdict=verdict,
        level=stance.level,
        expectation=stance.expectation,
        evidence=evidence,
        verdicts=dict(counts),
        errors=tuple(
            replace(word.errors, verdict=word.verdict, level=word.level) for word in words if word.errors is not None
        ),
        reasons=tuple(filter(None, [stance.reason, *reasons])),
        known=stance.known,
    )


def _stance(
    context: _Context,
    target: Target,
    outcome: Outcome,
    expected: Truth | None,
    *,
    verdict: Verdict,
    level: Level,
    evidence: Evidence,
) -> Stance:
    """How a case stands to what its scenario expects of it. What a proof contradicts is met by nobody."""
    problem, limits = context.problem, context.limits
    entry = problem.scenario.expect.for_case(problem.operator, target)
    fits = deviates = None
    if isinstance(outcome, Computed) and expected is not None:
        values = is_value(problem)
        answer, wanted = outcome.values if values else outcome.derivatives, part(expected, values=values)
        if entry is not None and entry.pattern is None:
            refutation = refuted(expected, context.truth, problem, limits)
            if refutation:
                return Stance(expectation=ExpectationState.UNMET, level=Level.FAIL, reason=refutation)
        fits = matches(answer, wanted, problem.dtype, limits, context.leaves)
        deviates = differ(wanted, context.leaves, problem.dtype, limits)
    stance = stand(
        entry,
        outcome,
        verdict=verdict,
        level=level,
        fits=fits,
        deviates=bool(deviates),
        evidence=evidence,
        strict=problem.scenario.expect.strict,
    )
    unchecked = stance.expectation is ExpectationState.NONE and isinstance(outcome, Computed) and entry is not None
    if not unchecked or context.truth.absence is None:
        return stance
    return replace(stance, level=max(stance.level, ABSENCES[ReasonCode(context.truth.absence)], key=by_rank))


def _untold(truth: Truth, common: Truth) -> Reason | None:
    """Why the targets may not judge each other where there is no truth."""
    if truth.absence is not None:
        return Reason(code=ReasonCode(truth.absence), text=truth.reason or common.reason or "")
    if not (truth.undefined and truth.reason):
        return None
    return Reason(code=ReasonCode.NONEXISTENT if truth.nonexistent else ReasonCode.UNDEFINED, text=truth.reason)


def _shown(leaf: TruthLeaf, *, certain: bool) -> TruthLeaf | Leaf:
    """What the judgement passes on: the truth with its radius, or the plain numbers of a consensus."""
    return leaf if certain else Leaf(of=leaf.of, wrt=leaf.wrt, tensor=Tensor(dtype="float64", array=leaf.high))
