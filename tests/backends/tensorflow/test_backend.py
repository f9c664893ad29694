"""The TensorFlow backend: derivatives against closed forms, dtypes, protocols, executions, refusals."""

from typing import Any

import numpy
import pytest

from gradcmp.backends.base import Function, Job, LoopNotFinished, NoSuchNotion, Settings, UnsupportedByFramework
from gradcmp.backends.tensorflow.backend import TensorFlowBackend
from gradcmp.backends.tensorflow.idioms import IDIOMS
from gradcmp.backends.tensorflow.importing import import_tensorflow
from gradcmp.core.operators import OPERATORS, PROTOCOLS, Operator

tf: Any = None  # TensorFlow, once a test runs

pytestmark = pytest.mark.frameworks


@pytest.fixture(scope="module", autouse=True)
def _tensorflow():
    """TensorFlow, under the name that this module uses; imported when a test runs, not when pytest collects."""
    try:
        globals()["tf"] = import_tensorflow()
    except ImportError:
        pytest.skip("TensorFlow is not installed")


@pytest.fixture(scope="module")
def backend():
    return TensorFlowBackend(Settings())


def flat(function, *, outputs=None, finished=False):
    """`function` over flat arrays, as the worker's `call` has it."""

    def call(differentiated, fixed):
        returned = function(*differentiated, *fixed)
        return returned if outputs else (returned,)

    return Function(call=call, finished=finished)


def run(backend, function, primals, operator, *, fixed=(), dtype="float64", several=False, finished=False, **options):
    """(values, derivatives by (of, wrt), what was prepared), all NumPy."""
    to = [
        backend.to_device(numpy.asarray(p, "float32" if dtype == "bfloat16" else dtype), dtype, "cpu") for p in primals
    ]
    if "seeds" in options:
        options["seeds"] = tuple(backend.to_device(numpy.asarray(s, dtype), dtype, "cpu") for s in options["seeds"])
    job = Job(
        operator=Operator(operator),
        mode=options.pop("mode", None),
        execution=options.pop("execution", "eager"),
        device="cpu",
        function=flat(function, outputs=several, finished=finished),
        primals=tuple(to),
        fixed=tuple(backend.to_device(numpy.asarray(f), numpy.asarray(f).dtype.name, "cpu") for f in fixed),
        **options,
    )
    prepared = backend.prepare(job)
    result = prepared.run()
    backend.synchronize(result, "cpu")
    derivatives = {(d.of, d.wrt): None if d.array is None else backend.to_numpy(d.array)[1] for d in result.derivatives}
    return [backend.to_numpy(value)[1] for value in result.values], derivatives, prepared


# Functions with known gradients and Hessians ------------------------------------------------------------------

A = numpy.array([[2.0, 1.0, 0.0], [0.5, 3.0, 0.25], [0.0, -1.0, 4.0]])
X = numpy.array([0.3, -0.7, 1.1])


def squares(x):
    return tf.reduce_sum(x * x)


def sines(x):
    return tf.reduce_sum(tf.sin(x))


def quadratic(x):
    return tf.tensordot(x, tf.linalg.matvec(tf.constant(A), x), axes=1)


def logsumexp(x):
    return tf.reduce_logsumexp(x)


def two_norm(x):
    return tf.norm(x)


def product(x):
    return tf.reduce_prod(x)


def gathered(x):
    return tf.reduce_sum(tf.gather(x, [0, 2, 2]) ** 3)


def doubled(x):
    b = x * 2
    while tf.norm(b) < 1000:
        b = b * 2
    if tf.reduce_sum(b) > 0:
        c = b
    else:
        c = 100 * b
    return tf.reduce_sum(c * x)


def branched(x):
    if tf.reduce_sum(x) > 0:
        y = x**3
    else:
        y = tf.exp(x)
    return tf.reduce_sum(y)


def counted(x):
    y = x
    for _ in range(3):
        y = y * x
    return tf.reduce_sum(y)


