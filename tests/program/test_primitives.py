"""The catalogue as a whole."""

from __future__ import annotations

import ast

import pytest

from gradcmp.program.primitives import PRIMITIVES
from gradcmp.program.shapes import result_shape

DEMANDED = {"ddof": 1, "shape": (2, 1), "axis": 0}


@pytest.mark.parametrize("row", PRIMITIVES.values(), ids=lambda row: row.name)
def test_every_rule_takes_the_options_of_its_row_and_refuses_no_unknown_shape(row):
    options = {
        name: DEMANDED[name] if default is None else ast.literal_eval(default) for name, default in row.options.items()
    }
    result_shape(row.shape, [None] * len(row.operands), options)


@pytest.mark.parametrize(
    ("primitive", "shapes", "options", "expected"),
    [
        ("add", [None, (3,)], {}, None),
        ("add", [(None,), (3,)], {}, (3,)),
        ("add", [(None,), (1,)], {}, (None,)),
        ("matmul", [(2, None), (3, 4)], {}, (2, 4)),
        ("sum", [None], {"axis": None, "keepdims": False}, ()),
        ("sum", [(None, 2)], {"axis": 1, "keepdims": False}, (None,)),
        ("concatenate", [(None, 2), (3, 2)], {"axis": 0}, (None, 2)),
        ("reshape", [(None,)], {"shape": (2, -1)}, (2, None)),
        ("transpose", [(2, None)], {"axes": None}, (None, 2)),
        ("squeeze", [(None, 1)], {"axis": None}, None),
        ("solve", [(2, None), (None,)], {}, (None,)),
        ("take", [(None, 4), (2,)], {"axis": 0}, (2, 4)),
    ],
)
def test_what_depends_on_the_run_refuses_nothing(primitive, shapes, options, expected):
    assert result_shape(PRIMITIVES[primitive].shape, shapes, options) == expected
