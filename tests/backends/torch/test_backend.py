"""PyTorch: derivatives against closed forms, protocols, compiled execution, conversions."""

from __future__ import annotations

import math
from typing import Any

import numpy
import pytest

from gradcmp.backends.base import Function, Job, LoopNotFinished, NoSuchNotion, Settings, UnsupportedByFramework
from gradcmp.backends.torch.backend import TorchBackend
from gradcmp.backends.torch.idioms import IDIOMS
from gradcmp.core.formats import DTYPES
from gradcmp.core.operators import MODES, OPERATORS, PROTOCOLS, Operator

torch: Any = None  # PyTorch, once a test runs

pytestmark = [
    pytest.mark.frameworks,
    pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning"),  # PyTorch's own forward mode
    pytest.mark.filterwarnings("ignore::FutureWarning:torch"),  # PyTorch's own compiler calls what it deprecates
    pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning"),  # Dynamo looks
]


@pytest.fixture(scope="module", autouse=True)
def _torch():
    """PyTorch, under the name that this module uses; imported when a test runs, not when pytest collects."""
    globals()["torch"] = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def backend():
    return TorchBackend(Settings(threads=1))


def function(body, *, finished=False):
    def call(differentiated, fixed):
        outputs = body(*differentiated, *fixed)
        return outputs if isinstance(outputs, tuple) else (outputs,)

    return Function(call, finished=finished)


def array(data, dtype="float64"):
    return torch.tensor(data, dtype=getattr(torch, dtype))


def derive(backend, operator, body, *primals, execution="eager", mode=None, finished=False, **rest):
    job = Job(
        operator=Operator(operator), mode=mode, execution=execution, device="cpu", function=function(body, finished=finished),
        primals=primals, fixed=rest.pop("fixed", ()), **rest,
    )  # fmt: skip
    return backend.prepare(job).run()


EVERY_MODE = [(operator, mode) for operator, modes in TorchBackend.modes.items() for mode in modes]


def table(result):
    return {(d.of, d.wrt): None if d.array is None else d.array.detach().numpy() for d in result.derivatives}


def notebook(a):
    b = a * 2
    while torch.linalg.vector_norm(b) < 1000:
        b = b * 2
    return b if torch.sum(b) > 0 else 100 * b


M = [[4.0, 1.0], [2.0, 3.0]]

SCALAR_FUNCTIONS = {
    # A function, a point, the gradient there in NumPy.
    "two_dot": (lambda x: 2 * torch.dot(x, x), [0.0, 1.0, 2.0, 3.0], lambda x: 4 * x),
    "sum": (lambda x: torch.sum(x), [1.0, 2.0], numpy.ones_like),
    "cube": (lambda x: torch.sum(x**3), [1.0, -2.0], lambda x: 3 * x**2),
    "exp": (lambda x: torch.sum(torch.exp(x)), [0.5, -1.0], numpy.exp),
    "log": (lambda x: torch.sum(torch.log(x)), [0.5, 3.0], lambda x: 1 / x),
    "tanh": (lambda x: torch.sum(torch.tanh(x)), [0.3, -1.2], lambda x: 1 - numpy.tanh(x) ** 2),
    "norm": (lambda x: torch.linalg.vector_norm(x), [3.0, 4.0], lambda x: x / numpy.linalg.norm(x)),
    "logsumexp": (lambda x: torch.logsumexp(x, dim=0), [1.0, 2.0], lambda x: numpy.exp(x) / numpy.exp(x).sum()),
    "product": (lambda x: torch.prod(x), [2.0, 3.0, 5.0], lambda x: x.prod() / x),
    "mean_square": (lambda x: torch.mean(x * x), [2.0, 3.0], lambda x: 2 * x / x.size),
    "sine_product": (lambda x: torch.sin(x[0]) * x[1], [0.4, 2.0], lambda x: [x[1] * math.cos(x[0]), math.sin(x[0])]),
    "determinant": (lambda x: torch.linalg.det(x), M, lambda x: numpy.linalg.det(x) * numpy.linalg.inv(x).T),
    "quadratic": (lambda x: x @ array(M) @ x, [1.0, 2.0], lambda x: (numpy.array(M) + numpy.array(M).T) @ x),
    "variance": (lambda x: torch.var(x, correction=0), [1.0, 4.0], lambda x: 2 * (x - x.mean()) / x.size),
    "branch": (lambda x: torch.sum(x * x) if x[0] > 0 else torch.sum(x), [-1.0, 4.0], numpy.ones_like),
    "while": (notebook, 1.5, lambda _: 1024.0),
}


