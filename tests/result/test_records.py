from __future__ import annotations

import errno
import json
import math
import os
import zipfile
from dataclasses import replace

import numpy
import pytest
from msgspec import convert

from gradcmp.core.findings import Finding, Judgement
from gradcmp.core.outcomes import Timing
from gradcmp.core.problems import Case
from gradcmp.core.reasons import Reason, ReasonCode
from gradcmp.core.tensors import Leaf
from gradcmp.core.truth import Truth
from gradcmp.core.verdicts import Evidence, worst
from gradcmp.errors import GradcmpError, UsageError
from gradcmp.judge import judge
from gradcmp.report.cases_view import elements
from gradcmp.report.grids import agreement_grid
from gradcmp.report.summary import limits_line, reasons_lines
from gradcmp.result.arrays import LARGEST_INLINE, ArrayStore, encode, norm, plain, read_array
from gradcmp.result.document import Document
from gradcmp.result.recording import case_record, problem_record, radius_ulps
from gradcmp.result.records import ArrayRecord
from gradcmp.result.timings import median_interval, timing_record
from gradcmp.result.values import Number, StoredArray, decode_value, to_json
from tests.result.builders import (
    JAX_COMPILED,
    TORCH,
    Book,
    computed,
    everything,
    notebook,
    problem,
    tensor,
    timing,
    true_leaf,
)

CONTRACT_CASE = {
    "id", "problem", "scenario", "target", "outcome", "mode", "message", "output_tail", "values", "derivatives",
    "verdict", "expectation", "level", "verdicts", "evidence", "errors", "timing",
}  # fmt: skip
CONTRACT_PROBLEM = {
    "id", "scenario", "file", "line", "operator", "dtype", "parameters", "inputs", "evidence", "reference_reason",
    "warnings", "truth",
}  # fmt: skip
CONTRACT_TIMING = {
    "first_call_s", "compile_s", "median_s", "ci95_s", "samples_s", "calls_per_sample", "value_median_s", "warnings",
}  # fmt: skip


def awkward(dtype: str) -> numpy.ndarray:
    """Numbers that a careless round trip loses: signs of zero, subnormals, extremes, NaN, infinities, all patterns."""
    if dtype in {"float16", "bfloat16"}:
        bits = numpy.arange(2**16, dtype=numpy.uint16)
        if dtype == "float16":
            return bits.view(numpy.float16)
        return (bits.astype(numpy.uint32) << 16).view(numpy.float32)
    kind = numpy.dtype(dtype)
    integer = numpy.uint32 if kind == numpy.float32 else numpy.uint64
    random = numpy.random.RandomState(0).randint(0, 2**31, size=(500, 2)).astype(numpy.uint64)
    patterns = ((random[:, 0] << 32) | random[:, 1]).astype(integer).view(kind)
    info = numpy.finfo(kind)
    edges = [0.0, -0.0, math.inf, -math.inf, math.nan, info.max, info.min, info.tiny, info.smallest_subnormal, 0.1]
    return numpy.concatenate([numpy.array(edges, dtype=kind), patterns])


def array(written, data) -> ArrayRecord:
    """The record of an array, as a file has it."""
    text = to_json(ArrayRecord(of="", dtype=written.dtype, shape=written.shape, data=data))
    return convert(json.loads(text), ArrayRecord, dec_hook=decode_value)


def assert_same_bits(read: numpy.ndarray, written: numpy.ndarray) -> None:
    """The same bits, but for what a NaN carries."""
    assert read.dtype == written.dtype
    assert read.shape == written.shape
    nan = numpy.isnan(written)
    assert numpy.array_equal(nan, numpy.isnan(read))
    assert numpy.where(nan, 0, read).tobytes() == numpy.where(nan, 0, written).tobytes()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_floats_in_json_read_back_bit_for_bit(dtype, tmp_path):
    written = tensor(awkward(dtype), dtype)
    read = read_array(array(written, encode(written, None, "k")), tmp_path / "r.json")
    assert read.dtype == dtype
    assert_same_bits(read.array, written.array)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_floats_in_npz_read_back_bit_for_bit(dtype, tmp_path):
    written = tensor(numpy.resize(awkward(dtype), (LARGEST_INLINE, 2)), dtype)
    store = ArrayStore(tmp_path / "r.json.npz", "r.json.npz")
    data = encode(written, store, "a/b[c]")
    store.close()
    assert data.npz == "r.json.npz"
    read = read_array(array(written, data), tmp_path / "r.json")
    assert_same_bits(read.array, written.array)
    if dtype == "bfloat16":
        assert numpy.load(tmp_path / "r.json.npz")["a/b[c]"].dtype == numpy.uint16


