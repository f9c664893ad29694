"""The types of single values in a result file, and how they stand in JSON."""

import json
import math
import sys
from typing import Annotated, Any, Literal

import msgspec

_NON_FINITE = ("nan", "inf", "-inf")
_LONGEST_QUOTE = 40
_LARGEST_WHOLE = 2**64  # of any integer dtype


class Number(float):
    """A float64. JSON has no NaN and no infinities: there they are `"nan"`, `"inf"` and `"-inf"`."""

    __slots__ = ()


class StoredArray(msgspec.Struct, frozen=True):
    """In place of the numbers of a large array: its key in the `.npz` beside the file, and its Euclidean norm."""

    npz: str
    key: str
    norm: Number


Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=sys.float_info.max)]
Place = Annotated[tuple[Count, ...], msgspec.Meta(max_length=64)]
"""Lengths of axes, or an index."""

Data = bool | int | float | Literal["nan", "inf", "-inf"] | list[Any] | StoredArray | None
"""Numbers in nested lists that follow the shape beside them, a bare one for a scalar."""


def number(value: float | None) -> Number | None:
    """`value`, of NumPy or not, as a record keeps it."""
    return None if value is None else Number(value)


def encode_value(value: object) -> object:
    """msgspec's `enc_hook`."""
    if isinstance(value, Number):
        return float(value) if math.isfinite(value) else str(float(value))
    raise NotImplementedError(f"{type(value)} in a record")


def decode_value(kind: type, value: Any) -> Number:
    """msgspec's `dec_hook`. Raises ValueError."""
    assert kind is Number
    if type(value) in (int, float) or value in _NON_FINITE:
        try:
            return Number(value)
        except OverflowError:
            return Number(math.inf if value > 0 else -math.inf)
    raise ValueError(f"expected a number, got {quoted(value)}")


def value_schema(kind: type) -> dict[str, Any]:
    """msgspec's `schema_hook`."""
    assert kind is Number
    return {"anyOf": [{"type": "number"}, {"enum": list(_NON_FINITE)}]}


def plain_record(record: object) -> Any:
    """A record as JSON has it: objects, lists, texts and finite numbers."""
    return msgspec.to_builtins(record, enc_hook=encode_value)


def to_json(record: object) -> str:
    """A record on one line. Not msgspec's own encoder: Python writes floats as ever, and halves of characters."""
    return json.dumps(plain_record(record), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def check_array(key: str, data: Data, shape: tuple[int, ...]) -> None:
    """Raise ValueError where `data` stands in the file and is no nested lists of numbers that follow `shape`."""
    if data is not None and not isinstance(data, StoredArray):
        _check_nested(key, data, shape)


def _check_nested(key: str, data: object, shape: tuple[int, ...]) -> None:
    if not shape:
        plain = type(data) in (float, bool) or (type(data) is int and abs(data) < _LARGEST_WHOLE)
        if not plain and data not in _NON_FINITE:
            raise ValueError(f"`{key}` holds {quoted(data)}, not a number")
        return
    if not isinstance(data, list) or len(data) != shape[0]:
        raise ValueError(f"`{key}` does not have the shape that stands beside it")
    if len(shape) == 1 and set(map(type, data)) == {float}:  # most are, and there may be a million of them
        return
    for item in data:
        _check_nested(key, item, shape[1:])


def quoted(value: object) -> str:
    """A value as it stands in the file, shortened for a message."""
    text = json.dumps(value)
    return f"`{text}`" if len(text) <= _LONGEST_QUOTE else f"`{text[:_LONGEST_QUOTE]}…`"
