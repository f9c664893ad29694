"""Shape rules beside NumPy's own."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcmp.program.primitives import PRIMITIVES
from gradcmp.program.shapes import RULES, ShapeError, broadcast, index_shape, result_shape

SHAPES = st.lists(st.integers(0, 3), max_size=4).map(tuple)
QUICK = settings(max_examples=150, derandomize=True, deadline=None)


def test_every_primitive_has_a_rule():
    assert {row.rule for row in PRIMITIVES.values()} == set(RULES)


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


@QUICK
@given(SHAPES, SHAPES)
def test_matmul_is_numpys(a, b):
    try:
        expected = numpy.matmul(numpy.zeros(a), numpy.zeros(b)).shape
    except ValueError:
        with pytest.raises(ShapeError):
            result_shape("matmul", [a, b], {})
    else:
        assert result_shape("matmul", [a, b], {}) == expected


@QUICK
@given(SHAPES.filter(bool), st.integers(-4, 3), st.booleans())
def test_reductions_are_numpys(shape, axis, keepdims):
    options = {"axis": axis, "keepdims": keepdims}
    try:
        expected = numpy.zeros(shape).sum(axis=axis, keepdims=keepdims).shape
    except ValueError:
        with pytest.raises(ShapeError):
            result_shape("reduction", [shape], options)
    else:
        assert result_shape("reduction", [shape], options) == expected


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


@pytest.mark.parametrize(
    ("rule", "shapes", "options", "expected"),
    [
        ("broadcast", [None, (3,)], {}, None),
        ("broadcast", [(None,), (3,)], {}, (3,)),
        ("broadcast", [(None,), (1,)], {}, (None,)),
        ("matmul", [(2, None), (3, 4)], {}, (2, 4)),
        ("reduction", [None], {"axis": None, "keepdims": False}, ()),
        ("reduction", [(None, 2)], {"axis": 1, "keepdims": False}, (None,)),
        ("concatenate", [(None, 2), (3, 2)], {"axis": 0}, (None, 2)),
        ("reshape", [(None,)], {"shape": (2, -1)}, (2, None)),
        ("transpose", [(2, None)], {"axes": None}, (None, 2)),
        ("squeeze", [(None, 1)], {"axis": None}, None),
        ("solve", [(2, None), (None,)], {}, (None,)),
        ("take", [(None, 4), (2,)], {"axis": 0}, (2, 4)),
    ],
)
def test_what_depends_on_the_run_refuses_nothing(rule, shapes, options, expected):
    assert result_shape(rule, shapes, options) == expected