@pytest.mark.parametrize("name", SCALAR_FUNCTIONS)
def test_the_gradient_is_the_closed_form(backend, name):
    body, point, gradient = SCALAR_FUNCTIONS[name]
    result = derive(backend, "gradient", body, array(point))
    (value,) = result.values
    assert not value.requires_grad
    numpy.testing.assert_allclose(table(result)[0, (0,)], gradient(numpy.array(point)), rtol=1e-12)


@pytest.mark.parametrize("name", SCALAR_FUNCTIONS)
@pytest.mark.parametrize(
    ("operator", "mode"), [(o, m) for o in ("jvp", "jacobian", "vjp") for m in TorchBackend.modes[o]]
)
def test_first_derivatives_agree_with_the_gradient(backend, operator, mode, name):
    body, point, gradient = SCALAR_FUNCTIONS[name]
    x = array(point)
    slope = numpy.asarray(gradient(numpy.array(point)))
    seeds = {"jvp": {"seeds": (x + 2,)}, "vjp": {"seeds": (array(-3.0),)}, "jacobian": {}}
    expected = {"jvp": (slope * (x.numpy() + 2)).sum(), "vjp": -3 * slope, "jacobian": slope}
    result = derive(backend, operator, body, x, mode=mode, **seeds[operator])
    key = {"jvp": (0, ()), "vjp": (None, (0,)), "jacobian": (0, (0,))}
    numpy.testing.assert_allclose(table(result)[key[operator]], expected[operator], rtol=1e-12)


@pytest.mark.parametrize("name", SCALAR_FUNCTIONS)
def test_all_second_derivatives_agree_with_differences_of_the_gradient(backend, name):
    body, point, gradient = SCALAR_FUNCTIONS[name]
    x = numpy.array(point)
    step = 1e-6
    columns = [
        (numpy.asarray(gradient(x + step * e)) - numpy.asarray(gradient(x - step * e))) / (2 * step)
        for e in numpy.eye(x.size).reshape(-1, *x.shape)
    ]
    expected = numpy.moveaxis(numpy.array(columns), 0, -1).reshape(x.shape + x.shape)
    tangent = numpy.arange(1.0, x.size + 1).reshape(x.shape)
    for mode in TorchBackend.modes["hessian"]:
        result = derive(backend, "hessian", body, array(point), mode=mode)
        numpy.testing.assert_allclose(table(result)[0, (0, 0)], expected, atol=1e-7, err_msg=mode)
    for mode in TorchBackend.modes["hvp"]:
        result = derive(backend, "hvp", body, array(point), mode=mode, seeds=(torch.from_numpy(tangent),))
        product = (expected.reshape(x.size, x.size) @ tangent.reshape(-1)).reshape(x.shape)
        numpy.testing.assert_allclose(table(result)[0, (0,)], product, atol=1e-6, err_msg=mode)


def two_outputs(x, y):
    """A vector, a scalar and an integer."""
    return torch.sin(x) * y, torch.sum(x * x * y), torch.argmax(x)


@pytest.mark.parametrize("mode", TorchBackend.modes["jvp"])
def test_push_forward_and_pull_back_are_transposes(backend, mode):
    x, y = array([0.1, 0.7, -2.0]), array(3.0)
    tangents, cotangents = (
        (array([1.0, -2.0, 0.5]), array(0.25)),
        (array([2.0, 0.0, 1.0]), array(-1.0), torch.tensor(1)),
    )
    pushed = table(derive(backend, "jvp", two_outputs, x, y, mode=mode, seeds=tangents))
    pulled = table(derive(backend, "vjp", two_outputs, x, y, seeds=cotangents))
    left = sum((pushed[of, ()] * cotangents[of].numpy()).sum() for of in (0, 1))
    right = sum((pulled[None, (i,)] * tangents[i].numpy()).sum() for i in (0, 1))
    assert left == pytest.approx(right, rel=1e-13)
    assert pushed[2, ()] is None


