"""A case in this process: the fake backend's numbers under the right names."""

from __future__ import annotations

from dataclasses import replace

import numpy
import pytest

from gradcmp.backends.base import LoopNotFinished, NoSuchNotion, Settings, UnsupportedByFramework
from gradcmp.backends.fake.backend import FakeBackend
from gradcmp.core.operators import Operator
from gradcmp.worker.derive import derive
from gradcmp.worker.load import Loader
from tests.execute.fakes import GRADIENT, ask, tensor

TWO_OUTPUTS = 'import numpy\n\n\ndef f(x, p):\n    return {"a": numpy.dot(x, p["k"]), "b": numpy.sin(p["s"])}\n'
INPUTS = {"x": tensor([1.0, 2.0]), "p.k": tensor([3.0, 4.0]), "p.s": tensor(0.0)}


@pytest.fixture
def run(tmp_path):
    backend = FakeBackend(Settings())
    loader = Loader(backend, tmp_path)
    phases = []

    def run(request):
        phases.clear()
        computed = derive(backend, loader, request, device="cpu", progress=phases.append)
        return computed, list(phases)

    return run


def told(leaves):
    return {(leaf.of, leaf.wrt): leaf.tensor.array.tolist() for leaf in leaves}


def test_every_output_and_leaf_has_its_name(run):
    request = ask(source=TWO_OUTPUTS, inputs=INPUTS, wrt=("p.k", "p.s"), outputs=("a", "b"))
    computed, _ = run(request)
    assert told(computed.values) == {("a", ()): 11, ("b", ()): 0}
    assert told(computed.derivatives) == {
        ("a", ("p.k",)): [1, 2],
        ("a", ("p.s",)): 0,
        ("b", ("p.k",)): [0, 0],
        ("b", ("p.s",)): 1,
    }


def test_cotangents_go_to_their_outputs_and_tangents_to_their_leaves(run):
    common = {"source": TWO_OUTPUTS, "inputs": INPUTS, "wrt": ("p.k", "p.s"), "outputs": ("a", "b")}
    vjp = ask(operator=Operator.VJP, cotangents={"b": tensor(10.0), "a": tensor(2.0)}, **common)
    assert told(run(vjp)[0].derivatives) == {("", ("p.k",)): [2, 4], ("", ("p.s",)): 10}
    jvp = ask(operator=Operator.JVP, tangents={"p.s": tensor(5.0), "p.k": tensor([1.0, 0.0])}, **common)
    assert told(run(jvp)[0].derivatives) == {("a", ()): 1, ("b", ()): 5}
    ones = ask(operator=Operator.JVP, **common)
    assert told(run(ones)[0].derivatives) == {("a", ()): 3, ("b", ()): 1}
    everywhere = ask(operator=Operator.VJP, cotangents={"": tensor(3.0)}, **common)
    assert told(run(everywhere)[0].derivatives) == {("", ("p.k",)): [3, 6], ("", ("p.s",)): 3}


def test_a_jacobian_has_the_shape_of_output_and_leaf(run):
    source = "import numpy\n\n\ndef f(x):\n    return numpy.outer(x, x)\n"
    computed, _ = run(ask(source=source, operator=Operator.JACOBIAN, inputs={"x": tensor([1.0, 2.0])}))
    assert computed.derivatives[0].tensor.shape == (2, 2, 2)
    assert computed.derivatives[0].tensor.array[0, 1].tolist() == [2, 1]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_dtypes_are_reported_as_the_backend_gave_them(run, dtype):
    computed, _ = run(ask(inputs={"x": tensor([0, 1, 2, 3], dtype)}))
    assert computed.derivatives[0].tensor.dtype == dtype
    assert computed.derivatives[0].tensor.array.tolist() == GRADIENT


def test_a_value_has_no_derivatives(run):
    computed, _ = run(ask(operator=Operator.VALUE))
    assert computed.derivatives == ()
    assert computed.mode == "forward"


def test_a_loop_that_was_cut_off_is_no_result(run):
    source = "def f(x):\n    return (x * x).sum(), {}\n"
    assert told(run(ask(source=source.format("True"), finished=True))[0].values) == {("", ()): 14}
    with pytest.raises(LoopNotFinished):
        run(ask(source=source.format("False"), finished=True))


