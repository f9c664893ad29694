from __future__ import annotations

import pytest

from gradcmp.core.verdicts import VERDICTS
from gradcmp.report.document import Document
from gradcmp.report.explanations import explanations
from gradcmp.report.grids import agreement_grid, section_of, timing_grid
from gradcmp.report.header import header_lines, setting_words, split_settings
from gradcmp.report.render import legend
from gradcmp.report.scaling import exponent, scaling_grids
from gradcmp.report.summary import counts_line, evidence_line, has_findings, worst_level
from tests.report.builders import (
    EAGER,
    JAX,
    TENSORFLOW,
    TORCH,
    Book,
    computed,
    errors,
    problem,
    same,
    timing,
    true_leaf,
)
from tests.report.snapshots import document


@pytest.mark.parametrize(
    ("levels", "fail_on", "found"),
    [
        ({"ok": 3}, ["fail"], False),
        ({"ok": 3, "warn": 1}, ["fail"], False),
        ({"ok": 3, "warn": 1}, ["warn"], True),
        ({"ok": 3, "fail": 1}, ["note"], True),
        ({"ok": 3, "fail": 1}, ["never"], False),
        ({"fail": 0}, ["fail"], False),
        ({}, ["note"], False),
        ({"ok": 1, "note": 1}, ["warn", "note"], True),
    ],
)
def test_findings_are_what_reaches_the_lowest_level_asked_for(levels, fail_on, found):
    assert has_findings({"levels": levels, "verdicts": {}}, fail_on) is found


def test_skipped_is_a_finding_only_on_request():
    summary = {"levels": {"ok": 2}, "verdicts": {"exact": 1, "skipped": 1}}
    assert not has_findings(summary)
    assert has_findings(summary, ["skipped"])
    assert has_findings(summary, ["fail", "skipped"])


def test_counts_and_evidence_run_from_best_to_worst():
    assert worst_level(["ok", "warn", "note"]) == "warn"
    assert worst_level([]) == "ok"
    line = counts_line(document("everything"))
    assert line.startswith("36 cases of 8 problems in 8.40 s: 13 exact, 1 rounding, 1 high, 1 skipped")
    assert line.endswith("1 died (1 known)")
    assert evidence_line(document("everything")) == "truth: 7 certified, 1 consensus"


def test_the_book_of_everything_has_every_verdict():
    assert {case.verdict for case in document("everything").cases} == set(VERDICTS)


def test_every_case_above_ok_is_explained_once_and_worst_first():
    found = explanations(document("everything").cases)
    explained = [case.id for explanation in found for case in explanation.cases]
    assert len(explained) == len(set(explained))
    cases = document("everything").cases
    assert set(explained) == {c.id for c in cases if c.level != "ok" or c.known or c.verdict == "skipped"}
    levels = [explanation.level for explanation in found]
    assert levels == sorted(levels, key=["fail", "warn", "note", "known", "skipped"].index)
    assert found[0].head == "died"
    assert found[0].output_tail == "Fatal Python error: Segmentation fault"


def test_known_faults_and_missed_expectations_have_marks_of_their_own():
    signs = legend(document("everything"))
    assert signs["†"] == "known"
    assert "expectation not met" in signs["✗"]
    assert "fixed" in signs["?"]


def test_sections_are_folders_and_suites():
    assert section_of("d2l/x") == ("d2l", "x")
    assert section_of("kinks/relu::zero") == ("kinks/relu", "zero")
    assert section_of("x") == ("", "x")


def test_the_mark_stands_at_the_leaf_that_is_furthest_off():
    grid = agreement_grid(document("notebook"))
    rows = {row.leaf: row for row in grid.rows if row.leaf}
    assert [cell.mark for cell in rows["x"].cells] == ["", "", "", ""]
    assert [cell.mark for cell in rows["w"].cells] == ["≈", "✗", "≈", ""]


