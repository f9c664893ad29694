"""The lines that tell how a run ended, from the run block and the cases."""

from __future__ import annotations

import pytest

from gradcmp.errors import UsageError
from gradcmp.report.ending import exit_line, incomplete_line, levels_line
from gradcmp.report.exports.markdown import to_markdown
from gradcmp.result.document import Document
from tests.report.snapshots import DOCUMENTS, printed
from tests.result.builders import TORCH, Book, computed, problem, same, true_leaf


def ended(*arguments: str, book: str = "everything", **run: object) -> Document:
    record = DOCUMENTS[book]().document()
    record["run"] |= {"arguments": ["run", *arguments], **run}
    return Document.of(record)


def test_levels_stand_below_the_counts_from_the_worst_on():
    assert levels_line(ended()) == "11 fail · 4 warn · 6 note · 15 ok"
    assert "1 died (1 known)\n11 fail · 4 warn · 6 note · 15 ok\n" in printed("everything", width=1000)
    text = to_markdown(ended())
    assert "\n\n11 fail · 4 warn · 6 note · 15 ok\n\nexit code 1: 11 at level fail\n\n" in text


def test_where_all_is_ok_the_counts_say_enough():
    book = Book()
    book.add(problem("s"), [true_leaf(1.0)], same(1.0))
    assert levels_line(Document.of(book.document())) == ""


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "exit code 1: 11 at level fail"),
        (("--fail-on", "warn"), "exit code 1: 15 at level warn or above"),
        (("--fail-on=note", "--fail-on", "fail"), "exit code 1: 21 at level note or above"),
        (("--fail-on", "fail", "--fail-on", "skipped"), "exit code 1: 11 at level fail and 1 skipped"),
        (("--fail-on", "skipped"), "exit code 1: 1 skipped"),
        (("--", "--fail-on", "warn"), "exit code 1: 11 at level fail"),
    ],
)
def test_exit_code_1_has_its_reason(arguments, line):
    assert exit_line(ended(*arguments)) == line


@pytest.mark.parametrize("run", [{"exit_code": 0}, {"exit_code": 130}, {"exit_code": None}])
def test_other_exit_codes_have_none(run):
    assert exit_line(ended(**run)) == ""


def test_the_last_line_of_the_console_is_the_exit_code():
    assert printed("everything").endswith("\nexit code 1: 11 at level fail\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-x",), "stopped after 11 failures, as `-x` says"),
        (("-qx", "--max-failures", "5"), "stopped after 11 failures, as `-x` says"),
        (("--max-failures=5",), "stopped after 11 failures, as `--max-failures 5` says"),
        (("--max-failures", "12"), "did not come to its end"),
        (("-kx",), "did not come to its end"),
        ((), "did not come to its end"),
    ],
)
def test_what_stopped_the_run_is_named(arguments, said):
    line = f"the run {said}: this is what it had done"
    document = ended(*arguments, complete=False)
    assert incomplete_line(document) == line
    assert line.replace("`", "\\`") in to_markdown(document)
    assert incomplete_line(ended(*arguments)) == ""


def test_an_interruption_is_none_of_the_options():
    assert "did not come to its end" in incomplete_line(ended("-x", complete=False, exit_code=130))


def test_arguments_that_are_no_list_are_refused():
    with pytest.raises(UsageError, match=r"`run\.arguments`: expected `array`, got `null`"):
        ended(arguments=None)


def test_one_failure_is_one():
    book = Book()
    book.add(problem("s"), [true_leaf(1.0)], {TORCH: (computed(2.0), "wrong")})
    record = book.document()
    record["run"] |= {"arguments": ["run", "-x"], "complete": False}
    assert "stopped after 1 failure, as `-x`" in incomplete_line(Document.of(record))
