"""Limits in words, of the judge's own: a limit of a new kind has to be told here."""

from __future__ import annotations

import numpy
import pytest

from gradcmp.core.reasons import Limit, LimitKind
from gradcmp.core.scenarios import Tolerance
from gradcmp.core.truth import RunningErrors, TruthLeaf
from gradcmp.judge.tolerance import chosen, interim, running
from gradcmp.words.limits import at_worst, in_short, largest, origin, sizes, text

ONE, BIG = numpy.ones(1), numpy.full(1, 2.0**24)
LEAF = TruthLeaf(high=ONE, low=0 * ONE, radius=0 * ONE, errors=RunningErrors(worst=9 * ONE, rss=2 * ONE))


def test_limits_of_running_errors_are_those_of_each_program():
    limit = running(LEAF, "float32").used
    assert in_short(limit) == "rounding errors of each program in its dtype"
    assert limit.kind is not LimitKind.INTERIM
    assert "of this very program at this point may take it in float32" in origin(limit, "float32")
    assert "their root-sum-square times 8, and their worst case" in origin(limit, "float32")
    assert (at_worst(limit), sizes(limit), largest(limit)) == ("", "", text(limit))
    there = running(LEAF, "float32").at((0,), 2.0**-24)
    assert sizes(there) == "16 / 9"
    assert largest(there) == "limit of 8 root-sum-square running errors = 16 ULPs"
    assert at_worst(there) == "8 root-sum-square running errors = 16 ULPs, worst-case running error = 9 ULPs"
    large = TruthLeaf(high=ONE, low=0 * ONE, radius=0 * ONE, errors=RunningErrors(worst=9 * BIG, rss=2 * BIG))
    uncounted = at_worst(running(large, "float32").at((0,), 0.5), counted=False)
    assert uncounted == "8 root-sum-square running errors = 16, worst-case running error = 9"


def test_interim_limits_are_those_of_a_dtype():
    limit = interim(LEAF, "float16").used
    assert limit.kind is LimitKind.INTERIM
    assert in_short(limit) == text(limit) == "interim limit of 8 ULPs"
    assert "for float16" in origin(limit, "float16")


@pytest.mark.parametrize(
    ("tolerance", "words"),
    [
        (Tolerance(ulps=3.0), "the scenario's limit of 3 ULPs"),
        (Tolerance(rtol=1e-3), "the scenario's limit of rtol 0.001, atol 0"),
    ],
)
def test_limits_of_a_scenario_are_named(tolerance, words):
    limit = chosen(tolerance)(LEAF, "float32").used
    assert in_short(limit) == text(limit) == words
    assert origin(limit, "float32").startswith("set by the scenario")


def test_whole_numbers_have_none():
    limit = interim(LEAF, "int64").used
    assert text(limit) == "whole numbers have no rounding"
    assert origin(limit, "int64") == "whole numbers are right or wrong"


def test_what_an_older_file_has_in_words_is_told_as_it_is():
    limit = Limit(kind=LimitKind.WORDS, text="something old", text_at_worst="of some size")
    assert (text(limit), in_short(limit), at_worst(limit)) == ("something old", "something old", "of some size")
    assert (origin(limit, "float32"), sizes(limit)) == ("", "")
