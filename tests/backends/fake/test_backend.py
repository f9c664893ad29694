"""The fake backend, which the tests of the whole program lean on."""

from __future__ import annotations

from types import SimpleNamespace

import numpy
import pytest

from gradcmp.backends.base import Function, Job, Settings
from gradcmp.backends.fake.backend import FakeBackend
from gradcmp.backends.fake.derivatives import typed
from gradcmp.backends.fake.descriptor import BEHAVIOURS, COMPILING, FAKE
from gradcmp.backends.fake.misdeeds import MISDEEDS, SPOILERS
from gradcmp.backends.fake.spelling import SPELLING
from gradcmp.core.operators import Operator
from gradcmp.program.primitives import PRIMITIVES
from gradcmp.program.spelling import Application, Fragment
from gradcmp.registry import VARIABLE, load_registry


def test_it_comes_in_through_the_variable(monkeypatch):
    assert "fake" not in load_registry().descriptors
    monkeypatch.setenv(VARIABLE, "gradcmp.backends.fake.descriptor:FAKE")
    assert load_registry().descriptors["fake"] is FAKE
    assert load_registry().descriptors["fake"].load_spelling() is SPELLING


def test_every_behaviour_that_is_described_is_built():
    assert set(SPOILERS) | set(MISDEEDS) | {"right", "noisy"} == set(BEHAVIOURS)
    assert set(COMPILING) <= {execution.name for execution in FAKE.executions if execution.compiles}


def derivative(execution, operator=Operator.GRADIENT, x=(1.0, 2.0), function=lambda x: (x**3).sum()):
    backend = FakeBackend(Settings())
    job = Job(
        operator=Operator(operator),
        mode=None,
        execution=execution,
        device="cpu",
        function=Function(call=lambda differentiated, _: (function(*differentiated),)),
        primals=(backend.to_device(numpy.array(x), "float32", "cpu"),),
        fixed=(),
    )
    return backend.prepare(job).run().derivatives[0].array


@pytest.mark.parametrize("execution", sorted(set(SPOILERS) - {"transposed", "missing"}))
def test_every_planted_fault_is_one(execution):
    right, spoilt = derivative("right"), derivative(execution)
    same = (spoilt.dtype, spoilt.shape) == (right.dtype, right.shape) and numpy.array_equal(spoilt, right)
    assert not same


def test_a_transposed_jacobian_keeps_its_shape():
    matrix = numpy.array([[1.0, 2.0], [3.0, 4.0]])
    right = derivative("right", "jacobian", function=lambda x: matrix @ x)
    assert right.tolist() == matrix.tolist()
    assert derivative("transposed", "jacobian", function=lambda x: matrix @ x).tolist() == matrix.T.tolist()


def test_a_scalar_primal_keeps_its_shape_through_every_fault():
    for execution in ("right", "wrong", "sign", "zero", "nan", "one_element"):
        array = derivative(execution, x=2.0, function=lambda x: x**3)
        assert (array.shape, array.dtype_name) == ((), "float32")


def test_rounding_to_bfloat16_is_to_nearest_even():
    values = [1.0, 1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-20, -(1 + 2**-8)]
    assert typed(values, "bfloat16").tolist() == [1.0, 1.0, 1 + 2**-6, 1 + 2**-7, -1.0]


POINT = numpy.array([0.3, 0.6])
OPTIONS = {"axis": None, "keepdims": False, "axes": None, "shape": (2, 1)}


@pytest.mark.parametrize("primitive", sorted(SPELLING.primitives))
def test_every_spelling_is_numpy_text_through_which_a_complex_step_goes(primitive):
    """The step's derivative in the direction of ones equals a central difference."""
    row = PRIMITIVES[primitive]
    matrix = primitive in {"trace", "det", "inv", "cholesky", "solve", "tril", "triu", "transpose"}
    boolean = "float" not in row.kinds

    def evaluate(x):
        environment = {"numpy": numpy, "x": x > 0 if boolean else x}
        names = [Fragment("x", True)] * len(row.operands)  # noqa: FBT003  # the field is called `atomic`
        if row.operands and row.operands[0].startswith("["):
            names, options = [Fragment("[x, x]", True)], OPTIONS | {"axis": 0}  # noqa: FBT003
        else:
            options = OPTIONS
        application = Application(
            primitive=primitive,
            operands=tuple(names),
            arrays=tuple(names),
            options=options,
            types=(),
            result=SimpleNamespace(),
            dtype="float64",
        )
        spell = SPELLING.primitives[primitive]
        text = spell.format(*names, **options) if isinstance(spell, str) else spell(application)
        return numpy.asarray(eval(text, environment))

    point = numpy.array([[0.9, 0.2], [0.1, 0.7]]) if matrix else POINT
    if primitive == "arccosh":
        point = point + 1
    if boolean:
        assert evaluate(point).dtype == bool
        return
    step, difference = 1e-100, 1e-6
    exact = numpy.imag(evaluate(point + 1j * step)) / step
    numerical = (evaluate(point + difference) - evaluate(point - difference)) / (2 * difference)
    if primitive == "stop_gradient":
        numerical = numpy.zeros_like(point)
    numpy.testing.assert_allclose(exact, numerical, rtol=1e-6, atol=1e-8)


def test_data_dependent_control_flow_decides_by_the_real_part():
    def function(x):
        b = x * 2
        while numpy.sqrt(numpy.sum(b**2)) < 1000:
            b = b * 2
        return numpy.sum(b if numpy.sum(b) > 0 else 100 * b)

    assert derivative("right", function=function).tolist() == [512, 512]
    assert derivative("right", x=(-1.0, -2.0), function=function).tolist() == [51200, 51200]