@pytest.mark.parametrize("mode", TorchBackend.modes["jacobian"])
def test_jacobian_blocks_have_the_shape_output_plus_primal(backend, mode):
    x, y = array([0.1, 0.7, -2.0]), array(3.0)
    blocks = table(derive(backend, "jacobian", two_outputs, x, y, mode=mode))
    numpy.testing.assert_allclose(blocks[0, (0,)], numpy.diag(3 * numpy.cos(x.numpy())))
    numpy.testing.assert_allclose(blocks[0, (1,)], numpy.sin(x.numpy()))
    numpy.testing.assert_allclose(blocks[1, (0,)], 6 * x.numpy())
    assert blocks[1, (1,)].shape == ()
    assert blocks[2, (0,)] is None


def test_hessian_has_a_block_for_every_pair(backend):
    x, y = array([0.1, 0.7]), array(3.0)
    for mode in TorchBackend.modes["hessian"]:
        blocks = table(derive(backend, "hessian", lambda x, y: torch.sum(x * x) * y, x, y, mode=mode))
        assert set(blocks) == {(0, (i, j)) for i in (0, 1) for j in (0, 1)}
        numpy.testing.assert_allclose(blocks[0, (0, 1)], 2 * x.numpy())
        numpy.testing.assert_allclose(blocks[0, (0, 0)], 6 * numpy.eye(2))
        assert blocks[0, (1, 1)] == 0


def test_ones_are_the_default_seeds(backend):
    x = array([1.0, 2.0])
    assert table(derive(backend, "vjp", lambda x: x * x, x))[None, (0,)].tolist() == [2.0, 4.0]
    assert table(derive(backend, "jvp", lambda x: x * x, x))[0, ()].tolist() == [2.0, 4.0]


def test_an_unused_input_has_no_gradient(backend):
    x, y = array([1.0, 2.0]), array(5.0)
    for operator in ("gradient", "vjp"):
        derivatives = derive(backend, operator, lambda x, _: torch.sum(x), x, y).derivatives
        assert [d.array is None for d in derivatives] == [False, True]


def test_a_constant_function_has_no_gradient_and_does_not_raise(backend):
    for operator in ("gradient", "vjp"):
        (derivative,) = derive(backend, operator, lambda _: torch.tensor(1.0), array(2.0)).derivatives
        assert derivative.array is None
    for mode in TorchBackend.modes["hvp"]:
        (derivative,) = derive(backend, "hvp", lambda x: 0 * x + torch.tensor(1.0), array(2.0), mode=mode).derivatives
        assert derivative.array == 0


def test_fixed_inputs_are_passed_and_not_differentiated(backend):
    result = derive(backend, "gradient", lambda x, i: torch.sum(x[i]), array([1.0, 2.0]), fixed=(torch.tensor([1, 1]),))
    assert {key: value.tolist() for key, value in table(result).items()} == {(0, (0,)): [0.0, 2.0]}


def test_the_primals_are_left_as_they_were(backend):
    x = array([1.0, 2.0])
    derive(backend, "gradient", lambda x: torch.sum(x * x), x)
    assert not x.requires_grad
    assert x.grad is None


def test_a_vector_has_no_gradient_in_pytorchs_own_words(backend):
    with pytest.raises(RuntimeError, match="only for scalar outputs"):
        derive(backend, "gradient", lambda x: x * x, array([1.0, 2.0]))


@pytest.mark.parametrize("operator", ["value", "gradient", "jvp", "hvp", "hessian"])
def test_a_loop_that_was_cut_off_is_no_result(backend, operator):
    def body(x, ended):
        return torch.sum(x * x), ended

    x = array([1.0, 2.0])
    result = derive(backend, operator, body, x, fixed=(array(data=True, dtype="bool"),), finished=True)
    assert len(result.values) == 1
    assert all(d.of in {0, None} for d in result.derivatives)
    with pytest.raises(LoopNotFinished):
        derive(backend, operator, body, x, fixed=(array(data=False, dtype="bool"),), finished=True)


