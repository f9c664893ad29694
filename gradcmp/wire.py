"""Messages between parent and worker: length-prefixed JSON followed by raw little-endian arrays. No pickle.

A frame is 8 bytes of length (little-endian), a message's header and the list of its arrays as UTF-8 JSON, `{"header":
{"kind": "answer"}, "arrays": [{"dtype": "float32", "shape": [2, 3]}]}`, then the arrays' bytes one after the other.
bfloat16 travels as its 16 bits.
Interpreters and NumPy versions on the two sides may differ; standard library only.

parent → worker
    {"kind": "case", …}                     compute one case, see `messages.py`; the end of the stream is the end
worker → parent, after the bytes of `GREETING` (whatever an interpreter's start wrote before them is noise)
    {"kind": "ready", "format", "backend", "version", "python", "devices", "settings", "import_s"}
    {"kind": "failed", "message"}                     the framework could not be imported; the worker ends
    {"kind": "phase", "phase": "compile"|"run"|"measure"}    a case has begun, or goes on; timeouts count from here
    {"kind": "answer", "outcome", …}                  see `messages.py`
"""

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from gradcmp.core.formats import BYTES

FORMAT = 1
GREETING = b"\x00gradcmp worker\x00"
MAX_HEADER_BYTES = 64 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024

ITEM_BYTES: dict[str, int] = {**BYTES, "uint16": 2, "uint32": 4, "uint64": 8, "complex64": 8, "complex128": 16}
"""What can travel: the dtypes of problems, and others that a framework may answer with by mistake."""

_LENGTH = struct.Struct("<Q")


class WireError(Exception):
    """The other side sent something that is not a frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WireArray:
    """An array as bytes, C order, little-endian."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes | bytearray | memoryview

    @property
    def size_bytes(self) -> int:
        return ITEM_BYTES[self.dtype] * math.prod(self.shape)


def write_frame(stream: BinaryIO, header: Mapping[str, Any], arrays: Sequence[WireArray] = ()) -> None:
    """Write one frame and flush it. Raises OSError where the other side has gone."""
    listed = [{"dtype": array.dtype, "shape": list(array.shape)} for array in arrays]
    encoded = json.dumps({"header": header, "arrays": listed}).encode("ascii")  # escapes: lone surrogates have no UTF-8
    stream.write(_LENGTH.pack(len(encoded)) + encoded)
    for array in arrays:
        stream.write(array.data)
    stream.flush()


def read_frame(stream: BinaryIO) -> tuple[dict[str, Any], tuple[WireArray, ...]] | None:
    """The next frame, or None at the end of the stream. Raises WireError for what is not a frame."""
    prefix = stream.read(_LENGTH.size)
    if not prefix:
        return None
    if len(prefix) < _LENGTH.size:
        raise WireError("the stream ended inside a frame")
    (length,) = _LENGTH.unpack(prefix)
    if length > MAX_HEADER_BYTES:
        raise WireError(f"a header of {length} bytes is not a header")
    try:
        frame = json.loads(_exactly(stream, length))
        header: dict[str, Any] = {**frame["header"]}
        listed = [_listed(array) for array in frame["arrays"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise WireError(f"a damaged header: {error}") from error
    return header, tuple(
        WireArray(dtype=array.dtype, shape=array.shape, data=_exactly(stream, array.size_bytes)) for array in listed
    )


def read_greeting(stream: BinaryIO) -> bytes:
    """What came before the greeting. Raises WireError where none comes."""
    seen = b""
    while not seen.endswith(GREETING):
        byte = stream.read(1)
        if not byte or len(seen) > CHUNK_BYTES:
            raise WireError("no greeting")
        seen += byte
    return seen.removesuffix(GREETING)


def _listed(array: dict[str, Any]) -> WireArray:
    dtype, shape = array["dtype"], array["shape"]
    if dtype not in ITEM_BYTES or not all(type(length) is int and length >= 0 for length in shape):
        msg = f"no array has dtype {dtype!r} and shape {shape!r}"
        raise ValueError(msg)
    return WireArray(dtype=dtype, shape=tuple(shape), data=b"")


def _exactly(stream: BinaryIO, length: int) -> bytearray:
    """`length` bytes. In pieces: a damaged length must not make us reserve memory that never fills."""
    data = bytearray()
    while len(data) < length:
        piece = stream.read(min(length - len(data), CHUNK_BYTES))
        if not piece:
            raise WireError("the stream ended inside a frame")
        data += piece
    return data