def exponential(x):
    return tf.exp(tf.reduce_sum(x))


def solved(x):
    return tf.reduce_sum(tf.linalg.solve(tf.constant(A), x[:, tf.newaxis])[:, 0] ** 2)


def softmax(x):
    return numpy.exp(x) / numpy.exp(x).sum()


FACTOR = 2.0 * 2.0**9  # ‖2x‖ is 2.68: nine doublings pass 1000
INVERSE = numpy.linalg.inv(A)
NORM = numpy.linalg.norm(X)

TABLE = {
    squares: (2 * X, 2 * numpy.eye(3)),
    sines: (numpy.cos(X), numpy.diag(-numpy.sin(X))),
    quadratic: ((A + A.T) @ X, A + A.T),
    logsumexp: (softmax(X), numpy.diag(softmax(X)) - numpy.outer(softmax(X), softmax(X))),
    two_norm: (X / NORM, numpy.eye(3) / NORM - numpy.outer(X, X) / NORM**3),
    product: (X.prod() / X, (1 - numpy.eye(3)) * X.prod() / numpy.outer(X, X)),
    gathered: (numpy.array([3, 0, 6]) * X**2, numpy.diag(numpy.array([6, 0, 12]) * X)),
    doubled: (2 * FACTOR * X, 2 * FACTOR * numpy.eye(3)),
    branched: (3 * X**2, numpy.diag(6 * X)),
    counted: (4 * X**3, numpy.diag(12 * X**2)),
    exponential: (numpy.full(3, numpy.exp(X.sum())), numpy.full((3, 3), numpy.exp(X.sum()))),
    solved: (2 * INVERSE.T @ INVERSE @ X, 2 * INVERSE.T @ INVERSE),
}
V = numpy.array([1.0, -2.0, 0.5])

EXPECTED = {
    "gradient": ((0, (0,)), lambda row: row[0]),
    "vjp": ((None, (0,)), lambda row: 3 * row[0]),
    "jvp": ((0, ()), lambda row: row[0] @ V),
    "jacobian": ((0, (0,)), lambda row: row[0]),
    "hessian": ((0, (0, 0)), lambda row: row[1]),
    "hvp": ((0, (0,)), lambda row: row[1] @ V),
}
EVERY_MODE = [(o, mode) for o, modes in TensorFlowBackend.modes.items() for mode in modes if o != "value"]


def seeds_of(operator):
    return {"vjp": {"seeds": (3.0,)}, "jvp": {"seeds": (V,)}, "hvp": {"seeds": (V,)}}.get(operator, {})


def check_row(backend, function, operator, mode, execution):
    key, expected = EXPECTED[operator]
    _, derivatives, prepared = run(
        backend, function, [X], operator, mode=mode, execution=execution, **seeds_of(operator)
    )
    assert list(derivatives) == [key]
    numpy.testing.assert_allclose(derivatives[key], expected(TABLE[function]), rtol=1e-13, atol=1e-14)
    return prepared


@pytest.mark.parametrize(("operator", "mode"), EVERY_MODE)
@pytest.mark.parametrize("function", TABLE, ids=lambda function: function.__name__)
def test_eager_derivatives_are_the_closed_forms(backend, function, operator, mode):
    assert check_row(backend, function, operator, mode, "eager").mode == mode


@pytest.mark.parametrize("operator", EXPECTED)
@pytest.mark.parametrize("function", [doubled, gathered, solved], ids=lambda function: function.__name__)
def test_compiled_derivatives_are_the_closed_forms(backend, function, operator):
    control_flow = (function, operator) == (doubled, "hvp")
    mode = backend.preferred(operator, "compiled")[control_flow]
    prepared = check_row(backend, function, operator, mode if control_flow else None, "compiled")
    assert prepared.mode == mode
    assert prepared.notes()["graphs"] == 1


