"""What every backend shares: arrays of a result get their names, modes their order, loops their end."""

import numpy
import pytest

from gradcmp.backends.base import (
    Function,
    Job,
    LoopNotFinished,
    Settings,
    UnsupportedByFramework,
    check_finished,
    check_mode,
    labelled,
)
from gradcmp.backends.fake.backend import FakeBackend
from gradcmp.core.operators import Operator


def job(operator, mode=None):
    call = Function(lambda primals, fixed: (*primals, *fixed))
    return Job(
        operator=Operator(operator), mode=mode, execution="eager", device="cpu", function=call, primals=(), fixed=()
    )


@pytest.mark.parametrize(
    ("operator", "nested", "expected"),
    [
        ("value", (), {}),
        ("vjp", ("a", "b"), {(None, (0,)): "a", (None, (1,)): "b"}),
        ("jvp", ("a", "b"), {(0, ()): "a", (2, ()): "b"}),
        ("gradient", (("a", "b"), ("c", None)), {(0, (0,)): "a", (0, (1,)): "b", (2, (0,)): "c", (2, (1,)): None}),
        ("jacobian", (("a",), ("b",)), {(0, (0,)): "a", (2, (0,)): "b"}),
        ("hvp", (("a",), ("b",)), {(0, (0,)): "a", (2, (0,)): "b"}),
        ("hessian", ((("a", "b"), ("c", "d")),) * 2, {
            (of, wrt): name
            for of in (0, 2) for wrt, name in zip([(0, 0), (0, 1), (1, 0), (1, 1)], "abcd", strict=True)
        }),
    ],
)  # fmt: skip
def test_arrays_get_the_names_of_their_output_and_primals(operator, nested, expected):
    """Output 1 is an integer, so it has no derivatives."""
    found = labelled(Operator(operator), [0, 2], nested)
    assert {(d.of, d.wrt): d.array for d in found} == expected
    assert len(found) == len(expected)


def test_a_derivative_too_few_is_noticed():
    with pytest.raises(ValueError, match="shorter"):
        labelled(Operator.JVP, [0, 1], ("a",))


def test_the_first_mode_is_preferred_and_one_that_is_not_there_refused():
    backend = FakeBackend(Settings())
    assert check_mode(backend, job("gradient")) == "reverse"
    assert check_mode(backend, job("gradient", "forward")) == "forward"
    with pytest.raises(UnsupportedByFramework, match="fake computes gradient by reverse, forward, not by loop"):
        check_mode(backend, job("gradient", "loop"))
    with pytest.raises(UnsupportedByFramework, match="fake has no hessian"):
        check_mode(backend, job("hessian"))


def test_a_loop_that_was_cut_off_is_noticed():
    check_finished(None)
    check_finished(numpy.bool_(1))
    with pytest.raises(LoopNotFinished, match="max_iterations"):
        check_finished(numpy.bool_(0))
