"""How a run ended: how many cases stand at which level, with which exit code, and whether all was done."""

from collections import Counter

from gradcmp.core.verdicts import Level
from gradcmp.report.summary import failing_levels
from gradcmp.result.document import Document
from gradcmp.words.lists import plural


def levels_line(document: Document) -> str:
    """`13 fail · 12 warn · 6 note · 18 ok`; empty where nothing is above `ok`."""
    counted = _levels(document)
    if not any(counted[level] for level in list(Level)[1:]):
        return ""
    return " · ".join(f"{counted[level]} {level}" for level in reversed(Level) if counted[level])


def exit_line(document: Document) -> str:
    """`exit code 1: 13 at level fail`; empty where the run ended with another code, or nothing in it tells why."""
    if document.run.exit_code != 1:
        return ""
    fail_on, counted = asked_to_fail_on(document), _levels(document)
    levels = failing_levels(fail_on)
    found = sum(counted[level] for level in levels)
    above = " or above" * (len(levels) > 1)
    parts = [f"{found} at level {levels[0]}{above}"] if found else []
    skipped = sum(case.verdict == "skipped" for case in document.cases) if "skipped" in fail_on else 0
    parts += [f"{skipped} skipped"] * bool(skipped)
    return f"exit code 1: {' and '.join(parts)}" if parts else ""


def incomplete_line(document: Document) -> str:
    """Why not all was done; empty where it was."""
    run = document.run
    if run.complete:
        return ""
    limit = run.max_failures
    if run.stopped != "failures" or limit is None:
        return "the run did not come to its end: this is what it had done"
    option = "-x" if limit == 1 else f"--max-failures {limit}"
    failures = plural(_levels(document)[Level.FAIL], "failure")
    return f"the run stopped after {failures}, as `{option}` says: this is what it had done"


def asked_to_fail_on(document: Document) -> tuple[str, ...]:
    """What `--fail-on` of the run named; `("fail",)` without it."""
    return document.run.fail_on or ("fail",)


def _levels(document: Document) -> Counter[Level]:
    return Counter(case.level for case in document.cases)
