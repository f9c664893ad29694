"""Result files that somebody else wrote, cut or changed: never a traceback, whatever is in them."""

from __future__ import annotations

import copy
import csv
import io
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from gradcmp.core.outcomes import Died, Raised, Skipped, TimedOut, Unsupported
from gradcmp.core.reasons import Digits
from gradcmp.core.verdicts import Evidence
from gradcmp.errors import UsageError
from gradcmp.report.exports.junit import to_junit
from gradcmp.report.exports.markdown import to_markdown
from gradcmp.report.exports.spreadsheet import cases_csv, samples_csv
from gradcmp.report.render import VIEWS, render
from gradcmp.report.text.console import make_console
from gradcmp.result.document import Document
from gradcmp.result.journal import Journal
from gradcmp.result.reading import read_document, read_json
from tests.result.builders import (
    EAGER,
    JAX,
    TENSORFLOW,
    TORCH,
    Book,
    computed,
    errors,
    notebook,
    problem,
    same,
    timing,
    true_leaf,
)

WRONG: tuple[Any, ...] = (None, "x", "\x1b[31m\udce9", -1, 10**400, 0.5, [], {}, ["x"], {"a": 1})
MISSING = object()


def small() -> dict[str, Any]:
    """One of everything that a document can hold."""
    book = Book((TORCH, JAX))
    answers = {
        TORCH: (computed([1.0, 2.0], timing=timing(1e-3, value_s=1e-4)), "wrong", {"message": "off"}),
        JAX: (Died(message="ended", output_tail="a tail"), "died", {"message": "ended"}),
    }
    book.add(problem("s", parameters={"n": 8}), [true_leaf([1.0, 2.0], left=[0.0, 1.0], right=[1.0, 2.0])], answers)
    book.add(problem("s", parameters={"n": 16}), [true_leaf([1.0, 2.0])], answers, warnings=("careful",))
    return copy.deepcopy(book.document())


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything below `value`; of a list, its first item."""
    items = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def everything_of(record: dict[str, Any]) -> str:
    """All that is made of a document, in one text."""
    document = Document.of(record, where="r.json")
    stream = io.StringIO()
    for view in VIEWS:
        render(document, view=view, console=make_console(stream, width=60, env={}))
    Xml.fromstring(to_junit(document).encode())
    return stream.getvalue() + to_markdown(document) + cases_csv(document) + samples_csv(document)


SMALL = small()


@pytest.mark.parametrize(("path", "part"), [(path, n % 3) for n, path in enumerate(places(SMALL))], ids=str)
def test_a_changed_value_is_shown_or_refused(path, part):
    for wrong in (*WRONG[part::3], MISSING):
        record = copy.deepcopy(SMALL)
        inner = record
        for key in path[:-1]:
            inner = inner[key]
        if wrong is MISSING:
            del inner[path[-1]]
        else:
            inner[path[-1]] = wrong
        with suppress(UsageError):
            everything_of(record)


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (("cases", 0, "verdict"), 3, "`cases[0].verdict`: expected `str`, got `int`"),
        (("cases", 0, "verdict"), "\x1b[31m", "`cases[0].verdict`: expected `str` matching regex"),
        (("cases", 0, "level"), "splendid", "`cases[0].level`: invalid enum value 'splendid'"),
        (("cases", 1, "errors"), 3, "`cases[1].errors`: expected `array`, got `int`"),
        (("cases", 0, "errors", 0, "max_ulps"), "far", '`cases[0].errors[0].max_ulps`: expected a number, got `"far"`'),
        (("cases", 0, "timing", "first_call_s"), -1, "`cases[0].timing.first_call_s`: expected `float` >= 0.0"),
        (("cases", 0, "timing", "first_call_s"), "nan", "`cases[0].timing.first_call_s`: expected `float`, got `str`"),
        (
            ("cases", 0, "timing", "first_call_s"),
            float("nan"),
            "`cases[0].timing.first_call_s`: expected `float` >= 0.0",
        ),
        (("cases", 0, "timing", "ci95_s"), [1.0], "`cases[0].timing.ci95_s`: expected `array` of length 2"),
        (
            ("cases", 0, "timing", "calls_per_sample"),
            True,
            "`cases[0].timing.calls_per_sample`: expected `int`, got `bool`",
        ),
        (
            ("cases", 0, "derivatives", 0, "data"),
            [1],
            "`cases[0].derivatives[0]`: `data` does not have the shape that stands beside it",
        ),
        (
            ("cases", 0, "derivatives", 0, "data"),
            [1.0, None],
            "`cases[0].derivatives[0]`: `data` holds `null`, not a number",
        ),
        (("problems", 0, "warnings"), [None], "`problems[0].warnings[0]`: expected `str`, got `null`"),
        (("problems", 0, "truth", 0, "left"), [[1]], "`problems[0].truth[0]`: `left` does not have the shape"),
        (("targets", 0), None, "`targets[0]`: expected `object`, got `null`"),
        (("pairs", 0, "agree"), MISSING, "`pairs[0]`: object missing required field `agree`"),
        (("machine", "gpus"), "two", "`machine.gpus`: expected `array`, got `str`"),
    ],
)
def test_damage_is_told_in_words(path, value, complaint):
    record = small()
    inner = record
    for key in path[:-1]:
        inner = inner[key]
    if value is MISSING:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    with pytest.raises(UsageError) as caught:
        Document.of(record, where="r.json")
    assert complaint in str(caught.value)
    assert str(caught.value).startswith("r.json: ")


def test_a_file_cut_off_anywhere_is_refused_with_its_name(tmp_path):
    running = Journal(tmp_path / "whole.json", notebook().head())
    for entry in notebook().entries:
        running.add_problem(*entry)
    content = running.finish(exit_code=0).read_bytes()
    path = tmp_path / "r.json"
    for cut in range(0, len(content) - 2, len(content) // 97):
        path.write_bytes(content[:cut])
        with pytest.raises(UsageError, match=r"r\.json.*: the result file cannot be read: (it is|its end)"):
            read_document(path)


def test_a_file_of_another_program_is_refused(tmp_path):
    path = tmp_path / "package.json"
    path.write_text(json.dumps({"name": "x", "version": "1"}), encoding="utf-8")
    with pytest.raises(UsageError, match="no result of gradcmp; expected `format` to be `gradcmp-result/0`"):
        read_document(path)


def test_a_byte_order_mark_does_no_harm(tmp_path):
    path = tmp_path / "r.json"
    path.write_text(json.dumps(small()), encoding="utf-8-sig")
    assert read_json(path) == small()


def test_a_device_is_no_file():
    with pytest.raises(UsageError, match=r"/dev/zero: .*it is a device"):
        read_document(Path("/dev/zero"))


def test_a_long_result_is_read_and_shown(tmp_path):
    book = Book()
    book.add(problem("s"), [true_leaf(1.0)], same(1.0))
    record = book.document()
    record["cases"] *= 2000
    path = tmp_path / "r.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    assert "6000 cases of 1 problem" in everything_of(read_json(path))


OUTCOMES = {
    "raised": (Raised(exception="E", message="E: \x00"), "raised", {"message": ""}),
    "timed-out": (TimedOut(limit_s=1, phase="run"), "timed-out"),
    "skipped": (Skipped(message="not here"), "skipped", {"message": "not here"}),
    "unsupported": (Unsupported(message="no such thing"), "unsupported"),
}


@pytest.mark.parametrize("name", sorted(OUTCOMES))
def test_a_run_in_which_nothing_was_computed(name):
    book = Book()
    book.add(problem("s"), [], dict.fromkeys(EAGER, OUTCOMES[name]), evidence=Evidence.NONE)
    document = Document.of(book.document())
    everything_of(book.document())
    root = Xml.fromstring(to_junit(document).encode())
    assert (root.get("tests"), root.get("failures")) == ("3", "3" if name in {"raised", "timed-out"} else "0")
    assert [row["verdict"] for row in csv.DictReader(io.StringIO(cases_csv(document)))] == [name] * 3
    assert samples_csv(document).count("\n") == 1
    assert ("### Agreement" in to_markdown(document)) == (name != "skipped")
    for failure in root.iter("failure"):
        assert failure.get("message")


def test_where_only_skipped_cases_exist_there_is_no_table():
    book = Book(())  # targets of cases that were left out do not stand in the file
    book.add(problem("s"), [], {TENSORFLOW: OUTCOMES["skipped"]}, evidence=Evidence.NONE)
    stream = io.StringIO()
    render(Document.of(book.document()), console=make_console(stream, width=80, env={}))
    assert "Agreement" not in stream.getvalue()
    assert "─" not in stream.getvalue()
    assert "– skipped: not here\n  #1 s[gradient-float32]@tensorflow-eager-cpu\n" in stream.getvalue()


@pytest.mark.parametrize("value", ["nan", "inf", -1, 1e9])
def test_digits_that_no_number_has_are_refused(value):
    book = Book((TORCH,))
    known = replace(errors(2.0), digits=Digits(correct=4.2, held=7.2))
    book.add(problem("s"), [true_leaf([1.0])], {TORCH: (computed([2.0]), "wrong", {"errors": (known,)})})
    damaged = book.document()
    damaged["cases"][0]["errors"][0]["digits"]["correct"] = value
    with pytest.raises(UsageError, match=r"digits\.correct"):
        Document.of(damaged)


WHOLE = json.dumps(SMALL, indent=0)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"fail_on"', '"wall": NaN, "fail_on"', "`NaN` is no number in JSON"),
        ('"fail_on"', '"wall": [1, {"NaN": -Infinity}], "fail_on"', "`-Infinity` is no number in JSON"),
        ('"fail_on"', '"said": "NaN \\" {", "wall": Infinity, "fail_on"', "`Infinity` is no number in JSON"),
        ('"fail_on"', '"fail_on": [], "fail_on"', 'the key `"fail_on"` stands twice'),
        ('"fail_on"', '"f\\u0061il_on" : [], "fail_on"', 'the key `"fail_on"` stands twice'),
        ('"summary"', '"run": {}, "summary"', 'the key `"run"` stands twice'),
        ('"summary"', '"x": {"a": {}, "b": {"a": 1}, "a": 2}, "summary"', 'the key `"a"` stands twice'),
    ],
)
def test_what_python_reads_and_json_has_not_is_damage_with_a_place(tmp_path, old, new, reason):
    damaged = WHOLE.replace(old, new, 1)
    line = damaged[: damaged.index(old, damaged.index(new) + len(new) - len(old))].count("\n") + 1
    path = tmp_path / "r.json"
    path.write_text(damaged, encoding="utf-8")
    with pytest.raises(UsageError, match=rf"r\.json:{line}:\d+: .*it is damaged: {reason}"):
        read_document(path)


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize(
    ("damage", "column", "reason"),
    [('"x": NaN', 31, "`NaN` is no number in JSON"), ('"a": 1, "a": 1', 34, 'the key `"a"` stands twice')],
)
def test_so_it_is_in_a_line_of_a_partial_result(tmp_path, damage, column, reason, last):
    lines = ['{"kind":"run","record":{}}', f'{{"kind":"case","record":{{{damage}}}}}']
    lines += [] if last else ['{"kind":"pair","record":{}}']
    path = tmp_path / "r.json.partial"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(UsageError, match=rf"r\.json\.partial:2:{column}: .*it is damaged: {reason}"):
        read_document(path)


def test_the_words_of_numbers_and_keys_in_strings_are_no_damage(tmp_path):
    record = small()
    record["cases"][0]["message"] = 'NaN, "a": -Infinity, {"b": 1, "b": 2'
    path = tmp_path / "r.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    assert read_json(path) == record
