"""TensorFlow: eager, compiled (`tf.function` of the whole derivative, AutoGraph on) and xla (the same by XLA)."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, ClassVar, TypeVar

import numpy

from gradcmp.backends.base import (
    A,
    Backend,
    Function,
    Job,
    Prepared,
    Result,
    Settings,
    UnsupportedByFramework,
    check_mode,
    repeatable,
)
from gradcmp.backends.tensorflow.importing import import_tensorflow
from gradcmp.backends.tensorflow.refusals import in_its_words, is_refusal

KEPT_FUNCTIONS = 128  # traced functions that are found again; an older one is traced again

T = TypeVar("T")


class TensorFlowBackend(Backend):
    """TensorFlow on CPU or CUDA.

    Second derivatives are taken as TensorFlow's documentation takes them: products by forward over reverse
    (`tf.autodiff.ForwardAccumulator`), Hessians by reverse over reverse (its guide to automatic differentiation).
    Where a compiled function has control flow there is no forward over reverse. Rows of Jacobians and Hessians are
    vectorized (`pfor`, TensorFlow's own preference) except under XLA, which compiles no vectorized `while`, and where
    a graph cannot be vectorized: there they are computed one at a time. So one of the preferred modes goes through
    `if` and `while` in every execution. A note tells how rows were computed.
    """

    name: ClassVar[str] = "tensorflow"

    modes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **Backend.modes,
        "jacobian": ("vectorized", "loop", "forward", "reverse"),
        "hessian": ("reverse-over-reverse", "forward-over-reverse", "loop", "vectorized"),
    }

    def __init__(self, settings: Settings) -> None:
        self._tf = tf = import_tensorflow()
        from gradcmp.backends.tensorflow import derivatives, protocols  # they import TensorFlow

        self._derivatives = derivatives
        self._protocols = protocols
        self._gpus: list[Any] = tf.config.list_physical_devices("GPU")
        if settings.threads is not None:
            tf.config.threading.set_intra_op_parallelism_threads(settings.threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)  # operations one after the other, as elsewhere
        if settings.device == "cpu":
            tf.config.set_visible_devices([], "GPU")  # takes no memory of a GPU
        else:
            for gpu in self._gpus:
                tf.config.experimental.set_memory_growth(gpu, True)  # noqa: FBT003  # TensorFlow's signature
        tf.config.experimental.enable_tensor_float_32_execution(False)  # noqa: FBT003  # TensorFlow's signature
        # Called again with the same function and types, a tf.function finds what it has traced.
        self._traced = lru_cache(maxsize=KEPT_FUNCTIONS)(self._trace)

    def version(self) -> str:
        version: str = self._tf.__version__
        return version

    def devices(self) -> tuple[str, ...]:
        return ("cpu", *(f"cuda:{index}" for index in range(len(self._gpus))))

    def settings(self) -> Mapping[str, Any]:
        tf, config = self._tf, self._tf.config
        with self._place("cpu"):
            halved = tf.constant(2.0**-126) * 0.5  # there is no way to ask
        return {
            "threads": config.threading.get_intra_op_parallelism_threads() or None,  # 0: TensorFlow's own choice
            "inter_op_threads": config.threading.get_inter_op_parallelism_threads() or None,
            "tf32": bool(config.experimental.tensor_float_32_execution_enabled()),
            "deterministic": _is_deterministic(),
            "flush_denormals": bool(halved.numpy() == 0),
            "onednn": _uses_onednn(),
            "soft_device_placement": bool(config.get_soft_device_placement()),
            "jit": bool(config.optimizer.get_jit()),
            "xla_flags": os.environ.get("XLA_FLAGS", ""),
        }

    def to_device(self, array: numpy.ndarray, dtype: str, device: str) -> A:
        tf = self._tf
        with self._place(device):
            tensor = tf.constant(array)
            return tf.cast(tensor, getattr(tf, dtype))  # changes only bfloat16, which arrives as float32

    def to_numpy(self, array: A) -> tuple[str, numpy.ndarray]:
        tf = self._tf
        if isinstance(array, tf.SparseTensor):
            array = tf.sparse.to_dense(array)
        elif isinstance(array, tf.RaggedTensor):
            array = array.to_tensor()
        tensor = tf.convert_to_tensor(array)  # adds up the rows of IndexedSlices
        dtype: str = tensor.dtype.name
        return dtype, (tf.cast(tensor, tf.float32) if dtype == "bfloat16" else tensor).numpy()

    def synchronize(self, result: Result, device: str) -> None:
        del result  # waits for the device as a whole
        if device != "cpu":  # on the CPU everything has been computed when a call returns
            self._tf.test.experimental.sync_devices()

    def preferred(self, operator: str, execution: str) -> tuple[str, ...]:
        if (operator, execution) == ("jacobian", "xla"):
            return ("loop", "forward")
        return super().preferred(operator, execution)

    def prepare(self, job: Job) -> Prepared:
        mode = check_mode(self, job)
        forms = _forms_of_rows(mode, job)
        if job.execution == "eager":
            return self._prepared(job, self._eager(job, mode, pfor=forms[0]), mode, lambda: _rows(forms[0]))
        job.progress("compile")
        traced, pfor = self._trace_first(job, mode, forms)
        if job.execution != "xla":  # XLA compiles inside the first call
            job.progress("run")
        seeds = job.seeds

        def notes() -> Mapping[str, int | str]:
            return {"graphs": traced.experimental_get_tracing_count(), **_rows(pfor)}

        return self._prepared(job, lambda: traced(job.primals, job.fixed, seeds), mode, notes)

    def protocol(self, job: Job) -> Result:
        with self._place(job.device):
            result: Result = self._in_words(lambda: self._protocols.use(job))
            return result

    def is_unsupported(self, error: BaseException) -> bool:
        return super().is_unsupported(error) or is_refusal(error)

    def _prepared(
        self, job: Job, execute: Callable[[], Any], mode: str, notes: Callable[[], Mapping[str, int | str]]
    ) -> Prepared:
        run = repeatable(job.operator, lambda: self._in_words(execute), lambda value: bool(value.dtype.is_floating))
        return Prepared(run=run, mode=mode, notes=notes)

    def _eager(self, job: Job, mode: str, *, pfor: bool | None) -> Callable[[], Any]:
        program = self._derivatives.program(job.function, job.operator, mode, graph=False, pfor=bool(pfor))
        seeds = job.seeds

        def execute() -> Any:
            with self._place(job.device):
                return program(job.primals, job.fixed, seeds)

        return execute

    def _trace_first(self, job: Job, mode: str, forms: tuple[bool | None, ...]) -> tuple[Any, bool | None]:
        """The derivative traced in the first form that TensorFlow can trace, and that form."""
        for pfor in forms:
            traced = self._traced(job.function, job.operator, mode, job.execution, job.device, bool(pfor))
            try:
                self._in_words(partial(traced.get_concrete_function, job.primals, job.fixed, job.seeds))
            except UnsupportedByFramework:
                if pfor == forms[-1]:
                    raise
            else:
                return traced, pfor
        raise AssertionError

    def _trace(self, function: Function, operator: str, mode: str, execution: str, device: str, pfor: bool) -> Any:  # noqa: FBT001  # a key of the cache
        program = self._derivatives.program(function, operator, mode, graph=True, pfor=pfor)

        def derivative(primals: Any, fixed: Any, seeds: Any) -> Any:
            with self._place(device):
                return program(primals, fixed, seeds)

        # AutoGraph has been at the function under test already
        return self._tf.function(derivative, autograph=False, jit_compile=True if execution == "xla" else None)

    def _place(self, device: str) -> Any:
        kind, _, index = device.partition(":")
        return self._tf.device("/CPU:0" if kind == "cpu" else f"/GPU:{index or 0}")

    def _in_words(self, call: Callable[[], T]) -> T:
        """What `call` returns; where TensorFlow refuses, its words without the graph."""
        try:
            return call()
        except Exception as error:
            if not is_refusal(error):
                raise
            raise UnsupportedByFramework(in_its_words(error)) from error


def _forms_of_rows(mode: str, job: Job) -> tuple[bool | None, ...]:
    """Whether to vectorize rows (`pfor`), in the order in which to try; None where there are no rows."""
    if job.operator not in {"jacobian", "hessian"} or mode in {"forward", "forward-over-reverse"}:
        return (None,)
    if mode in {"loop", "vectorized"}:
        return (mode == "vectorized",)
    return (False,) if job.execution == "xla" else (True, False)


def _rows(pfor: bool | None) -> dict[str, str]:  # noqa: FBT001  # the only thing it is about
    """The note on how rows were computed."""
    return {} if pfor is None else {"rows": "vectorized" if pfor else "loop"}


def _uses_onednn() -> bool | None:
    """Whether oneDNN is used can be set by a variable, but its default depends on the processor. None: not told."""
    try:
        from tensorflow.python.util import _pywrap_util_port
    except ImportError:
        return None
    return bool(_pywrap_util_port.IsMklEnabled())


def _is_deterministic() -> bool:
    """TensorFlow can be told to be deterministic, but not publicly asked."""
    try:
        from tensorflow.python.framework import config
    except ImportError:
        return False
    return bool(config.is_op_determinism_enabled())
