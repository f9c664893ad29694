"""bfloat16, which NumPy lacks: carried as float32, stored as its 16 bits, which are the upper half of a float32's."""

from typing import Any

import numpy as np
import numpy.typing as npt

_QUIET_NAN = 0x00400000


def carrier(dtype: str) -> str:
    """The NumPy dtype that holds the numbers of `dtype`, exactly."""
    return "float32" if dtype == "bfloat16" else dtype


def to_bits(array: npt.NDArray[Any]) -> npt.NDArray[np.uint16]:
    """The bits of float32 numbers that are bfloat16, little-endian. Raises ValueError for others."""
    wide = np.ascontiguousarray(array, dtype="<f4").view("<u4").reshape(np.shape(array))
    nan = np.isnan(array)
    if bool(np.any((wide & 0xFFFF != 0) & ~nan)):
        raise ValueError("a bfloat16 array holds numbers that are not bfloat16")
    quiet = np.where(nan, wide | _QUIET_NAN, wide)  # a NaN whose payload lies in the lower half stays a NaN
    return (quiet >> 16).astype("<u2")


def from_bits(bits: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """The numbers, as float32."""
    return (np.ascontiguousarray(bits).astype(np.uint32) << 16).view(np.float32)
