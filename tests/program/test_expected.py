"""The names that an expectation may use are those that its truth is computed from."""

from __future__ import annotations

import pytest

from gradcmp.errors import UsageError
from gradcmp.program.expected import check_expectation, result_paths
from tests.program.language import checked, parsed
from tests.session.test_expectations import derivative, expression


@pytest.mark.parametrize(
    ("function", "paths"),
    [
        ("sum(x)", {"": "result"}),
        ("x, a", {}),
        ("return {'loss': sum(x), 'last': x}", {"loss": "result.loss", "last": "result.last"}),
    ],
)
def test_what_the_outputs_are_called(function, paths):
    assert result_paths(checked(function)) == paths


def test_an_input_of_that_name_is_the_input():
    function = checked("2 * result", leaves={"result": checked("a").outputs[0][1]})
    assert result_paths(function) == {}
    assert check_expectation(parsed("result"), function).outputs == function.outputs


def test_a_name_that_is_neither():
    with pytest.raises(UsageError, match="`y` is not defined"):
        check_expectation(parsed("y"), checked("sum(x)"))


@pytest.mark.parametrize("key", ["s", "t"])
def test_an_output_with_a_key_is_part_of_the_result(key):
    (leaf,) = derivative(
        {"s": expression(f"result.{key} / x")}, function="return {'s': 3 * x, 't': x * x}", arrays={"x": 0.5}
    )
    assert leaf.high.tolist() == {"s": 3.0, "t": 0.5}[key]
