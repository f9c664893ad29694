"""Shapes of reductions beside NumPy's own."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcmp.program.primitives import PRIMITIVES
from gradcmp.program.shapes import ShapeError
from tests.program.shapes import QUICK, SHAPES


@QUICK
@given(SHAPES.filter(bool), st.integers(-4, 3), st.booleans())
def test_reductions_are_numpys(shape, axis, keepdims):
    options = {"axis": axis, "keepdims": keepdims}
    try:
        expected = numpy.zeros(shape).sum(axis=axis, keepdims=keepdims).shape
    except ValueError:
        with pytest.raises(ShapeError):
            PRIMITIVES["sum"].shape([shape], options)
    else:
        assert PRIMITIVES["sum"].shape([shape], options) == expected
