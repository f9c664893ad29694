"""Indexing beside NumPy's own."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcmp.program.indexing import index_shape
from gradcmp.program.shapes import ShapeError
from tests.program.shapes import QUICK, SHAPES

ITEMS = st.one_of(
    st.integers(-3, 2),
    st.just(...),
    st.none(),
    st.tuples(st.none() | st.integers(-4, 4), st.none() | st.integers(-4, 4), st.none() | st.integers(1, 3)),
)


@QUICK
@given(SHAPES, st.lists(ITEMS, max_size=4))
def test_indexing_is_numpys(shape, items):
    own = [slice(*i) if isinstance(i, tuple) else [i, i] if isinstance(i, int) else i for i in items]
    theirs = tuple(slice(*i) if isinstance(i, tuple) else i for i in items)
    try:
        expected = numpy.zeros(shape)[theirs].shape
    except IndexError:
        with pytest.raises(ShapeError):
            index_shape(shape, own)
    else:
        assert index_shape(shape, own) == expected