def test_only_large_arrays_leave_the_file(tmp_path):
    store = ArrayStore(tmp_path / "r.npz", "r.npz")
    assert isinstance(encode(tensor([0.0] * LARGEST_INLINE), store, "k"), list)
    assert store.empty
    assert not (tmp_path / "r.npz").exists()
    assert encode(tensor([3.0] + [4.0] * 2 * LARGEST_INLINE), store, "k").norm == pytest.approx(178.910, rel=1e-5)
    store.close()


@pytest.mark.parametrize("moment", ["open", "write", "close"])
def test_arrays_that_cannot_be_written_are_told(moment, tmp_path, monkeypatch):
    folder = tmp_path / ("gone" if moment == "open" else "")
    store = ArrayStore(folder / "r.npz.partial", "r.npz")
    large = tensor([1.0] * 2 * LARGEST_INLINE)

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if moment == "close":
        encode(large, store, "k")
    with monkeypatch.context() as patched:
        if moment != "open":
            patched.setattr(zipfile.ZipFile, "writestr" if moment == "write" else "_write_end_record", full)
        with pytest.raises(GradcmpError, match="the arrays of the result cannot be written: No s") as caught:
            store.close() if moment == "close" else encode(large, store, "k")
    complaint = caught.value.complaints[0]
    assert (complaint.where, complaint.hint != "") == (str(folder / "r.npz.partial"), True)
    store.close()


def test_an_archive_that_was_never_closed_is_read(tmp_path):
    store = ArrayStore(tmp_path / "r.npz.partial", "r.npz")
    wanted = tensor(numpy.arange(2000))
    entries = [encode(tensor(numpy.zeros(2000)), store, "first"), encode(wanted, store, "second")]
    content = (tmp_path / "r.npz.partial").read_bytes()
    assert b"PK\x01\x02" not in content
    entry = array(wanted, entries[1])
    assert_same_bits(read_array(entry, tmp_path / "r.json.partial").array, wanted.array)
    store.close()
    (tmp_path / "r.npz.partial").write_bytes(content[:-100])
    with pytest.raises(UsageError, match="second"):
        read_array(entry, tmp_path / "r.json.partial")


@pytest.mark.parametrize("name", ["../../secret.npz", "gone.npz"])
def test_arrays_are_only_read_from_beside_the_file(name, tmp_path):
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    numpy.savez(tmp_path / "secret.npz", k=numpy.zeros(3))
    with pytest.raises(UsageError, match="beside its result file"):
        read_array(array(tensor(numpy.zeros(3), "float64"), StoredArray(name, "k", Number(0))), folder / "r.json")


def test_integers_booleans_and_empty_arrays_keep_their_kind(tmp_path):
    for dtype, data in (("int64", [[2**62, -1]]), ("bool", [True, False]), ("float32", numpy.zeros((0, 3)))):
        written = tensor(data, dtype)
        entry = array(written, encode(written, None, "k"))
        assert_same_bits(read_array(entry, tmp_path / "r").array, written.array)


def test_plain_leaves_nothing_that_json_refuses():
    value = {"a": (numpy.float32(0.5), numpy.int64(3), math.nan), "b": numpy.array([math.inf, 1.0]), 3: -math.inf}
    assert plain(value) == {"a": [0.5, 3, "nan"], "b": ["inf", 1.0], "3": "-inf"}


def test_the_norm_does_not_overflow():
    assert norm(numpy.array([3e300, 4e300])) == pytest.approx(5e300)
    assert norm(numpy.array([])) == 0.0
    assert math.isnan(norm(numpy.array([math.nan, 1.0])))


def test_records_have_the_keys_of_the_contract():
    record = everything().document()
    assert all(set(case) >= CONTRACT_CASE for case in record["cases"])
    assert all(set(entry) >= CONTRACT_PROBLEM for entry in record["problems"])
    assert {frozenset(case["timing"]) for case in record["cases"] if case["timing"]} == {frozenset(CONTRACT_TIMING)}
    assert {frozenset(leaf) for case in record["cases"] for leaf in case["values"]} == {
        frozenset({"of", "dtype", "shape", "data"})
    }
    json.dumps(record, allow_nan=False)


