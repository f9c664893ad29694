"""Frames and what they say survive the journey; what is damaged is refused."""

from __future__ import annotations

import dataclasses
import io
import struct

import numpy
import pytest

from gradcmp.core.formats import DTYPES, FORMATS
from gradcmp.core.operators import Operator
from gradcmp.core.outcomes import Computed, Died, Evaluated, Raised, Skipped, TimedOut, Timing, Unsupported
from gradcmp.core.requests import Request, WorkerKey
from gradcmp.core.tensors import Leaf, Tensor
from gradcmp.core.truth import TruthLeaf
from gradcmp.messages import frame_outcome, frame_task, outcome_frame, pack, task_frame, unpack
from gradcmp.wire import GREETING, WireArray, WireError, read_frame, read_greeting, write_frame


def there_and_back(header, arrays=()):
    stream = io.BytesIO()
    write_frame(stream, header, arrays)
    stream.seek(0)
    frame = read_frame(stream)
    assert stream.read() == b""
    return frame


def travelled(tensor: Tensor) -> Tensor:
    _, (array,) = there_and_back({}, [pack(tensor)])
    return unpack(array)


def numbers(dtype: str) -> numpy.ndarray:
    """Ordinary, extreme and special numbers of a dtype."""
    if dtype == "bool":
        return numpy.array([True, False])
    if dtype not in FORMATS:
        limits = numpy.iinfo(dtype)
        return numpy.array([limits.min, 0, 1, limits.max], dtype=dtype)
    form = FORMATS[dtype]
    values = [0.0, -0.0, 1.0, -1.5, form.round(1 / 3), form.largest, form.smallest_normal]
    values.append(2.0 ** (form.min_exponent - form.precision + 1))  # the smallest subnormal
    return numpy.array([*values, numpy.inf, -numpy.inf, numpy.nan], dtype="float32" if dtype == "bfloat16" else dtype)


def bits(array: numpy.ndarray) -> bytes:
    return numpy.ascontiguousarray(array).tobytes()


@pytest.mark.parametrize("dtype", [*DTYPES, "uint32", "complex64", "complex128"])
def test_every_dtype_travels_bit_for_bit(dtype):
    array = numbers(dtype) if dtype in DTYPES else numpy.array([0, 1, 7], dtype=dtype)
    back = travelled(Tensor(dtype=dtype, array=array))
    assert back.dtype == dtype
    assert back.array.dtype == array.dtype
    assert bits(back.array) == bits(array)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1, 1), (2, 3, 4)])
def test_every_shape_travels(dtype, shape):
    array = numpy.arange(int(numpy.prod(shape)), dtype="float32").reshape(shape)
    back = travelled(Tensor(dtype=dtype, array=array))
    assert back.shape == shape
    assert back.array.tolist() == array.tolist()


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_views_and_foreign_byte_orders_travel_as_they_read(dtype):
    whole = numpy.arange(24, dtype="float64" if dtype == "float64" else "float32").reshape(4, 6)
    for view in (whole.T, whole[::2, ::-1], numpy.asfortranarray(whole), numpy.broadcast_to(whole[0], (3, 6))):
        assert travelled(Tensor(dtype=dtype, array=view)).array.tolist() == view.tolist()
    swapped = whole.astype(whole.dtype.newbyteorder(">"))
    assert travelled(Tensor(dtype=dtype, array=swapped)).array.tolist() == whole.tolist()


def test_what_arrives_can_be_written_to():
    back = travelled(Tensor(dtype="float32", array=numpy.zeros(2, dtype="float32")))
    back.array[0] = 1
    assert back.array.tolist() == [1, 0]


def test_the_bits_on_the_wire_are_little_endian():
    assert bytes(pack(Tensor(dtype="float32", array=numpy.array([1.0], dtype=">f4"))).data) == struct.pack("<f", 1.0)
    assert bytes(pack(Tensor(dtype="bfloat16", array=numpy.array([1.0], dtype="float32"))).data) == b"\x80\x3f"


def test_a_nan_of_bfloat16_stays_one_whatever_its_payload():
    nan = numpy.array([0x7F800001], dtype="uint32").view("float32")
    assert numpy.isnan(travelled(Tensor(dtype="bfloat16", array=nan)).array).all()


def test_what_cannot_be_carried_is_refused():
    with pytest.raises(ValueError, match="not bfloat16"):
        pack(Tensor(dtype="bfloat16", array=numpy.array([1 / 3], dtype="float32")))
    with pytest.raises(ValueError, match="float8"):
        pack(Tensor(dtype="float8_e5m2", array=numpy.zeros(1)))


REQUEST = Request(
    case="s[gradient-float32]@torch-eager-cpu",
    worker=WorkerKey(backend="torch"),
    source="def f(x):\n    return x  # ∂\n",
    entry="f",
    finished=True,
    inputs={
        "x": Tensor(dtype="float32", array=numpy.arange(3, dtype="float32")),
        "p.k": Tensor(dtype="int64", array=numpy.array(2)),
    },
    wrt=("x",),
    outputs=("a", "b"),
    operator=Operator.VJP,
    mode="reverse",
    cotangents={"a": Tensor(dtype="float32", array=numpy.ones(2, dtype="float32"))},
    timing_s=0.5,
)


