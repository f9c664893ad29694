"""The records of a result file as typed values: what the tables and the exports need of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gradcmp.core.findings import LeafErrors
from gradcmp.core.leaves import LeafType
from gradcmp.core.reasons import KinkSummary
from gradcmp.core.truth import ReasonKind
from gradcmp.core.verdicts import Evidence, ExpectationState, Level, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafView:
    """An array. `data` None: no gradient was returned, or (with `norm`) the numbers are in the `.npz`.

    `left` and `right` are the one-sided derivatives of a truth at a kink.
    """

    of: str
    wrt: tuple[str, ...]
    dtype: str
    shape: tuple[int, ...]
    data: Any
    norm: float | None
    left: Any = None
    right: Any = None

    @property
    def key(self) -> tuple[str, tuple[str, ...]]:
        return self.of, self.wrt

    @property
    def name(self) -> str:
        """How messages name the array: `dx`, `d0/dx`, `output 0`; empty for a sole value."""
        return LeafType(of=self.of, wrt=self.wrt).label

    @property
    def missing(self) -> bool:
        return self.data is None and self.norm is None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingView:
    first_call_s: float
    compile_s: float | None
    median_s: float | None
    ci95_s: tuple[float, float] | None
    samples_s: tuple[float, ...]
    calls_per_sample: int
    value_median_s: float | None
    warnings: tuple[str, ...]

    @property
    def cost_ratio(self) -> float | None:
        """∇f/f: the cost of the derivative over that of the value."""
        return self.median_s / self.value_median_s if self.median_s is not None and self.value_median_s else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetView:
    id: str
    backend: str
    environment: str | None
    execution: str
    device: str
    version: str | None
    settings: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Backend and environment as ids have them: `torch+old`."""
        return f"{self.backend}+{self.environment}" if self.environment else self.backend


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemView:
    id: str
    scenario: str
    operator: str  # the protocol's name where there is one
    dtype: str
    file: str
    line: int
    evidence: Evidence
    reference_reason: str | None
    reason_kind: ReasonKind | None  # None in files that were written before
    warnings: tuple[str, ...]
    truth: tuple[LeafView, ...]
    tolerance: Mapping[str, float] | None
    bits: int | None = None
    fragile: tuple[str, ...] = ()
    function: str = ""
    primals: tuple[LeafView, ...] = ()  # `of` is the leaf's path; without data or norm: too large to be kept

    @property
    def bracket(self) -> tuple[str, ...]:
        """The parts between the brackets of the id: `("gradient-float32", "n=64")`."""
        return tuple(self.id.removeprefix(self.scenario).strip("[]").split(","))


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """`number` is its place in the file from 1: the `#7` that commands take."""

    number: int
    id: str
    problem: str
    scenario: str
    target: str
    outcome: str
    mode: str | None
    message: str | None
    reason: str | None
    output_tail: str | None
    values: tuple[LeafView, ...]
    derivatives: tuple[LeafView, ...]
    verdict: Verdict
    verdicts: Mapping[Verdict, int]  # per element
    expectation: ExpectationState
    level: Level
    evidence: Evidence
    errors: tuple[LeafErrors, ...]
    timing: TimingView | None

    @property
    def known(self) -> bool:
        """A verdict above `ok` that an expectation for a target of its own foresaw."""
        return self.expectation is ExpectationState.MET and self.level is Level.OK is not self.verdict.level

    @property
    def kink(self) -> KinkSummary | None:
        """What the answer is at a kink, of the worst leaf that has one."""
        kinked = [errors for errors in self.errors if errors.kink is not None]
        return max(kinked, key=_badness).kink if kinked else None

    @property
    def worst(self) -> LeafErrors | None:
        """The errors of the leaf that is furthest off."""
        return max(self.errors, key=_badness, default=None)

    def errors_of(self, key: tuple[str, tuple[str, ...]]) -> LeafErrors | None:
        """The errors of one leaf."""
        return next((errors for errors in self.errors if (errors.of, errors.wrt) == key), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairView:
    """Do targets `a` and `b` agree on the problem?"""

    problem: str
    a: str
    b: str
    agree: bool


def _badness(errors: LeafErrors) -> tuple[float, float]:
    def size(value: float | None) -> float:
        if value is None:
            return -1.0
        return math.inf if math.isnan(value) else value

    return size(errors.max_ulps), size(errors.max_rel)
