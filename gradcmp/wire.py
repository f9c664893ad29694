"""Messages between parent and worker: length-prefixed JSON headers followed by raw little-endian arrays. No pickle.

A frame is 8 bytes of header length (little-endian), the header as UTF-8 JSON, then the arrays' bytes one after the
other, as the header's `arrays` lists them: `{"dtype": "float32", "shape": [2, 3]}`. bfloat16 travels as its 16 bits.
Interpreters and NumPy versions on the two sides may differ; standard library only.

parent → worker
    {"kind": "case", …CaseMessage}          compute one case
    {"kind": "stop"}                         end
worker → parent
    {"kind": "ready", "format", "backend", "version", "python", "devices", "settings", "import_s"}
    {"kind": "failed", "message", "output_tail"}      the framework could not be imported; the worker ends
    {"kind": "phase", "phase": "compile"|"run"}       a case has begun, or goes on; timeouts count from here
    {"kind": "answer", "outcome", …}                  see `worker/serve.py`
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from gradcmp.core.formats import BYTES

FORMAT = 1
MAX_HEADER_BYTES = 64 * 1024 * 1024

_LENGTH = struct.Struct("<Q")


class WireError(Exception):
    """The other side sent something that is not a frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WireArray:
    """An array as bytes, C order, little-endian."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes | memoryview

    @property
    def size_bytes(self) -> int:
        size = BYTES[self.dtype]
        for length in self.shape:
            size *= length
        return size


def write_frame(stream: BinaryIO, header: dict[str, Any], arrays: Sequence[WireArray] = ()) -> None:
    """Write one frame and flush it. Raises OSError where the other side has gone."""
    listed = [{"dtype": array.dtype, "shape": list(array.shape)} for array in arrays]
    encoded = json.dumps({**header, "arrays": listed}, ensure_ascii=False).encode()
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
        header = json.loads(_exactly(stream, length))
        listed = [WireArray(dtype=a["dtype"], shape=tuple(a["shape"]), data=b"") for a in header.pop("arrays")]
    except (ValueError, KeyError, TypeError) as error:
        raise WireError(f"a damaged header: {error}") from error
    return header, tuple(
        WireArray(dtype=array.dtype, shape=array.shape, data=_exactly(stream, array.size_bytes)) for array in listed
    )


def _exactly(stream: BinaryIO, length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise WireError("the stream ended inside a frame")
    return data
