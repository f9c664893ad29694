"""What is told of a case, from records made by hand."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pytest

from gradcmp.core.outcomes import Raised
from gradcmp.core.reasons import Limit, LimitKind
from gradcmp.core.truth import Truth, TruthLeaf
from gradcmp.core.verdicts import Convention, Evidence, ExpectationState, Verdict
from gradcmp.report.explain import explain
from gradcmp.report.story import Teller
from gradcmp.report.text.console import make_console
from gradcmp.result.arrays import ArrayStore
from gradcmp.result.document import Document
from tests.result.builders import JAX, TENSORFLOW, TORCH, Book, at_kinks, computed, errors, problem, tensor, true_leaf

E_HIGH, E_LOW = 2.718281828459045, 1.4456468917292502e-16


def told(book: Book, number: int = 1, *, width: int = 100, file: Path = Path("r.json"), **more: Any) -> str:
    document = Document.of(book.document())
    teller = Teller(
        document=document,
        file=file,
        case=document.cases[number - 1],
        **{"sharpen": lambda _: {}, "report": (), "shipped": False} | more,
    )
    stream = io.StringIO()
    explain(teller, make_console(stream, width=width, env={}))
    return stream.getvalue()


def section(text: str, title: str) -> dict[str, str]:
    """The named lines of a section, continuations joined."""
    lines = iter(text.split("\n"))
    for line in lines:
        if line.startswith(title):
            break
    found: dict[str, str] = {}
    name = ""
    for line in lines:
        if not line.strip():
            break
        words = line.strip().split("  ", 1)
        if len(line) - len(line.lstrip()) == 2:
            name = words[0]
            found[name] = words[-1].strip()
        else:
            found[name] += f" {line.strip()}"
    return found


def off(*, high: float = E_HIGH, low: float = E_LOW, radius: float = 0.0, got: float = 2.71828, **more: Any) -> Book:
    """A case that is wrong at its second element."""
    leaf = true_leaf([1.0, high])
    leaf = replace(leaf, low=numpy.array([0.0, low]), radius=numpy.array([0.0, radius]))
    found = replace(
        errors(7.0, 1e-6, at=(1,), differing=1, size=2, verdict="wrong"),
        limit=Limit(kind=LimitKind.RUNNING, sigmas=8.0, rss=4.0, worst=3.0, unit=1.0),
    )
    book = Book()
    book.add(
        problem("folder/exp"),
        [leaf],
        {
            TORCH: (
                computed([1.0, got]),
                "wrong",
                {"errors": (found,), "verdicts": {"wrong": 1, "exact": 1}, "message": "dx: at [1] it is off"},
            ),
            JAX: (computed([1.0, E_HIGH]), "exact"),
        },
        **{"reference": Truth(evidence=Evidence.CERTIFIED, bits=128, fragile=("`greater` is close",)), "warnings": ("vacuous",), "primals": {"x": tensor([0.0, 1.0])}}
        | more,
    )  # fmt: skip
    return book


def test_a_wrong_case_is_told_with_its_numbers():
    text = told(off())
    assert text.startswith("#1 folder/exp[gradient-float32]@torch-eager-cpu\n✗ wrong by the certified value\n")
    numbers = section(text, "dx at [1], the worst of 2 elements")
    assert numbers["returned"] == "2.71828"
    assert numbers["true"] == "2.7182818284590452354"
    assert numbers["error"] == "7.35 ULPs; absolute 1.75e-06; relative 6.44e-07"
    assert numbers["limit"].startswith("8 root-sum-square running errors = 4 ULPs, worst-case running error = 3 ULPs")
    assert "how far the roundings of this very program" in numbers["limit"]
    assert numbers["elements"] == "1 wrong, 1 exact"
    assert numbers["the others"] == "jax-eager-cpu: 2.7182817, exact"
    rests = section(text, "what the verdict rests on")
    assert rests["evidence"].startswith("certified: ball arithmetic")
    assert rests["precision"] == "128 bits were enough"
    assert rests["fragile"] == "`greater` is close"
    assert rests["warnings"] == "vacuous"
    assert section(text, "what was asked")["inputs"] == "x: float32 2, [0, 1]"
    assert "  gradcmp show 'folder/exp[gradient-float32]' --as torch\n" in text
    assert "  gradcmp run 'folder/exp[gradient-float32]@torch-eager-cpu'\n" in text
    assert text.endswith("  gradcmp report --view cases\n")


def test_digits_that_the_file_does_not_have_are_asked_for_where_they_are_certified():
    asked = []

    def sharpen(view: object) -> Mapping[Any, TruthLeaf]:
        asked.append(view)
        leaf = true_leaf([1.0, E_HIGH])
        return {("", ("x",)): replace(leaf, low=numpy.array([0.0, E_LOW]))}

    vague = off(low=0.0, radius=1e-12)
    assert section(told(vague), "dx")["true"] == "2.71828182846 (12 digits known)"
    assert section(told(vague, sharpen=sharpen), "dx")["true"] == "2.7182818284590452354"
    assert section(told(off(), sharpen=sharpen), "dx")["true"] == "2.7182818284590452354"
    assert len(asked) == 1
    estimated = off(low=0.0, radius=1e-12, evidence=Evidence.NUMERICAL, reason="it jumps")
    text = told(estimated, sharpen=sharpen)
    assert section(text, "dx")["estimated"] == "2.71828182846 (12 digits known)"
    assert section(text, "what the verdict rests on")["no better"] == "it jumps"
    assert len(asked) == 1


def test_a_decimal_is_held_to_half_a_unit_of_its_last_digit():
    leaf = replace(true_leaf([0.35355]), radius=numpy.asarray([5e-6]), half_unit=5e-6)
    book = Book()
    found = errors(1.0, size=1, verdict="rounding")
    case = {TORCH: (computed([0.353553]), "rounding", {"errors": (found,)})}
    book.add(problem("s"), [leaf], case, evidence=Evidence.EXPECTED)
    numbers = section(told(book), "dx")
    assert numbers["expected"] == "0.35355, held to half a unit of its last digit"
    assert numbers["limit"].startswith("half a unit of the last digit written is 5e-06")


@pytest.mark.parametrize("untold", ["does not exist", "not known"])
def test_a_truth_that_is_not_there(untold):
    book = Book()
    nowhere = Truth(reason="why", undefined=True, nonexistent=untold == "does not exist")
    book.add(problem("s"), [], {TORCH: (computed(1.0), "unjudged")}, evidence=Evidence.NONE, reference=nowhere)
    assert section(told(book), "what the verdict rests on")["truth"] == untold


def test_an_element_that_has_no_derivative():
    book = Book()
    leaf = true_leaf([math.nan, 2.0], left=[math.nan, 2.0], right=[math.nan, 2.0])
    found = replace(errors(1.0, size=2, verdict="unjudged"), worst_index=(0,))
    book.add(problem("s"), [leaf], {TORCH: (computed([1.0, 2.0]), "unjudged", {"errors": (found,)})})
    assert section(told(book), "dx at [0]")["true"] == "does not exist"


def test_digits_that_contradict_the_file_are_not_believed():
    def sharpen(view: object) -> Mapping[Any, TruthLeaf]:
        return {("", ("x",)): true_leaf([1.0, 2.5])}

    assert section(told(off(radius=1e-12), sharpen=sharpen), "dx")["true"] == "2.71828182846 (12 digits known)"


def test_a_kink_is_told_with_both_sides_and_what_the_others_do():
    def at(name: str) -> dict[str, Any]:
        kink = at_kinks(name, -1.0, 1.0)
        return {"errors": (replace(errors(0.0, size=2, verdict="convention"), kink=kink),)}

    book = Book()
    book.add(
        problem("abs"),
        [true_leaf([0.0, 1.0], left=[-1.0, 1.0], right=[1.0, 1.0])],
        {
            TORCH: (computed([0.0, 1.0]), "convention", at("midpoint")),
            JAX: (computed([1.0, 1.0]), "convention", at("right")),
            TENSORFLOW: (computed(None), "missing", {"errors": (errors(None, None, at=None, verdict="missing"),)}),
        },
    )
    numbers = section(told(book), "dx at [0], the worst of 2 elements")
    assert numbers["left"] == "-1"
    assert numbers["right"] == "1"
    assert numbers["convention"] == "midpoint: the mean of both sides"
    assert "error" not in numbers
    assert numbers["the others"] == "jax-eager-cpu: 1, convention: right tensorflow-eager-cpu: no gradient, missing"
    assert section(told(book, 3), "dx") == {"returned": "no gradient", "true": "[-1 | 1, 1]"}


def kinked(name: str, verdict: str, left: float, right: float, got: float) -> dict[str, str]:
    kink = at_kinks(name, left, right, at=())
    found = replace(errors(0.0, at=(), size=1, verdict=verdict), kink=kink)
    book = Book()
    truth = true_leaf((left + right) / 2, left=left, right=right)
    book.add(problem("s"), [truth], {TORCH: (computed(got), verdict, {"errors": (found,)})})
    return section(told(book), "dx")


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        (math.nan, math.inf, "where no side has a finite derivative"),
        (0.0, math.inf, "although one side has a finite derivative"),
        (0.0, 1.0, "although both sides have a finite derivative"),
    ],
)
def test_nan_at_a_kink_is_told_by_what_the_sides_are(left: float, right: float, said: str):
    assert kinked("NaN", "nonfinite", left, right, math.nan)["convention"] == f"NaN: not a number, {said}"


def test_where_a_derivative_exists_there_are_no_sides():
    numbers = kinked("removable", "removable", 1.0, 1.0, 0.0)
    assert (numbers["returned"], numbers["true"]) == ("0", "1")
    assert not {"left", "right", "convention"} & set(numbers)
    assert numbers["kink"] == "removable: another one, although the derivative exists; see docs/kinks.md"


def test_at_a_jump_there_are_sides_although_they_are_equal():
    numbers = kinked("jump", "convention", 0.0, 0.0, 0.0)
    assert (numbers["left"], numbers["right"]) == ("0", "0")
    assert "true" not in numbers


def test_what_did_not_compute_is_told_with_its_message_and_its_last_words():
    book = Book()
    outcome = Raised(exception="ValueError", message="ValueError: no\nsuch thing", output_tail="  a line\nanother")
    book.add(problem("s"), [true_leaf([1.0, 2.0])], {TORCH: (outcome, "raised"), JAX: (computed([1.0, 2.0]), "exact")})
    text = told(book)
    assert "\n  message  ValueError: no\n           such thing\n  output     a line\n           another\n" in text
    elsewhere = section(text, "what came out elsewhere")
    assert elsewhere == {"true": "dx = [1, 2]", "the others": "jax-eager-cpu: exact"}
    assert "what the verdict rests on" not in text


def test_a_misshapen_array_is_told_as_a_whole():
    book = Book()
    found = errors(None, None, at=None, verdict="misshapen", size=2)
    book.add(
        problem("s"), [true_leaf([1.0, 2.0])], {TORCH: (computed([[1.0], [2.0]]), "misshapen", {"errors": (found,)})}
    )
    assert section(told(book), "dx") == {"returned": "float32 2×1, [[1], [2]]", "true": "[1, 2]"}


def test_beyond_the_worst_arrays_are_named_in_a_line():
    keys = [(name,) for name in "abcdef"]
    verdicts = ["exact", "wrong", "rounding", "exact", "wrong", "high"]
    found = tuple(errors(1.0, wrt=key, size=1, verdict=word) for key, word in zip(keys, verdicts, strict=True))
    book = Book()
    truth = [true_leaf(1.0, wrt=key) for key in keys]
    book.add(problem("s"), truth, {TORCH: (computed(*[1.0] * 6, wrts=keys), "wrong", {"errors": found})})
    text = told(book)
    titles = [line for line in text.split("\n") if line in {f"d{name}" for name in "abcdef"}]
    assert titles == ["db", "de", "df", "dc"]
    others = section(text, "the other arrays")
    assert others == {"da": "exact, 1 ULPs at the most", "dd": "exact, 1 ULPs at the most"}


def test_at_a_true_zero_limits_are_not_counted_in_units_of_the_smallest_number():
    book = Book()
    smallest = 2.0**-149
    limit = Limit(kind=LimitKind.RUNNING, sigmas=8.0, rss=1e-7, worst=2e-7, unit=smallest)
    found = replace(errors(3.0, size=1, at=(), verdict="no-digits"), limit=limit)
    book.add(problem("s"), [true_leaf(0.0)], {TORCH: (computed(1e-17), "no-digits", {"errors": (found,)})})
    numbers = section(told(book), "dx")
    assert numbers["limit"].startswith("8 root-sum-square running errors = 1e-07, worst-case running error = 2e-07")
    assert numbers["error"] == "absolute 1e-17"


def test_large_arrays_are_read_from_beside_the_file(tmp_path: Path):
    file = tmp_path / "r.json"
    store = ArrayStore(tmp_path / "r.json.npz", "r.json.npz")
    data = numpy.zeros(2000)
    data[1234] = E_HIGH
    got = data.astype(numpy.float32)
    got[1234] = 3.0
    found = errors(1e6, 0.1, at=(1234,), differing=1, size=2000, verdict="wrong")
    book = Book()
    book.add(problem("s"), [true_leaf(data)], {TORCH: (computed(got), "wrong", {"errors": (found,)})}, arrays=store)
    store.close()
    numbers = section(told(book, file=file), "dx at [1234], the worst of 2000 elements")
    assert (numbers["returned"], numbers["true"]) == ("3", "2.7182818284590450908")


def test_without_a_place_by_the_judge_the_element_is_the_one_that_is_furthest_off():
    book = Book()
    exact = errors(0.4, at=None, size=3, verdict="exact")
    truth = true_leaf([1.0, 1.00000004, 1e30])
    book.add(problem("s"), [truth], {TORCH: (computed([1.0, 1.0, 1e30]), "exact", {"errors": (exact,)})})
    assert "dx at [1], the worst of 3 elements" in told(book)


@pytest.mark.parametrize("width", [40, 60, 100])
def test_sentences_keep_to_the_width_and_commands_stay_whole(width: int):
    text = told(off(), width=width)
    assert "\n  gradcmp run 'folder/exp[gradient-float32]@torch-eager-cpu'\n" in text
    body, _, commands = text.partition("\nnext\n")
    assert max(map(len, body.split("\n")[1:])) <= width
    assert commands


def test_commands_are_quoted_and_lead_where_the_result_is():
    text = told(off(), report=("it's.json",), shipped=True)
    assert """gradcmp report 'it'"'"'s.json' --view cases\n""" in text
    assert "gradcmp show 'folder/exp[gradient-float32]' --as torch --shipped\n" in text
    assert "gradcmp report" not in told(off(), report=None)


def test_every_word_has_a_meaning():
    assert all(row.meaning for row in (*Verdict, *Evidence))
    assert all(row.truth_name for row in Evidence)
    assert {row for row in ExpectationState if not row.meaning} == {ExpectationState.NONE}
    assert {row for row in Convention if not row.meaning} == {Convention.SMOOTH}


def test_a_damaged_entry_is_refused_before_anything_is_told():
    record = off().document()
    record["cases"][0]["errors"][0]["kink"] = {"name": "left"}
    with pytest.raises(Exception, match="missing required field `counts`"):
        Document.of(record)


def test_an_expectation_of_the_targets_own_is_named_as_such():
    book = Book()
    book.add(
        problem("s"), [], {TORCH: (computed([1.0]), "exact", {"evidence": Evidence.EXPECTED})}, evidence=Evidence.NONE
    )
    assert section(told(book), "dx")["expected"].startswith("what the scenario says of this target alone")
