"""The calls that modes stand for: every mode has one, and each of them is code that gives the derivative."""

import re
from pathlib import Path
from typing import Any

import numpy
import pytest

from gradcmp.backends.jax.backend import JaxBackend
from gradcmp.backends.jax.descriptor import JAX
from gradcmp.backends.tensorflow.backend import TensorFlowBackend
from gradcmp.backends.tensorflow.descriptor import TENSORFLOW
from gradcmp.backends.torch.backend import TorchBackend
from gradcmp.backends.torch.descriptor import TORCH

BACKENDS = ((TORCH, TorchBackend), (TENSORFLOW, TensorFlowBackend), (JAX, JaxBackend))
PAGE = Path(__file__).parents[2] / "docs" / "scenario-format.md"

X = numpy.array([0.5, -1.25, 2.0])
V = numpy.array([1.0, -2.0, 0.5])
COTANGENT = numpy.array([3.0, -1.0])
GRADIENT = 3 * X**2 + X[[1, 0, 0]] * X[[2, 2, 1]]
HESSIAN = numpy.array([[6 * X[0], X[2], X[1]], [X[2], 6 * X[1], X[0]], [X[1], X[0], 6 * X[2]]])
JACOBIAN = numpy.array([[X[1], X[0], 0.0], [0.0, 0.0, 2 * X[2]]])
EXPECTED = {
    "value": sum(X**3) + X[0] * X[1] * X[2], "gradient": GRADIENT, "hessian": HESSIAN, "hvp": HESSIAN @ V,
    "jacobian": JACOBIAN, "jvp": JACOBIAN @ V, "vjp": COTANGENT @ JACOBIAN,
}  # fmt: skip
OF_CUBIC = {"value", "gradient", "hessian", "hvp"}
"""Operators for which the function is `cubic`; for the others it gives x0 x1 and x2²."""


def cubic(x: Any) -> Any:
    return x[0] ** 3 + x[1] ** 3 + x[2] ** 3 + x[0] * x[1] * x[2]


def calls(descriptor: Any) -> list[Any]:
    return [pytest.param(*key, text, id="-".join(key)) for key, text in descriptor.load_modes().items()]


def check(operator: str, text: str, returned: Any) -> None:
    """A call may return the value first, or a tuple of one."""
    while isinstance(returned, tuple):
        returned = returned[-1]
    expected = EXPECTED[operator] @ V if "# for each unit vector" in text else EXPECTED[operator]
    numpy.testing.assert_allclose(returned, expected, rtol=1e-12)


@pytest.mark.parametrize(("descriptor", "backend"), BACKENDS, ids=[descriptor.name for descriptor, _ in BACKENDS])
def test_every_mode_has_a_call_and_those_tried_first_stand_first(descriptor: Any, backend: Any) -> None:
    modes = backend.modes
    assert list(descriptor.load_modes()) == [(operator, mode) for operator in modes for mode in modes[operator]]


@pytest.mark.frameworks
@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")  # PyTorch's own forward mode
@pytest.mark.parametrize(("operator", "mode", "text"), calls(TORCH))
def test_the_calls_of_pytorch(operator: str, mode: str, text: str) -> None:  # `mode` names the test
    torch = pytest.importorskip("torch")
    f = cubic if operator in OF_CUBIC else (
        lambda x: torch.stack([x[0] * x[1], x[2] ** 2]))  # fmt: skip
    names = {"torch": torch, "f": f, "v": torch.tensor(V), "cotangent": torch.tensor(COTANGENT)}
    recorded = "autograd.grad" in text
    returned = eval(text, {**names, "x": torch.tensor(X, requires_grad=recorded)})
    check(operator, text, returned)


@pytest.mark.frameworks
@pytest.mark.parametrize(("operator", "mode", "text"), calls(JAX))
def test_the_calls_of_jax(operator: str, mode: str, text: str) -> None:  # `mode` names the test
    jax = pytest.importorskip("jax")
    jnp = jax.numpy
    f = cubic if operator in OF_CUBIC else (
        lambda x: jnp.stack([x[0] * x[1], x[2] ** 2]))  # fmt: skip
    with jax.enable_x64(True):  # noqa: FBT003  # JAX's signature
        x = jnp.asarray(X)
        names = {"jax": jax, "jnp": jnp, "f": f, "x": x, "y": f(x), "v": jnp.asarray(V), "cotangent": COTANGENT}
        check(operator, text, eval(text, names))


@pytest.mark.frameworks
@pytest.mark.parametrize(("operator", "mode", "text"), calls(TENSORFLOW))
def test_the_calls_of_tensorflow(operator: str, mode: str, text: str) -> None:  # `mode` names the test
    tf = pytest.importorskip("tensorflow")
    f = cubic if operator in OF_CUBIC else (
        lambda x: tf.stack([x[0] * x[1], x[2] ** 2]))  # fmt: skip
    x, v = tf.constant(X), tf.constant(V)
    names: dict[str, Any] = {"f": f, "x": x, "v": v, "cotangent": COTANGENT, "ones": tf.ones(2, tf.float64)}
    with (
        tf.autodiff.ForwardAccumulator(x, v) as names["accumulator"],
        tf.GradientTape(persistent=True) as names["outer"],
    ):
        names["outer"].watch([x, names["ones"]])
        with tf.GradientTape(persistent=True) as names["tape"]:
            names["tape"].watch(x)
            names["y"] = f(x)
        returned = eval(text, names)
    check(operator, text, returned)


def test_the_page_has_the_calls_of_every_mode() -> None:
    """What is tried first is bold."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    tables = {descriptor.name: descriptor.load_modes() for descriptor, _ in BACKENDS}

    def cell(name: str, operator: str, mode: str) -> str:
        first = next(key for key in tables[name] if key[0] == operator)
        return (
            f"**`{tables[name][operator, mode]}`**"
            if first == (operator, mode)
            else f"`{tables[name][operator, mode]}`"
        )

    expected = [
        f"| `{operator}` by `{mode}` | {' | '.join(cell(name, operator, mode) for name in tables)} |"
        for operator, mode in tables["torch"]
        if operator != "value"
    ]
    assert [line for line in lines if re.match(r"\| `\w+` by `[\w-]+` \|", line)] == expected
