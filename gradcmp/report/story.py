"""Why a case has its verdict, told from a result file: sections of named lines, before any renderer."""

import math
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from gradcmp.core.reasons import KinkSummary, Limit, LimitKind
from gradcmp.core.truth import TruthLeaf
from gradcmp.core.verdicts import Convention, Evidence
from gradcmp.numbers.ulp import spacing_at
from gradcmp.report.cells import side_text, truth_text
from gradcmp.report.digits import MOST, known_digits
from gradcmp.report.elements import Arrays, Key, Known, Place, sharper
from gradcmp.report.explanations import message
from gradcmp.report.phrases import array, badness, primal
from gradcmp.result.document import Document
from gradcmp.result.records import CaseRecord, ErrorsRecord, ProblemRecord, TargetRecord
from gradcmp.words import conventions, limits
from gradcmp.words.arrays import in_short, leaf_name, precision, title
from gradcmp.words.figures import digits, distance, number
from gradcmp.words.lists import plural
from gradcmp.words.truths import NOT_KNOWN

Sharpen = Callable[[ProblemRecord], Mapping[Key, TruthLeaf]]
"""A problem's truth once more, to more digits than its file has; empty where that cannot be had."""

MOST_LEAVES = 4
"""Arrays that are told of one by one, the worst first."""

