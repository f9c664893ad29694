"""How a run ended: how many cases stand at which level, with which exit code, and whether all was done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from gradcmp.core.verdicts import Level
from gradcmp.report.document import Document
from gradcmp.report.summary import failing_levels
from gradcmp.words.lists import plural

_INTERRUPTIONS = (130, 143)


def levels_line(document: Document) -> str:
    """`13 fail · 12 warn · 6 note · 18 ok`; empty where nothing is above `ok`."""
    counted = _levels(document)
    if not any(counted[level] for level in list(Level)[1:]):
        return ""
    return " · ".join(f"{counted[level]} {level}" for level in reversed(Level) if counted[level])


def exit_line(document: Document) -> str:
    """`exit code 1: 13 at level fail`; empty where the run ended with another code, or nothing in it tells why."""
    if document.run.get("exit_code") != 1:
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
    if run.get("complete", True):
        return ""
    option, limit = _most_failures(document)
    failures = _levels(document)[Level.FAIL]
    if run.get("exit_code") in _INTERRUPTIONS or limit is None or failures < limit:
        return "the run did not come to its end: this is what it had done"
    return f"the run stopped after {plural(failures, 'failure')}, as `{option}` says: this is what it had done"


def asked_to_fail_on(document: Document) -> tuple[str, ...]:
    """What `--fail-on` of the run named; `("fail",)` without it."""
    return tuple(value for name, value in _options(document) if name == "--fail-on") or ("fail",)


def _levels(document: Document) -> Counter[Level]:
    return Counter(case.level for case in document.cases)


def _most_failures(document: Document) -> tuple[str, int | None]:
    """The option that ends the run early, as it was written, and after how many failures."""
    found: tuple[str, int | None] = ("", None)
    for name, value in _options(document):
        if name == "-x":  # it wins, wherever it stands
            return "-x", 1
        if name == "--max-failures" and value.isdecimal():
            found = (f"--max-failures {value}", int(value))
    return found


def _options(document: Document) -> Iterator[tuple[str, str]]:
    """The options of the run with the word after each, `-qx` as `-q` and `-x`: for the few that tell how it ends."""
    arguments = document.run.get("arguments")
    words = [str(word) for word in arguments] if isinstance(arguments, list) else []
    words = words[: words.index("--")] if "--" in words else words
    for word, following in pairwise([*words, ""]):
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            yield name, value if equals else following
        elif word.startswith("-") and set(word[1:]) <= set("qvx"):  # those that take no value
            yield from ((f"-{letter}", "") for letter in word[1:])
