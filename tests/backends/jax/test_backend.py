"""The JAX backend against closed forms, in both executions and every mode."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from gradcmp.backends.base import Function, Job, LoopNotFinished, NoSuchNotion, Settings, UnsupportedByFramework
from gradcmp.backends.jax.idioms import IDIOMS
from gradcmp.core.operators import MODES, OPERATORS, PROTOCOLS, Operator

jax: Any = None  # JAX and its modules, once a test runs
jnp: Any = None
lax: Any = None

pytestmark = pytest.mark.frameworks

EXECUTIONS = ("eager", "compiled")


@pytest.fixture(scope="module", autouse=True)
def _jax() -> None:
    """JAX, under the names that this module uses; imported when a test runs, not when pytest collects."""
    framework = pytest.importorskip("jax")
    globals().update(jax=framework, jnp=framework.numpy, lax=framework.lax)


@pytest.fixture(scope="module")
def backend() -> Any:
    from gradcmp.backends.jax.backend import JaxBackend

    return JaxBackend(Settings(threads=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A function with its gradient and Hessian by hand, over NumPy arrays."""

    name: str
    call: Callable[..., Any]
    primals: tuple[Any, ...]
    gradient: Callable[..., Any]
    hessian: Callable[..., Any]


X = [0.5, -1.25, 2.0]
A = [[4.0, 1.0], [1.0, 3.0]]

# One primal each; gradient (n,) and Hessian (n, n) of a scalar function.
SCALARS = [
    Example(name="2xx", call=lambda x: 2 * jnp.dot(x, x), primals=(X,), gradient=lambda x: 4 * x,
            hessian=lambda _: 4 * np.eye(3)),
    Example(name="sum", call=lambda x: jnp.sum(x), primals=(X,), gradient=np.ones_like, hessian=lambda _: np.zeros((3, 3))),
    Example(name="exp", call=lambda x: jnp.sum(jnp.exp(x)), primals=(X,), gradient=np.exp,
            hessian=lambda x: np.diag(np.exp(x))),
    Example(name="cube", call=lambda x: jnp.sum(x**3), primals=(X,), gradient=lambda x: 3 * x**2,
            hessian=lambda x: np.diag(6 * x)),
    Example(name="prod", call=lambda x: jnp.prod(x), primals=(X,), gradient=lambda x: np.prod(x) / x,
            hessian=lambda x: np.prod(x) / np.outer(x, x) * (1 - np.eye(3))),
    Example(name="norm", call=lambda x: jnp.linalg.norm(x), primals=(X,), gradient=lambda x: x / np.sqrt(x @ x),
            hessian=lambda x: (np.eye(3) - np.outer(x, x) / (x @ x)) / np.sqrt(x @ x)),
    Example(name="logsumexp", call=lambda x: jax.scipy.special.logsumexp(x), primals=(X,),
            gradient=lambda x: np.exp(x) / np.exp(x).sum(),
            hessian=lambda x: np.diag(s := np.exp(x) / np.exp(x).sum()) - np.outer(s, s)),
    Example(name="quadratic", call=lambda x: x @ jnp.asarray(A, x.dtype) @ x, primals=([0.5, 2.0],),
            gradient=lambda x: 2 * np.array(A) @ x, hessian=lambda _: 2 * np.array(A)),
    Example(name="rosenbrock", call=lambda x: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2, primals=([0.5, 0.75],),
            gradient=lambda x: np.array([-2 * (1 - x[0]) - 400 * x[0] * (x[1] - x[0] ** 2), 200 * (x[1] - x[0] ** 2)]),
            hessian=lambda x: np.array([[2 - 400 * x[1] + 1200 * x[0] ** 2, -400 * x[0]], [-400 * x[0], 200.0]])),
    Example(name="logistic", call=lambda x: jnp.sum(jax.nn.softplus(x)), primals=(X,),
            gradient=lambda x: 1 / (1 + np.exp(-x)), hessian=lambda x: np.diag(np.exp(x) / (1 + np.exp(x)) ** 2)),
    Example(name="detached", call=lambda x: jnp.sum(lax.stop_gradient(x * x) * x), primals=(X,),
            gradient=lambda x: x * x, hessian=lambda _: np.zeros((3, 3))),
    Example(name="logdet", call=lambda x: jnp.linalg.slogdet(jnp.diag(x))[1], primals=([0.5, 2.0],),
            gradient=lambda x: 1 / x, hessian=lambda x: np.diag(-1 / x**2)),
]  # fmt: skip