_MOST_OTHERS = 12
_WHOLE = ("misshapen", "missing")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line, with the name that stands before it. `verbatim`: it is never broken and its blanks are kept."""

    name: str
    text: str
    verbatim: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    lines: tuple[Entry, ...]


@dataclass(kw_only=True)
class Teller:
    """What is known of one case. `file` is the one that was read.

    `report` is what `gradcmp report` takes to find that file again; None where it does not stay. `shipped`: the
    scenario comes with gradcmp.
    """

    document: Document
    file: Path
    case: CaseRecord
    sharpen: Sharpen
    report: tuple[str, ...] | None
    shipped: bool
    _sharpened: Mapping[Key, TruthLeaf] | None = field(default=None)

    def __post_init__(self) -> None:
        self.problem = self.document.problem_by_id.get(self.case.problem)
        cases = {case.target: case for case in self.document.cases_of[self.case.problem]}
        dtype = self.problem.dtype if self.problem else "float64"
        self.arrays = Arrays(truth=self.problem.truth if self.problem else (), cases=cases, file=self.file, dtype=dtype)

    def sections(self) -> Iterator[Section]:
        """From the verdict to what may be done next."""
        yield Section("", tuple(self._verdict()))
        yield Section("what was asked", tuple(self._asked()))
        if self.case.outcome == "computed":
            ranked = sorted(self.case.errors, key=badness, reverse=True)
            for errors in ranked[:MOST_LEAVES]:
                yield self._leaf(errors)
            if len(ranked) > MOST_LEAVES:
                yield Section(
                    "the other arrays",
                    tuple(
                        Entry(leaf_name((errors.of, errors.wrt)), in_short(errors.verdict, errors.max_ulps))
                        for errors in ranked[MOST_LEAVES:]
                    ),
                )
            yield Section("what the verdict rests on", tuple(self._evidence()))
        else:
            if self.case.message or self.case.output_tail:
                yield Section("what it said", tuple(self._output()))
            if elsewhere := tuple(self._elsewhere()):
                yield Section("what came out elsewhere", elsewhere)
        yield Section("next", tuple(Entry("", line, verbatim=True) for line in self._commands()))

    def _verdict(self) -> Iterator[Entry]:
        case = self.case
        yield Entry("meaning", case.verdict.meaning)
        if case.outcome == "computed":
            lines = message(self.document, case).splitlines()
            yield from (Entry("" if place else "why", line) for place, line in enumerate(lines))
        if case.expectation != "none":
            yield Entry("expectation", case.expectation.meaning)

    def _asked(self) -> Iterator[Entry]:
        problem, target = self.problem, self._target
        if problem is not None:
            yield Entry("scenario", f"{problem.scenario} ({problem.file}:{problem.line})")
            lines = problem.function.strip("\n").splitlines()
            yield from (Entry("" if place else "function", line, verbatim=True) for place, line in enumerate(lines))
            for place, leaf in enumerate(problem.primals):
                yield Entry("" if place else "inputs", primal(leaf))
            mode = f", {self.case.mode} mode" if self.case.mode else ""
            yield Entry("derivative", f"{problem.asked} in {problem.dtype}{mode}")
        if target is not None:
            version = f" {target.version}" if target.version else ""
            yield Entry("target", f"{target.name}{version}, {target.execution}, on {target.device}")

    def _leaf(self, errors: ErrorsRecord) -> Section:
        """One array: what came back at its worst element, what is true there, and how far apart they may be."""
        key, case = (errors.of, errors.wrt), self.case
        place = None if errors.verdict in _WHOLE else self.arrays.worst_place(case.target, key, errors)
        if place is None:
            return Section(title(key, None, errors.size), tuple(self._whole(key)))
        got = self.arrays.got(case.target, key, place)
        known = self.arrays.known(key, place)
        kink = errors.kink
        if kink is not None and known is not None and known.left is not None and known.right is not None:
            kink = replace(kink, index=place, left=known.left, right=known.right)
        at_kink = kink is not None and kink.index == place
        lines = [Entry("returned", self._number(got))]
        if kink is not None and at_kink:
            lines += self._at_kink(kink, errors)
        elif known is not None:
            lines.append(Entry(case.evidence.truth_name, self._true(key, place, known)))
            if got is not None:
                lines += self._distance(errors, known, got)
        elif case.evidence == "expected":
            lines.append(Entry("expected", "what the scenario says of this target alone; the others have no truth"))
        else:
            lines.append(Entry(case.evidence.truth_name, self._untold))
        if kink is not None and not at_kink:
            sides = f"{side_text(kink.left)} | {side_text(kink.right)}"
            lines.append(Entry("kinks", f"{conventions.name(kink)}; at {list(kink.index)} {sides}"))
        if len(case.errors) == 1 and errors.size > 1:
            counts = [f"{case.verdicts[name]} {name}" for name in case.verdicts]
            lines.append(Entry("elements", ", ".join(counts)))
        elif errors.size > 1 and kink is None:
            lines.append(Entry("elements", f"{errors.size - errors.differing} of {errors.size} exact"))
        lines += self._others(key, place)
        return Section(title(key, place, errors.size), tuple(lines))

    def _at_kink(self, kink: KinkSummary, errors: ErrorsRecord) -> Iterator[Entry]:
        """Both sides and what the answer is of them; the derivative where they are equal and it exists."""
        # Equal sides of a jump are the derivatives beside it: there the function has none.
        if kink.left == kink.right and not (errors.verdict == "convention" or Convention.INCOMPATIBLE in kink.counts):
            yield Entry(self.case.evidence.truth_name, side_text(kink.left, digits=17))
            yield Entry("kink", f"{conventions.meaning(kink)}; see docs/kinks.md")
            return
        yield from (Entry("left", side_text(kink.left, digits=17)), Entry("right", side_text(kink.right, digits=17)))
        yield Entry("convention", conventions.meaning(kink))

    def _whole(self, key: Key) -> Iterator[Entry]:
        """An array that cannot be told element by element."""
        returned = next((leaf for leaf in self.document.leaves(self.case) if leaf.key == key), None)
        true = next((leaf for leaf in (self.problem.truth if self.problem else ()) if leaf.key == key), None)
        yield Entry("returned", "no such array" if returned is None else array(returned))
        yield Entry(self.case.evidence.truth_name, self._untold if true is None else truth_text(true, digits=17))

    @property
    def _untold(self) -> str:
        return (self.problem.untold if self.problem else None) or NOT_KNOWN

    def _true(self, key: Key, place: Place, known: Known) -> str:
        if known.radius is None or math.isnan(known.high):
            return side_text(known.high, digits=17)
        if known.half_unit is not None:
            return f"{number(known.high, digits=17)}, held to half a unit of its last digit"
        decimal = known_digits(known.high, known.low, known.radius)
        if decimal.count < MOST and self.case.evidence is Evidence.CERTIFIED and self.problem is not None:
            if self._sharpened is None:
                self._sharpened = self.sharpen(self.problem)
            known = sharper(known, self._sharpened.get(key), place)
            decimal = known_digits(known.high, known.low, known.radius or 0.0)
        if decimal.count >= MOST:
            return decimal.text
        if not decimal.count:
            return f"{decimal.text}, within {distance(known.radius)}"
        return f"{decimal.text} ({plural(decimal.count, 'digit')} known)"

    def _distance(self, errors: ErrorsRecord, known: Known, got: float) -> Iterator[Entry]:
        away, dtype = known.away(got), self.arrays.dtype
        if math.isnan(away):
            return
        parts = [f"{distance(away / spacing_at(known.high, known.low, dtype))} ULPs"] if known.high else []
        parts.append(f"absolute {distance(away)}")
        if known.high:
            parts.append(f"relative {distance(away / abs(known.high))}")
        yield Entry("error", "; ".join(parts))
        if errors.digits:
            yield Entry("digits", f"{digits(errors.digits)} are right")
        limit = errors.limit
        if known.half_unit is not None:
            limit = Limit(kind=LimitKind.ABOUT, atol=known.half_unit)
        if limit and limits.is_unknown(limit):
            yield Entry("limit", limits.UNKNOWN)
        elif limit:
            at_worst = limits.at_worst(limit, counted=bool(known.high))
            yield Entry("limit", at_worst or limits.text(limit))
            if origin := limits.origin(limit, dtype):
                yield Entry("", origin)

    def _others(self, key: Key, place: Place) -> Iterator[Entry]:
        """What the other targets did at the same element."""
        cases = [case for case in self.document.cases_of[self.case.problem] if case.id != self.case.id]
        for count, case in enumerate(cases[:_MOST_OTHERS]):
            errors = case.errors_of(key)
            kink = errors.kink if errors else None
            got = self.arrays.got(case.target, key, place)
            verdict = (errors.verdict if errors else "") or case.verdict
            word = f"convention: {conventions.name(kink)}" if kink is not None and verdict == "convention" else verdict
            shown = case.outcome == "computed" and (got is not None or verdict == "missing")
            text = f"{self._number(got)}, {word}" if shown else word
            yield Entry("" if count else "the others", f"{case.target}: {text}")
        if len(cases) > _MOST_OTHERS:
            yield Entry("", f"and {len(cases) - _MOST_OTHERS} more")

    def _number(self, got: float | None) -> str:
        return "no gradient" if got is None else number(got, self.arrays.dtype, digits=17)

    def _output(self) -> Iterator[Entry]:
        lines = (self.case.message or "").splitlines()
        yield from (Entry("" if place else "message", line, verbatim=True) for place, line in enumerate(lines))
        tail = (self.case.output_tail or "").splitlines()
        yield from (Entry("" if place else "output", line, verbatim=True) for place, line in enumerate(tail))

    def _evidence(self) -> Iterator[Entry]:
        problem, evidence = self.problem, self.case.evidence
        yield Entry("evidence", f"{evidence}: {evidence.meaning}")
        if problem is None:
            return
        if evidence is Evidence.NONE:
            yield Entry("truth", self._untold)
        if problem.bits and evidence is Evidence.CERTIFIED:
            yield Entry("precision", precision(problem.bits))
        if problem.reference_reason and evidence is not Evidence.CERTIFIED:
            yield Entry("no better", problem.reference_reason)
        for place, sentence in enumerate(problem.fragile):
            yield Entry("" if place else "fragile", sentence)
        for place, warning in enumerate(problem.warnings):
            yield Entry("" if place else "warnings", warning)

    def _elsewhere(self) -> Iterator[Entry]:
        """The truth, and how the other targets fared."""
        problem = self.problem
        for leaf in (problem.truth if problem is not None else ())[:MOST_LEAVES]:
            name = f"{leaf.name} = " if leaf.name else ""
            yield Entry(
                (problem.evidence if problem else Evidence.NONE).truth_name, f"{name}{truth_text(leaf, digits=17)}"
            )
        cases = [case for case in self.document.cases_of[self.case.problem] if case.id != self.case.id]
        for place, case in enumerate(cases[:_MOST_OTHERS]):
            yield Entry("" if place else "the others", f"{case.target}: {case.verdict}")

    def _commands(self) -> Iterator[str]:
        target = self._target
        shipped = ["--shipped"] * self.shipped
        if target is not None and self.problem is not None:
            execution = [] if target.execution == "eager" else ["--execution", target.execution]
            yield shlex.join(["gradcmp", "show", self.case.problem, "--as", target.backend, *execution, *shipped])
            yield shlex.join(["gradcmp", "run", self.case.id, *shipped])
        if self.report is not None:
            yield shlex.join(["gradcmp", "report", *self.report, "--view", "cases"])

    @property
    def _target(self) -> TargetRecord | None:
        return next((target for target in self.document.targets if target.id == self.case.target), None)