@pytest.mark.parametrize("execution", ["compiled", "xla"])
@pytest.mark.parametrize(("operator", "mode"), EVERY_MODE)
def test_every_mode_goes_through_a_graph(backend, operator, mode, execution):
    prepared = check_row(backend, sines, operator, mode, execution)
    assert prepared.mode == mode
    rows = {"loop": "loop", "vectorized": "vectorized"}.get(mode, "loop" if execution == "xla" else "vectorized")
    has_rows = operator in {"jacobian", "hessian"} and not mode.startswith("forward")
    assert prepared.notes() == {"graphs": 1, **({"rows": rows} if has_rows else {})}


def test_a_hessian_that_cannot_be_vectorized_is_computed_row_by_row(backend):
    assert check_row(backend, sines, "hessian", None, "compiled").notes()["rows"] == "vectorized"
    assert check_row(backend, doubled, "hessian", None, "compiled").notes()["rows"] == "loop"


@pytest.mark.parametrize("operator", EXPECTED)
def test_xla_derivatives_are_the_closed_forms(backend, operator):
    check_row(backend, counted, operator, None, "xla")


def test_a_wrong_closed_form_would_be_noticed(backend, monkeypatch):
    monkeypatch.setitem(TABLE, squares, (2.002 * X, 2 * numpy.eye(3)))
    with pytest.raises(AssertionError):
        check_row(backend, squares, "gradient", None, "eager")


# The notebook's function --------------------------------------------------------------------------------------


def notebook(a):
    b = a * 2
    while tf.norm(b) < 1000:
        b = b * 2
    if tf.reduce_sum(b) > 0:
        c = b
    else:
        c = 100 * b
    return c


def bounded_notebook(a):
    b = a * 2
    while tf.norm(b) < 1000:
        tf.autograph.experimental.set_loop_options(maximum_iterations=20)
        b = b * 2
    if tf.reduce_sum(b) > 0:
        c = b
    else:
        c = 100 * b
    return c


@pytest.mark.parametrize("execution", ["eager", "compiled"])
@pytest.mark.parametrize(("operator", "key"), [("gradient", (0, (0,))), ("vjp", (None, (0,))), ("jvp", (0, ()))])
def test_the_notebook_function(backend, execution, operator, key):
    values, derivatives, _ = run(backend, notebook, [-0.5], operator, execution=execution)
    assert values == [-102400.0]
    assert derivatives == {key: 204800.0}


@pytest.mark.parametrize("mode", TensorFlowBackend.modes["hvp"])
def test_second_derivatives_of_linear_pieces(backend, mode):
    """Eager TensorFlow connects nothing and returns none; through a graph's `while` it returns zeros."""
    assert run(backend, notebook, [0.5], "hvp", mode=mode)[1] == {(0, (0,)): None}
    assert run(backend, notebook, [0.5], "hessian")[1] == {(0, (0, 0)): None}
    back = "reverse-over-reverse"
    assert run(backend, notebook, [0.5], "hvp", mode=back, execution="compiled")[1] == {(0, (0,)): 0.0}


def by_branch(x):
    if tf.reduce_sum(x) > 0:
        y = tf.reduce_sum(x**3)
    else:
        y = tf.reduce_sum(x)
    return y


def by_while(x):
    y = x * x
    while tf.norm(y) < 1000:
        tf.autograph.experimental.set_loop_options(maximum_iterations=20)
        y = y * 2
    return tf.reduce_sum(y)


@pytest.mark.parametrize(
    ("function", "name", "factor"), [(by_branch, "StatelessIf", 3.0), (by_while, "StatelessWhile", 8192.0)]
)
@pytest.mark.parametrize("execution", ["compiled", "xla"])
def test_forward_over_reverse_is_refused_where_a_graph_has_control_flow(backend, function, name, factor, execution):
    """TensorFlow would stop at an assertion, a type of its own or a SystemError; another mode goes through."""
    for operator in ("hvp", "hessian"):
        with pytest.raises(UnsupportedByFramework, match=f"no forward mode through the gradient of {name} in a graph"):
            run(backend, function, [[0.5, 0.5]], operator, mode="forward-over-reverse", execution=execution)
    # d²/dx² of x³ at 1/2, and of 2¹² x², the first whose norm reaches 1000
    back = {"mode": "reverse-over-reverse", "execution": execution}
    for options in back, {}:
        assert run(backend, function, [[0.5, 0.5]], "hvp", **options)[1][0, (0,)].tolist() == [factor, factor]