def function_of(call: Callable[..., Any], *, finished: bool = False) -> Function:
    """A function of the primals and the fixed inputs, in this order."""

    def flat(differentiated: tuple[Any, ...], fixed: tuple[Any, ...]) -> tuple[Any, ...]:
        outputs = call(*differentiated, *fixed)
        return outputs if isinstance(outputs, tuple) else (outputs,)

    return Function(flat, finished=finished)


def put(backend: Any, arrays: tuple[Any, ...], dtype: str = "float64") -> tuple[Any, ...]:
    return tuple(
        array
        if isinstance(array, jax.Array)
        else backend.to_device(np.array(array), dtype if np.array(array).dtype.kind == "f" else "int64", "cpu")
        for array in arrays
    )


def derive(
    backend: Any, operator: str, call: Any, primals: tuple[Any, ...], *, execution: str = "eager",
    mode: str | None = None, fixed: tuple[Any, ...] = (), dtype: str = "float64", finished: bool = False, **seeds: Any,
) -> tuple[list[np.ndarray], dict[tuple[Any, ...], np.ndarray]]:  # fmt: skip
    """Values, and derivatives by (output, *primals)."""
    prepared = backend.prepare(
        Job(
            operator=Operator(operator), mode=mode, execution=execution, device="cpu",
            function=call if isinstance(call, Function) else function_of(call, finished=finished),
            primals=put(backend, primals, dtype), fixed=put(backend, fixed, dtype),
            **{name: put(backend, arrays, dtype) for name, arrays in seeds.items()},
        )
    )  # fmt: skip
    prepared.run()
    result = prepared.run()  # the second run is the one that is timed
    backend.synchronize(result, "cpu")
    assert prepared.mode in MODES
    assert len({(d.of, *d.wrt) for d in result.derivatives}) == len(result.derivatives)
    return (
        [backend.to_numpy(value)[1] for value in result.values],
        {(d.of, *d.wrt): backend.to_numpy(d.array)[1] for d in result.derivatives},
    )


close = np.testing.assert_allclose


@pytest.mark.parametrize("execution", EXECUTIONS)
@pytest.mark.parametrize("example", SCALARS, ids=lambda example: example.name)
def test_every_operator_against_closed_forms(backend: Any, example: Example, execution: str) -> None:
    (x,) = (np.array(primal) for primal in example.primals)
    v = np.linspace(-1.0, 1.5, x.size)
    expected = {
        "gradient": {(0, 0): example.gradient(x)},
        "vjp": {(None, 0): 3.0 * example.gradient(x)},
        "jvp": {(0,): example.gradient(x) @ v},
        "jacobian": {(0, 0): example.gradient(x)},
        "hessian": {(0, 0, 0): example.hessian(x)},
        "hvp": {(0, 0): example.hessian(x) @ v},
    }
    seeds: dict[str, Any] = {"vjp": {"seeds": (3.0,)}, "jvp": {"seeds": (v,)}, "hvp": {"seeds": (v,)}}
    for operator, truth in expected.items():
        values, derivatives = derive(
            backend, operator, example.call, example.primals, execution=execution, **seeds.get(operator, {})
        )
        close(values[0], np.asarray(example.call(jnp.asarray(x))), rtol=1e-13)
        assert derivatives.keys() == truth.keys()
        for key, array in truth.items():
            assert derivatives[key].shape == np.shape(array)
            close(derivatives[key], array, rtol=1e-10, atol=1e-10, err_msg=operator)


