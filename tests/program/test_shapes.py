"""Broadcasting beside NumPy's own."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcmp.program.shapes import ShapeError, broadcast
from tests.program.shapes import QUICK, SHAPES


@QUICK
@given(st.lists(SHAPES, min_size=1, max_size=3))
def test_broadcasting_is_numpys(shapes):
    try:
        expected = numpy.broadcast_shapes(*shapes)
    except ValueError:
        with pytest.raises(ShapeError):
            broadcast(shapes)
    else:
        assert broadcast(shapes) == expected
