"""Core values → the records of the result file."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy

from gradcmp.core.findings import Finding, Judgement, LeafErrors, Pair
from gradcmp.core.formats import FORMATS
from gradcmp.core.outcomes import Computed, Outcome
from gradcmp.core.problems import Case, Problem
from gradcmp.core.reasons import Digits, KinkSummary, Limit
from gradcmp.core.targets import Target
from gradcmp.core.tensors import Leaf, Tensor
from gradcmp.core.truth import Truth, TruthLeaf
from gradcmp.numbers.ulp import spacing
from gradcmp.result.arrays import ArrayStore, encode, plain
from gradcmp.result.records import (
    ArrayRecord,
    CaseRecord,
    DigitsRecord,
    ErrorsRecord,
    KinkRecord,
    LimitRecord,
    OutcomeName,
    PairRecord,
    PrimalRecord,
    ProblemRecord,
    TargetRecord,
    TruthRecord,
)
from gradcmp.result.timings import timing_record
from gradcmp.result.values import Data, Number, number
from gradcmp.words import conventions, limits
from gradcmp.words.reasons import message, sentence
from gradcmp.words.truths import DOES_NOT_EXIST, NOT_KNOWN

LARGEST_PRIMAL = 16
"""Elements; of a larger input the file has the hash alone."""


def timestamp(moment: datetime | None = None) -> str:
    """Now, or `moment`, in UTC: `2026-01-31T12:00:00.000Z`."""
    return (moment or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def target_record(target: Target, *, version: str | None, settings: Mapping[str, Any]) -> TargetRecord:
    """One of `targets`; `version` None where the framework never started."""
    return TargetRecord(
        id=target.id,
        backend=target.backend,
        version=version,
        environment=target.environment,
        execution=target.execution,
        device=target.device,
        settings=plain(settings),
    )


def problem_record(
    problem: Problem,
    judgement: Judgement,
    *,
    hashes: Mapping[str, str],
    primals: Mapping[str, Tensor] = MappingProxyType({}),
    reference: Truth | None = None,
    truth: Truth | None = None,
    arrays: ArrayStore | None = None,
) -> ProblemRecord:
    """One of `problems`. The truth is that of the derivatives, for operator `value` that of the values.

    Without `truth`, the judgement's own leaves are taken. `reference` is what the reference said, `primals` are the
    inputs by leaf path.
    """
    scenario, reference = problem.scenario, reference or Truth()
    leaves: Iterable[object] = judgement.truth
    if truth is not None:
        leaves = (truth.values if problem.operator == "value" else truth.derivatives) or ()
    tolerance = scenario.tolerance
    words = {"ulps": tolerance.ulps, "rtol": tolerance.rtol, "atol": tolerance.atol} if tolerance else {}
    records = tuple(_truth_record(leaf, problem, index, arrays) for index, leaf in enumerate(leaves))
    return ProblemRecord(
        id=problem.id,
        scenario=scenario.id,
        file=scenario.location.file,
        line=scenario.location.line,
        operator=problem.operator,
        protocol=problem.protocol,
        dtype=problem.dtype,
        mode=problem.mode,
        parameters=plain(scenario.parameters),
        description=scenario.description,
        tolerance={name: value for name, value in words.items() if value is not None} or None,
        function=scenario.function.text,
        inputs=dict(hashes),
        primals=tuple(_primal_record(path, tensor) for path, tensor in primals.items()),
        evidence=judgement.evidence,
        reference_reason=judgement.reference_reason,
        reason_kind=judgement.reason_kind,
        bits=reference.bits,
        fragile=reference.fragile,
        out_of_range=reference.out_of_range,
        warnings=tuple(map(sentence, judgement.warnings)),
        warning_reasons=tuple(map(_fact, judgement.warnings)),
        truth=records,
        untold=None if records else DOES_NOT_EXIST if reference.nonexistent else NOT_KNOWN,
    )


def case_record(
    case: Case, outcome: Outcome, finding: Finding, *, compiles: bool, arrays: ArrayStore | None = None
) -> CaseRecord:
    """One of `cases`. `compiles`: the target's execution compiles, so that its first call has a compile time in it."""
    computed = outcome if isinstance(outcome, Computed) else None
    values, derivatives = (computed.values, computed.derivatives) if computed else ((), ())
    return CaseRecord(
        id=case.id,
        problem=case.problem.id,
        scenario=case.problem.scenario.id,
        target=case.target.id,
        outcome=OutcomeName(outcome.name),
        mode=computed.mode if computed else None,
        message=None if isinstance(outcome, Computed) else outcome.message,
        output_tail=getattr(outcome, "output_tail", None) or None,
        notes=plain(computed.notes) if computed else {},
        values=tuple(
            ArrayRecord(of=leaf.of, **_array(leaf.tensor, f"{case.id}/values/{index}", arrays))
            for index, leaf in enumerate(values)
        ),
        derivatives=tuple(
            ArrayRecord(of=leaf.of, wrt=leaf.wrt, **_array(leaf.tensor, f"{case.id}/derivatives/{index}", arrays))
            for index, leaf in enumerate(derivatives)
        ),
        verdict_name=finding.verdict,
        expectation=finding.expectation,
        level=finding.level,
        reason=message(finding.reasons) or None,
        reasons=tuple(map(_fact, finding.reasons)),
        verdict_counts={str(name): count for name, count in finding.verdicts.items()},
        evidence=finding.evidence,
        errors=tuple(map(_errors_record, finding.errors)),
        timing=timing_record(computed.timing, compiles=compiles) if computed and computed.timing else None,
    )