@pytest.mark.parametrize("execution", EXECUTIONS)
def test_all_modes_agree_on_several_primals_outputs_and_fixed_inputs(backend: Any, execution: str) -> None:
    """Scalars of (w: (2, 3), b: (2,)) given x: (3,) and integer indices."""

    def call(w: Any, b: Any, x: Any, index: Any) -> Any:
        h = jnp.tanh(w @ x + b)
        return jnp.sum(h * h), h[index[0]] * b[1]

    primals = ([[0.1, -0.2, 0.3], [0.5, 0.25, -1.0]], [0.5, -0.25])
    fixed = ([1.0, 2.0, -0.5], [1])
    for operator in ("jvp", "jacobian", "hessian", "hvp"):
        results = {
            mode: derive(backend, operator, call, primals, fixed=fixed, mode=mode, execution=execution)[1]
            for mode in backend.modes[operator]
        }
        first, *others = results.values()
        pairs = [(0, 0), (0, 1), (1, 0), (1, 1)]
        blocks = {"jvp": [(0,), (1,)], "hessian": [(o, *p) for o in (0, 1) for p in pairs]}
        assert sorted(first) == blocks.get(operator, pairs)
        for other in others:
            for key, array in first.items():
                assert array.shape == other[key].shape
                close(other[key], array, rtol=1e-12, atol=1e-14)
    shapes = [(2, 3), (2,)]
    hessian = derive(backend, "hessian", call, primals, fixed=fixed, execution=execution)[1]
    hvp = derive(backend, "hvp", call, primals, fixed=fixed, execution=execution)[1]  # tangents of ones
    for of in (0, 1):
        for i in (0, 1):
            assert all(hessian[of, i, j].shape == shapes[i] + shapes[j] for j in (0, 1))
            rows = sum(hessian[of, i, j].reshape(*shapes[i], -1).sum(-1) for j in (0, 1))
            close(hvp[of, i], rows, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("execution", EXECUTIONS)
@pytest.mark.parametrize("mode", ["vectorized", "forward", "loop", "reverse"])
def test_jacobian_of_a_vector_function(backend: Any, execution: str, mode: str) -> None:
    x, y = np.array([0.5, 2.0]), np.array([1.0, -1.0, 3.0])
    values, derivatives = derive(
        backend, "jacobian", lambda x, y: (jnp.outer(x, y), x**2), (x, y), mode=mode, execution=execution
    )
    assert [value.shape for value in values] == [(2, 3), (2,)]
    close(derivatives[0, 0], np.einsum("ik,j->ijk", np.eye(2), y))
    close(derivatives[0, 1], np.einsum("i,jk->ijk", x, np.eye(3)))
    close(derivatives[1, 0], np.diag(2 * x))
    close(derivatives[1, 1], np.zeros((2, 3)))


@pytest.mark.parametrize("execution", EXECUTIONS)
def test_vjp_and_jvp_are_transposes(backend: Any, execution: str) -> None:
    def call(a: Any, b: Any) -> Any:
        return jnp.linalg.solve(a, b), jnp.sin(b) * jnp.linalg.det(a)

    random = np.random.RandomState(0)
    primals = (np.array(A), random.normal(size=2))
    tangents = (random.normal(size=(2, 2)), random.normal(size=2))
    cotangents = (random.normal(size=2), random.normal(size=2))
    pulled = derive(backend, "vjp", call, primals, seeds=cotangents, execution=execution)[1]
    pushed = derive(backend, "jvp", call, primals, seeds=tangents, execution=execution)[1]
    left = sum(np.vdot(cotangent, pushed[of,]) for of, cotangent in enumerate(cotangents))
    right = sum(np.vdot(pulled[None, i], tangent) for i, tangent in enumerate(tangents))
    close(left, right, rtol=1e-12)


@pytest.mark.parametrize("execution", EXECUTIONS)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_dtypes_go_through_every_operator(backend: Any, dtype: str, execution: str) -> None:
    for operator in OPERATORS:
        prepared = backend.prepare(
            Job(
                operator=Operator(operator), mode=None, execution=execution, device="cpu", fixed=(),
                function=function_of(lambda x: 2 * jnp.sum(x * x * x)), primals=put(backend, ([1.0, 2.0],), dtype),
            )
        )  # fmt: skip
        result = prepared.run()
        arrays = [*result.values, *(derivative.array for derivative in result.derivatives)]
        assert len(arrays) == (1 if operator == "value" else 2)
        for array in arrays:
            name, numbers = backend.to_numpy(array)
            assert name == dtype
            assert numbers.dtype == np.dtype("float32" if dtype == "bfloat16" else dtype)
    close(derive(backend, "gradient", lambda x: 2 * jnp.sum(x * x * x), ([1.0, 2.0],), dtype=dtype)[1][0, 0], [6, 24])


def test_arrays_come_back_bit_for_bit(backend: Any) -> None:
    for dtype in ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"):
        array = np.array([[0, 1], [1, 3]]).astype(dtype)
        name, back = backend.to_numpy(backend.to_device(array, dtype, "cpu"))
        assert name == dtype
        assert back.dtype == array.dtype
        np.testing.assert_array_equal(back, array)
    exact = np.array([1.0, 2.0**-130, 1.0078125], dtype="float32")  # bfloat16 travels as float32
    name, back = backend.to_numpy(backend.to_device(exact, "bfloat16", "cpu"))
    assert name == "bfloat16"
    np.testing.assert_array_equal(back, exact)


def test_to_device_keeps_no_hold_on_numpy(backend: Any) -> None:
    array = np.ones(1000)
    there = backend.to_device(array, "float64", "cpu")
    array[:] = 7.0
    assert float(there.sum()) == 1000.0


def test_integer_outputs_are_values_only(backend: Any) -> None:
    for execution in EXECUTIONS:
        values, derivatives = derive(
            backend, "gradient", lambda x: (jnp.argmax(x), jnp.sum(x * x)), (X,), execution=execution
        )
        assert values[0] == 2
        assert list(derivatives) == [(1, 0)]
        close(derivatives[1, 0], 2 * np.array(X))
        pulled = derive(
            backend, "vjp", lambda x: (jnp.argmax(x), jnp.sum(x * x)), (X,), seeds=(1, 2.0), execution=execution
        )[1]
        close(pulled[None, 0], 4 * np.array(X))


def doubling(a: Any) -> Any:
    """The notebook's function with Python's control flow: works on concrete values only."""
    b = a * 2
    while jnp.linalg.norm(b) < 1000:
        b = b * 2
    return b if jnp.sum(b) > 0 else 100 * b


def doubling_structured(a: Any) -> Any:
    b = lax.while_loop(lambda b: jnp.linalg.norm(b) < 1000, lambda b: b * 2, a * 2)
    return lax.cond(jnp.sum(b) > 0, lambda b: b, lambda b: 100 * b, b)


def doubling_bounded(bound: int) -> Any:
    def call(a: Any) -> Any:
        def step(b: Any, _: Any) -> Any:
            return lax.cond(jnp.linalg.norm(b) < 1000, lambda b: b * 2, lambda b: b, b), None

        b, _ = lax.scan(step, a * 2, None, length=bound)
        return lax.cond(jnp.sum(b) > 0, lambda b: b, lambda b: 100 * b, b), jnp.linalg.norm(b) >= 1000

    return call


@pytest.mark.parametrize("operator", ["gradient", "vjp", "jvp", "jacobian", "hessian", "hvp"])
def test_python_control_flow_works_eagerly_in_every_mode(backend: Any, operator: str) -> None:
    for mode in backend.modes[operator]:
        for a in (-0.3, 0.7):
            values, derivatives = derive(backend, operator, lambda a: doubling(a) * a, (a,), mode=mode)
            slope = values[0] / a**2  # the function is slope * a²
            (derivative,) = derivatives.values()
            close(derivative, 2 * slope if operator in ("hessian", "hvp") else 2 * slope * a, rtol=1e-12)


def test_reverse_mode_through_while_is_unsupported_in_jax_s_own_words(backend: Any) -> None:
    for operator in ("gradient", "vjp", "hessian", "hvp"):
        with pytest.raises(
            UnsupportedByFramework, match=r"^Reverse-mode differentiation does not work for lax.while_lo"
        ):
            derive(backend, operator, doubling_structured, (0.7,), execution="compiled")
    for operator, mode in (("jvp", None), ("jacobian", "forward")):  # forward mode does
        values, derivatives = derive(backend, operator, doubling_structured, (0.7,), execution="compiled", mode=mode)
        close(next(iter(derivatives.values())), values[0] / 0.7, rtol=1e-14)


@pytest.mark.parametrize("execution", EXECUTIONS)
def test_finished_flag_is_neither_reported_nor_differentiated(backend: Any, execution: str) -> None:
    for operator in ("value", "gradient", "jvp", "jacobian", "hessian"):
        values, derivatives = derive(
            backend, operator, doubling_bounded(20), (-0.3,), execution=execution, finished=True
        )
        assert len(values) == 1
        assert {key[0] for key in derivatives} <= {0, None}
    close(derive(backend, "gradient", doubling_bounded(20), (-0.3,), execution=execution, finished=True)[1][0, 0],
          2.0**12 * 100)  # fmt: skip
    for operator in ("value", "gradient", "hvp"):
        with pytest.raises(LoopNotFinished):
            derive(backend, operator, doubling_bounded(3), (-0.3,), execution=execution, finished=True)


def test_python_control_flow_under_jit_is_raised_not_unsupported(backend: Any) -> None:
    with pytest.raises(jax.errors.TracerBoolConversionError) as caught:
        derive(backend, "gradient", doubling, (0.7,), execution="compiled")
    assert not backend.is_unsupported(caught.value)
    assert not backend.is_unsupported(ValueError("boom"))
    assert not backend.is_unsupported(TypeError("UNIMPLEMENTED"))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(
    "call",
    [lambda a: jnp.linalg.inv(a), lambda a: jnp.linalg.cholesky(a), lambda a: jnp.linalg.solve(a, a[0])],
    ids=["inv", "cholesky", "solve"],
)
def test_half_precision_linear_algebra_is_unsupported(backend: Any, call: Any, dtype: str) -> None:
    with pytest.raises(UnsupportedByFramework, match=rf"^Unsupported dtype {dtype}"):
        derive(backend, "vjp", call, (A,), dtype=dtype)


def test_a_mode_that_jax_does_not_have_is_unsupported(backend: Any) -> None:
    with pytest.raises(UnsupportedByFramework, match="jax computes gradient by reverse, not by forward"):
        derive(backend, "gradient", jnp.sum, (X,), mode="forward")


def test_a_gradient_needs_a_scalar(backend: Any) -> None:
    with pytest.raises(TypeError, match="scalar outputs"):
        derive(backend, "gradient", jnp.sin, (X,))


def test_modes_are_those_of_the_vocabulary(backend: Any) -> None:
    assert set(backend.modes) == set(OPERATORS)
    assert {mode for modes in backend.modes.values() for mode in modes} <= set(MODES)
    from gradcmp.backends.jax import derivatives

    assert {(o, m) for o, modes in backend.modes.items() for m in modes} == set(derivatives._DERIVE)


@pytest.mark.parametrize("operator", ["gradient", "hvp", "vjp"])
def test_a_repeated_case_is_not_compiled_again_and_data_are_arguments(backend: Any, operator: str) -> None:
    traces = []
    phases: list[str] = []

    def call(x: Any) -> Any:
        traces.append(1)
        return jnp.sum(x**3)

    function = function_of(call)
    first = derive(backend, operator, function, ([1.0, 2.0],), execution="compiled")[1]
    counted = len(traces)
    second = derive(backend, operator, function, ([3.0, 4.0],), execution="compiled")[1]
    assert len(traces) <= counted + 1  # the shapes of the seeds may be asked for again; nothing is traced for the run
    (a,), (b,) = first.values(), second.values()
    assert (a != b).all()
    prepared = backend.prepare(
        Job(operator=Operator(operator), mode=None, execution="compiled", device="cpu", function=function, fixed=(),
            primals=put(backend, ([1.0, 2.0],)), progress=phases.append)
    )  # fmt: skip
    prepared.run()
    prepared.run()
    assert phases == ["compile", "run"]


def use(backend: Any, protocol: str, call: Any, primals: tuple[Any, ...], execution: str, **kw: Any) -> Any:
    return backend.protocol(
        Job(operator=Operator.GRADIENT, protocol=protocol, execution=execution, device="cpu", function=function_of(call, **kw), fixed=(),
                    primals=put(backend, primals))
    )  # fmt: skip


@pytest.mark.parametrize("execution", EXECUTIONS)
def test_every_protocol(backend: Any, execution: str) -> None:
    assert set(IDIOMS) == set(PROTOCOLS)
    x = np.array(X)
    for protocol in ("backward_twice", "backward_twice_retained", "vector_backward"):
        result = use(backend, protocol, lambda x: jnp.sum(x * x), (X,), execution)
        (derivative,) = result.derivatives
        assert (derivative.of, derivative.wrt) == (None, (0,))
        close(derivative.array, 2 * x)
        close(result.values[0], x @ x)
    for protocol in ("accumulate", "zero_between", "untracked_input"):
        with pytest.raises(NoSuchNotion):
            use(backend, protocol, lambda x: jnp.sum(x * x), (X,), execution)
    with pytest.raises(TypeError, match="Gradient only defined for scalar-output functions"):
        use(backend, "vector_backward", lambda x: x * x, (X,), execution)
    unused = use(backend, "unused_input", lambda x, _: jnp.sum(x * x), (X, [1.0, 2.0]), execution)
    close(unused.derivatives[0].array, 2 * x)
    close(unused.derivatives[1].array, np.zeros(2))
    targets = use(backend, "two_targets", lambda x: (jnp.sum(x * x), jnp.sum(x**3)), (X,), execution)
    assert [(d.of, d.wrt) for d in targets.derivatives] == [(0, (0,)), (1, (0,))]
    close(targets.derivatives[0].array, 2 * x)
    close(targets.derivatives[1].array, 3 * x**2)
    with pytest.raises(ValueError, match="two floating outputs"):
        use(backend, "two_targets", jnp.sum, (X,), execution)
    with pytest.raises(LoopNotFinished):
        use(backend, "backward_twice", doubling_bounded(3), (0.3,), execution, finished=True)


def test_settings_are_read_back(backend: Any) -> None:
    settings = backend.settings()
    assert settings["x64"] is True
    assert settings["matmul_precision"] == "highest"
    assert settings["tf32"] is False
    assert settings["flush_denormals"] is True  # as XLA does on a CPU
    assert settings["platform"] == "cpu"
    assert backend.devices()[0] == "cpu"
    assert backend.version() == jax.__version__
    with pytest.raises(UnsupportedByFramework, match="no device cuda:7"):
        backend.to_device(np.ones(1), "float32", "cuda:7")


def test_the_threads_are_those_that_were_asked_for() -> None:
    """In a process of its own: the pool is as large as whoever started it first wished, and TensorFlow has such too."""
    told = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, timeout=120, check=True)
    assert told.stdout.strip() in ("3", "None")  # None where the system does not tell