# Modes, versions, settings, arrays --------------------------------------------------------------------------


def test_every_operator_has_modes_of_the_vocabulary(backend):
    assert set(backend.modes) == set(OPERATORS)
    assert all(set(modes) <= set(MODES) for modes in backend.modes.values())


def test_a_mode_that_is_not_there_is_unsupported_and_names_those_that_are(backend):
    with pytest.raises(UnsupportedByFramework, match="by forward, reverse, not by loop"):
        derive(backend, "jvp", torch.sum, array([1.0]), mode="loop")


@pytest.mark.parametrize("execution", ["eager", "compiled"])
def test_the_preferred_modes_are_those_that_pytorch_recommends(backend, execution):
    """`torch.func.jacrev`, `hessian` and `jvp`; `torch.autograd.functional` refers to them."""
    preferred = {
        operator: backend.preferred(operator, execution)[0] for operator in ("jvp", "jacobian", "hessian", "hvp")
    }
    over = "forward-over-reverse"
    assert preferred == {"jvp": "forward", "jacobian": "vectorized", "hessian": over, "hvp": over}
    tried = {operator: backend.preferred(operator, execution)[1:] for operator in ("jacobian", "hessian")}
    rows = ("loop",) if execution == "eager" else ()
    assert tried == {"jacobian": ("forward", *rows), "hessian": ("reverse-over-reverse", *rows)}


@pytest.mark.parametrize("batched", [True, False])
def test_a_hessian_falls_back_to_a_mode_that_is_there(backend, batched):
    """PyTorch pushes nothing through a function that brings its own backward alone, and may not batch it either."""

    class Cube(torch.autograd.Function):
        generate_vmap_rule = batched

        @staticmethod
        def forward(x):
            return x**3

        @staticmethod
        def setup_context(ctx, inputs, output):  # noqa: ARG004  # PyTorch's signature
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, cotangent):
            (x,) = ctx.saved_tensors
            return cotangent * 3 * x**2

    def hessian(mode):
        return derive(backend, "hessian", lambda x: torch.sum(Cube.apply(x)), array([2.0, -1.0]), mode=mode)

    preferred, *others = backend.preferred("hessian", "eager")
    error = failure(lambda: hessian(preferred))
    assert backend.is_unsupported(error), error
    for mode in others:
        assert table(hessian(mode))[0, (0, 0)].tolist() == [[12.0, 0.0], [0.0, -6.0]]


FLAT_FUNCTIONS = {
    "abs": lambda x: torch.sum(torch.abs(x)),
    "relu": lambda x: torch.sum(torch.relu(x)),
    "sign": lambda x: torch.sum(torch.sign(x)),
    "clip": lambda x: torch.sum(torch.clamp(x, -1, 1)),
    "max": lambda x: torch.max(x),
    "linear": lambda x: torch.sum(3 * x),
    "constant": lambda x: torch.sum(torch.ones_like(x)),
    "detached": lambda x: torch.sum(x.detach() * x),
    "two": lambda x: (torch.sum(torch.abs(x)), torch.sum(3 * x)),
}
"""Without a second derivative: PyTorch may tell so by a tensor that has no memory."""


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize(("operator", "mode"), [(o, m) for o in ("hessian", "hvp") for m in TorchBackend.modes[o]])
@pytest.mark.parametrize("name", FLAT_FUNCTIONS)
def test_second_derivatives_that_are_zero_come_back_as_zeros(backend, name, operator, mode, dtype):
    x = array([1.5, -2.0, 0.25], dtype)
    for derivative in derive(backend, operator, FLAT_FUNCTIONS[name], x, mode=mode).derivatives:
        told, numbers = backend.to_numpy(derivative.array)
        assert told == dtype
        assert numbers.shape == ((3, 3) if operator == "hessian" else (3,))
        assert not numbers.any()


