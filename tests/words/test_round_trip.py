"""Facts alone make each sentence: what a result file has as data says the same as the texts beside it."""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Mapping
from dataclasses import is_dataclass, replace

import numpy as np
import pytest

from gradcmp.core.expectations import Expectation, Expectations
from gradcmp.core.expected import ExpectedNumbers, ExpectedOutcome, ExpectedResult, ExpectedVerdict
from gradcmp.core.findings import Judgement, OtherPrecision
from gradcmp.core.operators import Operator
from gradcmp.core.outcomes import Computed, Died
from gradcmp.core.problems import Case
from gradcmp.core.reasons import KinkSummary, Limit, LimitKind, Reason, ReasonCode
from gradcmp.core.scenarios import Tolerance
from gradcmp.core.targets import TargetPattern
from gradcmp.core.truth import Absence, Truth, TruthLeaf
from gradcmp.core.verdicts import Evidence, Verdict
from gradcmp.result.recording import case_record, problem_record
from gradcmp.result.records import Record
from gradcmp.result.values import to_json
from gradcmp.words import conventions, limits, reasons
from tests.judge.cases import (
    JAX,
    OTHER,
    TARGETS,
    TENSORFLOW,
    TORCH,
    WHERE,
    certified,
    computed,
    judged,
    kink,
    problem,
    true,
    truth,
)

NAN = np.nan
PIECES = [[1, 0], [0, 1]]
NOTHING = TruthLeaf(wrt=("x",), high=np.zeros(0), low=np.zeros(0), radius=np.zeros(0), nothing=True)
NUMBERS = ExpectedResult(leaves={"": ExpectedNumbers(data=[1.0])})


def answers(*values, dtype="float32"):
    names = (TORCH, JAX, OTHER, TENSORFLOW)
    return {
        name: computed(None if value is None else np.asarray(value, dtype=dtype), dtype)
        for name, value in zip(names, values, strict=False)
    }


def expecting(expected, *, pattern=None):
    target = None if pattern is None else TargetPattern(text=pattern)
    entry = Expectation(pattern=target, operator=Operator.GRADIENT, expected=expected, location=WHERE)
    return Expectations(entries=(entry,))


def contradicted(expected, known):
    said = Truth(evidence=Evidence.EXPECTED, derivatives=(expected,))
    return judged(answers([1.0]), known, common=said, own={TORCH: said}, expect=expecting(NUMBERS))


def elsewhere(value, there, *, tied=False):
    at = kink([1.0], [1.0], tied=tied)
    other = OtherPrecision(
        outcomes=answers([there], dtype="float64"), truth=certified([1.0], rss=1.0, worst=1.0, at=at)
    )
    return judged(answers([value]), certified([1.0], rss=1.0, worst=1.0), other={"float64": other})


def values(*numbers):
    outcomes = zip((TORCH, JAX, OTHER), numbers, strict=False)
    return judged({name: computed(np.float32([1.0]), value=number) for name, number in outcomes}, truth([1.0]))


def untrue():
    known = replace(certified([1.0]), values=(replace(true(1.0), wrt=()),))
    return judged({TORCH: computed(np.float32([1.0]), value=2.0)}, known)