def test_protocols_go_to_the_backends_recordings(run):
    computed, _ = run(ask(protocol="accumulate"))
    assert computed.derivatives[0].tensor.array.tolist() == [3 * x for x in GRADIENT]
    with pytest.raises(RuntimeError, match="used up"):
        run(ask(protocol="backward_twice"))
    with pytest.raises(NoSuchNotion):
        run(ask(protocol="two_targets"))


def test_unknown_operators_and_modes_are_unsupported(run):
    with pytest.raises(UnsupportedByFramework, match="no hessian"):
        run(ask(operator=Operator.HESSIAN))
    with pytest.raises(UnsupportedByFramework, match="not by loop"):
        run(ask(mode="loop"))
    assert run(ask(mode="forward"))[0].mode == "forward"


class WithoutReverse(FakeBackend):
    """Cannot go backward; `notes` refuse `forward` too where the function is compiled."""

    def prepare(self, job):
        prepared = super().prepare(job)
        if job.mode == "reverse":
            raise UnsupportedByFramework("no reverse here\nbut a second line")
        if job.execution == "compiled":
            return replace(prepared, notes=nothing_was_compiled)
        return prepared


def nothing_was_compiled():
    raise UnsupportedByFramework("nothing was compiled")


def test_a_preferred_mode_that_is_not_there_gives_way_to_the_next_and_is_named(tmp_path):
    backend = WithoutReverse(Settings())
    loader = Loader(backend, tmp_path)

    def run(request):
        return derive(backend, loader, request, device="cpu", progress=lambda _: None)

    computed = run(ask())
    assert (computed.mode, computed.notes["not_reverse"]) == ("forward", "no reverse here")
    assert computed.derivatives[0].tensor.array.tolist() == GRADIENT
    with pytest.raises(UnsupportedByFramework, match="no reverse here"):
        run(ask(mode="reverse"))
    with pytest.raises(UnsupportedByFramework, match="no reverse here"):
        run(ask("compiled"))  # the preferred mode's words, not the last one's


def test_what_a_second_mode_raises_does_not_hide_that_the_preferred_one_is_not_there(tmp_path):
    backend = WithoutReverse(Settings())
    source = "def f(x):\n    raise ZeroDivisionError\n"
    with pytest.raises(UnsupportedByFramework, match="no reverse here"):
        derive(backend, Loader(backend, tmp_path), ask(source=source), device="cpu", progress=lambda _: None)


def test_a_second_mode_tells_that_a_loop_was_cut_off(tmp_path):
    backend = WithoutReverse(Settings())
    request = ask(source="def f(x):\n    return (x * x).sum(), False\n", finished=True)
    with pytest.raises(LoopNotFinished):
        derive(backend, Loader(backend, tmp_path), request, device="cpu", progress=lambda _: None)


def test_a_mode_that_raises_does_not_give_way(run):
    source = "def f(x):\n    raise ZeroDivisionError\n"
    with pytest.raises(ZeroDivisionError):
        run(ask(source=source))


def test_phases_are_told(run):
    assert run(ask("compiled"))[1] == ["compile", "run", "run"]
    assert run(ask(timing_s=0.01))[1] == ["run", "measure", "measure"]


def test_timing_brings_the_value_too_unless_it_is_the_value(run):
    timing = run(ask(timing_s=0.02))[0].timing
    assert len(timing.samples_s) >= 3
    assert len(timing.value_samples_s) >= 3
    timing = run(ask(timing_s=0.02, operator=Operator.VALUE))[0].timing
    assert len(timing.samples_s) >= 3
    assert timing.value_samples_s == ()
    assert run(ask())[0].timing.samples_s == ()


def test_complex_steps_are_derivatives(run):
    """The fake backend itself: d/dx of sin(x) exp(x) / x at 0.7, to the last digit but one."""
    source = "import numpy\n\n\ndef f(x):\n    return numpy.sin(x) * numpy.exp(x) / x\n"
    computed, _ = run(ask(source=source, inputs={"x": tensor(0.7, "float64")}))
    x = 0.7
    sine, cosine, power = numpy.sin(x), numpy.cos(x), numpy.exp(x)
    expected = power * (cosine + sine) / x - sine * power / x**2
    numpy.testing.assert_allclose(computed.derivatives[0].tensor.array, expected, rtol=1e-15)
