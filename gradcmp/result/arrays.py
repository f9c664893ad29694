"""Arrays in a result file: nested lists where they are small, an `.npz` beside the file where they are not."""

import io
import math
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy

from gradcmp.core.tensors import Tensor
from gradcmp.errors import Complaint, GradcmpError, UsageError
from gradcmp.numbers.bfloat16 import carrier, from_bits, to_bits
from gradcmp.result.records import ArrayRecord
from gradcmp.result.values import Data, Number, StoredArray

LARGEST_INLINE = 1000
"""Elements; a larger array goes to the `.npz`."""

_LOCAL_HEADER = struct.Struct("<4s5H3L2H")


class ArrayStore:
    """The `.npz` of a result file while it is written; created with the first array that needs it.

    Entries are stored, not compressed, and each is complete when `put` returns: what was written before a sudden end
    is found again by `read_array`, although a zip file's directory comes last.
    """

    def __init__(self, path: Path, name: str) -> None:
        """`path` is where it is written for now, `name` what it will be called beside the result file."""
        self.path = path
        self.name = name
        self._stream: BinaryIO | None = None
        self._archive: zipfile.ZipFile | None = None

    @property
    def empty(self) -> bool:
        return self._archive is None

    def put(self, key: str, tensor: Tensor) -> StoredArray:
        """Write an array and return what stands in place of `data`: the name, the key, and the Euclidean norm.

        Raises GradcmpError where the file cannot be written.
        """
        buffer = io.BytesIO()
        numpy.lib.format.write_array(buffer, _stored(tensor), allow_pickle=False)
        with self._told():
            if self._archive is None or self._stream is None:
                self.path.unlink(missing_ok=True)
                self._stream = self.path.open("xb")
                self._archive = zipfile.ZipFile(self._stream, "w", zipfile.ZIP_STORED)
            with buffer.getbuffer() as content:
                self._archive.writestr(f"{key}.npy", content)
            self._stream.flush()
        return StoredArray(self.name, key, Number(norm(tensor.array)))

    def close(self) -> None:
        """Complete the file. Raises GradcmpError where it cannot be written."""
        if self._archive is not None and self._stream is not None and not self._stream.closed:
            with self._told(), self._stream, self._archive:
                pass

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            complaint = Complaint(
                what=f"the arrays of the result cannot be written: {error.strerror or error}",
                where=str(self.path),
                hint="free some space there, or choose another file with -o",
            )
            raise GradcmpError(complaint) from error


def encode(tensor: Tensor, store: ArrayStore | None, key: str) -> Data:
    """`data` of a record: nested lists that follow the shape, or a reference into `store`."""
    if store is not None and tensor.array.size > LARGEST_INLINE:
        return store.put(key, tensor)
    values: Data = tensor.array.tolist()
    if not numpy.isfinite(tensor.array).all():
        values = plain(values)
    return values


def plain(value: Any) -> Any:
    """`value` as JSON has it: `"nan"`, `"inf"`, `"-inf"` for non-finite numbers, no tuples, nothing of NumPy."""
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, numpy.generic):
        return plain(value.item())
    if isinstance(value, numpy.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "items"):
        return {str(key): plain(item) for key, item in value.items()}
    return value


def norm(array: numpy.ndarray) -> float:
    """The Euclidean norm of all elements, without overflow on the way."""
    with numpy.errstate(invalid="ignore"):  # a signalling NaN is a NaN
        values = numpy.asarray(array, dtype=numpy.float64).ravel()
    scale = float(numpy.max(numpy.abs(values))) if values.size else 0.0
    if scale == 0.0 or not math.isfinite(scale):
        return scale
    return scale * float(numpy.linalg.norm(values / scale))


def read_array(array: ArrayRecord, file: Path, part: str = "data") -> Tensor | None:
    """An array of the result file `file`, or another `part` of a truth, bit for bit; None where there is none.

    Raises UsageError where the `.npz` is missing or damaged.
    """
    dtype, data = array.dtype or "float64", getattr(array, part)
    if data is None:
        return None
    if not isinstance(data, StoredArray):
        values = numpy.array(_finite_again(data), dtype=carrier(dtype)).reshape(array.lengths)
        return Tensor(dtype=dtype, array=values)
    stored = _read_entry(file, Path(data.npz).name, data.key)
    return Tensor(dtype=dtype, array=from_bits(stored) if dtype == "bfloat16" else stored)


def _stored(tensor: Tensor) -> numpy.ndarray:
    array = numpy.asarray(tensor.array, order="C")
    return to_bits(array) if tensor.dtype == "bfloat16" else array


def _finite_again(data: Any) -> Any:
    if isinstance(data, list):
        return [_finite_again(item) for item in data]
    return float(data) if isinstance(data, str) else data


def _read_entry(file: Path, name: str, key: str) -> numpy.ndarray:
    path = file.with_name(name)
    partial = file.with_name(f"{name}.partial")
    if file.name.endswith(".partial") and partial.exists():
        path = partial
    try:
        with path.open("rb") as stream:
            return _entry(stream, f"{key}.npy")
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        problem = Complaint(
            what=f"the array `{key}` cannot be read: {error}",
            where=str(path),
            hint="keep the .npz beside its result file",
        )
        raise UsageError(problem) from error


def _entry(stream: BinaryIO, name: str) -> numpy.ndarray:
    try:
        with zipfile.ZipFile(stream) as archive:
            content = archive.read(name)
    except zipfile.BadZipFile:
        content = _scan(stream, name)
    array: numpy.ndarray = numpy.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    return array


def _scan(stream: BinaryIO, name: str) -> bytes:
    """An entry of an archive that was never closed, found by its local header (PKWARE APPNOTE 4.3.7)."""
    stream.seek(0)
    while len(header := stream.read(_LOCAL_HEADER.size)) == _LOCAL_HEADER.size:
        signature, *_, size, name_length, extra_length = _LOCAL_HEADER.unpack(header)
        if signature != b"PK\x03\x04":
            break
        found = stream.read(name_length).decode()
        stream.seek(extra_length, 1)
        if found == name:
            content = stream.read(size)
            if len(content) == size:
                return content
            break
        stream.seek(size, 1)
    raise KeyError(name)
