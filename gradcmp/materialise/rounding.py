"""Correct rounding of float64 arrays into the narrower formats: once, ties to even."""

from __future__ import annotations

import numpy

from gradcmp.core.formats import FORMATS


def round_array(values: numpy.ndarray, dtype: str) -> numpy.ndarray:
    """float64 `values` rounded to the floating `dtype`; bfloat16 comes as float32 that holds it exactly.

    Element by element what `core.formats.FloatFormat.round` gives: `values` are counted in units of the last place
    (`frexp`, exact), rounded there to an integer (`rint`, the only rounding), and scaled back (exact).
    """
    form = FORMATS[dtype]
    carrier = "float32" if dtype == "bfloat16" else dtype
    values = numpy.asarray(values, dtype=numpy.float64)
    if dtype == "float64":
        return values
    with numpy.errstate(over="ignore", under="ignore", invalid="ignore"):
        exponent = numpy.maximum(numpy.frexp(values)[1] - 1, form.min_exponent)
        unit = exponent - (form.precision - 1)
        rounded = numpy.ldexp(numpy.rint(numpy.ldexp(values, -unit)), unit)
        rounded = numpy.where(numpy.abs(rounded) > form.largest, numpy.copysign(numpy.inf, values), rounded)
        rounded = numpy.where(numpy.isfinite(values), rounded, values)
        return rounded.astype(carrier)
