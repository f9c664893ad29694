"""What the frames of `wire.py` say: requests and outcomes, with NumPy on both sides.

case     the fields of a `core.requests.Request` or `Inquiry`: `asks` names which. `compiles` says that the execution
         compiles.
answer   `outcome` is the outcome's name, beside its fields.

A field is written as what it is: a value of `core` as an object of its fields, a tensor or an array as the number of an
array of the frame, everything else as JSON has it. It is read by its annotation, so that nothing else can arrive.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import numpy

from gradcmp.core.outcomes import Computed, Evaluated, Outcome, Raised, Referred, Skipped, Unsupported
from gradcmp.core.requests import Inquiry, Request, Task
from gradcmp.core.tensors import Tensor
from gradcmp.numbers.bfloat16 import from_bits, to_bits
from gradcmp.wire import ITEM_BYTES, WireArray, WireError

Frame = tuple[dict[str, Any], tuple[WireArray, ...]]

_TASKS = {kind.__name__: kind for kind in (Request, Inquiry)}
_OUTCOMES: dict[str, Any] = {kind.name: kind for kind in (Computed, Unsupported, Raised, Skipped, Referred, Evaluated)}
"""Those that a worker tells of; that it died or is late, only the parent can say."""


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
    header = {"kind": "case", "asks": type(task).__name__, "compiles": compiles, **_written(task, arrays)}
    return header, tuple(arrays)


def frame_task(header: Mapping[str, Any], arrays: Sequence[WireArray]) -> Task:
    """The request or inquiry of a `case` message."""
    task: Task = _reader(_TASKS[header["asks"]])(header, arrays)
    return task


def outcome_frame(outcome: Outcome) -> Frame:
    """An outcome as an `answer` message. Raises ValueError where an array cannot be carried."""
    arrays: list[WireArray] = []
    header = {"kind": "answer", "outcome": outcome.name, **_written(outcome, arrays)}
    return header, tuple(arrays)


def frame_outcome(header: Mapping[str, Any], arrays: Sequence[WireArray]) -> Outcome:
    """The outcome of an `answer` message. Raises WireError where there is none in it."""
    try:
        if header["outcome"] not in _OUTCOMES:
            raise WireError(f"no outcome is called {header['outcome']!r}")
        outcome: Outcome = _reader(_OUTCOMES[header["outcome"]])(header, arrays)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise WireError(f"a damaged answer: {type(error).__name__}: {error}") from error
    return outcome


def _written(value: Any, arrays: list[WireArray]) -> Any:
    """A value as JSON has it; what it holds of arrays is added to `arrays`."""
    match value:
        case Tensor():
            arrays.append(pack(value))
            return len(arrays) - 1
        case numpy.ndarray():
            dtype = "bool" if value.dtype.kind == "b" else "float64"
            return _written(Tensor(dtype=dtype, array=numpy.asarray(value, dtype=dtype)), arrays)
        case Mapping():
            return {name: _written(part, arrays) for name, part in value.items()}
        case tuple() | list():
            return [_written(part, arrays) for part in value]
        case _ if is_dataclass(value):
            return {name: _written(getattr(value, name), arrays) for name in _names(value.__class__)}
    return value


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@cache
def _reader(kind: Any) -> Callable[[Any, Sequence[WireArray]], Any]:
    """What reads the value of an annotation's `kind` as it was written, with the arrays of its frame.

    A text in place of a value, as in a union, is itself.
    """
    origin, parts = get_origin(kind), get_args(kind)
    if origin is UnionType:
        other = _reader(parts[0])
        return lambda written, arrays: (
            written if written is None or isinstance(written, str) else other(written, arrays)
        )
    if kind is Tensor:
        return lambda written, arrays: unpack(arrays[written])
    if kind is numpy.ndarray:
        return lambda written, arrays: unpack(arrays[written]).array
    if origin is tuple:
        part = _reader(parts[0])
        return lambda written, arrays: tuple(part(each, arrays) for each in written)
    if origin is Mapping:
        part = _reader(parts[1])
        return lambda written, arrays: {name: part(each, arrays) for name, each in written.items()}
    if issubclass(kind, StrEnum):
        return lambda written, _: kind(written)
    if not is_dataclass(kind):
        return lambda written, _: written
    hints = get_type_hints(kind, localns={"numpy": numpy})
    readers = {field.name: _reader(hints[field.name]) for field in fields(kind)}
    construct: Any = kind
    return lambda written, arrays: construct(**{name: read(written[name], arrays) for name, read in readers.items()})
