from __future__ import annotations

import csv
import io
import json
from xml.etree import ElementTree as Xml

import pytest

from gradcmp.cli.outputs import Outputs
from gradcmp.report.exports.junit import to_junit
from gradcmp.report.exports.markdown import to_markdown
from gradcmp.report.exports.spreadsheet import cases_csv, samples_csv
from gradcmp.result.document import Document
from tests.report.snapshots import document
from tests.result.builders import TORCH, Book, computed, everything, problem, same, true_leaf


def test_every_case_is_a_testcase_and_failures_are_those_of_level_fail():
    root = Xml.fromstring(to_junit(document("everything")))
    cases = document("everything").cases
    found = {case.get("classname") + case.get("name"): case for case in root.iter("testcase")}
    assert set(found) == {case.id for case in cases}
    for case in cases:
        assert (found[case.id].find("failure") is not None) == (case.level == "fail")
    assert root.get("tests") == "41"
    assert int(root.get("failures")) == sum(case.level == "fail" for case in cases)
    assert sum(int(suite.get("skipped")) for suite in root) == int(root.get("skipped")) == 2


def test_junit_has_no_characters_that_xml_refuses():
    book = Book()
    message = "bad \x00 \x1b[31m & <tag> \ufffe \udce9"
    book.add(problem("s"), [true_leaf(1.0)], {TORCH: (computed(1.0), "wrong", {"message": message})})
    text = to_junit(Document.of(book.document()))
    assert "bad  [31m & <tag>" in Xml.fromstring(text.encode()).find(".//failure").get("message")


def test_a_failure_without_words_has_its_verdict_for_a_message():
    for message in ("", " \n", "\x00", "\x1b\x00\n"):
        book = Book()
        book.add(problem("s"), [true_leaf(1.0)], {TORCH: (computed(1.0), "wrong", {"message": message})})
        root = Xml.fromstring(to_junit(Document.of(book.document())).encode())
        assert root.find(".//failure").get("message") == "wrong"


def test_markdown_tables_are_rectangular_and_nothing_in_them_is_markup():
    for name in ("notebook", "everything"):
        for block in to_markdown(document(name)).split("\n\n"):
            rows = [line for line in block.splitlines() if line.startswith("|")]
            assert len({row.replace("\\|", "").count("|") for row in rows}) <= 1
    book = Book()
    book.add(problem("s"), [true_leaf(1.0)], {TORCH: (computed(1.0), "wrong", {"message": "a|b <img> `c` *d*"})})
    assert "a\\|b &lt;img&gt; \\`c\\` \\*d\\*" in to_markdown(Document.of(book.document()))


def test_many_cases_under_one_explanation_are_capped_in_markdown_only():
    book = Book()
    for n in range(30):
        book.add(problem(f"s{n}"), [true_leaf(1.0)], {TORCH: (computed(2.0), "wrong", {"message": "the same"})})
    text = to_markdown(Document.of(book.document()))
    assert "- and 10 more" in text
    assert text.count("@torch-eager-cpu`") == 20


def test_csv_has_a_row_per_case_with_numbers_that_read_back():
    rows = list(csv.DictReader(io.StringIO(cases_csv(document("everything")))))
    cases = document("everything").cases
    assert [row["case"] for row in rows] == [case.id for case in cases]
    assert float(rows[0]["median_s"]) == cases[0].timing.median_s
    assert rows[20]["message"].count("\n") == 1
    assert {row["backend"] for row in rows} == {"torch", "tensorflow", "jax"}


def test_samples_are_told_per_call():
    book = Book()
    book.add(problem("s"), [true_leaf(1.0)], same(1.0, times=(1e-3,)))
    rows = list(csv.DictReader(io.StringIO(samples_csv(Document.of(book.document())))))
    assert len(rows) == 15
    assert float(rows[0]["seconds_per_call"]) == 1e-3
    assert rows[0]["calls_per_sample"] == "4"


@pytest.mark.parametrize(
    ("fail_on", "failing"),
    [
        (("warn",), lambda case: case.level in {"warn", "fail"}),
        (("note",), lambda case: case.level != "ok"),
        (("skipped",), lambda case: case.level == "fail" or case.verdict == "skipped"),
        (("never",), lambda case: case.level == "fail"),
    ],
)
def test_junit_fails_what_the_run_was_asked_to_fail_on(fail_on, failing):
    root = Xml.fromstring(to_junit(document("everything"), fail_on=fail_on))
    wanted = {case.id for case in document("everything").cases if failing(case)}
    cases = list(root.iter("testcase"))
    assert {c.get("classname") + c.get("name") for c in cases if c.find("failure") is not None} == wanted
    assert int(root.get("failures")) == len(wanted)
    assert all(c.find("failure") is None or c.find("skipped") is None for c in cases)


def test_the_files_of_a_run_fail_what_it_was_asked_to(tmp_path):
    record = everything().document()
    record["run"]["fail_on"] = ["warn"]
    junit = tmp_path / "j.xml"
    outputs = Outputs(exports={"junit": junit}, quiet=True)
    result = tmp_path / "r.json"
    result.write_text(json.dumps(record), encoding="utf-8")
    outputs.publish(result)
    assert Xml.parse(junit).getroot().get("failures") == "16"


def test_a_right_value_against_the_expectation_is_no_failure_of_its_verdict():
    for message, said in (("`RuntimeError` was expected",) * 2, ("", "expectation not met; the value is exact")):
        book = Book()
        standing = {"expectation": "unmet", "level": "fail", "message": message}
        book.add(problem("s"), [true_leaf(1.0)], {TORCH: (computed(1.0), "exact", standing)})
        failure = Xml.fromstring(to_junit(Document.of(book.document()))).find(".//failure")
        assert failure.get("type") == "expectation"
        assert failure.get("message").startswith(said)