def pair_record(pair: Pair) -> PairRecord:
    """One of `pairs`."""
    return PairRecord(pair.problem, pair.a, pair.b, pair.agree, number(pair.max_ulps), number(pair.max_rel))


def _primal_record(path: str, tensor: Tensor) -> PrimalRecord:
    shown = tensor.array.size <= LARGEST_PRIMAL
    return PrimalRecord(path, tensor.dtype, tensor.shape, encode(tensor, None, path) if shown else None)


def _array(tensor: Tensor | None, key: str, arrays: ArrayStore | None) -> dict[str, Any]:
    """`dtype`, `shape` and `data`."""
    if tensor is None:
        return {"dtype": None, "shape": None, "data": None}
    return {"dtype": tensor.dtype, "shape": tensor.shape, "data": encode(tensor, arrays, key)}


def _truth_record(leaf: object, problem: Problem, index: int, arrays: ArrayStore | None) -> TruthRecord:
    key = f"{problem.id}/truth/{index}"
    if isinstance(leaf, Leaf):
        return TruthRecord(of=leaf.of, wrt=leaf.wrt, **_array(leaf.tensor, key, arrays))
    assert isinstance(leaf, TruthLeaf)

    def side(array: numpy.ndarray | None, name: str) -> Data:
        return None if array is None else encode(Tensor(dtype="float64", array=array), arrays, f"{key}/{name}")

    return TruthRecord(
        of=leaf.of,
        wrt=leaf.wrt,
        dtype="float64",
        shape=None if leaf.nothing else leaf.high.shape,
        data=None if leaf.nothing else side(leaf.high, "high"),
        low=side(leaf.low, "low") if leaf.low.any() and not leaf.nothing else None,
        radius_ulps=None if leaf.nothing else Number(radius_ulps(leaf, problem.dtype)),
        half_unit=None if leaf.half_unit is None else Number(leaf.half_unit),
        left=side(leaf.kink.left, "left") if leaf.kink else None,
        right=side(leaf.kink.right, "right") if leaf.kink else None,
    )


def radius_ulps(leaf: TruthLeaf, dtype: str) -> float:
    """The largest radius, in units in the last place of the problem's dtype at the true value."""
    if leaf.radius.size == 0:
        return 0.0
    unit = spacing(leaf.high, leaf.low, dtype if dtype in FORMATS else "float64")
    with numpy.errstate(over="ignore", invalid="ignore"):
        return float(numpy.max(leaf.radius / unit))


def _errors_record(errors: LeafErrors) -> ErrorsRecord:
    return ErrorsRecord(
        of=errors.of,
        wrt=errors.wrt,
        verdict_name=errors.verdict or None,
        level=errors.level or None,
        max_ulps=number(errors.max_ulps),
        max_abs=number(errors.max_abs),
        max_rel=number(errors.max_rel),
        worst_index=errors.worst_index,
        differing=errors.differing,
        size=errors.size,
        needed_rtol=number(errors.needed_rtol),
        digits_record=_digits_record(errors.digits) if errors.digits else None,
        limit_text=limits.text(errors.limit) if errors.limit else "",
        limit_at_worst=limits.at_worst(errors.limit) if errors.limit else "",
        limit_used=_limit_record(errors.limit) if errors.limit else None,
        kink_record=_kink_record(errors.kink) if errors.kink else None,
    )


def _digits_record(digits: Digits) -> DigitsRecord:
    return DigitsRecord(correct=digits.correct, held=digits.held)


def _limit_record(limit: Limit) -> LimitRecord:
    sizes = {name: value for name, value in _differing(limit).items() if name != "kind"}
    return LimitRecord(kind=limit.kind, **{name: Number(size) for name, size in sizes.items()})


def _kink_record(kink: KinkSummary) -> KinkRecord:
    return KinkRecord(
        name=conventions.name(kink),
        counts=dict(kink.counts),
        tied=kink.tied,
        index=kink.index,
        left=Number(kink.left),
        right=Number(kink.right),
    )


def _fact(fact: Any) -> dict[str, Any]:
    """A reason of the judge as it stands in the file: what differs from the defaults of its fields."""
    return {name: _fact(value) if is_dataclass(value) else plain(value) for name, value in _differing(fact).items()}


def _differing(fact: Any) -> dict[str, Any]:
    values = ((name, getattr(fact, name), default) for name, default in _defaults(fact.__class__))
    return {name: value for name, value, default in values if value != default}


@cache
def _defaults(kind: Any) -> tuple[tuple[str, object], ...]:
    return tuple((field.name, field.default) for field in fields(kind))