@pytest.mark.parametrize("execution", ["eager", "compiled", "xla"])
def test_products_with_the_hessian_are_pushed_forward_by_preference(backend, execution):
    """As the page of `tf.autodiff.ForwardAccumulator` does it."""
    assert check_row(backend, sines, "hvp", None, execution).mode == "forward-over-reverse"


def test_xla_goes_back_through_a_loop_only_with_a_bound(backend):
    with pytest.raises(UnsupportedByFramework, match="XLA compilation requires a fixed tensor list size") as caught:
        run(backend, notebook, [0.5], "gradient", execution="xla")
    assert "Stack trace" not in str(caught.value)
    assert run(backend, bounded_notebook, [0.5], "gradient", execution="xla")[1] == {(0, (0,)): 2048.0}
    assert run(backend, bounded_notebook, [0.5], "jacobian", execution="xla")[2].mode == "loop"


def test_a_traced_function_is_found_again(backend):
    traces = []

    def traced(x):
        traces.append(x)
        return tf.reduce_sum(x)

    function = flat(traced)
    for _ in range(2):
        job = Job(
            operator=Operator.GRADIENT,
            mode=None,
            execution="compiled",
            device="cpu",
            function=function,
            primals=(tf.constant(X),),
            fixed=(),
        )
        backend.prepare(job).run()
    assert len(traces) == 1


def halved(x):
    rounds = 0
    while tf.norm(x) > 0.1:
        x = x / 2
        rounds = rounds + 1
    return tf.reduce_sum(x * tf.cast(rounds, tf.float64))


@pytest.mark.parametrize("execution", ["eager", "compiled"])
def test_a_python_number_may_be_carried_through_a_loop(backend, execution):
    _, derivatives, _ = run(backend, halved, [X], "gradient", execution=execution)
    numpy.testing.assert_allclose(derivatives[0, (0,)], numpy.full(3, 4 / 2**4))


def test_phases_of_a_compiled_call(backend):
    phases = []
    run(backend, sines, [X], "gradient", execution="compiled", progress=phases.append)
    assert phases == ["compile", "run"]


# Several inputs and outputs -----------------------------------------------------------------------------------


def pair(x, y):
    return tf.reduce_sum(x * y), tf.reduce_sum(x), tf.argmax(x)


def test_one_gradient_an_output_and_primal(backend):
    values, derivatives, _ = run(backend, pair, [X, V], "gradient", several=True)
    assert [v.dtype.name for v in values] == ["float64", "float64", "int64"]
    assert list(derivatives) == [(0, (0,)), (0, (1,)), (1, (0,)), (1, (1,))]
    numpy.testing.assert_array_equal(derivatives[0, (1,)], X)
    assert derivatives[1, (1,)] is None


def test_fixed_inputs_are_not_differentiated(backend):
    index = numpy.array([0, 2])
    _, derivatives, _ = run(
        backend, lambda x, i: tf.reduce_sum(tf.gather(x, i)), [X], "gradient", fixed=[index], execution="compiled"
    )
    numpy.testing.assert_array_equal(derivatives[0, (0,)], [1, 0, 1])


def test_hessian_blocks(backend):
    for mode in backend.modes["hessian"]:
        _, derivatives, _ = run(backend, lambda x, y: tf.reduce_sum(x) * y**2, [X, 3.0], "hessian", mode=mode)
        assert {key: None if d is None else d.shape for key, d in derivatives.items()} == {
            (0, (0, 0)): (3, 3) if mode == "forward-over-reverse" else None,
            (0, (0, 1)): (3,),
            (0, (1, 0)): (3,),
            (0, (1, 1)): (),
        }
        numpy.testing.assert_array_equal(derivatives[0, (1, 0)], [6, 6, 6])


