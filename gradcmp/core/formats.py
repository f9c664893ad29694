"""Floating-point formats and correct rounding into them, in plain Python.

Parameters are those of IEEE 754-2019 table 3.5 (binary16/32/64) and of bfloat16, which is binary32
with a significand of 8 bits.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatFormat:
    """`precision` is the significand in bits with the hidden one; `min_exponent` that of the smallest normal."""

    name: str
    precision: int
    min_exponent: int
    max_exponent: int

    @property
    def unit_roundoff(self) -> float:
        """u = 2**-precision, half the distance from 1 to the next number."""
        return math.ldexp(1.0, -self.precision)

    @property
    def largest(self) -> float:
        return math.ldexp(2.0 - math.ldexp(1.0, 1 - self.precision), self.max_exponent)

    @property
    def smallest_normal(self) -> float:
        return math.ldexp(1.0, self.min_exponent)

    def round(self, value: float) -> float:
        """`value` rounded to this format, ties to even, overflow to infinity.

        >>> FORMATS["float32"].round(0.1)
        0.10000000149011612
        """
        if value == 0.0 or not math.isfinite(value):
            return value
        if abs(value) >= math.ldexp(1.0, min(self.max_exponent + 1, 1023)) and self.precision < 53:
            return math.copysign(math.inf, value)
        exponent = max(math.frexp(value)[1] - 1, self.min_exponent)
        quantum_exponent = exponent - self.precision + 1
        rounded = math.ldexp(float(round(math.ldexp(value, -quantum_exponent))), quantum_exponent)
        if abs(rounded) > self.largest:
            return math.copysign(math.inf, value)
        return math.copysign(rounded, value)

    def beyond(self, values: Iterable[float]) -> float | None:
        """The first finite one of `values` that is infinite in this format; None where there is none."""
        large = (value for value in values if abs(value) > self.largest and math.isfinite(value))
        return next((value for value in large if math.isinf(self.round(value))), None)


FORMATS: dict[str, FloatFormat] = {
    "float16": FloatFormat(name="float16", precision=11, min_exponent=-14, max_exponent=15),
    "bfloat16": FloatFormat(name="bfloat16", precision=8, min_exponent=-126, max_exponent=127),
    "float32": FloatFormat(name="float32", precision=24, min_exponent=-126, max_exponent=127),
    "float64": FloatFormat(name="float64", precision=53, min_exponent=-1022, max_exponent=1023),
}

FLOAT_DTYPES: tuple[str, ...] = tuple(FORMATS)
INTEGER_LIMITS: dict[str, tuple[int, int]] = {
    **{f"int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
    "uint8": (0, 2**8 - 1),
}
DTYPES: tuple[str, ...] = (*FLOAT_DTYPES, *INTEGER_LIMITS, "bool")

SAFETENSORS_DTYPES: dict[str, str] = {
    "F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64",
    "I8": "int8", "I16": "int16", "I32": "int32", "I64": "int64", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip
"""The names in a safetensors file (https://github.com/huggingface/safetensors#format) → ours."""

BYTES: dict[str, int] = {
    "float16": 2, "bfloat16": 2, "float32": 4, "float64": 8,
    "int8": 1, "int16": 2, "int32": 4, "int64": 8, "uint8": 1, "bool": 1,
}  # fmt: skip


def kind_of(dtype: str) -> str:
    """`float`, `int` or `bool`."""
    return "float" if dtype in FORMATS else "bool" if dtype == "bool" else "int"
