"""Counts of a run, and whether it ends well."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime

from gradcmp.core.reasons import LimitKind
from gradcmp.core.truth import ReasonKind
from gradcmp.core.verdicts import Evidence, Level, Verdict
from gradcmp.result.document import Document, Summary
from gradcmp.words.figures import duration
from gradcmp.words.limits import in_short
from gradcmp.words.lists import listed, plural
from gradcmp.words.truths import NOT_KNOWN

_MOST_SETS = 4
_MOST_REASONS = 4


def failing_levels(fail_on: Collection[str]) -> tuple[Level, ...]:
    """The levels at or above the lowest of `fail_on`, ascending; empty where it names none."""
    lowest = min((level.rank for level in Level if level in fail_on), default=len(Level))
    return tuple(Level)[lowest:]


def has_findings(summary: Summary, fail_on: Collection[str] = ("fail",)) -> bool:
    """Is something at or above the lowest level of `fail_on`, or skipped where `skipped` is among them?

    `never` alone means no.
    """
    if any(summary.levels.get(level, 0) for level in failing_levels(fail_on)):
        return True
    return "skipped" in fail_on and summary.verdicts.get("skipped", 0) > 0


def counts_line(document: Document) -> str:
    """`12 cases of 4 problems in 8.4 s: 9 exact, 2 rounding, 1 wrong`, from best to worst."""
    counted = Counter(case.verdict for case in document.cases)
    known = sum(case.known for case in document.cases)
    verdicts = ", ".join(f"{counted[name]} {name}" for name in sorted(counted, key=lambda verdict: verdict.rank))
    size = f"{plural(len(document.cases), 'case')} of {plural(len(document.problems), 'problem')}"
    seconds = wall_seconds(document)
    wall = f" in {duration(seconds)}" if seconds else ""
    known_text = f" ({known} known)" if known else ""
    return f"{size}{wall}: {verdicts or 'nothing ran'}{known_text}"


def evidence_line(document: Document) -> str:
    """`truth: 3 certified, 1 consensus`, from the best grade to the worst."""
    counted = Counter(problem.evidence for problem in document.problems)
    parts = []
    for grade in reversed(Evidence):
        if grade is Evidence.CONSENSUS:
            parts += _consensus_parts(document)
        elif grade is Evidence.NONE:
            untold = Counter(problem.untold or NOT_KNOWN for problem in document.problems if problem.evidence is grade)
            parts += [f"{count} {words}" for words, count in untold.items()]
        elif counted[grade]:
            parts.append(f"{counted[grade]} {grade}")
    return f"truth: {', '.join(parts)}"


def reasons_lines(document: Document) -> tuple[str, ...]:
    """Why the truth of problems is not certified although the reference was asked: each reason once, with its count."""
    counted = Counter(
        f"{'not certified: ' if problem.reason_kind is ReasonKind.CAUSE else ''}{problem.reference_reason}"
        for problem in document.problems
        if problem.reference_reason and problem.evidence is not Evidence.CERTIFIED
    )
    lines = [reason + f" ({plural(count, 'problem')})" * (count > 1) for reason, count in counted.most_common()]
    if len(lines) > _MOST_REASONS:
        lines[_MOST_REASONS:] = [f"and {len(lines) - _MOST_REASONS} more reasons: the view of cases has them"]
    return tuple(lines)


def _consensus_parts(document: Document) -> list[str]:
    """`5 consensus of jax, tensorflow and torch`, for each set of backends whose agreement is taken for the truth.

    The targets are named where they are of one backend. Without a majority: `1 without consensus of jax and torch`.
    """
    targets = {target.id: target for target in document.targets}
    counted: Counter[str] = Counter()
    for problem in document.problems:
        if problem.evidence is not Evidence.CONSENSUS:
            continue
        judged = [case for case in document.cases_of[problem.id] if case.evidence is Evidence.CONSENSUS]
        members = [case.target for case in judged if case.verdict.level.rank < Level.WARN.rank]
        reached = bool(members) and all(case.verdict is not Verdict.DISAGREES for case in judged)
        ids = members if reached else [case.target for case in judged]
        names = dict.fromkeys(targets[name].name if name in targets else name for name in ids)
        counted[f"{'' if reached else 'without '}consensus of {listed(tuple(names if len(names) > 1 else ids))}"] += 1
    if len(counted) > _MOST_SETS:
        return [f"{counted.total()} consensus of two or more targets"]
    return [f"{count} {words}" for words, count in counted.items()]


def limits_line(document: Document) -> str:
    """`limits: rounding errors of each program in its dtype`, and every other limit that a verdict rests on.

    Empty where none rests on any.
    """
    dtypes: dict[str, dict[str, None]] = {}
    for problem in document.problems if document.cases else ():
        for case in document.cases_of[problem.id]:
            for errors in case.errors:
                if errors.limit and _rests_on_limit(errors.verdict or case.verdict, errors.max_ulps):
                    dtype = problem.dtype if errors.limit.kind is LimitKind.INTERIM else ""
                    dtypes.setdefault(in_short(errors.limit), {})[dtype] = None
    used = [f"{limit} for {listed(tuple(of))}" if any(of) else limit for limit, of in dtypes.items()]
    return f"limits: {'; '.join(used)}" if used else ""


def _rests_on_limit(verdict: Verdict, ulps: float | None) -> bool:
    """Up to 1 ULP is rounding whatever the limit; what is not finite or not there has no distance."""
    return "limit" in verdict.needs or (verdict is Verdict.ROUNDING and ulps is not None and ulps > 1.0)


def wall_seconds(document: Document) -> float | None:
    """From start to finish; None where the run did not end or its clock makes no sense."""
    try:
        started, finished = (
            datetime.fromisoformat(str(moment).replace("Z", "+00:00"))
            for moment in (document.run.started, document.run.finished)
        )
        return max(0.0, (finished - started).total_seconds())
    except (ValueError, TypeError):  # TypeError: one of them has no time zone
        return None