def test_a_jacobian_has_the_outputs_shape_first(backend):
    for mode in backend.modes["jacobian"]:
        _, derivatives, _ = run(backend, lambda x: tf.tensordot(x, x, axes=0)[:2], [X], "jacobian", mode=mode)
        expected = numpy.einsum("ik,j->ijk", numpy.eye(3), X) + numpy.einsum("i,jk->ijk", X, numpy.eye(3))
        numpy.testing.assert_allclose(derivatives[0, (0,)], expected[:2])


@pytest.mark.parametrize("operator", ["gradient", "hessian", "hvp"])
@pytest.mark.parametrize("execution", ["eager", "compiled"])
def test_gradients_of_arrays_are_refused_not_summed(backend, operator, execution):
    with pytest.raises(ValueError, match="needs scalar outputs"):
        run(backend, tf.sin, [X], operator, execution=execution)


def unfinished(x):
    return tf.reduce_sum(x), tf.reduce_sum(x) > 100


@pytest.mark.parametrize("execution", ["eager", "compiled"])
def test_a_loop_that_was_cut_off_is_no_result(backend, execution):
    with pytest.raises(LoopNotFinished):
        run(backend, unfinished, [X], "gradient", several=True, finished=True, execution=execution)
    values, derivatives, _ = run(backend, unfinished, [500 * X], "gradient", several=True, finished=True)
    assert len(values) == len(derivatives) == 1


# Dtypes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("operator", OPERATORS)
def test_results_keep_the_dtype(backend, dtype, operator):
    to = backend.to_device(numpy.array([1.5, -2.0], "float32" if dtype == "bfloat16" else dtype), dtype, "cpu")
    job = Job(
        operator=Operator(operator),
        mode=None,
        execution="eager",
        device="cpu",
        function=flat(squares),
        primals=(to,),
        fixed=(),
    )
    result = backend.prepare(job).run()
    arrays = [*result.values, *(d.array for d in result.derivatives)]
    assert {backend.to_numpy(array)[0] for array in arrays} == {dtype}
    expected = {"gradient": [3, -4], "vjp": [3, -4], "hvp": [2, 2], "jvp": -1, "jacobian": [3, -4], "value": 6.25}
    numpy.testing.assert_array_equal(backend.to_numpy(arrays[-1])[1], expected.get(operator, [[2, 0], [0, 2]]))


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", "uint8", "bool", "float16", "float32", "float64"])
def test_arrays_travel_unchanged(backend, dtype):
    array = numpy.array([[0, 1, 3]], dtype)
    name, back = backend.to_numpy(backend.to_device(array, dtype, "cpu"))
    assert name == back.dtype.name == dtype
    numpy.testing.assert_array_equal(back, array)


def test_bfloat16_travels_as_float32(backend):
    array = numpy.array([1.0, 3.140625], "float32")
    tensor = backend.to_device(array, "bfloat16", "cpu")
    assert tensor.dtype == tf.bfloat16
    name, back = backend.to_numpy(tensor)
    assert (name, back.dtype.name) == ("bfloat16", "float32")
    numpy.testing.assert_array_equal(back, array)


def test_sparse_gradients_become_dense(backend):
    slices = tf.IndexedSlices(tf.constant([1.0, 2.0]), tf.constant([1, 1]), dense_shape=tf.constant([3]))
    numpy.testing.assert_array_equal(backend.to_numpy(slices)[1], [0, 3, 0])


# Protocols ----------------------------------------------------------------------------------------------------


def use(backend, protocol, function, *primals, several=False, execution="eager"):
    job = Job(
        operator=Operator.GRADIENT,
        protocol=protocol,
        execution=execution,
        device="cpu",
        function=flat(function, outputs=several),
        primals=tuple(map(tf.constant, primals)),
        fixed=(),
    )
    return {
        (d.of, d.wrt): None if d.array is None else d.array.numpy().tolist() for d in backend.protocol(job).derivatives
    }


