from __future__ import annotations

from dataclasses import replace

import pytest

from gradcmp.core.reasons import Limit, LimitKind
from gradcmp.core.scenarios import Tolerance
from gradcmp.core.truth import ReasonKind
from gradcmp.core.verdicts import Evidence, Verdict, worst
from gradcmp.report.explanations import explanations
from gradcmp.report.exports.junit import to_junit
from gradcmp.report.exports.spreadsheet import cases_csv
from gradcmp.report.grids import agreement_grid, section_of, timing_grid
from gradcmp.report.header import header_lines, setting_words, split_settings
from gradcmp.report.render import legend
from gradcmp.report.scaling import exponent, scaling_grids
from gradcmp.report.summary import counts_line, evidence_line, failing_levels, has_findings, limits_line, reasons_lines
from gradcmp.result.document import Document, Summary
from tests.report.snapshots import document
from tests.result.builders import (
    EAGER,
    JAX,
    TENSORFLOW,
    TORCH,
    TORCH_COMPILED,
    Book,
    computed,
    errors,
    notebook,
    problem,
    same,
    timing,
    true_leaf,
)


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
    assert has_findings(Summary({}, levels), fail_on) is found


def test_skipped_is_a_finding_only_on_request():
    summary = Summary({"exact": 1, "skipped": 1}, {"ok": 2})
    assert not has_findings(summary)
    assert has_findings(summary, ["skipped"])
    assert has_findings(summary, ["fail", "skipped"])


def test_failing_levels_reach_from_the_lowest_named_up():
    assert failing_levels(["fail", "note"]) == ("note", "warn", "fail")
    assert failing_levels(["never", "skipped"]) == ()


def test_counts_and_evidence_run_from_best_to_worst():
    line = counts_line(document("everything"))
    assert line.startswith("41 cases of 9 problems in 8.40 s: 15 exact, 1 rounding, 1 high, 1 skipped")
    assert line.endswith("1 died (1 known)")
    assert evidence_line(document("everything")) == (
        "truth: 8 certified, 1 without consensus of torch, tensorflow and jax"
    )


def test_the_book_of_everything_has_every_verdict():
    assert {case.verdict for case in document("everything").cases} == set(Verdict)


def test_every_case_above_ok_is_explained_once_and_worst_first():
    found = explanations(document("everything"))
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


def test_every_leaf_carries_the_mark_of_its_own_verdict():
    grid = agreement_grid(document("notebook"))
    rows = {row.leaf: row for row in grid.rows if row.leaf}
    assert [cell.mark for cell in rows["x"].cells] == ["≈", "≈", "≈", ""]
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
    assert [row.cells[-1].whole for row in grid.rows] == ["1", "1", "1 (certified)", "not known"]


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


def disagreeing(*, agree: bool = True, evidence: str = "expected", values=(4.0, 4.0, 4.0)) -> Document:
    """All targets contradict 5."""
    book = Book()
    answers = {
        target: (computed(value), "wrong", {"message": f"{value} where 5 is true", "expectation": "unmet"})
        for target, value in zip(EAGER, values, strict=True)
    }
    book.add(problem("folder/s"), [true_leaf(5.0)], answers, evidence=evidence)
    record = book.document()
    first, second, third = (case["target"] for case in record["cases"])
    record["pairs"] = [
        {"problem": record["problems"][0]["id"], "a": a, "b": b, "agree": agree, "max_ulps": 0.0, "max_rel": 0.0}
        for a, b in ((first, second), (first, third), (second, third))
    ]
    return Document.of(record)


def test_where_all_agree_against_the_expectation_it_is_the_suspect():
    document = disagreeing(values=(4.0, 4.0, 4.0000005))
    (explanation,) = explanations(document)
    assert len(explanation.cases) == 3
    first, suspect = explanation.message.splitlines()
    assert first == "4.0 where 5 is true"
    assert suspect == (
        "all 3 targets agree with each other and contradict the expectation: "
        "check `expect` of folder/s (scenarios/folder/s.yaml:1)"
    )
    assert suspect in to_junit(document)
    assert "contradict the expectation" in cases_csv(document)