def test_compiled_zeros_come_back_too(backend):
    """A product; a Hessian by reverse over reverse is one that `torch.compile` itself cannot trace here."""
    case = prepared(backend, "hvp", FLAT_FUNCTIONS["abs"], array([1.5, -2.0]), mode="reverse-over-reverse")
    (derivative,) = case.run().derivatives
    assert backend.to_numpy(derivative.array)[1].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("lazy", "numbers"),
    [
        (lambda: torch._efficientzerotensor((2, 1), dtype=torch.bfloat16), [[0.0], [0.0]]),
        (lambda: torch._efficientzerotensor((), dtype=torch.float64), 0.0),
        (lambda: torch.tensor([1 + 2j]).conj().imag, [-2.0]),
        (lambda: torch.tensor([1 + 2j]).conj(), [1 - 2j]),
        (lambda: torch.tensor([1.0, 2.0]).expand(2, 2).mT, [[1.0, 1.0], [2.0, 2.0]]),
        (lambda: torch.tensor([1.0, 2.0], requires_grad=True) * 2, [2.0, 4.0]),
    ],
    ids=["zero", "zero scalar", "negative bit", "conjugate bit", "view", "recorded"],
)
def test_lazy_tensors_are_read(backend, lazy, numbers):
    numpy.testing.assert_array_equal(backend.to_numpy(lazy())[1], numbers)


def test_settings_are_read_back(backend):
    settings = backend.settings()
    assert settings["threads"] == 1
    assert settings["matmul_precision"] == "highest"
    assert settings["flush_denormals"] is False
    torch.set_flush_denormal(True)
    try:
        assert backend.settings()["flush_denormals"] is True
    finally:
        torch.set_flush_denormal(False)
    assert backend.version() == torch.__version__
    assert backend.devices()[0] == "cpu"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (3,), (2, 0)])
def test_arrays_come_back_bit_for_bit(backend, dtype, shape):
    size = int(numpy.prod(shape))
    numbers = numpy.array([1.5, 0.0, 3.140625], dtype=numpy.float32)[:size].reshape(shape)  # exact in all formats
    sent = numbers if dtype == "bfloat16" else numbers.astype(dtype)
    sent.setflags(write=False)
    there = backend.to_device(sent, dtype, "cpu")
    assert str(there.dtype) == f"torch.{dtype}"
    name, back = backend.to_numpy(there)
    assert name == dtype
    assert back.dtype == sent.dtype
    assert back.shape == shape
    assert back.tobytes() == sent.tobytes()


def test_bfloat16_is_exact_at_its_limits(backend):
    limits = numpy.array([2.0**-133, 3.3895313892515355e38, numpy.inf, -0.0, numpy.nan], dtype=numpy.float32)
    _, back = backend.to_numpy(backend.to_device(limits, "bfloat16", "cpu"))
    numpy.testing.assert_array_equal(back, limits)
    assert numpy.signbit(back[3])


def test_a_sparse_gradient_becomes_dense(backend):
    sparse = torch.sparse_coo_tensor(torch.tensor([[1]]), torch.tensor([2.0]), (3,), check_invariants=True)
    assert backend.to_numpy(sparse)[1].tolist() == [0.0, 2.0, 0.0]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_derivatives_keep_the_dtype(backend, dtype):
    x = array([0.5, 2.0], dtype)
    for operator in ("gradient", "jvp", "hvp", "hessian", "jacobian"):
        for derivative in derive(backend, operator, lambda x: torch.sum(torch.sin(x) * x), x).derivatives:
            assert derivative.array.dtype == getattr(torch, dtype), operator


# What is unsupported ----------------------------------------------------------------------------------------


def failure(action):
    with pytest.raises(Exception) as caught:  # noqa: PT011  # its kind is what is tested
        action()
    return caught.value


