"""What the frames of `wire.py` say: requests and outcomes, with NumPy on both sides.

case     the fields of `core.requests.Request` except tensors; `inputs`, `cotangents` and `tangents` map a path to
         the number of an array of the frame. `compiles` says that the execution compiles.
answer   `outcome` is the outcome's name, beside its fields; leaves are `{"of", "wrt", "array"}`, with the number of an
         array of the frame or null. `notes` are plain JSON.

A case with the object `inquiry` is one for the reference, whose outcome is `referred`: a truth, whose leaves name the
numbers of their arrays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import numpy

from gradcmp.core.operators import Operator
from gradcmp.core.outcomes import (
    Computed,
    Died,
    Evaluated,
    Outcome,
    Raised,
    Referred,
    Skipped,
    TimedOut,
    Timing,
    Unsupported,
)
from gradcmp.core.requests import Inquiry, Request, Task, Wanted, WorkerKey
from gradcmp.core.tensors import Leaf, Tensor
from gradcmp.core.truth import Kink, ReasonKind, RunningErrors, Truth, TruthLeaf
from gradcmp.core.verdicts import Evidence
from gradcmp.numbers.bfloat16 import from_bits, to_bits
from gradcmp.wire import ITEM_BYTES, WireArray, WireError

Frame = tuple[dict[str, Any], tuple[WireArray, ...]]

_REQUEST = (
    "case", "source", "entry", "finished", "wrt", "outputs", "operator", "mode", "protocol", "execution",
    "timing_s", "timeout_s", "compile_timeout_s",
)  # fmt: skip
_INQUIRY = (
    "case", "wanted", "source", "wrt", "operator", "dtype", "parameters", "expressions", "budget_s", "timeout_s",
)  # fmt: skip
_TREES = ("inputs", "cotangents", "tangents")
_NUMBERS = ("high", "low", "radius", "otherwise")
_PARTS = {"kink": Kink, "errors": RunningErrors}


def pack(tensor: Tensor) -> WireArray:
    """The tensor's bytes. Raises ValueError for a dtype that cannot travel, or an inexact bfloat16."""
    if tensor.dtype not in ITEM_BYTES:
        msg = f"an array of dtype {tensor.dtype} cannot be carried"
        raise ValueError(msg)
    if tensor.dtype == "bfloat16":
        array = to_bits(tensor.array)
    else:
        array = numpy.asarray(tensor.array, dtype=numpy.dtype(tensor.dtype).newbyteorder("<"))
    return WireArray(dtype=tensor.dtype, shape=tensor.shape, data=array.tobytes())


def unpack(array: WireArray) -> Tensor:
    """A tensor of its own, writable memory in native byte order."""
    if array.dtype == "bfloat16":
        flat = from_bits(numpy.frombuffer(array.data, dtype="<u2"))
    else:
        stored = numpy.dtype(array.dtype).newbyteorder("<")
        flat = numpy.frombuffer(array.data, dtype=stored).astype(array.dtype)
    return Tensor(dtype=array.dtype, array=flat.reshape(array.shape))


def task_frame(task: Task, *, compiles: bool) -> Frame:
    """A request or an inquiry as a `case` message."""
    arrays: list[WireArray] = []
    header: dict[str, Any] = {"kind": "case", "asks": type(task).__name__, "compiles": compiles}
    header |= {name: getattr(task, name) for name in (_INQUIRY if isinstance(task, Inquiry) else _REQUEST)}
    for name in _TREES:
        tree: Mapping[str, Tensor] | None = getattr(task, name)
        header[name] = None if tree is None else {path: _append(arrays, tensor) for path, tensor in tree.items()}
    return header, tuple(arrays)


def frame_task(header: Mapping[str, Any], arrays: Sequence[WireArray]) -> Task:
    """The request or inquiry of a `case` message; a request's `worker` stays at home."""
    trees: dict[str, Any] = {
        name: None if header[name] is None else {path: unpack(arrays[n]) for path, n in header[name].items()}
        for name in _TREES
    }
    alike: dict[str, Any] = trees | {"wrt": tuple(header["wrt"]), "operator": Operator(header["operator"])}
    if header["asks"] == Inquiry.__name__:
        expressions = {name: tuple(each) for name, each in header["expressions"].items()}
        alike |= {"wanted": Wanted(header["wanted"]), "expressions": expressions}
        return Inquiry(**{name: header[name] for name in _INQUIRY} | alike)
    alike |= {"worker": WorkerKey(backend=""), "outputs": tuple(header["outputs"])}
    return Request(**{name: header[name] for name in _REQUEST} | alike)


def outcome_frame(outcome: Outcome) -> Frame:
    """An outcome as an `answer` message. Raises ValueError where an array cannot be carried."""
    arrays: list[WireArray] = []
    header: dict[str, Any] = {"kind": "answer", "outcome": outcome.name}
    match outcome:
        case Computed():
            header["mode"] = outcome.mode
            header["timing"] = None if outcome.timing is None else asdict(outcome.timing)
            header["notes"] = dict(outcome.notes)
            for part in ("values", "derivatives"):
                header[part] = [
                    {"of": x.of, "wrt": x.wrt, "array": None if x.tensor is None else _append(arrays, x.tensor)}
                    for x in getattr(outcome, part)
                ]
        case Raised():
            header |= {"exception": outcome.exception, "message": outcome.message}
        case Referred():
            header["truth"] = _truth_header(outcome.truth, arrays)
        case Evaluated():
            header["evaluated"] = {
                name: array if isinstance(array, str) else _truth_leaf_header(array, arrays)
                for name, array in outcome.arrays.items()
            }
        case Unsupported() | Skipped() | Died() | TimedOut():
            header["message"] = outcome.message
    return header, tuple(arrays)


