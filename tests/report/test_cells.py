from __future__ import annotations

import math
from dataclasses import replace

import numpy
import pytest

from gradcmp.core.reasons import Digits, Limit, LimitKind
from gradcmp.report.cases_view import case_fields, limits_legend
from gradcmp.report.cells import truth_text
from gradcmp.result.arrays import ArrayStore
from gradcmp.result.document import Document
from tests.result.builders import TORCH, Book, at_kinks, computed, errors, problem, true_leaf


def truth(data, *, left, right) -> str:
    book = Book()
    book.add(problem("s"), [true_leaf(data, left=left, right=right)], {TORCH: (computed(data), "exact")})
    return truth_text(Document.of(book.document()).problems[0].truth[0])


@pytest.mark.parametrize(
    ("data", "left", "right", "text"),
    [
        (0.0, -1.0, 1.0, "-1 | 1"),
        ([0.0, 3.0], [-1.0, 3.0], [1.0, 3.0], "[-1 | 1, 3]"),
        ([[0.0], [2.5]], [[-1.0], [2.0]], [[1.0], [3.0]], "[[-1 | 1], [2 | 3]]"),
        (math.inf, math.nan, math.inf, "does not exist | inf"),
        ([math.nan, 0.5], [math.nan, 0.5], [math.nan, 0.5], "[does not exist, 0.5]"),
        ([1.0, 2.0], [1.0, 2.0], [1.0, 2.0], "[1, 2]"),
    ],
)
def test_a_kink_has_both_sides_element_by_element(data, left, right, text):
    assert truth(data, left=left, right=right) == text


def test_of_a_large_array_the_kinks_are_counted():
    zeros = numpy.zeros(64)
    sides = zeros.copy()
    sides[[3, 7]] = 1.0
    assert truth(zeros, left=zeros, right=sides) == "64, 2 kinks"


def test_of_a_large_array_without_a_kink_there_is_the_norm():
    ones = numpy.ones(64)
    assert truth(ones, left=ones, right=ones) == "‖8‖ 64"


def test_of_an_array_beside_the_file_kinks_hide_the_norm(tmp_path):
    zeros, store = numpy.zeros(2000), ArrayStore(tmp_path / "r.json.npz", "r.json.npz")
    book = Book()
    leaf = true_leaf(zeros, left=zeros - 1, right=zeros + 1)
    book.add(problem("s"), [leaf], {TORCH: (computed(zeros), "convention")}, arrays=store)
    store.close()
    assert truth_text(Document.of(book.document()).problems[0].truth[0]) == "2000, with kinks"


def test_the_view_of_cases_names_the_convention_and_the_limits():
    kink = at_kinks("right", -1.0, math.nan)
    book = Book()
    limit = Limit(kind=LimitKind.RUNNING, sigmas=8.0, rss=0.32, worst=1.0, unit=0.1)
    found = replace(
        errors(2.0, size=1, verdict="convention"), kink=kink, limit=limit, digits=Digits(correct=4.25, held=7.225)
    )
    book.add(problem("s"), [true_leaf([0.0])], {TORCH: (computed([1.0]), "convention", {"errors": (found,)})})
    document = Document.of(book.document())
    fields = case_fields(document.cases[0])
    assert fields[:6] == ("convention", "", "right of -1 | does not exist", "4.2 of 7.2", "2", "3.2 / 10")
    assert limits_legend(document) == (
        "limits A / B: up to A, 8 root-sum-square running errors, an answer is rounding; up to B, the worst-case running "
        "error, it is high; in ULPs of the worst element"
    )
    book = Book()
    book.add(problem("s"), [true_leaf([0.0])], {TORCH: (computed([1.0]), "exact", {"errors": (errors(0.0),)})})
    assert limits_legend(Document.of(book.document())) == ""
