"""What an input is, in one line of a result file."""

import hashlib

import numpy

from gradcmp.core.tensors import Tensor
from gradcmp.numbers.bfloat16 import to_bits


def hash_tensor(tensor: Tensor) -> str:
    """`sha256:` of dtype, shape and numbers: `float32[2, 3]`, a zero byte, little-endian bytes in C order.

    bfloat16 counts as its 16 bits.
    """
    digest = hashlib.sha256(f"{tensor.dtype}{list(tensor.shape)}".encode() + b"\0")
    digest.update(_little_endian(tensor).tobytes())
    return f"sha256:{digest.hexdigest()}"


def _little_endian(tensor: Tensor) -> numpy.ndarray:
    array = tensor.array
    if tensor.dtype == "bfloat16":
        return to_bits(array)
    return array.astype(array.dtype.newbyteorder("<"), copy=False)
