"""Arithmetic on plain numbers."""

from __future__ import annotations

import pytest

from gradcmp.program.fold import FOLDS, CannotFold, fold
from gradcmp.program.primitives import PRIMITIVES


def test_only_primitives_are_computed():
    assert set(FOLDS) <= set(PRIMITIVES)


@pytest.mark.parametrize(
    ("primitive", "values", "expected"),
    [
        ("divide", [1, 4], 0.25),
        ("power", [2, 100], 2**100),
        ("power", [2, -1], 0.5),
        ("remainder", [-7, 3], 2),
        ("floor_divide", [-7, 2], -4),
        ("sigmoid", [-1000.0], 0.0),
        ("sigmoid", [1000.0], 1.0),
        ("clip", [5, 0, 3], 3),
        ("sign", [-2], -1),
        ("sign", [0.0], 0.0),
        ("rsqrt", [4], 0.5),
        ("add", [float("inf"), 1], float("inf")),
    ],
)
def test_values(primitive, values, expected):
    result = fold(primitive, values)
    assert (result, type(result)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("primitive", "values", "reason"),
    [
        ("power", [9, 9**9], "more than 4096 bits"),
        ("multiply", [2**4000, 2**4000], "more than 4096 bits"),
        ("add", [2**4096 - 1, 2**4096 - 1], "more than 4096 bits"),
        ("divide", [1, 0], "division by zero"),
        ("power", [0, -1], "division by zero"),
        ("exp", [1000], "too large"),
        ("multiply", [1e200, 1e200], "too large"),
        ("add", [2**2000, 0.5], "too large"),
        ("subtract", [float("inf"), float("inf")], "not a number"),
        ("sqrt", [-1], "`sqrt` is not defined at -1"),
        ("power", [-8, 0.5], "no such power"),
    ],
)
def test_what_has_no_value(primitive, values, reason):
    with pytest.raises(CannotFold, match=reason):
        fold(primitive, values)
