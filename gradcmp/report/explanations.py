"""Why: one paragraph for each kind of verdict above `ok`, with the cases that it holds for."""

from dataclasses import dataclass

from gradcmp.core.verdicts import Evidence, ExpectationState, Level, Verdict
from gradcmp.report.cells import mark
from gradcmp.result.document import Document
from gradcmp.result.records import CaseRecord

_BY_NOTHING = frozenset({Verdict.CONVENTION, Verdict.UNJUDGED})
_STANDINGS = {ExpectationState.UNMET: "expectation not met", ExpectationState.FIXED: "an expected fault has gone"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Cases with the same verdict for the same reason. `level` is that of the cases, `skipped` or `known`."""

    mark: str
    level: str
    head: str
    message: str
    cases: tuple[CaseRecord, ...]
    output_tail: str = ""


def explanations(document: Document) -> tuple[Explanation, ...]:
    """Worst first; what was foreseen and what was skipped last."""
    groups: dict[tuple[str, ...], list[CaseRecord]] = {}
    for case in document.cases:
        if case.level is not Level.OK or case.known or case.verdict is Verdict.SKIPPED:
            # What a worker wrote before it went belongs to one case alone.
            alone = case.id if case.output_tail and case.level is not Level.OK else ""
            suspect = suspicion(document, case.problem) if _contradicts(case) else ""
            # Values that agree may differ in their last digits: one paragraph tells of all of them.
            why = f"{case.problem}\n{suspect}" if suspect else message(document, case)
            key = (_level(case), case.verdict, case.expectation, headline(case), why, alone)
            groups.setdefault(key, []).append(case)
    rank = {level: place for place, level in enumerate((*reversed(Level), "known", "skipped"))}
    ordered = sorted(groups.items(), key=lambda item: (rank[item[0][0]], -item[1][0].verdict.rank))
    return tuple(
        Explanation(
            mark=mark(group[0]),
            level=key[0],
            head=headline(group[0]),
            message=message(document, group[0]),
            cases=tuple(group),
            output_tail=(group[0].output_tail or "") if key[-1] else "",
        )
        for key, group in ordered
    )


def message(document: Document, case: CaseRecord) -> str:
    """What the judge says, the outcome's own words among it, and what is suspicious of it."""
    suspect = suspicion(document, case.problem) if _contradicts(case) else ""
    return "\n".join(part for part in ((case.reason or "").strip(), suspect) if part)


def suspicion(document: Document, problem: str) -> str:
    """Where every target that computed contradicts what is expected, and all agree: that the expectation is wrong.

    Empty where that is not so.
    """
    computed = [case for case in document.cases_of.get(problem, ()) if case.outcome == "computed"]
    if len(computed) < 2 or not all(map(_contradicts, computed)):
        return ""
    names = {case.target for case in computed}
    pairs = [pair for pair in document.pairs_of.get(problem, ()) if {pair.a, pair.b} <= names]
    if len(pairs) < len(names) * (len(names) - 1) // 2 or not all(pair.agree for pair in pairs):
        return ""
    view = document.problem_by_id.get(problem)
    place = f" of {view.scenario} ({view.file}:{view.line})" if view is not None else ""
    who = "both targets" if len(names) == 2 else f"all {len(names)} targets"
    return f"{who} agree with each other and contradict the expectation: check `expect`{place}"


def _contradicts(case: CaseRecord) -> bool:
    """Is the case a failure by what the scenario expects?"""
    return case.evidence is Evidence.EXPECTED and case.level is case.verdict.level is Level.FAIL


def warnings(document: Document) -> tuple[tuple[str, str], ...]:
    """(problem id, warning)."""
    return tuple((problem.id, warning) for problem in document.problems for warning in problem.warnings)


def unsteady(document: Document) -> str:
    """What the sign `~` before a time means, and how many have it; empty where none has."""
    timed = [case.timing for case in document.cases if case.timing and case.timing.median_s is not None]
    count = sum(bool(timing.warnings) for timing in timed)
    return f"~ {count} of {len(timed)} noisy or of few samples: the view of cases has the intervals" if count else ""


def _level(case: CaseRecord) -> str:
    return "known" if case.known else "skipped" if case.verdict is Verdict.SKIPPED else case.level


def headline(case: CaseRecord) -> str:
    """`wrong by the certified value`; `raised, known`; `expectation not met; the value is exact by …`."""
    # Of a convention nothing is right or wrong, so nothing is so by any value.
    judged = case.evidence is not Evidence.NONE and case.outcome == "computed" and case.verdict not in _BY_NOTHING
    verdict = f"{case.verdict} {case.evidence.by}" if judged else case.verdict
    if case.known:
        return f"{verdict}, known"
    stands = _STANDINGS.get(case.expectation)
    if stands is None:
        return verdict
    return f"{stands}; the value is {verdict}" if only_unexpected(case) else f"{verdict}, {stands}"


def only_unexpected(case: CaseRecord) -> bool:
    """Is the value right, so that the level is that of the expectation alone?"""
    return case.expectation in _STANDINGS and case.outcome == "computed" and case.verdict.level is Level.OK
