"""JUnit XML (the xunit2 schema of Jenkins and pytest): a suite per scenario, a testcase per case."""

import re
from collections.abc import Collection, Sequence
from itertools import groupby
from xml.etree import ElementTree as Xml

from gradcmp.report.ending import asked_to_fail_on
from gradcmp.report.explanations import headline, message, only_unexpected
from gradcmp.report.summary import failing_levels, wall_seconds
from gradcmp.result.document import Document
from gradcmp.result.records import CaseRecord

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_junit(document: Document, *, fail_on: Collection[str] = ("fail",)) -> str:
    """One XML document. Level `fail` is a failure; `skipped` and `unsupported` are skipped; the rest passes.

    So is what `fail_on`, the run's `--fail-on`, names besides: the levels from its lowest on, or `skipped`.
    """
    failing = frozenset({"fail", *failing_levels(fail_on), *({"skipped"} & set(fail_on))})
    root = Xml.Element("testsuites", name="gradcmp", time=_seconds(wall_seconds(document)))
    _count(root, document.cases, failing)
    for scenario, group in groupby(document.cases, key=lambda case: case.scenario):
        cases = list(group)
        started = _legal(document.run.started).removesuffix("Z")
        suite = Xml.SubElement(root, "testsuite", name=_legal(scenario), timestamp=started)
        _count(suite, cases, failing)
        for case in cases:
            _testcase(suite, document, case, failing)
    Xml.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{Xml.tostring(root, encoding="unicode")}\n'


def to_junit_of_run(document: Document) -> str:
    """As `to_junit`, by what the run's own `--fail-on` named."""
    return to_junit(document, fail_on=asked_to_fail_on(document))


def _count(element: Xml.Element, cases: Sequence[CaseRecord], failing: Collection[str]) -> None:
    element.set("tests", str(len(cases)))
    element.set("failures", str(sum(_fails(case, failing) for case in cases)))
    element.set("errors", "0")
    element.set("skipped", str(sum(_is_skipped(case, failing) for case in cases)))
    element.set("time", _seconds(sum(case.timing.first_call_s for case in cases if case.timing)))


def _testcase(suite: Xml.Element, document: Document, case: CaseRecord, failing: Collection[str]) -> None:
    name = case.id.removeprefix(case.scenario)
    first_call = case.timing.first_call_s if case.timing else None
    element = Xml.SubElement(
        suite, "testcase", classname=_legal(case.scenario), name=_legal(name), time=_seconds(first_call)
    )
    text = _legal(message(document, case)).strip()
    text = text or (headline(case) if only_unexpected(case) else case.verdict)
    if _fails(case, failing):
        kind = "expectation" if only_unexpected(case) else case.verdict
        failure = Xml.SubElement(element, "failure", type=kind, message=text.splitlines()[0])
        failure.text = _legal(f"{_first_line(case)}\n{case.id}\n{text}")
    elif _is_skipped(case, failing):
        Xml.SubElement(element, "skipped", type=case.verdict, message=text)
    if not _fails(case, failing) and (case.level in {"note", "warn"} or case.known):
        Xml.SubElement(element, "system-out").text = _legal(f"{case.level}: {case.verdict}: {text}")
    if case.output_tail:
        Xml.SubElement(element, "system-err").text = _legal(case.output_tail)


def _fails(case: CaseRecord, failing: Collection[str]) -> bool:
    return case.level in failing or (case.verdict == "skipped" and "skipped" in failing)


def _is_skipped(case: CaseRecord, failing: Collection[str]) -> bool:
    return not _fails(case, failing) and not case.known and case.verdict in {"skipped", "unsupported"}


def _first_line(case: CaseRecord) -> str:
    return headline(case) if only_unexpected(case) else f"{case.verdict} ({case.evidence})"


def _seconds(value: float | None) -> str:
    return f"{value or 0.0:.6f}"


def _legal(text: str) -> str:
    """Without the characters that XML 1.0 does not have."""
    return _ILLEGAL.sub("", text)