THREADS = """
from gradcmp.backends.base import Settings
from gradcmp.backends.jax.backend import JaxBackend
backend = JaxBackend(Settings(threads=3))
backend.devices()
print(backend.settings()["threads"])
"""


def test_an_absent_device_of_its_own_is_none_of_its_devices(backend: Any) -> None:
    """The worker starts and skips what asks for the device, instead of dying."""
    absent = type(backend)(Settings(threads=1, device="cuda:7"))
    assert "cuda:7" not in absent.devices()


NOTEBOOK = """\
def f(a):
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    if b.sum() > 0:
        c = b
    else:
        c = 100 * b
    return c
"""

COUNTED = """\
def f(x):
    n = 0
    t = 1.0
    while n < 5:
        t = t * 0.5 if t > 0.1 else t
        x = x * x * t + n
        n = n + 1
    return sum(x) / n
"""


def lowered(text: str, *, name: str, shape: tuple[int, ...], lowering: str, bound: int | None = None) -> Function:
    """A function of one float64 input, through the language and JAX's spelling."""
    from gradcmp.backends.jax.spelling import SPELLING
    from gradcmp.errors import Location
    from gradcmp.program.check import check
    from gradcmp.program.ir import ArrayType
    from gradcmp.program.lower import lower
    from gradcmp.program.parse import parse

    leaves = {name: ArrayType(kind="float", dtype="float64", shape=shape)}
    checked = check(parse(text, location=Location(file="f.yaml", line=1)), leaves, dtype="float64")
    result = lower(checked, SPELLING, lowering=lowering, max_iterations=bound)
    namespace: dict[str, Any] = {}
    exec(result.source, namespace)

    def call(*primals: Any) -> Any:
        outputs = namespace[result.entry](*primals)
        return outputs if result.finished else (outputs,)

    return function_of(call, finished=result.finished)