P = [1.0, 2.0]


def test_a_tape_is_used_up_unless_it_is_persistent(backend):
    with pytest.raises(RuntimeError, match="non-persistent"):
        use(backend, "backward_twice", squares, P)
    assert use(backend, "backward_twice_retained", squares, P) == {(None, (0,)): [2, 4]}


@pytest.mark.parametrize("protocol", ["accumulate", "zero_between"])
def test_tensorflow_accumulates_nothing(backend, protocol):
    with pytest.raises(NoSuchNotion, match="keeps none"):
        use(backend, protocol, squares, P)


def test_other_protocols(backend):
    assert use(backend, "vector_backward", tf.square, P) == {(None, (0,)): [2, 4]}  # summed without a word
    assert use(backend, "untracked_input", squares, P) == {(None, (0,)): None}
    assert use(backend, "unused_input", lambda x, _unused: tf.reduce_sum(x), P, P) == {
        (None, (0,)): [1, 1],
        (None, (1,)): None,
    }
    assert use(backend, "two_targets", lambda x: (tf.reduce_sum(x), squares(x)), P, several=True) == {
        (0, (0,)): [1, 1],
        (1, (0,)): [2, 4],
    }


@pytest.mark.parametrize("execution", ["compiled", "xla"])
def test_protocols_record_a_compiled_function(backend, execution):
    traces = []

    def traced(x):
        traces.append(tf.executing_eagerly())
        return tf.reduce_sum(x * x)

    with pytest.raises(RuntimeError, match="non-persistent"):
        use(backend, "backward_twice", traced, P, execution=execution)
    assert traces == [False]
    assert use(backend, "backward_twice_retained", notebook, 0.5, execution="compiled") == {(None, (0,)): 2048.0}


def test_every_protocol_has_an_idiom():
    assert set(IDIOMS) == set(PROTOCOLS)


# Refusals -----------------------------------------------------------------------------------------------------


def test_a_missing_gradient_is_a_refusal(backend):
    with pytest.raises(UnsupportedByFramework, match=r"gradient registry has no entry for: Lu$"):
        run(backend, lambda x: tf.reduce_sum(tf.linalg.lu(x)[0]), [A], "gradient")


def test_a_missing_kernel_is_a_refusal(backend):
    with pytest.raises(UnsupportedByFramework, match=r"bfloat16|DT_BFLOAT16") as caught:
        run(backend, tf.linalg.det, [numpy.eye(2)], "value", dtype="bfloat16")
    assert "\n" not in str(caught.value)


def test_a_refusal_is_told_without_the_list_of_kernels(backend):
    with pytest.raises(UnsupportedByFramework, match=r"^Could not find device for node: .*adjoint=false\]$"):
        run(backend, lambda a: tf.reduce_sum(tf.linalg.solve(a, a)), [numpy.eye(2)], "value", dtype="float16")


def test_a_mode_that_is_not_there_is_a_refusal(backend):
    with pytest.raises(UnsupportedByFramework, match="not by forward"):
        run(backend, squares, [X], "gradient", mode="forward")


@pytest.mark.parametrize("execution", ["eager", "compiled"])
def test_a_wrong_shape_is_the_functions_own_fault(backend, execution):
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError)) as caught:
        run(
            backend, lambda x: tf.reduce_sum(x + tf.constant([1.0, 2.0], tf.float64)), [X], "value", execution=execution
        )
    assert not backend.is_unsupported(caught.value)


# The framework itself -----------------------------------------------------------------------------------------


def test_settings_are_read_back(backend):
    settings = backend.settings()
    assert settings["tf32"] is False
    assert {"threads", "inter_op_threads", "onednn", "soft_device_placement"} <= set(settings)
    assert settings["jit"] is settings["deterministic"] is False
    assert settings["flush_denormals"] is True  # as TensorFlow does on a CPU
    assert backend.version() == tf.__version__
    assert backend.devices()[0] == "cpu"
