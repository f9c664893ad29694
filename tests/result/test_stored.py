"""Files that an earlier gradcmp wrote are read and shown, and so are verdicts that have another name now."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gradcmp.core.verdicts import Level, Verdict
from gradcmp.report.cases_view import elements
from gradcmp.report.explanations import explanations
from gradcmp.report.render import legend
from gradcmp.report.summary import counts_line
from gradcmp.result.document import Document
from gradcmp.result.reading import read_document
from gradcmp.result.records import read_verdict
from gradcmp.result.values import to_json
from tests.result.builders import TORCH, Book, computed, problem, true_leaf
from tests.result.test_damage import everything_of

STORED = sorted((Path(__file__).parent / "stored").glob("*.json"))


def kept(written, read):
    """Is everything that was written there, beside the defaults of keys that came later?"""
    if isinstance(written, dict):
        return all(key in read and kept(value, read[key]) for key, value in written.items())
    if isinstance(written, list):
        return len(written) == len(read) and all(map(kept, written, read))
    return type(written) is type(read) and written == read


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_a_stored_file_is_read_and_shown(path):
    document = read_document(path)
    record = json.loads(path.read_text(encoding="utf-8"))
    assert kept(record, json.loads(to_json(document)))
    text = everything_of(record)
    assert counts_line(document) in text
    assert all(case.id in text for case in document.cases if case.level is not Level.OK)


def test_stored_files_have_what_the_format_has():
    """Kinks, timings, failures, expectations: what a reader may stumble over."""
    cases = [case for path in STORED for case in read_document(path).cases]
    assert any(case.kink for case in cases)
    assert any(case.timing for case in cases)
    assert any(case.known for case in cases)
    assert {"computed", "raised", "skipped"} <= {case.outcome for case in cases}


def renamed(level="warn"):
    """A file in which an element, an array and the case have a verdict that nobody knows."""
    book = Book((TORCH,))
    standing = {"message": "it is far off", "verdicts": {Verdict.EXACT: 3, Verdict.INACCURATE: 1}}
    book.add(problem("s"), [true_leaf([1.0, 2.0])], {TORCH: (computed([1.0, 2.0]), "inaccurate", standing)})
    text = json.dumps(book.document()).replace('"inaccurate"', '"far-off"').replace('"warn"', f'"{level}"')
    return json.loads(text)


@pytest.mark.parametrize(("level", "mark"), [("warn", "!"), ("fail", "✗"), ("ok", "✓")])
def test_an_unknown_verdict_is_shown_under_its_own_name_at_the_level_of_the_case(level, mark):
    document = Document.of(renamed(level))
    (case,) = document.cases
    assert (case.verdict, case.verdict.level, case.verdict.mark) == ("far-off", level, mark)
    assert case.verdict not in list(Verdict)
    assert (case.errors[0].verdict, case.known) == ("far-off", False)
    assert legend(document) == {mark: "far-off"}
    assert counts_line(document).endswith(": 1 far-off")
    assert [explanation.head for explanation in explanations(document)] == (
        [] if level == "ok" else ["far-off by the certified value"]
    )
    assert elements(case) == "1 far-off, 3 exact"
    assert f",far-off,{level}," in everything_of(renamed(level))


def test_an_unknown_verdict_ranks_among_those_of_its_level():
    for level in Level:
        row = read_verdict("far-off", level)
        assert max(verdict.rank for verdict in Verdict if verdict.level is level) == row.rank
    assert read_verdict("exact", Level.FAIL) is Verdict.EXACT