def test_a_request_comes_back_the_same():
    header, arrays = there_and_back(*task_frame(REQUEST, compiles=True))
    back = frame_task(header, arrays)
    assert header["compiles"] is True
    for field in dataclasses.fields(Request):
        if field.name not in {"inputs", "cotangents"}:
            assert getattr(back, field.name) == getattr(REQUEST, field.name), field.name
    assert list(back.inputs) == ["x", "p.k"]
    assert back.inputs["p.k"].array == 2
    assert back.cotangents["a"].array.tolist() == [1, 1]
    assert back.tangents is None


def test_outcomes_come_back_the_same():
    computed = Computed(
        values=(Leaf(of="a", tensor=Tensor(dtype="float64", array=numpy.array(1 / 3))),),
        derivatives=(Leaf(of="a", wrt=("x", "p.k"), tensor=None),),
        mode="reverse",
        timing=Timing(first_call_s=1.0, samples_s=(0.1, 0.2), calls_per_sample=4, value_samples_s=(0.3,)),
        notes={"graphs": 1, "reason": "none"},
    )
    raised = Raised(exception="ValueError", message="ValueError: no")
    leaf = TruthLeaf(of="", wrt=("x",), high=numpy.ones(2), low=numpy.zeros(2), radius=numpy.zeros(2))
    evaluated = Evaluated(arrays={"arrays": leaf, "why": "no value"})
    for outcome in (computed, evaluated, Unsupported(message="no \ud800"), Skipped(message="x"), raised):
        assert repr(frame_outcome(*there_and_back(*outcome_frame(outcome)))) == repr(outcome)


@pytest.mark.parametrize("outcome", [Died(message="gone"), TimedOut(limit_s=1.0, phase="run")])
def test_only_the_parent_says_that_a_worker_is_gone_or_late(outcome):
    with pytest.raises(WireError, match="no outcome is called"):
        frame_outcome(*there_and_back(*outcome_frame(outcome)))


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"outcome": "computed"},
        {"outcome": "unheard-of"},
        {"outcome": "computed", "mode": "", "timing": {"no": 1}, "notes": {}, "values": [], "derivatives": []},
        {"outcome": "computed", "mode": "", "timing": None, "notes": {}, "values": [{"of": ""}], "derivatives": []},
        {
            "outcome": "computed",
            "mode": "",
            "timing": None,
            "notes": {},
            "values": [{"of": "", "wrt": [], "tensor": 3}],
            "derivatives": [],
        },
    ],
)
def test_a_damaged_answer_is_refused(answer):
    with pytest.raises(WireError):
        frame_outcome(answer, ())


def frame_of(header: bytes, data: bytes = b"") -> io.BytesIO:
    return io.BytesIO(struct.pack("<Q", len(header)) + header + data)


@pytest.mark.parametrize(
    "stream",
    [
        io.BytesIO(b"\x01"),
        io.BytesIO(b"\xff" * 64),
        io.BytesIO(struct.pack("<Q", 100) + b"{}"),
        frame_of(b"not json"),
        frame_of(b"\xff\xfe"),
        frame_of(b"[1, 2]"),
        frame_of(b"{}"),
        frame_of(b'{"header": {}, "arrays": [1]}'),
        frame_of(b'{"header": {}, "arrays": [{"dtype": "float9", "shape": []}]}', b"1234"),
        frame_of(b'{"header": {}, "arrays": [{"dtype": "float32", "shape": [-1]}]}', b"1234"),
        frame_of(b'{"header": {}, "arrays": [{"dtype": "float32", "shape": [1.5]}]}', b"1234"),
        frame_of(b'{"header": {}, "arrays": [{"dtype": "float32", "shape": [2]}]}', b"1234"),
        frame_of(b'{"header": {}, "arrays": [{"dtype": "float32", "shape": [1152921504606846976]}]}', b"1234"),
        frame_of(b"[" * 100_000),
        frame_of(b'{"header": [], "arrays": []}'),
    ],
    ids=range(15),
)
def test_a_damaged_frame_is_refused(stream):
    with pytest.raises(WireError):
        read_frame(stream)


def test_every_cut_of_a_frame_is_refused():
    stream = io.BytesIO()
    write_frame(stream, {"kind": "x"}, [WireArray(dtype="int8", shape=(4,), data=b"abcd")])
    whole = stream.getvalue()
    assert read_frame(io.BytesIO()) is None
    for length in range(1, len(whole)):
        with pytest.raises(WireError):
            read_frame(io.BytesIO(whole[:length]))


def test_noise_before_the_greeting_is_passed_over():
    stream = io.BytesIO(b"site says hello\n" + GREETING + b"next")
    assert read_greeting(stream) == b"site says hello\n"
    assert stream.read() == b"next"
    with pytest.raises(WireError):
        read_greeting(io.BytesIO(b"Traceback"))