@pytest.mark.parametrize("change", [{"agree": False}, {"evidence": Evidence.CERTIFIED}])
def test_the_expectation_is_no_suspect_where_targets_differ_or_the_truth_is_certain(change):
    assert not any("check `expect`" in explanation.message for explanation in explanations(disagreeing(**change)))


def test_one_target_that_meets_the_expectation_clears_it():
    record = notebook().document()
    for case in record["cases"]:
        case["evidence"] = "expected"
    for pair in record["pairs"]:
        pair["agree"] = True
    assert not any("check `expect`" in explanation.message for explanation in explanations(Document.of(record)))


@pytest.mark.parametrize(
    ("verdict", "ulps", "tolerance", "line"),
    [
        ("exact", 0.0, None, ""),
        ("rounding", 1.0, None, ""),
        ("rounding", 2.0, None, "limits: interim limit of 16 ULPs for float32"),
        ("wrong", 99.0, None, "limits: interim limit of 16 ULPs for float32"),
        ("nonfinite", None, None, ""),
        ("wrong", 99.0, Tolerance(rtol=1e-3), "limits: the scenario's limit of rtol 0.001, atol 0"),
    ],
)
def test_the_limit_is_told_where_a_verdict_rests_on_it(verdict, ulps, tolerance, line):
    book = Book()
    found = errors(ulps)
    if tolerance is not None:
        found = replace(found, limit=Limit(kind=LimitKind.RELATIVE, rtol=1e-3))
    answers = {TORCH: (computed(1.0), verdict, {"errors": (found,)})}
    book.add(problem("s", tolerance=tolerance), [true_leaf(1.0)], answers)
    assert limits_line(Document.of(book.document())) == line


def test_limits_of_several_dtypes_are_told_once_each():
    book = Book()
    running = Limit(kind=LimitKind.RUNNING, sigmas=8.0)
    interim = Limit(kind=LimitKind.INTERIM, ulps=16.0)
    for dtype, limit in (("float32", interim), ("float64", running), ("float16", interim), ("float32", running)):
        errors_ = replace(errors(50.0), limit=limit)
        book.add(problem("s", dtype=dtype), [true_leaf(1.0)], {TORCH: (computed(1.0), "wrong", {"errors": (errors_,)})})
    assert limits_line(Document.of(book.document())) == (
        "limits: interim limit of 16 ULPs for float32 and float16; rounding errors of each program in its dtype"
    )


def test_the_reasons_for_less_than_a_certificate_are_told_once_each():
    book = Book()
    reasons = ["it jumps", "not certified with 64 bits: a pole", "it jumps", "never asked"]
    grades = ["numerical", "none", "consensus", "certified"]
    kinds = [ReasonKind.CAUSE, ReasonKind.PRECISION, ReasonKind.CAUSE, ReasonKind.CAUSE]
    for place, (reason, grade, kind) in enumerate(zip(reasons, grades, kinds, strict=True)):
        book.add(problem(f"s{place}"), [true_leaf(1.0)], same(1.0), evidence=grade, reason=reason, reason_kind=kind)
    assert reasons_lines(Document.of(book.document())) == (
        "not certified: it jumps (2 problems)",
        "not certified with 64 bits: a pole",
    )


def test_a_flood_of_reasons_is_counted():
    book = Book()
    for place in range(9):
        book.add(problem(f"s{place}"), [], same(1.0), evidence=Evidence.NONE, reason=f"reason {place}")
    lines = reasons_lines(Document.of(book.document()))
    assert len(lines) == 5
    assert lines[-1] == "and 5 more reasons: the view of cases has them"


def test_consensus_says_of_whom():
    book = Book((*EAGER, TORCH_COMPILED))
    book.add(problem("a"), [true_leaf(1.0)], same(1.0), evidence=Evidence.CONSENSUS)
    book.add(problem("b"), [true_leaf(1.0)], same(1.0) | {JAX: (computed(2.0), "wrong")}, evidence=Evidence.CONSENSUS)
    alone = {TORCH: (computed(1.0), "exact"), TORCH_COMPILED: (computed(1.0), "exact")}
    book.add(problem("c"), [true_leaf(1.0)], alone, evidence=Evidence.CONSENSUS)
    both = {TORCH: (computed(1.0), "disagrees"), JAX: (computed(2.0), "disagrees")}
    book.add(problem("d"), [true_leaf(1.0)], both, evidence=Evidence.CONSENSUS)
    assert evidence_line(Document.of(book.document())) == (
        "truth: 1 consensus of torch, tensorflow and jax, 1 consensus of torch and tensorflow, "
        "1 consensus of torch-eager-cpu and torch-compiled-cpu, 1 without consensus of torch and jax"
    )


