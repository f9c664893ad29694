"""A result file as typed values; records of another shape are refused here, so that renderers need not ask."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import count
from typing import Any

from gradcmp.core.findings import LeafErrors
from gradcmp.core.reasons import KinkSummary, Limit, LimitKind
from gradcmp.core.truth import ReasonKind
from gradcmp.core.verdicts import Convention, Evidence, ExpectationState, Level, Verdict
from gradcmp.errors import Complaint, UsageError
from gradcmp.report.fields import DamageError, Fields, check_array, quoted
from gradcmp.report.records import Record
from gradcmp.report.views import CaseView, LeafView, PairView, ProblemView, TargetView, TimingView


class _Outcome(StrEnum):
    COMPUTED = "computed"
    UNSUPPORTED = "unsupported"
    RAISED = "raised"
    TIMED_OUT = "timed-out"
    DIED = "died"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True)
class Document:
    """`run` and `machine` stay as they are in the file."""

    run: Mapping[str, Any]
    machine: Mapping[str, Any]
    targets: tuple[TargetView, ...]
    problems: tuple[ProblemView, ...]
    cases: tuple[CaseView, ...]
    pairs: tuple[PairView, ...]

    @cached_property
    def by_place(self) -> Mapping[tuple[str, str], CaseView]:
        """(problem id, target id) → case."""
        return {(case.problem, case.target): case for case in self.cases}

    @cached_property
    def problem_by_id(self) -> Mapping[str, ProblemView]:
        return {problem.id: problem for problem in self.problems}

    @cached_property
    def cases_of(self) -> Mapping[str, tuple[CaseView, ...]]:
        """Problem id → its cases."""
        found: dict[str, list[CaseView]] = {problem.id: [] for problem in self.problems}
        for case in self.cases:
            found.setdefault(case.problem, []).append(case)
        return {problem: tuple(cases) for problem, cases in found.items()}

    @cached_property
    def pairs_of(self) -> Mapping[str, tuple[PairView, ...]]:
        """Problem id → its pairs."""
        found: dict[str, list[PairView]] = {}
        for pair in self.pairs:
            found.setdefault(pair.problem, []).append(pair)
        return {problem: tuple(pairs) for problem, pairs in found.items()}

    def leaves(self, case: CaseView) -> tuple[LeafView, ...]:
        """What the operator asks for: the derivatives, or for `value` the values."""
        problem = self.problem_by_id.get(case.problem)
        return case.values if problem is not None and problem.operator == "value" else case.derivatives

    @classmethod
    def of(cls, record: Record, *, where: str = "") -> Document:
        """The typed form of a document. Raises UsageError where its records do not have the format's shape."""
        try:
            fields = Fields(record)
            numbers = count(1)
            return cls(
                run=fields.mapping("run"),
                machine=_machine(fields.mapping("machine")),
                targets=fields.each("targets", _target),
                problems=fields.each("problems", _problem),
                cases=fields.each("cases", lambda case: _case(case, next(numbers))),
                pairs=fields.each("pairs", _pair),
            )
        except DamageError as error:
            complaint = Complaint(
                what=f"the result file is damaged: {error}",
                where=where,
                expected="expected the format of docs/result-file.md",
            )
            raise UsageError(complaint) from error


def _machine(machine: Mapping[str, Any]) -> Mapping[str, Any]:
    if machine.get("gpus") is not None:
        Fields(machine).texts("gpus")
    return machine


def _target(fields: Fields) -> TargetView:
    return TargetView(
        id=fields.text("id"),
        backend=fields.text("backend"),
        environment=fields.optional_text("environment"),
        execution=fields.text("execution"),
        device=fields.text("device"),
        version=fields.optional_text("version"),
        settings=fields.mapping("settings"),
    )


def _problem(fields: Fields) -> ProblemView:
    return ProblemView(
        id=fields.text("id"),
        scenario=fields.text("scenario"),
        operator=fields.optional_text("protocol") or fields.text("operator"),
        dtype=fields.text("dtype"),
        file=fields.text("file"),
        line=fields.count("line"),
        evidence=fields.one_of("evidence", Evidence),
        reference_reason=fields.optional_text("reference_reason"),
        reason_kind=fields.one_of("reason_kind", ReasonKind) if "reason_kind" in fields.record else None,
        warnings=fields.texts("warnings"),
        truth=fields.each("truth", _leaf),
        tolerance=None if fields.record.get("tolerance") is None else fields.numbers("tolerance"),
        bits=None if fields.record.get("bits") is None else fields.count("bits"),
        fragile=fields.texts("fragile") if "fragile" in fields.record else (),
        function=fields.optional_text("function") or "",
        primals=fields.each("primals", _primal) if "primals" in fields.record else (),
    )


def _primal(fields: Fields) -> LeafView:
    shape, data = fields.lengths("shape"), fields.value("data")
    if data is not None:
        check_array("data", data, shape)
    return LeafView(of=fields.text("path"), wrt=(), dtype=fields.text("dtype"), shape=shape, data=data, norm=None)