JUDGEMENTS = {
    "far": judged(answers([[1.0, 2.0], [3.0, 9.0]]), truth([[1.0, 2.5], [3.0, 4.0]])),
    "far at zero": judged(answers([1.0]), certified([0.0], rss=1.0, worst=1.0)),
    "far within a scenario's ulps": judged(answers([1.5]), truth([1.0]), tolerance=Tolerance(ulps=3)),
    "far within a scenario's rtol": judged(answers([1.5]), truth([1.0]), tolerance=Tolerance(rtol=0.1, atol=1e-8)),
    "a decimal": contradicted(
        replace(truth([1.26]).derivatives[0], half_unit=0.005), certified([1.25], rss=1.0, worst=1.0)
    ),
    "whole": judged(answers([2], dtype="int64"), truth([1.0]), dtype="int64", shape=(1,)),
    "inaccurate": judged(answers([1.00001]), certified([1.0], rss=1.0, worst=20.0)),
    "running": judged(answers([1.00001]), certified([1.0], rss=0.8, worst=1.6)),
    "tight": judged(answers([1.00001]), certified([1.0], rss=0.0, worst=0.0)),
    "shrinks": elsewhere(1.00001, 1.0 + 1e-13),
    "does not shrink": elsewhere(1.01, 1.01),
    "does not tell": elsewhere(1.000002, 1.0, tied=True),
    "others": judged(answers([1.0, 2.0], [1.0, 2.0], [1.0, 2.5])),
    "nobody": judged(answers([1.0, 2.0], [1.0, 2.5])),
    "nonfinite": judged(answers([NAN]), truth([1.0])),
    "no digits": judged(answers([1e-3]), certified([0.0], rss=2.0**24, worst=2.0**24)),
    "no digits, unknown": judged(answers([7.0]), certified([1.0], rss=np.inf, worst=np.inf)),
    "fragile": judged(answers([2.0]), certified([1.0], otherwise=2.0, fragile=("a > b at line 3, by 1e-9",))),
    "flushed": judged(answers([0.0]), certified([1e-40], rss=0.0, worst=0.0)),
    "range": judged(answers([0.0], [1.0]), certified([1.0], rss=np.inf, worst=np.inf, out_of_range=("`square` …",))),
    "removable": judged(answers([0.0]), certified([1.0], at=kink([1.0], [1.0]))),
    "convention": judged(answers([1.0]), certified([0.0], at=kink([NAN], [1.0]))),
    "conventions": judged(answers([0.0, 1.0]), certified([0.0, 0.0], at=kink([0, 0], [1, 1], limiting=PIECES))),
    "a hull": judged(answers([0.25, 0.75]), certified([0.0, 0.0], at=kink([0, 0], [1, 1], limiting=PIECES))),
    "no derivative": judged(answers([3.0]), certified([0.0], at=kink([NAN], [NAN]))),
    "outside": judged(answers([3.0]), certified([0.0], at=kink([0.0], [1.0]))),
    "incompatible": judged(answers([1.0, 1.0]), certified([0.5, 0.5], at=kink([0, 0], [1, 1], total=1.0))),
    "a shape": judged(answers([[1.0]]), truth([1.0])),
    "a dtype": judged(answers([1.0]), truth([1.0]), dtype="float64", shape=(1,)),
    "missing zero": judged(answers(None), truth([0.0])),
    "missing": judged(answers(None), truth([1.0])),
    "missing, as expected": judged(answers(None), Truth(evidence=Evidence.EXPECTED, derivatives=(NOTHING,))),
    "missing beside others": judged(answers([1.0], None)),
    "missing everywhere": judged(answers(None, None)),
    "undefined": judged(answers([1.0], [2.0]), Truth(reason="it jumps", undefined=True)),
    "nonexistent": judged(answers([1.0], [1.0]), Truth(reason="it has a kink", undefined=True, nonexistent=True)),
    "outside the domain": judged(answers([3.0]), certified([0.0], at=kink([NAN], [NAN]))),
    "no referee": judged(answers([1.0]), Truth(reason="killed by SIGKILL", absence=Absence.GONE)),
    "a stopped referee": judged(answers([1.0], [1.0]), Truth(reason="no answer", absence=Absence.RUNAWAY)),
    "no number": judged(answers([NAN], [NAN])),
    "no evidence": judged(answers([1.0])),
    "no arrays": judged({TORCH: Computed(values=(), derivatives=(), mode="reverse")}),
    "an outcome": judged({TORCH: Died(message="killed by SIGSEGV")}, truth([1.0])),
    "not judged yet": judged(
        answers([1.0]), truth([1.0]), expect=expecting(ExpectedVerdict(verdict=Verdict.NONDETERMINISTIC))
    ),
    "needs the reference": judged(
        answers([1.0]), truth([1.0]), expect=expecting(ExpectedVerdict(verdict=Verdict.REMOVABLE))
    ),
    "not evaluated": judged(answers([1.0]), truth([1.0]), expect=expecting(NUMBERS, pattern="torch")),
    "a fault has gone": judged(
        answers([1.0]),
        truth([1.0]),
        expect=expecting(ExpectedOutcome(outcome="raised", exception="E", match="'no'"), pattern="torch"),
    ),
    "not as wanted": judged(answers([2.0]), truth([1.0]), expect=expecting(ExpectedOutcome(outcome="died"))),
    "no value": judged({TORCH: Died(message="gone")}, truth([1.0]), expect=expecting(NUMBERS)),
    "contradicted": contradicted(true([2.0]), certified([1.0])),
    "contradicted at a kink": contradicted(true([3.0]), certified([0.0], at=kink([-1.0], [1.0]))),
    "contradicted by shape": contradicted(true([[1.0]]), certified([1.0])),
    "contradicted by a number": contradicted(NOTHING, certified([1.0])),
    "vacuous": judged(answers([0.0]), truth([0.0])),
    "untrue": untrue(),
    "apart": values(3.0, 4.0),
    "odd": values(3.0, 4.0, 3.0),
}  # fmt: skip


