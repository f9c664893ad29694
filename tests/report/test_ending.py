"""The lines that tell how a run ended, from the run block and the cases."""

from __future__ import annotations

import pytest

from gradcmp.report.ending import asked_to_fail_on, exit_line, incomplete_line, levels_line
from gradcmp.report.exports.markdown import to_markdown
from gradcmp.result.document import Document
from tests.report.snapshots import DOCUMENTS, printed
from tests.result.builders import TORCH, Book, computed, problem, same, true_leaf


def ended(**run: object) -> Document:
    record = DOCUMENTS["everything"]().document()
    record["run"] |= run
    return Document.of(record)


def test_levels_stand_below_the_counts_from_the_worst_on():
    assert levels_line(ended()) == "11 fail · 5 warn · 8 note · 17 ok"
    assert "1 died (1 known)\n11 fail · 5 warn · 8 note · 17 ok\n" in printed("everything", width=1000)
    text = to_markdown(ended())
    assert "\n\n11 fail · 5 warn · 8 note · 17 ok\n\nexit code 1: 11 at level fail\n\n" in text


def test_where_all_is_ok_the_counts_say_enough():
    book = Book()
    book.add(problem("s"), [true_leaf(1.0)], same(1.0))
    assert levels_line(Document.of(book.document())) == ""


@pytest.mark.parametrize(
    ("fail_on", "line"),
    [
        ((), "exit code 1: 11 at level fail"),
        (("warn",), "exit code 1: 16 at level warn or above"),
        (("note", "fail"), "exit code 1: 24 at level note or above"),
        (("fail", "skipped"), "exit code 1: 11 at level fail and 1 skipped"),
        (("skipped",), "exit code 1: 1 skipped"),
    ],
)
def test_exit_code_1_has_its_reason(fail_on, line):
    assert exit_line(ended(fail_on=list(fail_on))) == line


@pytest.mark.parametrize("run", [{"exit_code": 0}, {"exit_code": 130}, {"exit_code": None}])
def test_other_exit_codes_have_none(run):
    assert exit_line(ended(**run)) == ""


def test_the_last_line_of_the_console_is_the_exit_code():
    assert printed("everything").endswith("\nexit code 1: 11 at level fail\n")


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ({"stopped": "failures", "max_failures": 1}, "stopped after 11 failures, as `-x` says"),
        ({"stopped": "failures", "max_failures": 5}, "stopped after 11 failures, as `--max-failures 5` says"),
        ({"stopped": "interrupted", "max_failures": 1}, "did not come to its end"),
        ({"stopped": None, "max_failures": 5}, "did not come to its end"),
        ({}, "did not come to its end"),
    ],
)
def test_what_stopped_the_run_is_named(run, said):
    line = f"the run {said}: this is what it had done"
    document = ended(**run, complete=False)
    assert incomplete_line(document) == line
    assert line.replace("`", "\\`") in to_markdown(document)
    assert incomplete_line(ended(**run)) == ""


def test_a_file_from_before_tells_no_levels():
    record = DOCUMENTS["everything"]().document()
    del record["run"]["fail_on"]
    assert asked_to_fail_on(Document.of(record)) == ("fail",)


def test_one_failure_is_one():
    book = Book()
    book.add(problem("s"), [true_leaf(1.0)], {TORCH: (computed(2.0), "wrong")})
    record = book.document()
    record["run"] |= {"stopped": "failures", "max_failures": 1, "complete": False}
    assert "stopped after 1 failure, as `-x`" in incomplete_line(Document.of(record))
