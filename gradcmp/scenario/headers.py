"""Dtypes and shapes of arrays in files, from their headers alone: no array is read, no NumPy imported.

Formats: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html (npy; npz is a zip of them) and
https://github.com/huggingface/safetensors#format.
"""

import ast
import json
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from gradcmp.core.formats import SAFETENSORS_DTYPES

MAX_HEADER_BYTES = 16 * 1024 * 1024
MAX_ARRAYS = 10_000

_NPY_DTYPES = {
    "f2": "float16", "f4": "float32", "f8": "float64",
    "i1": "int8", "i2": "int16", "i4": "int32", "i8": "int64", "u1": "uint8", "b1": "bool",
}  # fmt: skip


_DAMAGED = (
    ValueError, KeyError, TypeError, SyntaxError, MemoryError, RecursionError, EOFError, IndexError, struct.error,
    zlib.error,
)  # fmt: skip
"""What the standard library raises for bytes that are not what they should be."""


class UnreadableFile(Exception):
    """The file is not what its name says, or holds what gradcmp does not take; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    dtype: str
    shape: tuple[int, ...]


def read_headers(kind: str, path: Path) -> dict[str, Header]:
    """Name → header of every array in a file of `kind` (npy, npz, safetensors); an npy file's sole array is `""`.

    Raises UnreadableFile.
    """
    if path.exists() and not path.is_file():  # opening a pipe would wait for ever
        raise UnreadableFile("it is not a file")
    reader = {"npy": _npy, "npz": _npz, "safetensors": _safetensors}[kind]
    try:
        return reader(path)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:  # zipfile: encrypted, odd methods
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableFile(f"it cannot be read: {reason}") from error
    except _DAMAGED as error:
        raise UnreadableFile(f"it is not a valid {kind} file") from error


def _npy(path: Path) -> dict[str, Header]:
    with path.open("rb") as stream:
        return {"": _npy_header(stream)}


def _npz(path: Path) -> dict[str, Header]:
    headers: dict[str, Header] = {}
    with zipfile.ZipFile(path) as archive:
        members = [name for name in archive.namelist() if name.endswith(".npy")]
        if not members or len(members) > MAX_ARRAYS:
            raise UnreadableFile(f"it holds {len(members)} arrays, not 1 to {MAX_ARRAYS}")
        for name in members:
            with archive.open(name) as stream:
                headers[name.removesuffix(".npy")] = _npy_header(stream, f" of `{name.removesuffix('.npy')}`")
    return headers


def _npy_header(stream: IO[bytes], whose: str = "") -> Header:
    prefix = stream.read(8)
    if prefix[:6] != b"\x93NUMPY":
        raise UnreadableFile("it is not a valid npy file")
    form = "<H" if prefix[6] == 1 else "<I"
    (length,) = struct.unpack(form, stream.read(struct.calcsize(form)))
    if length > 65536:
        raise UnreadableFile("its header is too long")
    header: dict[str, Any] = ast.literal_eval(stream.read(length).decode("latin1"))
    descr = header["descr"]
    if not isinstance(descr, str) or re.fullmatch(r"[<>|=]?[a-z]\d+", descr) is None or descr[-2:] not in _NPY_DTYPES:
        shown = descr if isinstance(descr, str) else "a structured type"
        raise UnreadableFile(f"the dtype{whose} is `{shown}`, which gradcmp does not take")
    return Header(dtype=_NPY_DTYPES[descr[-2:]], shape=_shape(header["shape"]))


def _safetensors(path: Path) -> dict[str, Header]:
    with path.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        if length > MAX_HEADER_BYTES:
            raise UnreadableFile("its header is too long")
        entries: dict[str, Any] = json.loads(stream.read(length))
    headers: dict[str, Header] = {}
    for name, entry in entries.items():
        if name == "__metadata__":
            continue
        if entry["dtype"] not in SAFETENSORS_DTYPES:
            raise UnreadableFile(f"the dtype of `{name}` is `{entry['dtype']}`, which gradcmp does not take")
        headers[name] = Header(dtype=SAFETENSORS_DTYPES[entry["dtype"]], shape=_shape(entry["shape"]))
    if not headers or len(headers) > MAX_ARRAYS:
        raise UnreadableFile(f"it holds {len(headers)} arrays, not 1 to {MAX_ARRAYS}")
    return headers


def _shape(value: Any) -> tuple[int, ...]:
    shape = tuple(value)
    if not all(type(length) is int and length >= 0 for length in shape):
        raise UnreadableFile("a shape in it is not a list of lengths")
    return shape