def test_targets_that_answered_nothing_and_leaves_that_one_lacks_are_shown_as_such():
    book = Book()
    answers = same(1.0)
    del answers[JAX]
    answers[TENSORFLOW] = (computed(1.0, wrts=[("y",)]), "wrong")
    book.add(problem("s"), [true_leaf(1.0)], answers)
    grid = agreement_grid(Document.of(book.document()))
    assert grid.names == ("torch", "tensorflow", "truth")
    assert [row.cells[1].text for row in grid.rows] == ["absent", "1"]


def test_the_fastest_is_marked_only_where_its_interval_stands_apart():
    book = Book()
    clear = {
        target: (computed(1.0, timing=timing(s)), "exact") for target, s in zip(EAGER, (1e-3, 2e-3, 3e-3), strict=True)
    }
    close = {
        t: (computed(1.0, timing=timing(s, spread=0.3)), "exact")
        for t, s in zip(EAGER, (1e-3, 1.01e-3, 1.02e-3), strict=True)
    }
    book.add(problem("a"), [true_leaf(1.0)], clear)
    book.add(problem("b"), [true_leaf(1.0)], close)
    grid = timing_grid(Document.of(book.document()))
    assert [[cell.level for cell in row.cells] for row in grid.rows] == [["best", "", ""], ["", "", ""]]


def test_nothing_timed_means_no_table_of_timings():
    book = Book()
    book.add(problem("a"), [true_leaf(1.0)], same(1.0))
    assert timing_grid(Document.of(book.document())) is None


def test_settings_are_said_once_where_they_are_alike():
    lines = list(header_lines(document("notebook")))
    assert lines == [
        "gradcmp 0.1.0 · torch 2.13.0+cpu · tensorflow 2.21.0 · jax 0.10.2",
        "eager · cpu · gradient · float32 · threads 2",
        "tensorflow: off: tf32",
        "jax: x64 on",
    ]
    assert split_settings(()) == ({}, {})


def test_what_is_off_is_said_in_one_go_and_what_is_empty_not_at_all():
    settings = {"threads": 2, "tf32": False, "x64": True, "xla_flags": "", "limit": None, "jit_scope": False, "zero": 0}
    assert setting_words(settings) == ["threads 2", "x64 on", "zero 0", "off: tf32, jit scope"]


def test_the_grade_that_most_truths_have_stands_in_the_header():
    book = Book()
    for n, grade in enumerate(("expected", "expected", "certified", "none")):
        book.add(problem(f"s{n}"), [true_leaf(1.0)] if grade != "none" else [], same(1.0), evidence=grade)
    grid = agreement_grid(Document.of(book.document()))
    assert grid.headers[-1] == "truth\nexpected"
    assert [row.cells[-1].text for row in grid.rows] == ["1", "1", "1 (certified)", "–"]


def test_growth_is_the_slope_of_the_logarithms():
    assert exponent([1, 2, 4], [3, 12, 48]) == pytest.approx(2.0)
    assert exponent([1, 2], [1, 2]) is None
    book = Book()
    for n in (8, 32, 128):
        for m in (1, 2):
            answers = {TORCH: (computed(1.0, timing=timing(n**1.5 * 1e-6, value_s=1e-6)), "exact")}
            book.add(problem("s", parameters={"n": n, "m": m}), [true_leaf(1.0)], answers)
    grids = scaling_grids(Document.of(book.document()))
    assert [grid.title for grid in grids if "over n" in grid.title] == [
        "s[gradient-float32,m=1] over n", "s[gradient-float32,m=2] over n",
    ]  # fmt: skip
    assert grids[0].rows[-1].labels == ("growth",)
    assert grids[0].rows[-1].cells[0].text.split() == ["n^1.50"]


def test_errors_of_the_worst_leaf_stand_for_the_case():
    book = Book()
    leaves = (errors(1.0, 0.1, wrt=("a",)), errors(float("nan"), 0.0, wrt=("b",)), errors(None, 5.0, wrt=("c",)))
    book.add(problem("s"), [true_leaf(1.0)], {TORCH: (computed(1.0), "wrong", {"errors": leaves})})
    assert Document.of(book.document()).cases[0].worst.wrt == ("b",)