def frame_outcome(header: Mapping[str, Any], arrays: Sequence[WireArray], *, output_tail: str = "") -> Outcome:
    """The outcome of an `answer` message. Raises WireError where there is none in it."""
    try:
        match header["outcome"]:
            case "computed":
                return Computed(
                    values=_leaves(header["values"], arrays),
                    derivatives=_leaves(header["derivatives"], arrays),
                    mode=str(header["mode"]),
                    timing=_timing(header["timing"]),
                    notes=dict(header["notes"]),
                )
            case "referred":
                return Referred(truth=_truth(header["truth"], arrays))
            case "evaluated":
                listed = header["evaluated"].items()
                return Evaluated(arrays={n: x if isinstance(x, str) else _truth_leaf(x, arrays) for n, x in listed})
            case "unsupported":
                return Unsupported(message=str(header["message"]))
            case "skipped":
                return Skipped(message=str(header["message"]))
            case "raised":
                return Raised(
                    exception=str(header["exception"]), message=str(header["message"]), output_tail=output_tail
                )
            case name:
                raise WireError(f"no outcome is called {name!r}")
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise WireError(f"a damaged answer: {type(error).__name__}: {error}") from error


def _append(arrays: list[WireArray], tensor: Tensor) -> int:
    arrays.append(pack(tensor))
    return len(arrays) - 1


def _leaves(listed: Sequence[Mapping[str, Any]], arrays: Sequence[WireArray]) -> tuple[Leaf, ...]:
    return tuple(
        Leaf(
            of=leaf["of"],
            wrt=tuple(leaf["wrt"]),
            tensor=None if leaf["array"] is None else unpack(arrays[leaf["array"]]),
        )
        for leaf in listed
    )


def _timing(listed: Mapping[str, Any] | None) -> Timing | None:
    if listed is None:
        return None
    sampled = {name: tuple(listed[name]) for name in ("samples_s", "value_samples_s")}
    return Timing(**{**listed, **sampled})


def _truth_leaf_header(leaf: TruthLeaf, arrays: list[WireArray]) -> dict[str, Any]:
    def numbered(part: Any, names: Sequence[str]) -> dict[str, int | None]:
        values = {name: getattr(part, name) for name in names}
        return {name: None if value is None else _append(arrays, _plain(value)) for name, value in values.items()}

    parts = {
        name: None if (part := getattr(leaf, name)) is None else numbered(part, [f.name for f in fields(kind)])
        for name, kind in _PARTS.items()
    }
    return {"of": leaf.of, "wrt": leaf.wrt, "nothing": leaf.nothing, **numbered(leaf, _NUMBERS), **parts}


def _truth_header(truth: Truth, arrays: list[WireArray]) -> dict[str, Any]:
    def leaves(listed: Sequence[TruthLeaf] | None) -> list[dict[str, Any]] | None:
        return None if listed is None else [_truth_leaf_header(leaf, arrays) for leaf in listed]

    return {
        "evidence": truth.evidence, "reason": truth.reason, "bits": truth.bits, "fragile": truth.fragile,
        "undefined": truth.undefined, "reason_kind": truth.reason_kind,
        "values": leaves(truth.values), "derivatives": leaves(truth.derivatives),
    }  # fmt: skip


def _plain(array: numpy.ndarray) -> Tensor:
    dtype = "bool" if array.dtype.kind == "b" else "float64"
    return Tensor(dtype=dtype, array=numpy.asarray(array, dtype=dtype))


def _truth_leaf(listed: Mapping[str, Any], arrays: Sequence[WireArray]) -> TruthLeaf:
    def array(number: int | None) -> numpy.ndarray | None:
        return None if number is None else unpack(arrays[number]).array

    parts: dict[str, Any] = {
        name: None if listed[name] is None else kind(**{key: array(n) for key, n in listed[name].items()})
        for name, kind in _PARTS.items()
    }
    numbers: dict[str, Any] = {name: array(listed[name]) for name in _NUMBERS}
    return TruthLeaf(of=listed["of"], wrt=tuple(listed["wrt"]), nothing=listed["nothing"], **numbers, **parts)


def _truth(header: Mapping[str, Any], arrays: Sequence[WireArray]) -> Truth:
    def leaves(listed: Sequence[Mapping[str, Any]] | None) -> tuple[TruthLeaf, ...] | None:
        return None if listed is None else tuple(_truth_leaf(leaf, arrays) for leaf in listed)

    return Truth(
        evidence=Evidence(header["evidence"]),
        reason=header["reason"],
        reason_kind=ReasonKind(header["reason_kind"]),
        bits=header["bits"],
        fragile=tuple(header["fragile"]),
        undefined=bool(header["undefined"]),
        values=leaves(header["values"]),
        derivatives=leaves(header["derivatives"]),
    )
