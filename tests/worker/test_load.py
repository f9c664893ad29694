"""Source text becomes a function over flat arrays."""

from __future__ import annotations

import dataclasses
import inspect

import pytest

from gradcmp.backends.base import Settings
from gradcmp.backends.fake.backend import FakeBackend
from gradcmp.worker import load
from gradcmp.worker.load import Loader, call_text
from tests.execute.fakes import ask, tensor

ONE = tensor(1.0)


@pytest.fixture
def loader(tmp_path):
    return Loader(FakeBackend(Settings()), tmp_path)


SOLE = """\
def call(differentiated, fixed):
    outputs = function(differentiated[0])
    return (outputs,)
"""

TREE = """\
def call(differentiated, fixed):
    outputs = function(differentiated[1], {"d": {"k": fixed[0], "b": differentiated[0]}}, fixed[1])
    return (outputs[0], outputs[1],)
"""

BOUNDED = """\
def call(differentiated, fixed):
    outputs, finished = function(differentiated[0])
    return (outputs["loss"], outputs["aux"], finished)
"""


@pytest.mark.parametrize(
    ("inputs", "wrt", "outputs", "finished", "text"),
    [
        ("x", "x", ("",), False, SOLE),
        ("x p.d.k p.d.b n", "p.d.b x", ("0", "1"), False, TREE),
        ("x", "x", ("loss", "aux"), True, BOUNDED),
    ],
)
def test_the_call_is_written_out(inputs, wrt, outputs, finished, text):
    leaves = dict.fromkeys(inputs.split(), ONE)
    request = ask(inputs=leaves, wrt=tuple(wrt.split()), outputs=outputs, finished=finished)
    assert call_text(request).replace("'", '"') == text


def test_inputs_and_outputs_reach_their_names(loader):
    source = 'def f(x, p, n):\n    return {"a": x - p["d"]["k"], "b": p["b"] * n}\n'
    inputs = {"x": ONE, "p.d.k": ONE, "p.b": ONE, "n": ONE}
    request = ask(source=source, inputs=inputs, wrt=("p.b", "x"), outputs=("b", "a"))
    assert loader.function(request).call((5, 7), (2, 3)) == (15, 5)


def test_the_text_is_a_real_file_that_can_be_inspected(loader):
    function = loader.function(ask(source="def f(x):\n    return x\n"))
    assert "outputs = function(differentiated[0])" in inspect.getsource(function.call)
    assert inspect.getsource(function.call.__globals__["function"]) == "def f(x):\n    return x\n"


def test_the_same_case_gets_the_same_function_and_another_a_new_one(loader):
    first = loader.function(ask())
    assert loader.function(ask(case="again", timeout_s=1.0)) is first
    changes = [
        {"operator": "vjp"},
        {"execution": "compiled"},
        {"inputs": {"x": tensor([1.0, 2.0])}},
        {"inputs": {"x": tensor([0, 1, 2, 3], "float64")}},
        {"source": "def f(x):\n    return x\n"},
    ]
    others = [loader.function(ask(**change)) for change in changes]
    codes = {function.call.__code__.co_filename for function in (first, *others)}
    assert len(codes) == len(changes) + 1


def test_a_timed_case_gets_a_new_function_that_nothing_has_compiled(loader):
    first = loader.function(ask())
    second = loader.function(ask(timing_s=0.1))
    assert second is not first
    assert loader.function(ask(timing_s=0.1)) is not second


def test_files_and_functions_do_not_pile_up(loader, tmp_path, monkeypatch):
    monkeypatch.setattr(load, "KEPT", 4)
    for number in range(20):
        loader.function(ask(source=f"def f(x):\n    return {number}\n"))
        loader.function(ask(timing_s=0.1))
    assert len(list(tmp_path.glob("*.py"))) == 2 * 4


def test_an_error_while_loading_is_the_cases_own(loader):
    with pytest.raises(ZeroDivisionError):
        loader.function(ask(source="1 / 0\n"))
    with pytest.raises(AttributeError):
        loader.function(dataclasses.replace(ask(), entry="g"))
