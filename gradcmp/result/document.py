"""A whole result file: its head, which stands from the beginning, and its records."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Final, Literal

import msgspec

from gradcmp.errors import Complaint, UsageError
from gradcmp.result.records import ArrayRecord, CaseRecord, PairRecord, ProblemRecord, Record, TargetRecord
from gradcmp.result.values import Count, decode_value, value_schema

FORMAT: Final = "gradcmp-result/0"


class Run(Record, frozen=True, kw_only=True):
    """As it stands at the beginning; `Journal.finish` fills in the rest."""

    gradcmp: str
    started: str
    finished: str | None = None
    arguments: tuple[str, ...]
    shipped: bool = False
    fail_on: tuple[str, ...] = ("fail",)
    max_failures: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)] | None = None
    exit_code: int | None = None
    complete: bool = False
    stopped: str | None = None


class Machine(Record, frozen=True):
    """What is there for the process, which a container may have made less than the hardware."""

    system: str
    python: str
    cpu: str
    cores: Count
    memory_bytes: Count
    gpus: tuple[str, ...] = ()


class Summary(Record, frozen=True):
    """How many cases have which verdict and stand at which level."""

    verdicts: dict[str, Count]
    levels: dict[str, Count]


class Head(Record, frozen=True, kw_only=True):
    """Everything but the records that come as the run goes on."""

    format: Literal["gradcmp-result/0"] = FORMAT
    run: Run
    machine: Machine
    targets: tuple[TargetRecord, ...]


class Document(Head, frozen=True, kw_only=True, dict=True):
    """What `gradcmp run` writes."""

    problems: tuple[ProblemRecord, ...]
    cases: tuple[CaseRecord, ...]
    pairs: tuple[PairRecord, ...]
    summary: Summary

    def __post_init__(self) -> None:
        for number, case in enumerate(self.cases, start=1):
            case.__dict__["number"] = number

    @classmethod
    def of(cls, record: Mapping[str, Any], *, where: str = "") -> Document:
        """The typed form of what JSON has. Raises UsageError, with the place, where it does not have the format."""
        try:
            return msgspec.convert(record, cls, dec_hook=decode_value)
        except (msgspec.ValidationError, UnicodeError) as error:
            complaint = Complaint(
                what=f"the result file is damaged: {_with_place(str(error))}",
                where=where,
                expected="expected the format of docs/result-file.md",
            )
            raise UsageError(complaint) from error

    @cached_property
    def by_place(self) -> Mapping[tuple[str, str], CaseRecord]:
        """(problem id, target id) → case."""
        return {(case.problem, case.target): case for case in self.cases}

    @cached_property
    def problem_by_id(self) -> Mapping[str, ProblemRecord]:
        return {problem.id: problem for problem in self.problems}

    @cached_property
    def cases_of(self) -> Mapping[str, tuple[CaseRecord, ...]]:
        """Problem id → its cases."""
        cases_by_problem: dict[str, list[CaseRecord]] = {problem.id: [] for problem in self.problems}
        for case in self.cases:
            cases_by_problem.setdefault(case.problem, []).append(case)
        return {problem: tuple(cases) for problem, cases in cases_by_problem.items()}

    @cached_property
    def pairs_of(self) -> Mapping[str, tuple[PairRecord, ...]]:
        """Problem id → its pairs."""
        pairs_by_problem: dict[str, list[PairRecord]] = {}
        for pair in self.pairs:
            pairs_by_problem.setdefault(pair.problem, []).append(pair)
        return {problem: tuple(pairs) for problem, pairs in pairs_by_problem.items()}

    def leaves(self, case: CaseRecord) -> tuple[ArrayRecord, ...]:
        """What the operator asks for: the derivatives, or for `value` the values."""
        problem = self.problem_by_id.get(case.problem)
        return case.values if problem is not None and problem.asked == "value" else case.derivatives


def json_schema() -> dict[str, Any]:
    """The JSON Schema of result files."""
    schema = msgspec.json.schema(Document, schema_hook=value_schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _with_place(message: str) -> str:
    """msgspec's `Expected … - at `$.cases[3].errors`` with the place in front."""
    reason, _, place = message.rpartition(" - at ")
    reason = reason[:1].lower() + reason[1:]
    place = place.removeprefix("`$").removeprefix(".").removesuffix("`")
    return f"`{place}`: {reason}" if reason and place else reason or message
