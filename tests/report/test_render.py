from __future__ import annotations

import io
import re

import pytest

from gradcmp.core.targets import Target
from gradcmp.report.render import render
from gradcmp.report.text.columns import Columns
from gradcmp.report.text.console import UNBOUNDED, WIDEST_TABLE, make_console
from gradcmp.report.text.lines import Line
from gradcmp.result.document import Document
from tests.report.snapshots import DATA, DOCUMENTS, document, printed, snapshots
from tests.result.builders import EAGER, Book, computed, problem, same, true_leaf

SNAPSHOTS = snapshots()
ELLIPSES = re.compile("…|\\.\\.\\.")


@pytest.mark.parametrize("name", sorted(SNAPSHOTS))
def test_text_is_that_of_the_snapshot(name):
    assert SNAPSHOTS[name]() == (DATA / name).read_bytes().decode("utf-8")


def test_every_file_in_data_is_a_snapshot():
    assert {path.name for path in DATA.iterdir()} == set(SNAPSHOTS)


@pytest.mark.parametrize("name", sorted(SNAPSHOTS))
def test_nothing_is_cut_short(name):
    assert not ELLIPSES.search(SNAPSHOTS[name]())


@pytest.mark.parametrize("view", ["tables", "cases", "scaling"])
@pytest.mark.parametrize("width", [40, 60, 80, 100, 160])
@pytest.mark.parametrize("book", sorted(DOCUMENTS))
def test_no_line_is_wider_than_asked(book, width, view):
    text = printed(book, width=width, view=view)
    lines = text.splitlines()
    ids = [problem.id for problem in document(book).problems]
    assert max(len(line) for line in lines if not any(name in line for name in ids)) <= width
    assert not any(line != line.rstrip() for line in lines)


@pytest.mark.parametrize("book", sorted(DOCUMENTS))
def test_case_ids_stand_whole_in_a_pipe(book):
    text = printed(book)
    explained = [c.id for c in document(book).cases if c.level != "ok" or c.known]
    assert explained
    assert all(f"{case}\n" in text for case in explained)


@pytest.mark.parametrize("width", [40, 41, 60, 61, 70, 80, 100])
def test_long_numbers_and_ids_stay_whole_however_narrow_it_is(width):
    values = [1.2345678e-30, -9.8765e20, 3.14159, 2.71828, 1.41421, 1.73205]
    name = "a-very-long-folder-name/with-a-very-long-scenario-name-that-fills-a-narrow-terminal-all-by-itself"
    book = Book()
    book.add(problem(name, dtype="float64"), [true_leaf(values)], same(values, dtype="float64"))
    stream = io.StringIO()
    render(Document.of(book.document()), console=make_console(stream, width=width, env={}))
    text = stream.getvalue()
    for number in ("1.23457e-30", "-9.8765e+20", "3.14159", "2.71828", "1.41421", "1.73205"):
        assert text.count(number) == 4
    assert f"\n{name}[gradient-float64]\n" in text
    assert max(len(line) for line in text.splitlines() if name not in line) <= width


def test_a_wrong_value_never_looks_like_the_truth():
    """Six digits would print both alike: as many are shown as it takes."""
    book = Book()
    wrong = 1.00000000001
    answers = same(1.0, dtype="float64") | {EAGER[0]: (computed(wrong, dtype="float64"), "wrong")}
    book.add(problem("x", dtype="float64"), [true_leaf(1.0)], answers)
    stream = io.StringIO()
    render(Document.of(book.document()), console=make_console(stream, env={}))
    assert "1.00000000001 ✗" in stream.getvalue()


def test_the_same_document_prints_the_same_colours_or_none():
    coloured = printed("notebook", width=80, FORCE_COLOR="1", TERM="xterm")
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == printed("notebook", width=80)
    assert "\x1b[" not in printed("notebook", width=80, FORCE_COLOR="1", NO_COLOR="1")


def test_what_a_worker_wrote_cannot_steer_the_terminal_or_the_markup():
    text = printed("everything")
    assert "\x1b" not in text
    assert "[bold]not markup[/bold]" in text


def test_columns_are_obeyed_in_a_pipe_and_width_wins():
    assert printed("notebook", COLUMNS="60") == printed("notebook", width=60)
    assert printed("notebook", COLUMNS="60", width=100) == printed("notebook", width=100)
    assert printed("notebook", COLUMNS="nonsense") == printed("notebook")


def test_a_dumb_terminal_keeps_the_width():
    assert make_console(io.StringIO(), env={"TERM": "dumb"}).width == UNBOUNDED
    assert make_console(io.StringIO(), width=100, env={"TERM": "dumb", "FORCE_COLOR": "1"}).width == 100