def _leaf(fields: Fields) -> LeafView:
    shape = None if fields.value("shape") is None else fields.lengths("shape")
    data = fields.value("data")
    stored = Fields(data) if isinstance(data, dict) else None
    for key in ("data", "low", "left", "right"):
        found = fields.record.get(key)
        if found is not None and not isinstance(found, dict):
            check_array(key, found, shape or ())
    return LeafView(
        of=fields.text("of"),
        wrt=fields.texts("wrt") if "wrt" in fields.record else (),
        dtype=fields.optional_text("dtype") or "",
        shape=shape or (),
        data=None if stored is not None else data,
        norm=stored.number("norm") if stored is not None else None,
        left=fields.record.get("left"),
        right=fields.record.get("right"),
    )


def _case(fields: Fields, number: int) -> CaseView:
    return CaseView(
        number=number,
        id=fields.text("id"),
        problem=fields.text("problem"),
        scenario=fields.text("scenario"),
        target=fields.text("target"),
        outcome=fields.one_of("outcome", _Outcome),
        mode=fields.optional_text("mode"),
        message=fields.optional_text("message"),
        reason=fields.optional_text("reason"),
        output_tail=fields.optional_text("output_tail"),
        values=fields.each("values", _leaf),
        derivatives=fields.each("derivatives", _leaf),
        verdict=fields.one_of("verdict", Verdict),
        verdicts={Verdict(name): count for name, count in fields.counts("verdicts").items()},
        expectation=fields.one_of("expectation", ExpectationState),
        level=fields.one_of("level", Level),
        evidence=fields.one_of("evidence", Evidence),
        errors=fields.each("errors", _errors),
        timing=fields.optional("timing", _timing),
    )


def _errors(fields: Fields) -> LeafErrors:
    judged = fields.record.get("verdict") is not None
    return LeafErrors(
        of=fields.text("of"),
        wrt=fields.texts("wrt"),
        verdict=fields.one_of("verdict", Verdict) if judged else None,
        level=fields.one_of("level", Level) if judged else None,
        max_ulps=fields.number("max_ulps"),
        max_abs=fields.number("max_abs"),
        max_rel=fields.number("max_rel"),
        worst_index=None if fields.value("worst_index") is None else fields.lengths("worst_index"),
        differing=fields.count("differing"),
        size=fields.count("size"),
        needed_rtol=fields.number("needed_rtol"),
        limit=_limit(fields),
        kink=fields.optional("kink", _kink) if "kink" in fields.record else None,
    )


def _limit(fields: Fields) -> Limit | None:
    if fields.record.get("limit_used") is not None:
        return fields.optional("limit_used", _limit_used)
    # Files that were written before have words alone.
    text = fields.optional_text("limit") or ""
    at_worst = fields.optional_text("limit_at_worst") or ""
    return Limit(kind=LimitKind.WORDS, text=text, text_at_worst=at_worst) if text else None


def _limit_used(fields: Fields) -> Limit:
    ulps, rtol, atol, sigmas = (fields.optional_number(name) or 0.0 for name in ("ulps", "rtol", "atol", "sigmas"))
    rss, worst, unit = (fields.optional_number(name) for name in ("rss", "worst", "unit"))
    kind = fields.one_of("kind", LimitKind)
    return Limit(kind=kind, ulps=ulps, rtol=rtol, atol=atol, sigmas=sigmas, rss=rss, worst=worst, unit=unit)


def _kink(fields: Fields) -> KinkSummary:
    counts = fields.counts("counts")
    if unknown := counts.keys() - set(Convention):
        raise DamageError(f"`counts` has {quoted(min(unknown))}, which is no convention")
    # Files that were written before have no `tied`, but the name of a convention alone where all elements have it.
    mixed = fields.text("name") not in counts
    left, right = (math.nan if (side := fields.number(name)) is None else side for name in ("left", "right"))
    return KinkSummary(
        counts={Convention(name): number for name, number in counts.items()},
        tied=fields.count("tied") if "tied" in fields.record else sum(counts.values()) + mixed,
        index=fields.lengths("index"),
        left=left,
        right=right,
    )


def _timing(fields: Fields) -> TimingView:
    interval = None if fields.value("ci95_s") is None else fields.all_seconds("ci95_s")
    if interval is not None and len(interval) != 2:
        raise DamageError("`ci95_s` is not two numbers")
    return TimingView(
        first_call_s=fields.seconds("first_call_s"),
        compile_s=fields.optional_seconds("compile_s"),
        median_s=fields.optional_seconds("median_s"),
        ci95_s=None if interval is None else (interval[0], interval[1]),
        samples_s=fields.all_seconds("samples_s"),
        calls_per_sample=fields.count("calls_per_sample", least=1),
        value_median_s=fields.optional_seconds("value_median_s"),
        warnings=fields.texts("warnings"),
    )


def _pair(fields: Fields) -> PairView:
    return PairView(problem=fields.text("problem"), a=fields.text("a"), b=fields.text("b"), agree=fields.flag("agree"))
