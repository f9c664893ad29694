"""What must hold of the judge's word on any answer: each check says what it finds unjust, or nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

import numpy as np
from mpmath import mp

from gradcmp.core.findings import Finding
from gradcmp.core.formats import FORMATS
from gradcmp.core.verdicts import Evidence, Level, Verdict
from gradcmp.errors import UsageError
from tests.judge.oracle.answers import Answer, answers
from tests.judge.oracle.court import Court
from tests.judge.oracle.elements import Element
from tests.judge.oracle.jets import Outside
from tests.judge.oracle.knowledge import Known
from tests.judge.oracle.problems import Drawn, draw
from tests.judge.oracle.truths import know


@dataclass(frozen=True)
class Case:
    """An answer, the judge's word on it, and the oracle's knowledge."""

    problem: Drawn
    known: Known
    answer: Answer
    finding: Finding
    agreeing: tuple[Verdict, ...]

    @property
    def elements(self) -> Iterator[Element]:
        form = FORMATS[self.problem.dtype]
        for key, leaf in self.known.leaves.items():
            got = self.answer.tensors[key].array.astype(np.float64)
            for parts in zip(*(a.flat for a in (got, leaf.right, leaf.low, leaf.high, leaf.bound)), strict=True):
                yield Element(form, float(parts[0]), *parts[1:])

    @property
    def plain(self) -> bool:
        """Nothing but rounding excuses an error."""
        return self.known.whole and not (self.known.fragile or self.known.ranged)


def ok_beyond_its_limit(case: Case) -> bool:
    """Under `ok` every number lies within what rounding explains; where a step leaves the dtype, half the digits do."""
    if case.finding.level is not Level.OK or case.known.fragile:
        return False
    return any(e.beyond and not (case.known.ranged and e.half) for e in case.elements)


def failed_with_all_digits(case: Case) -> bool:
    """Nobody fails, or is warned, who returns the right numbers, or those of one side of a kink."""
    if case.finding.level not in (Level.WARN, Level.FAIL):
        return False
    whole = case.known.whole and case.answer.name in ("right", "another branch")
    return all(e.exact or (whole and e.legitimate) for e in case.elements)


def failed_with_half_the_digits(case: Case) -> bool:
    """Nobody fails who has half of the digits of every number."""
    return case.finding.level is Level.FAIL and all(e.half for e in case.elements)


def not_exact(case: Case) -> bool:
    """Where it is proven, the right number rounded is `exact`; balls may leave it open of what is all but zero."""
    if case.finding.evidence is not Evidence.CERTIFIED or case.finding.verdict is Verdict.EXACT:
        return False
    form, elements = FORMATS[case.problem.dtype], list(case.elements)
    noise = max((max(e.bound, form.unit_roundoff * e.size) for e in elements if e.smooth), default=0)
    small = max(4 * form.smallest_normal, mp.ldexp(noise, -16))
    return all(e.exact and abs(e.right) > small for e in elements)


def passed_and_lost(case: Case) -> bool:
    """What is lost fails, where nothing but rounding excuses an error; at a removable kink it is a warning."""
    if not case.plain or case.finding.level is Level.FAIL:
        return False
    unjudged = case.finding.verdict in (Verdict.UNJUDGED, Verdict.REMOVABLE)
    return not unjudged and any(e.lost for e in case.elements)


def exact_by_consensus(case: Case) -> bool:
    """Agreement makes nothing exact; of finite numbers it is `rounding`."""
    finite = all(math.isfinite(e.got) for e in case.elements)
    return any(v is Verdict.EXACT or (finite and v is not Verdict.ROUNDING) for v in case.agreeing)


CHECKS: dict[str, Callable[[Case], bool]] = {
    check.__name__: check
    for check in (
        ok_beyond_its_limit, failed_with_all_digits, failed_with_half_the_digits, not_exact, passed_and_lost,
        exact_by_consensus,
    )
}  # fmt: skip


AGREED = ("right", "NaN", "far off")
"""Answers that two targets give alike."""


@dataclass
class Record:
    """What came of one problem."""

    unjust: list[str] = field(default_factory=list)
    looked: list[str] = field(default_factory=list)


def examine(problem: Drawn, seed: int = 0) -> Record:
    """The judge's words on all answers to a problem, held against every check."""
    record = Record()
    try:
        known = know(problem)
    except Outside:
        record.looked.append("outside")
        return record
    court = Court(problem)
    try:
        evidence = court.truth.evidence
    except UsageError:
        record.looked.append("refused")
        return record
    smooth = all(leaf.smooth.all() for leaf in known.leaves.values())
    record.looked += ["known", f"evidence {evidence}", "smooth" if smooth else "kink"]
    given = answers(known, problem.dtype, Random(seed))
    findings = court.findings(given)
    for answer in given:
        agreeing = court.agreeing(answer) if answer.name in AGREED else ()
        case = Case(problem, known, answer, findings[answer.name], agreeing)
        record.looked.append(f"verdict {case.finding.verdict}")
        record.unjust += [_told(name, case) for name, check in CHECKS.items() if check(case)]
    return record


def _told(name: str, case: Case) -> str:
    got = {key: tensor.array.tolist() for key, tensor in case.answer.tensors.items()}
    right = {key: [mp.nstr(number, 17) for number in leaf.right.flat] for key, leaf in case.known.leaves.items()}
    verdict = f"{case.finding.verdict} ({case.finding.level}, {case.finding.evidence})"
    return f"{name}: {case.answer.name} {got} is {verdict}, right {right}: {case.problem}"


def examined(seed: int) -> Record:
    return examine(draw(seed), seed)
