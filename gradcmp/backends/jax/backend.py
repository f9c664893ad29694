"""JAX: eager (plain transformations, operation by operation) and compiled (`jax.jit` of the whole derivative).

Double precision is always on and matrix products are computed at the highest precision, so that dtypes are those that
were asked for and float32 is float32 on a GPU too.
"""

import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy

from gradcmp.backends.base import (
    A,
    Arrays,
    Backend,
    Function,
    Job,
    Prepared,
    Result,
    Settings,
    UnsupportedByFramework,
    check_mode,
    outputs_of,
    repeatable,
)

UNSUPPORTED: tuple[tuple[str, str], ...] = (
    ("ValueError", "Reverse-mode differentiation does not work for"),  # through lax.while_loop
    ("TypeError", "can't apply forward-mode differentiation"),  # to a function that brings its own VJP
    ("JaxRuntimeError", "UNIMPLEMENTED"),  # by XLA
)
"""Exceptions that say `I do not have that` without being a NotImplementedError: type, and how the message begins."""

FULL_PRECISION = ("highest", "float32")  # of matrix products; the others allow TF32 on a GPU that has it

KEPT_PROGRAMS = 128  # of the latest functions; an older one is compiled again


class JaxBackend(Backend):
    """JAX on CPU or CUDA. The same modes are preferred in both executions.

    In eager execution `jax.vjp` and `jax.jvp` run the function on concrete arrays (only the linear maps that they
    return are vectorized by `jax.jacrev`, `jax.jacfwd` and `jax.hessian`), so `if` and `while` on values work under
    every mode. Compiled execution needs the structured lowering.
    """

    name: ClassVar[str] = "jax"

    def __init__(self, settings: Settings) -> None:
        if settings.threads is not None:
            # XLA sizes its pool by this variable when the CPU client starts, else by the cores it may use.
            os.environ["NPROC"] = str(settings.threads)
        import jax  # a backend imports its framework when it is constructed

        options: dict[str, Any] = {
            "jax_enable_x64": True,
            "jax_default_matmul_precision": "highest",
            "jax_debug_nans": False,
        }
        if settings.device == "cpu":
            options["jax_platforms"] = "cpu"  # a worker for the CPU takes no memory of a GPU
        self._config = cast("Any", jax.config)  # its attributes are made at run time
        for name, value in options.items():
            self._config.update(name, value)
        from gradcmp.backends.jax import derivatives, protocols  # they import JAX

        self._jax: Any = jax
        self._derivatives = derivatives
        self._protocols = protocols
        if settings.device != "all" and self._has(settings.device):
            self._config.update("jax_default_device", self._device(settings.device))
        # `jax.jit` keeps what it compiled by function and shapes, so the same function object must come back to it.
        self._jitted = lru_cache(maxsize=KEPT_PROGRAMS)(self._jit)

    def version(self) -> str:
        version: str = self._jax.__version__
        return version

    def devices(self) -> tuple[str, ...]:
        return ("cpu", *(f"cuda:{device.id}" for device in self._jax.devices() if device.platform == "gpu"))

    def settings(self) -> Mapping[str, Any]:
        config = self._config
        flags = os.environ.get("XLA_FLAGS", "")
        smallest = self._jax.numpy.float32(2.0**-126)
        return {
            "threads": _pool_size(),
            "x64": bool(config.jax_enable_x64),
            "matmul_precision": str(config.jax_default_matmul_precision or "default"),
            "tf32": config.jax_default_matmul_precision not in FULL_PRECISION,
            "deterministic": "--xla_gpu_deterministic_ops=true" in flags,
            "flush_denormals": bool(smallest * 0.5 == 0),
            "platform": self._jax.default_backend(),
            "prng": config.jax_default_prng_impl,
            "debug_nans": bool(config.jax_debug_nans),
            "xla_flags": flags,
        }

    def to_device(self, array: numpy.ndarray, dtype: str, device: str) -> A:
        # The copy is for JAX alone: on the CPU it may keep NumPy's memory instead of copying it.
        return self._jax.device_put(numpy.array(array, dtype=self._jax.numpy.dtype(dtype)), self._device(device))

    def to_numpy(self, array: A) -> tuple[str, numpy.ndarray]:
        dtype = str(array.dtype)
        numbers = numpy.asarray(array)
        return dtype, numbers.astype(numpy.float32) if dtype == "bfloat16" else numbers

    def synchronize(self, result: Result, device: str) -> None:
        del device  # arrays know where they are computed
        for array in (*result.values, *(derivative.array for derivative in result.derivatives)):
            array.block_until_ready()  # half the cost of `jax.block_until_ready` over a tree, and it is timed

    def prepare(self, job: Job) -> Prepared:
        mode = check_mode(self, job)
        execute = self._compiled_run if job.execution == "compiled" else self._eager_run
        call = execute(job, mode)
        return Prepared(
            run=repeatable(job.operator, lambda: self._in_words(call), self._derivatives.floating), mode=mode
        )

    def protocol(self, job: Job) -> Result:
        result: Result = self._in_words(lambda: self._protocols.use(job))
        return result

    def is_unsupported(self, error: BaseException) -> bool:
        return super().is_unsupported(error) or any(
            type(error).__name__ == name and str(error).startswith(text) for name, text in UNSUPPORTED
        )

    def _jit(self, function: Function, operator: str, mode: str) -> Any:
        return self._jax.jit(self._derivatives.program(function, operator, mode, unrolled=False))

    def _eager_run(self, job: Job, mode: str) -> Callable[[], Any]:
        program = self._derivatives.program(job.function, job.operator, mode, unrolled=True)
        job.progress("run")
        return lambda: program(job.primals, job.fixed, job.seeds)

    def _compiled_run(self, job: Job, mode: str) -> Callable[[], Any]:
        """The whole derivative under `jax.jit`, every array an argument; compiled in the first call."""
        program = self._jitted(job.function, job.operator, mode)
        seeds: Any = None
        compiled = False

        def call() -> Any:
            nonlocal compiled, seeds
            if not compiled:
                job.progress("compile")
                seeds = self._seeds(job)
                # Ahead of time only to tell the phases apart: the call below finds the executable in JAX's own cache.
                program.lower(job.primals, job.fixed, seeds).compile()
                job.progress("run")
                compiled = True
            return program(job.primals, job.fixed, seeds)

        return call

    def _seeds(self, job: Job) -> Arrays | None:
        """The seeds as arrays even where they are ones: as constants, XLA would fold them."""
        if job.seeds is not None or not job.operator.seed:
            return job.seeds
        if job.operator.seed == "tangent":
            return self._derivatives.ones(job.primals)
        shapes = self._jax.eval_shape(job.function.call, job.primals, job.fixed)
        outputs, _ = outputs_of(job.function, shapes)
        return self._derivatives.ones(outputs)

    def _in_words(self, call: Callable[[], Any]) -> Any:
        """`call()`, with JAX's `I do not have that` said in its own words and without its tuples of causes."""
        try:
            return call()
        except Exception as error:
            if isinstance(error, UnsupportedByFramework) or not self.is_unsupported(error):
                raise
            words = [argument for argument in error.args if isinstance(argument, str)]
            raise UnsupportedByFramework(words[-1] if words else str(error)) from error

    def _has(self, name: str) -> bool:
        """Whether there is such a device: where there is none, `devices` says so and every case is skipped."""
        try:
            self._device(name)
        except UnsupportedByFramework:
            return False
        return True

    def _device(self, name: str) -> Any:
        """JAX's device for `cpu`, `cuda:1`. Raises UnsupportedByFramework where there is none."""
        platform, _, number = name.partition(":")
        try:
            return self._jax.devices(platform)[int(number or 0)]
        except (RuntimeError, IndexError) as error:
            raise UnsupportedByFramework(f"jax has no device {name}: {error}") from error


def _pool_size() -> int | None:
    """Threads in XLA's pool for the CPU, counted: JAX cannot be asked. None where the system does not tell."""
    tasks = Path("/proc/self/task")
    if not tasks.is_dir():
        return None
    names = [_text(task / "comm") for task in tasks.iterdir()]
    return sum(name.startswith("tf_XLAEigen") for name in names) or None


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the thread has ended meanwhile
        return ""
