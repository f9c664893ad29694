"""Shapes of products beside NumPy's own."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import given

from gradcmp.program.primitives import PRIMITIVES
from gradcmp.program.shapes import ShapeError
from tests.program.shapes import QUICK, SHAPES


@QUICK
@given(SHAPES, SHAPES)
def test_matmul_is_numpys(a, b):
    try:
        expected = numpy.matmul(numpy.zeros(a), numpy.zeros(b)).shape
    except ValueError:
        with pytest.raises(ShapeError):
            PRIMITIVES["matmul"].shape([a, b], {})
    else:
        assert PRIMITIVES["matmul"].shape([a, b], {}) == expected