def test_ascii_streams_get_ascii_only():
    assert printed("everything", encoding="ascii").isascii()
    assert "+ exact" in printed("notebook", encoding="ascii")


def test_an_empty_document_says_so():
    stream = io.StringIO()
    render(Document.of(Book().document()), console=make_console(stream, width=80, env={}))
    assert "0 cases of 0 problems in 8.40 s: nothing ran" in stream.getvalue()


def test_an_interrupted_run_says_so():
    record = DOCUMENTS["notebook"]().document()
    record["run"]["complete"] = False
    stream = io.StringIO()
    render(Document.of(record), console=make_console(stream, width=80, env={}))
    assert "\nthe run did not come to its end: this is what it had done\n" in stream.getvalue()


def test_columns_are_as_wide_as_their_content_and_headings_widen_none():
    stream = io.StringIO()
    console = make_console(stream, width=20, env={})
    columns = Columns(console, ["", "a\nbb"], right=[False, True])
    columns.head(Line(console, ("a heading wider than all columns", "")))
    columns.add((("x", ""),), (("1", ""), ("2", "")))
    columns.add((("yyy", ""),), (("", ""),))
    assert (columns.width, columns.fits) == (7, True)
    console.print(columns, end="", crop=False)
    assert stream.getvalue() == "      a\n     bb\n───────\na heading wider than all columns\nx    12\nyyy\n"


def test_a_few_wide_problems_do_not_turn_the_whole_table():
    book = Book()
    for n in range(4):
        book.add(problem(f"narrow{n}"), [true_leaf(1.0)], same(1.0))
    book.add(problem("wide"), [true_leaf([1.23456e-30] * 6)], same([1.23456e-30] * 6))
    stream = io.StringIO()
    render(Document.of(book.document()), console=make_console(stream, width=80, env={}))
    text = stream.getvalue()
    assert re.search(r"^narrow3 .* 1 ✓ .* 1$\n\n^wide\[gradient-float32\]$\n^  truth  ", text, re.MULTILINE)
    assert text.index("narrow0") < text.index("wide[")


def test_in_a_pipe_a_table_has_a_bound_and_lines_have_none():
    """Nothing but tables is as wide as it likes: what is searched for stands on one line."""
    book = Book()
    wide = [1.23456e-30] * 6
    for n in range(4):
        book.add(problem(f"s{n}"), [true_leaf(wide)], same(wide))
    sentence = "word " * 60
    book.add(problem("t"), [true_leaf(1.0)], {EAGER[0]: (computed(2.0), "wrong", {"message": sentence.strip()})})
    stream = io.StringIO()
    render(Document.of(book.document()), console=make_console(stream, env={}))
    lines = stream.getvalue().splitlines()
    assert max(len(line) for line in lines if "word" not in line) <= WIDEST_TABLE
    assert f"✗ wrong by the certified value: {sentence.strip()}" in lines
    assert "s0[gradient-float32]" in lines


def test_problems_of_other_targets_have_a_table_of_their_own():
    book = Book((*EAGER, *(Target(backend=b, execution="compiled") for b in ("torch", "tensorflow", "jax"))))
    for n in range(3):
        book.add(problem(f"eager{n}"), [true_leaf([1, 2, 3, 4])], same([1, 2, 3, 4]))
        every = {target: (computed(1.0), "exact") for target in book.targets}
        book.add(problem(f"every{n}"), [true_leaf(1.0)], every)
    stream = io.StringIO()
    render(Document.of(book.document()), console=make_console(stream, width=100, env={}))
    first, second = (part.split("\n\n")[0] for part in stream.getvalue().split("────\n")[1:])
    assert [line.split()[0] for line in first.splitlines()] == ["eager0", "eager1", "eager2"]
    assert [line.split()[0] for line in second.splitlines()] == ["every0", "every1", "every2"]


def test_enumerations_break_between_items():
    text = printed("everything", width=60)
    assert not re.search(r"\b\d+\n", text[text.index("41 cases of") :])


def test_the_view_of_cases_has_the_limit_the_evidence_and_the_counts_of_verdicts():
    book = Book()
    answers = {EAGER[0]: (computed([1.0, 2.0, 3.0]), "wrong", {"verdicts": {"exact": 2, "wrong": 1}})}
    book.add(problem("s"), [true_leaf([1.0, 2.0, 4.0])], answers)
    stream = io.StringIO()
    render(Document.of(book.document()), view="cases", console=make_console(stream, width=200, env={}))
    assert "s[gradient-float32]  certified · interim limit of 16 ULPs\n" in stream.getvalue()
    assert re.search(r"✗  wrong .* 1 wrong, 2 exact ", stream.getvalue())
