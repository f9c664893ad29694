"""The published JSON Schema describes what is written, and nothing else."""

from __future__ import annotations

import json
import math

import jsonschema
import pytest

from gradcmp.result.document import json_schema
from gradcmp.result.journal import Journal
from tests.result.builders import TORCH, Book, computed, everything, notebook, problem, true_leaf
from tests.result.test_damage import MISSING
from tests.result.test_stored import STORED

CHECKER = jsonschema.Draft202012Validator(json_schema())


def written(folder, book):
    journal = Journal(folder / "r.json", book.head())
    for entry in book.entries:
        journal.add_problem(*entry)
    return json.loads(journal.finish(exit_code=0).read_text(encoding="utf-8"))


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("book", [notebook, everything])
def test_what_is_written_is_valid(book, tmp_path):
    CHECKER.validate(written(tmp_path, book()))


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_what_was_written_is_valid(path):
    CHECKER.validate(json.loads(path.read_text(encoding="utf-8")))


def test_numbers_that_json_lacks_and_unknown_keys_are_valid(tmp_path):
    book = Book((TORCH,))
    book.add(problem("s"), [true_leaf([math.inf, 1.0])], {TORCH: (computed([math.nan, 1.0]), "nonfinite")})
    record = written(tmp_path, book)
    record["cases"][0]["of a later version"] = 1
    CHECKER.validate(record)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), "gradcmp-result/9"),
        (("run",), MISSING),
        (("machine", "gpus"), "two"),
        (("targets", 0), None),
        (("problems", 0, "evidence"), "hearsay"),
        (("problems", 0, "operator"), "third"),
        (("problems", 0, "truth", 0, "radius_ulps"), "far"),
        (("cases", 0, "id"), MISSING),
        (("cases", 0, "verdict"), 3),
        (("cases", 0, "level"), "splendid"),
        (("cases", 0, "outcome"), "referred"),
        (("cases", 0, "errors", 0, "max_ulps"), "far"),
        (("cases", 0, "errors", 0, "size"), -1),
        (("cases", 0, "timing", "first_call_s"), -1),
        (("cases", 0, "timing", "first_call_s"), "nan"),
        (("cases", 0, "timing", "ci95_s"), [1.0]),
        (("cases", 0, "derivatives", 0, "shape"), [0.5]),
        (("cases", 0, "derivatives", 0, "data"), {"npz": "r.json.npz"}),
        (("pairs", 0, "agree"), 1),
        (("summary", "levels", "ok"), "many"),
    ],
)
def test_planted_mistakes_are_not(path, value, tmp_path):
    record = written(tmp_path, notebook())
    inner = record
    for key in path[:-1]:
        inner = inner[key]
    if value is MISSING:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    assert not CHECKER.is_valid(record)