def leaves_of(case: dict, *verdicts: str) -> list[tuple[str, str]]:
    """Mark and level of each leaf of a case with these verdicts."""
    keys = [(name,) for name in "abc"[: len(verdicts)]]
    book = Book()
    found = tuple(errors(wrt=key, verdict=verdict) for key, verdict in zip(keys, verdicts, strict=True))
    outcome = computed(*[1.0] * len(keys), wrts=keys)
    book.add(
        problem("s"),
        [true_leaf(1.0, wrt=key) for key in keys],
        {TORCH: (outcome, worst(map(Verdict, verdicts)), case | {"errors": found})},
    )
    return [(row.cells[0].mark, row.cells[0].level) for row in agreement_grid(Document.of(book.document())).rows]


@pytest.mark.parametrize(
    ("case", "verdicts", "marks"),
    [
        ({}, ("exact", "rounding", "wrong"), [("✓", "ok"), ("≈", "ok"), ("✗", "fail")]),
        ({"expectation": "met", "level": "ok"}, ("exact", "wrong"), [("✓", "ok"), ("†", "known")]),
        ({"expectation": "unmet", "level": "fail"}, ("exact", "inaccurate"), [("✓", "ok"), ("✗", "fail")]),
        ({"expectation": "unmet", "level": "fail"}, ("exact", "exact"), [("✗", "fail"), ("✗", "fail")]),
        ({"expectation": "fixed", "level": "note"}, ("exact", "exact"), [("?", "note"), ("?", "note")]),
    ],
)
def test_an_expectation_marks_the_leaves_that_are_not_well_or_all(case, verdicts, marks):
    assert leaves_of(case, *verdicts) == marks


def test_the_legend_has_the_marks_of_leaves():
    assert "rounding" in legend(document("notebook"))["≈"]
    book = Book()
    found = (errors(wrt=("a",), verdict="exact"), errors(wrt=("b",), verdict="wrong"))
    book.add(problem("s"), [], {TORCH: (computed(1.0, 2.0, wrts=[("a",), ("b",)]), "wrong", {"errors": found})})
    assert legend(Document.of(book.document())) == {"✓": "exact", "✗": "wrong"}


def test_problems_of_one_section_stand_together():
    book = Book()
    for name in ("a/x", "a/b::y", "a/z"):
        book.add(problem(name), [true_leaf(1.0)], same(1.0))
    rows = agreement_grid(Document.of(book.document())).rows
    assert [(row.section, row.labels[0]) for row in rows] == [("a", "x"), ("a", "z"), ("a/b", "y")]


def test_what_has_no_truth_is_judged_by_nothing():
    """log(x) at -1: the reference says that there is no derivative."""
    book = Book()
    book.add(problem("log"), [true_leaf(1.0)], {TORCH: (computed(-1.0), "unjudged")})
    (explanation,) = explanations(Document.of(book.document()))
    assert explanation.head == "unjudged"


@pytest.mark.parametrize(
    ("verdict", "expectation", "level", "head"),
    [
        ("exact", "unmet", "fail", "expectation not met; the value is exact by the certified value"),
        ("high", "fixed", "note", "an expected fault has gone; the value is high by the certified value"),
        ("wrong", "unmet", "fail", "wrong by the certified value, expectation not met"),
    ],
)
def test_the_head_says_first_what_makes_the_level(verdict, expectation, level, head):
    book = Book()
    standing = {"expectation": expectation, "level": level, "message": "`RuntimeError` was expected"}
    book.add(problem("s"), [true_leaf(1.0)], {TORCH: (computed(1.0), verdict, standing)})
    (explanation,) = explanations(Document.of(book.document()))
    assert (explanation.head, explanation.message) == (head, "`RuntimeError` was expected")
