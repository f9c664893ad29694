"""Arrays from npy, npz and safetensors files. No pickle; nothing is read before its shape has been checked again."""

import json
import math
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy
from numpy.lib import format as npy_format

from gradcmp.core.formats import SAFETENSORS_DTYPES
from gradcmp.numbers.bfloat16 import from_bits

MAX_HEADER_BYTES = 16 * 1024 * 1024


class ChangedFile(Exception):
    """The file is not, or is no longer, what the scenario was checked against; the message says how."""


def read_array(
    generator: str, arguments: Mapping[str, Any], folder: str, shape: tuple[int, ...] | None, max_bytes: int
) -> numpy.ndarray:
    """The array that a file specification names, bfloat16 as float32. Raises ChangedFile."""
    path = Path(folder, arguments[generator])
    try:
        if generator == "npy":
            with path.open("rb") as stream:
                return _npy(stream, shape, max_bytes)
        if generator == "npz":
            return _npz(path, arguments["key"], shape, max_bytes)
        return _safetensors(path, arguments["key"], shape, max_bytes)
    except (OSError, ValueError, KeyError, TypeError, EOFError, SyntaxError, RuntimeError, struct.error) as error:
        raise ChangedFile(f"`{arguments[generator]}` cannot be read: {error}") from error
    except (zipfile.BadZipFile, zlib.error) as error:
        raise ChangedFile(f"`{arguments[generator]}` is damaged: {error}") from error


def _check(found: tuple[int, ...], shape: tuple[int, ...] | None, item_bytes: int, max_bytes: int) -> None:
    if shape is not None and found != shape:
        raise ChangedFile(f"the file now holds shape {list(found)}; it held {list(shape)} when it was checked")
    if math.prod(found) * item_bytes > max_bytes:
        raise ChangedFile(f"the array of shape {list(found)} is larger than the limit")


def _npy(stream: IO[bytes], shape: tuple[int, ...] | None, max_bytes: int) -> numpy.ndarray:
    version = npy_format.read_magic(stream)
    read_header = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
    found, _, dtype = read_header(stream)
    _check(found, shape, dtype.itemsize, max_bytes)
    stream.seek(0)
    return numpy.asarray(npy_format.read_array(stream, allow_pickle=False))


def _npz(path: Path, key: str, shape: tuple[int, ...] | None, max_bytes: int) -> numpy.ndarray:
    with zipfile.ZipFile(path) as archive, archive.open(f"{key}.npy") as stream:
        return _npy(stream, shape, max_bytes)


def _safetensors(path: Path, key: str, shape: tuple[int, ...] | None, max_bytes: int) -> numpy.ndarray:
    """8 bytes of header length, a JSON header, then raw little-endian arrays at `data_offsets`."""
    with path.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        if length > MAX_HEADER_BYTES:
            raise ChangedFile("its header is too long")
        entry = json.loads(stream.read(length))[key]
        name = SAFETENSORS_DTYPES[entry["dtype"]]
        dtype = numpy.dtype("uint16" if name == "bfloat16" else name).newbyteorder("<")
        found = tuple(entry["shape"])
        _check(found, shape, dtype.itemsize, max_bytes)
        begin, end = entry["data_offsets"]
        if end - begin != math.prod(found) * dtype.itemsize or begin < 0:
            raise ChangedFile(f"the offsets of `{key}` do not fit its shape")
        stream.seek(8 + length + begin)
        data = stream.read(end - begin)
    if len(data) < end - begin:
        raise ChangedFile("it is cut short")
    array = numpy.frombuffer(data, dtype=dtype).reshape(found)
    if name == "bfloat16":
        return from_bits(array)
    return array