@pytest.mark.parametrize(
    "action",
    [
        lambda: torch.linalg.lu_factor(torch.eye(2, dtype=torch.float16)),
        lambda: torch.linalg.solve(torch.eye(2, dtype=torch.bfloat16), torch.ones(2, dtype=torch.bfloat16)),
        lambda: (torch.ones(2, requires_grad=True) // 2).sum().backward(),
        lambda: torch.func.jvp(lambda x: x // 2, (torch.ones(2),), (torch.ones(2),)),
    ],
)
def test_what_pytorch_does_not_have_is_unsupported(backend, action):
    error = failure(action)
    assert backend.is_unsupported(error), error


@pytest.mark.parametrize(
    "action",
    [
        lambda: torch.ones(2) @ torch.ones(3),
        lambda: torch.linalg.cholesky(-torch.eye(2)),
        lambda: torch.sum(torch.ones(2)).backward(),
        lambda: {}["x"],
    ],
)
def test_what_is_wrong_is_not_unsupported(backend, action):
    error = failure(action)
    assert not backend.is_unsupported(error), error


def test_a_missing_compiler_is_unsupported_through_its_wrapper(backend):
    class InvalidCxxCompiler(RuntimeError):
        pass

    wrapper = RuntimeError("the compiler failed")
    wrapper.inner_exception = InvalidCxxCompiler("No working C++ compiler found")
    assert backend.is_unsupported(wrapper)
    assert not backend.is_unsupported(RuntimeError("the compiler failed"))


# Protocols --------------------------------------------------------------------------------------------------


def use(backend, protocol, body, *primals, execution="eager"):
    job = Job(
        operator=Operator.GRADIENT,
        protocol=protocol,
        execution=execution,
        device="cpu",
        function=function(body),
        primals=primals,
        fixed=(),
    )
    return backend.protocol(job)


def square(x):
    return torch.sum(x * x)


def test_every_protocol_has_an_idiom_and_an_implementation(backend):
    assert set(IDIOMS) == set(PROTOCOLS) == set(backend._protocols.TABLE)
    with pytest.raises(UnsupportedByFramework, match="no notion of juggle"):
        use(backend, "juggle", square, array([1.0]))


def test_going_backward_twice_needs_a_graph_that_was_kept(backend):
    x = array([0.0, 1.0, 2.0])
    with pytest.raises(RuntimeError, match="second time"):
        use(backend, "backward_twice", square, x)
    assert table(use(backend, "backward_twice_retained", square, x))[None, (0,)].tolist() == [0.0, 2.0, 4.0]


def test_going_backward_twice_is_free_where_nothing_was_saved(backend):
    assert table(use(backend, "backward_twice", torch.sum, array([1.0, 2.0])))[None, (0,)].tolist() == [1.0, 1.0]


def test_gradients_add_up_unless_they_are_cleared(backend):
    x = array([1.0, 2.0])
    result = use(backend, "accumulate", square, x)
    assert table(result)[None, (0,)].tolist() == [6.0, 12.0]
    assert [float(value) for value in result.values] == [5.0]
    assert table(use(backend, "zero_between", square, x))[None, (0,)].tolist() == [2.0, 4.0]


def test_backward_from_a_vector_needs_a_cotangent(backend):
    with pytest.raises(RuntimeError, match="only for scalar outputs"):
        use(backend, "vector_backward", lambda x: x * x, array([1.0, 2.0]))
    assert table(use(backend, "vector_backward", square, array([1.0])))[None, (0,)].tolist() == [2.0]


def test_an_untracked_input_cannot_be_differentiated_by(backend):
    with pytest.raises(RuntimeError, match="does not require grad"):
        use(backend, "untracked_input", square, array([1.0]))


def test_an_unused_input_stays_without_a_gradient(backend):
    found = table(use(backend, "unused_input", lambda x, _: square(x), array([1.0]), array([1.0])))
    assert found[None, (0,)].tolist() == [2.0]
    assert found[None, (1,)] is None


def test_two_targets_share_one_recording(backend):
    def body(x):
        shared = torch.exp(x)
        return shared, shared * x

    found = table(use(backend, "two_targets", body, array(1.0)))
    assert found[0, (0,)] == pytest.approx(math.e)
    assert found[1, (0,)] == pytest.approx(2 * math.e)
    with pytest.raises(NoSuchNotion, match="two outputs, not of 1"):
        use(backend, "two_targets", square, array(1.0))


# Compiled ---------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _quiet(caplog):
    """Dynamo's trace is written at a level that pytest would capture, thousands of lines a case."""
    caplog.set_level("WARNING", logger="torch")


def prepared(backend, operator, body, *primals, phases=None, **rest):
    return backend.prepare(
        Job(
            operator=Operator(operator), mode=rest.get("mode"), execution="compiled", device="cpu", function=function(body),
            primals=primals, fixed=(), progress=(phases if phases is not None else []).append,
        )
    )  # fmt: skip


def test_a_compiled_gradient_is_one_graph_and_tells_its_phases(backend):
    phases: list[str] = []
    case = prepared(backend, "gradient", lambda x: torch.sum(torch.sin(x) * x), array([0.5, 2.0]), phases=phases)
    x = numpy.array([0.5, 2.0])
    numpy.testing.assert_allclose(table(case.run())[0, (0,)], numpy.sin(x) + x * numpy.cos(x), rtol=1e-14)
    assert case.notes() == {"graphs": 1, "graph_breaks": 0}
    assert phases[0] == "compile"
    assert phases[-1] == "run"
    told = len(phases)
    case.run()
    assert len(phases) == told, "a second run compiles nothing"


def test_a_compiled_second_derivative_is_one_graph(backend):
    case = prepared(backend, "hvp", lambda x: torch.sum(x**3), array([1.0, 2.0]))
    assert table(case.run())[0, (0,)].tolist() == [6.0, 12.0]
    assert case.mode == "forward-over-reverse"
    assert case.notes() == {"graphs": 1, "graph_breaks": 0}


def test_two_outputs_go_backward_through_one_compiled_function(backend):
    case = prepared(backend, "gradient", lambda x: (torch.sum(torch.exp(x)), torch.sum(x * x)), array([0.0, 1.0]))
    found = table(case.run())
    numpy.testing.assert_allclose(found[0, (0,)], [1.0, math.e])
    assert found[1, (0,)].tolist() == [0.0, 2.0]


def test_control_flow_breaks_the_graph_and_is_counted(backend):
    case = prepared(backend, "gradient", notebook, array(1.5))
    assert table(case.run())[0, (0,)] == 1024
    notes = case.notes()
    assert notes["graphs"] >= 2
    assert notes["graph_breaks"] >= 2
    prepared(backend, "value", torch.sum, array([1.0]))
    assert case.notes() == notes, "another case does not change the counts"


def test_a_transform_that_would_fall_back_is_unsupported(backend):
    with pytest.raises(UnsupportedByFramework, match="fell back to eager: Data-dependent branching"):
        prepared(backend, "jvp", notebook, array(1.5)).run()


def test_what_the_traced_function_raises_is_told_as_it_is(backend):
    case = prepared(backend, "jvp", lambda x: torch.sum(x // 2), array([1.5]))
    with pytest.raises(UnsupportedByFramework, match=r"^Trying to use forward AD with aten::floor_divide"):
        case.run()
    error = failure(prepared(backend, "hvp", torch.linalg.det, torch.eye(2, dtype=torch.float16)).run)
    assert backend.is_unsupported(error), error


def test_a_case_in_which_nothing_was_compiled_is_unsupported(backend):
    def body(x):
        torch._dynamo.graph_break()
        return x

    case = prepared(backend, "value", body, array(1.5))
    case.run()
    with pytest.raises(UnsupportedByFramework, match="fell back to eager"):
        case.notes()


@pytest.mark.parametrize(("operator", "mode"), EVERY_MODE)
def test_every_mode_is_compiled_whole(backend, operator, mode):
    """One graph without breaks; two primals and two outputs tell blocks apart."""
    x, y = array([0.5, -1.0]), array(3.0)

    def body(x, y):
        return torch.sum(x * x) * y, torch.sum(torch.sin(x)) + y * y

    case = prepared(backend, operator, body, x, y, mode=mode)
    found = table(case.run())
    assert case.mode == mode
    expected = table(derive(backend, operator, body, x, y))
    assert found.keys() == expected.keys()
    for key, block in expected.items():
        numpy.testing.assert_allclose(found[key], block, rtol=1e-12, atol=1e-12, err_msg=str(key))
    assert case.notes() == {"graphs": 1, "graph_breaks": 0}


def test_protocols_run_compiled_too(backend):
    found = table(use(backend, "accumulate", square, array([1.0, 2.0]), execution="compiled"))
    assert found[None, (0,)].tolist() == [6.0, 12.0]
    with pytest.raises(UnsupportedByFramework, match="fell back to eager"):
        use(backend, "accumulate", lambda x: x, array(1.0), execution="compiled")