def read(kind: typing.Any, data: typing.Any) -> typing.Any:
    """A fact from what the file has of it, by the annotations of its fields alone."""
    if isinstance(kind, types.UnionType):
        return read(next(each for each in typing.get_args(kind) if suits(each, data)), data)
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{name: read(hints[name], value) for name, value in data.items()})
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        return tuple(read(arguments[0], item) for item in data)
    if origin is Mapping:
        return {read(arguments[0], key): read(arguments[1], value) for key, value in data.items()}
    return None if data is None else kind(data)


def suits(kind: typing.Any, data: typing.Any) -> bool:
    if kind is types.NoneType or data is None:
        return kind is types.NoneType and data is None
    return isinstance(data, list) if typing.get_origin(kind) is tuple else not isinstance(data, list)


def through_json(record: Record) -> dict[str, typing.Any]:
    loaded: dict[str, typing.Any] = json.loads(to_json(record))
    return loaded


def codes_of(judgement: Judgement) -> set[ReasonCode]:
    stated = [*judgement.warnings, *(reason for each in judgement.findings for reason in each.reasons)]
    return {reason.code for each in stated for reason in (each, each.because) if reason is not None}


@pytest.mark.parametrize("name", JUDGEMENTS)
def test_facts_read_from_a_file_make_the_sentences_beside_them(name):
    judgement = JUDGEMENTS[name]
    asked = problem()
    written = through_json(problem_record(asked, judgement, hashes={}))
    assert written["warnings"] == [reasons.sentence(read(Reason, fact)) for fact in written["warning_reasons"]]
    for finding in judgement.findings:
        target = TARGETS[finding.case.partition("@")[2]]
        outcome = computed(np.float32([1.0]))
        written = through_json(case_record(Case(problem=asked, target=target), outcome, finding, compiles=False))
        stated = [read(Reason, fact) for fact in written["reasons"]]
        assert reasons.message(stated) == (written["reason"] or "")
        for errors in written["errors"]:
            limit = errors["limit_used"] and read(Limit, errors["limit_used"])
            assert errors["limit"] == (limits.text(limit) if limit else "")
            assert errors["limit_at_worst"] == (limits.at_worst(limit) if limit else "")
            if errors["kink"]:
                summary = {key: value for key, value in errors["kink"].items() if key != "name"}
                assert errors["kink"]["name"] == conventions.name(read(KinkSummary, summary))


def test_every_reason_and_every_limit_has_an_example():
    assert set().union(*map(codes_of, JUDGEMENTS.values())) == set(ReasonCode)
    used = {e.limit.kind for each in JUDGEMENTS.values() for f in each.findings for e in f.errors if e.limit}
    assert used == set(LimitKind) - {LimitKind.WORDS, LimitKind.ABOUT}  # that one is of expectations, not of answers


def test_no_sentence_is_empty():
    for judgement in JUDGEMENTS.values():
        assert all(reasons.sentence(reason) for each in judgement.findings for reason in each.reasons)