@pytest.mark.parametrize("a", [0.7, -0.3])
def test_the_notebook_s_function_through_the_language(backend: Any, a: float) -> None:
    slopes = []
    for execution, lowering, bound in (("eager", "python", None), ("compiled", "structured", 30)):
        function = lowered(NOTEBOOK, name="a", shape=(), lowering=lowering, bound=bound)
        values, derivatives = derive(backend, "gradient", function, (a,), execution=execution)
        close(derivatives[0, 0], values[0] / a, rtol=1e-15)
        slopes.append(float(derivatives[0, 0]))
    assert slopes[0] == slopes[1] == 2.0 ** (11 if a > 0 else 12) * (1 if a > 0 else 100)
    unbounded = lowered(NOTEBOOK, name="a", shape=(), lowering="structured")
    with pytest.raises(UnsupportedByFramework, match="Reverse-mode differentiation does not work"):
        derive(backend, "gradient", unbounded, (a,), execution="compiled")
    assert derive(backend, "jvp", unbounded, (a,), execution="compiled")[1][0,] == slopes[0]
    short = lowered(NOTEBOOK, name="a", shape=(), lowering="structured", bound=5)
    with pytest.raises(LoopNotFinished):
        derive(backend, "gradient", short, (a,), execution="compiled")


def test_numbers_that_a_loop_carries(backend: Any) -> None:
    """Both lowerings compute the same; the derivative is that of differences."""
    x = np.array([0.3, -0.6])
    results = []
    for execution, lowering, bound in (("eager", "python", None), ("compiled", "structured", 8)):
        function = lowered(COUNTED, name="x", shape=(2,), lowering=lowering, bound=bound)
        values, derivatives = derive(backend, "gradient", function, (x,), execution=execution)
        assert values[0].dtype == derivatives[0, 0].dtype == np.float64
        results.append(derivatives[0, 0])
        for i in range(2):
            step = 1e-6 * np.eye(2)[i]
            above, below = (
                derive(backend, "value", function, (x + s,), execution=execution)[0][0] for s in (step, -step)
            )
            close(derivatives[0, 0][i], (above - below) / 2e-6, rtol=1e-5)
    close(results[0], results[1], rtol=1e-14)