def test_a_verdict_is_that_of_the_worst_element_and_the_counts_are_kept():
    """By level, then by the order of the table; each leaf keeps its own."""
    keys = (("x",), ("w",), ("b",))
    outcome = computed([1.0, 2.0000002, 3.0], [4.0, 5.5], [math.nan], wrts=keys)
    truth = Truth(
        evidence=Evidence.EXPECTED,
        derivatives=(
            true_leaf([1.0, 2.0, 3.0], wrt=("x",)),
            true_leaf([4.0, 5.0], wrt=("w",)),
            true_leaf([1.0], wrt=("b",)),
        ),
    )
    question = problem("s")
    book = Book((TORCH,))
    judgement = judge(question, {TORCH.id: outcome}, {TORCH.id: TORCH}, truth, {})
    case = case_record(Case(problem=question, target=TORCH), outcome, judgement.findings[0], compiles=False)
    assert (case.verdict, case.level) == ("nonfinite", "fail")
    assert case.verdicts == {"exact": 3, "rounding": 1, "wrong": 1, "nonfinite": 1}
    assert [errors.verdict for errors in case.errors] == ["rounding", "wrong", "nonfinite"]
    assert worst(case.verdicts) == case.verdict
    assert len(case.reason.splitlines()) == 2  # a line for each leaf that is not well
    book.entries.append((problem_record(question, judgement, hashes={}), [case], []))
    document = Document.of(book.document())
    assert [row.cells[0].mark for row in agreement_grid(document).rows] == ["≈", "✗", "✗"]
    assert elements(document.cases[0]) == "1 nonfinite, 1 wrong, 1 rounding, 3 exact"


def test_a_gradient_that_is_not_returned_has_no_data():
    case = Case(problem=problem("s"), target=TORCH)
    reason = Reason(code=ReasonCode.OUTCOME, text="why")
    finding = Finding(case=case.id, verdict="missing", level="fail", reasons=(reason,))
    record = case_record(case, computed(None), finding, compiles=False)
    assert json.loads(to_json(record.derivatives)) == [
        {"of": "", "wrt": ["x"], "dtype": None, "shape": None, "data": None}
    ]
    assert record.reason == "why"
    assert record.message is None


def test_the_truth_of_a_value_is_the_value():
    truth = Truth(evidence=Evidence.CERTIFIED, values=(true_leaf(28.0, wrt=()),), derivatives=(true_leaf([1.0]),))
    judgement = Judgement(
        problem="p", evidence=Evidence.CERTIFIED, findings=(), truth=(Leaf(tensor=tensor(3.0, "float64")),)
    )
    for operator, data in (("value", 28.0), ("gradient", [1.0])):
        record = problem_record(problem("s", operator=operator), judgement, hashes={}, truth=truth)
        assert [leaf.data for leaf in record.truth] == [data]
    assert problem_record(problem("s"), judgement, hashes={}).truth[0].data == 3.0


def test_a_truth_that_is_not_there_is_not_known_or_does_not_exist():
    nothing = Judgement(problem="p", evidence=Evidence.NONE, findings=())
    assert problem_record(problem("s"), nothing, hashes={}).untold == "not known"
    nowhere = Truth(reason="a kink", undefined=True, nonexistent=True)
    assert problem_record(problem("s"), nothing, hashes={}, reference=nowhere).untold == "does not exist"
    there = replace(nothing, truth=(true_leaf([1.0]),))
    assert problem_record(problem("s"), there, hashes={}, reference=nowhere).untold is None


@pytest.mark.parametrize(
    ("high", "radius", "dtype", "ulps"),
    [
        (1.0, 2.0**-23, "float32", 1.0),
        (1.999, 2.0**-23, "float32", 1.0),
        (2.0, 2.0**-23, "float32", 0.5),
        (0.0, 2.0**-149, "float32", 1.0),
        (2.0**-140, 2.0**-149, "float32", 1.0),
        (-1.0, 2.0**-53, "float64", 0.5),
        (1.0, 2.0**-7, "bfloat16", 1.0),
        (1.0, 0.0, "float64", 0.0),
        (5e-324, 5e-324, "float64", 1.0),
    ],
)
def test_radius_is_told_in_units_in_the_last_place(high, radius, dtype, ulps):
    leaf = true_leaf(high)
    object.__setattr__(leaf, "radius", numpy.asarray(radius))
    assert radius_ulps(leaf, dtype) == ulps


def test_compile_time_is_first_call_less_steady_and_only_where_something_compiles():
    raw = timing(1e-3, first_s=0.5)
    assert timing_record(raw, compiles=True).compile_s == pytest.approx(0.499, abs=1e-5)
    assert timing_record(raw, compiles=False).compile_s is None
    assert timing_record(Timing(first_call_s=1e-4, samples_s=(1e-3,) * 5), compiles=True).compile_s == 0.0


def test_samples_are_divided_by_their_calls():
    record = timing_record(
        Timing(
            first_call_s=1.0,
            samples_s=(0.1, 0.2, 0.3),
            calls_per_sample=10,
            value_samples_s=(0.4,),
            value_calls_per_sample=4,
        ),
        compiles=False,
    )
    assert record.median_s == pytest.approx(0.02)
    assert record.samples_s == (0.1, 0.2, 0.3)
    assert record.value_median_s == pytest.approx(0.1)
    assert record.ci95_s == pytest.approx((0.01, 0.03))
    assert record.warnings == ("only 3 samples: the interval means little",)


def test_a_noisy_timing_warns_and_a_quiet_one_does_not():
    assert timing_record(timing(1e-3, spread=0.4), compiles=False).warnings[0].startswith("noisy")
    assert timing_record(timing(1e-3, spread=0.001), compiles=False).warnings == ()


def test_without_samples_there_are_no_statistics():
    record = timing_record(Timing(first_call_s=0.25), compiles=True)
    assert (record.first_call_s, record.median_s, record.ci95_s, record.compile_s) == (0.25, None, None, None)


def test_the_interval_is_reproducible_and_covers_the_median():
    samples = numpy.random.RandomState(3).exponential(size=50)
    low, high = median_interval(samples)
    assert (low, high) == median_interval(samples)
    assert low < numpy.median(samples) < high
    assert median_interval(numpy.full(20_000, 2.0)) == (2.0, 2.0)


def test_the_bootstrap_covers_the_true_median_about_as_often_as_it_says():
    stream = numpy.random.RandomState(1)
    true_median = math.log(2.0)
    hits = sum(
        low <= true_median <= high for low, high in (median_interval(stream.exponential(size=31)) for _ in range(60))
    )
    assert 51 <= hits <= 60


def test_compiles_is_up_to_the_caller():
    case = Case(problem=problem("s"), target=JAX_COMPILED)
    finding = Finding(case=case.id, verdict="exact", level="ok")
    outcome = computed([1.0], timing=timing(1e-3, first_s=1.0))
    assert case_record(case, outcome, finding, compiles=True).timing.compile_s == pytest.approx(0.999, rel=1e-4)


def test_what_the_reference_said_is_kept_beside_the_truth():
    judgement = Judgement(problem="s[gradient-float32]", evidence=Evidence.CERTIFIED, findings=())
    leaf = replace(true_leaf([1.0, 2.0]), low=numpy.array([0.0, 1e-17]))
    record = problem_record(
        problem("s"),
        judgement,
        hashes={},
        primals={"x": tensor([0.1, 0.2]), "large": tensor(numpy.zeros(17))},
        reference=Truth(bits=128, fragile=("`greater` is close",)),
        truth=Truth(evidence=Evidence.CERTIFIED, derivatives=(leaf,)),
    )
    assert (record.bits, record.fragile) == (128, ("`greater` is close",))
    assert record.truth[0].low == [0.0, 1e-17]
    small, large = record.primals
    assert json.loads(to_json(small)) == {
        "path": "x",
        "dtype": "float32",
        "shape": [2],
        "data": [0.10000000149011612, 0.20000000298023224],
    }
    assert json.loads(to_json(large)) == {"path": "large", "dtype": "float32", "shape": [17], "data": None}


def test_a_truth_that_float64_holds_has_no_second_part():
    judgement = Judgement(problem="s[gradient-float32]", evidence=Evidence.NONE, findings=(), truth=(true_leaf([1.0]),))
    record = problem_record(problem("s"), judgement, hashes={})
    assert record.truth[0].low is None
    assert (record.bits, record.fragile, record.primals) == (None, (), ())


def test_a_file_that_was_written_before_has_its_words_told_as_they_are():
    record = notebook().document()
    for older in record["problems"]:
        older["reference_reason"], older["evidence"] = "it jumps", "numerical"
        del older["reason_kind"], older["warning_reasons"]
    for case in record["cases"]:
        del case["reasons"]
        for found in case["errors"]:
            del found["limit_used"]
            if found["kink"]:
                del found["kink"]["tied"]
    document, now = Document.of(record), Document.of(notebook().document())
    assert [case.kink for case in document.cases] == [case.kink for case in now.cases]
    assert [case.reason for case in document.cases] == [case.reason for case in now.cases]
    assert reasons_lines(document) == ("it jumps (5 problems)",)
    assert limits_line(document) == "limits: interim limit of 16 ULPs"
