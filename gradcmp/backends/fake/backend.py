"""A backend for tests, without any framework: right answers by complex steps, and every way to fail.

The execution names the behaviour (`fake_descriptor.BEHAVIOURS`). The environment variable `GRADCMP_FAKE_IMPORT` makes
its construction `fail`, `die`, `hang` or take a while (`slow`).

A complex step gives the derivative of an analytic function without cancellation: f'(x) = Im f(x + ih) / h + O(h^2)
(Squire and Trapp 1998); with h = 1e-100 the remainder is far below float64. So functions must be spelled analytically:
`sqrt(sum(x * x))` for a norm.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, NoReturn

import numpy

from gradcmp.backends.base import (
    Backend,
    Derivative,
    Function,
    Job,
    LoopNotFinished,
    NoSuchNotion,
    Prepared,
    ProtocolJob,
    Result,
    Settings,
    UnsupportedByFramework,
    check_mode,
    outputs_of,
)

STEP = 1e-100
FLOOD_BYTES = 200_000_000
SLOW_S = 0.1

Numbers = tuple[numpy.ndarray, ...]


class Typed(numpy.ndarray):
    """Numbers that know their dtype's name, because NumPy has no bfloat16."""

    dtype_name: str = ""

    def __array_finalize__(self, parent: Any) -> None:
        self.dtype_name = getattr(parent, "dtype_name", "")


class FakeBackend(Backend):
    """NumPy in the place of a framework."""

    name = "fake"
    modes: ClassVar = {
        "value": ("forward",),
        "gradient": ("reverse", "forward"),
        "vjp": ("reverse",),
        "jvp": ("forward",),
        "jacobian": ("reverse", "forward"),
    }

    def __init__(self, settings: Settings) -> None:
        _import(os.environ.get("GRADCMP_FAKE_IMPORT", ""))
        self._threads = settings.threads
        self._draws = numpy.random.default_rng(0)

    def version(self) -> str:
        return numpy.__version__

    def devices(self) -> tuple[str, ...]:
        return ("cpu",)

    def settings(self) -> Mapping[str, Any]:
        return {"threads": self._threads, "x64": True}

    def to_device(self, array: numpy.ndarray, dtype: str, device: str) -> Typed:  # noqa: ARG002  # there is one
        return typed(array, dtype)

    def to_numpy(self, array: Typed) -> tuple[str, numpy.ndarray]:
        return array.dtype_name, numpy.asarray(array)

    def synchronize(self, result: Result, device: str) -> None:
        """Nothing runs behind our back."""

    def prepare(self, job: Job) -> Prepared:
        mode = check_mode(self, job)
        if job.execution in ("compiled", "hangs_compiling"):
            job.progress("compile")
            time.sleep(1e6 if job.execution == "hangs_compiling" else 0.01)
            job.progress("run")

        def run() -> Result:
            misbehave(job.execution)
            return self._spoilt(job.execution, evaluate(job))

        return Prepared(run=run, mode=mode, notes=lambda: {"complex_steps": sum(p.size for p in job.primals)})

    def protocol(self, job: ProtocolJob) -> Result:
        """Two of them, to have some: what accumulates, and what raises."""
        gradient = Job(
            operator="gradient",
            mode=None,
            execution=job.execution,
            device=job.device,
            function=job.function,
            primals=job.primals,
            fixed=job.fixed,
        )
        match job.protocol:
            case "accumulate":
                return _each(evaluate(gradient), lambda array: 3 * array)
            case "zero_between":
                return evaluate(gradient)
            case "backward_twice":
                raise RuntimeError("the recording has been used up")
            case _:
                raise NoSuchNotion(f"the fake backend has no {job.protocol}")

    def _spoilt(self, execution: str, result: Result) -> Result:
        if execution == "noisy":
            factor = 1 + 1e-3 * self._draws.random()
            return _each(result, lambda array: array * array.dtype.type(factor))
        spoil = SPOILERS.get(execution)
        return result if spoil is None else _each(result, spoil)


def evaluate(job: Job) -> Result:
    """The true value and derivative, rounded to the dtype of the first primal."""
    dtype = job.primals[0].dtype_name
    primals = tuple(numpy.asarray(p, dtype=numpy.complex128) for p in job.primals)
    fixed = tuple(_widened(array) for array in job.fixed)
    values = tuple(typed(v.real, dtype) for v in _outputs(job.function, primals, fixed))
    derivatives = [
        Derivative(of=d.of, wrt=d.wrt, array=typed(d.array, dtype)) for d in _derivatives(job, primals, fixed)
    ]
    return Result(values=values, derivatives=tuple(derivatives))


def typed(array: Any, dtype: str) -> Typed:
    """The array rounded to a dtype; bfloat16 in float32."""
    if dtype != "bfloat16":
        result = numpy.array(array).astype(dtype).view(Typed)
    else:
        bits = numpy.array(array).astype(numpy.float32).view(numpy.uint32)
        even = (bits >> 16) & 1
        rounded = numpy.asarray((bits + 0x7FFF + even) & 0xFFFF0000, dtype=numpy.uint32)
        result = rounded.view(numpy.float32).view(Typed)
    result.dtype_name = dtype
    return result


def _widened(array: Typed) -> numpy.ndarray:
    return numpy.asarray(array, dtype=numpy.float64 if array.dtype.kind == "f" else array.dtype)


def _outputs(function: Function, primals: Numbers, fixed: Numbers) -> Numbers:
    outputs, finished = outputs_of(function, function.call(primals, fixed))
    if finished is not None and not bool(finished):
        raise LoopNotFinished("a bounded loop was cut off")
    return tuple(numpy.asarray(output) for output in outputs)


def _derivatives(job: Job, primals: Numbers, fixed: Numbers) -> Iterator[Derivative]:
    indices = range(len(primals))
    match job.operator:
        case "jvp":
            tangents = job.tangents or tuple(numpy.ones(p.shape) for p in primals)
            for of, change in enumerate(_pushed(job.function, primals, fixed, tangents)):
                yield Derivative(of=of, wrt=(), array=change)
        case "gradient" | "jacobian":
            for index in indices:
                for of, jacobian in enumerate(_jacobians(job.function, primals, fixed, index)):
                    if job.operator == "gradient" and jacobian.shape != primals[index].shape:
                        raise RuntimeError("grad can be implicitly created only for scalar outputs")
                    yield Derivative(of=of, wrt=(index,), array=jacobian)
        case "vjp":
            for index in indices:
                total = numpy.zeros(primals[index].shape)
                for of, jacobian in enumerate(_jacobians(job.function, primals, fixed, index)):
                    rank = jacobian.ndim - primals[index].ndim
                    cotangent = job.cotangents[of] if job.cotangents else numpy.ones(jacobian.shape[:rank])
                    total += numpy.tensordot(numpy.asarray(cotangent, dtype=numpy.float64), jacobian, axes=rank)
                yield Derivative(of=None, wrt=(index,), array=total)


def _pushed(function: Function, primals: Numbers, fixed: Numbers, tangents: Numbers) -> Numbers:
    moved = tuple(p + 1j * STEP * numpy.asarray(t, dtype=numpy.float64) for p, t in zip(primals, tangents, strict=True))
    return tuple(numpy.asarray(output.imag / STEP) for output in _outputs(function, moved, fixed))


def _jacobians(function: Function, primals: Numbers, fixed: Numbers, index: int) -> list[numpy.ndarray]:
    """Of every output with respect to one primal: a complex step in every element."""
    columns: list[Numbers] = []
    for element in numpy.ndindex(primals[index].shape):
        tangents = tuple(numpy.zeros(p.shape) for p in primals)
        tangents[index][element] = 1.0
        columns.append(_pushed(function, primals, fixed, tangents))
    if not columns:
        shapes = [output.shape for output in _outputs(function, primals, fixed)]
        return [numpy.zeros((*shape, *primals[index].shape)) for shape in shapes]
    stacked = [numpy.stack([column[of] for column in columns], axis=-1) for of in range(len(columns[0]))]
    return [jacobian.reshape((*jacobian.shape[:-1], *primals[index].shape)) for jacobian in stacked]


def _each(result: Result, spoil: Callable[[Any], Any]) -> Result:
    def spoilt(array: Any) -> Typed | None:
        changed = spoil(array)
        return None if changed is None else typed(changed, getattr(changed, "dtype_name", array.dtype_name))

    derivatives = tuple(Derivative(of=d.of, wrt=d.wrt, array=spoilt(d.array)) for d in result.derivatives)
    return Result(values=result.values, derivatives=derivatives)


def _with_element(array: Any, index: int, change: Callable[[Any], Any]) -> Any:
    changed = array.copy()
    if changed.size:
        changed.flat[index] = change(changed.flat[index])
    return changed


def _transposed(array: Typed) -> Typed:
    return typed(array.T.reshape(array.shape), array.dtype_name)


def _other_dtype(array: Typed) -> Typed:
    return typed(array, "float32" if array.dtype_name != "float32" else "float64")


SPOILERS: dict[str, Callable[[Any], Any]] = {
    "zero": lambda array: array * 0,
    "wrong": lambda array: array * array.dtype.type(1.001),
    "sign": lambda array: -array,
    "transposed": _transposed,
    "one_element": lambda array: _with_element(array, -1, lambda x: x * 1.001),
    "nan": lambda array: _with_element(array, 0, lambda x: numpy.nan),  # noqa: ARG005
    "inf": lambda array: _with_element(array, 0, lambda x: numpy.inf),  # noqa: ARG005
    "misshapen": lambda array: array[None],
    "wrong_dtype": _other_dtype,
    "missing": lambda array: None,  # noqa: ARG005
}


def misbehave(execution: str) -> None:
    """What an execution does before it answers, if it does."""
    action = MISDEEDS.get(execution)
    if action is not None:
        action()


def _import(how: str) -> None:
    match how:
        case "fail":
            raise ImportError("libfake.so.1: cannot open shared object file")
        case "die":
            _segfault()
        case "hang":
            time.sleep(1e6)
        case "slow":
            time.sleep(1.0)


def _raise(error: BaseException) -> NoReturn:
    raise error


def _segfault() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)
    time.sleep(60)


def _complain() -> NoReturn:
    sys.stdout.write("the last words of a case\n")
    raise ValueError("the fake backend was told to raise\n\n" + "and to go on about it " * 1000)


def _recurse() -> None:
    _recurse()


def _flood() -> None:
    chunk = b"water " * 10_000 + b"\n"
    for _ in range(FLOOD_BYTES // len(chunk)):
        os.write(1, chunk)


def _orphan() -> None:
    """A grandchild in a session of its own that keeps our pipes open, then an end."""
    _start_child(start_new_session=True)
    time.sleep(0.5)
    os._exit(7)


def _hang_with_child() -> None:
    _start_child()
    time.sleep(1e6)


def _start_child(**options: Any) -> None:
    script = "import time; time.sleep(600)"
    command = [sys.executable, "-c", script]
    subprocess.Popen(command, pass_fds=_open_descriptors(), **options)  # noqa: S603  # our own interpreter


def _damage() -> None:
    """Rubbish into every pipe but the captured output: one of them is the protocol."""
    for descriptor in _open_descriptors():
        try:
            os.write(descriptor, b"\xff" * 64)
        except OSError:
            continue
    time.sleep(60)


def _open_descriptors() -> list[int]:
    found = []
    for descriptor in range(3, 64):
        try:
            os.fstat(descriptor)
        except OSError:
            continue
        found.append(descriptor)
    return found


def _allocate() -> None:
    hoard = []
    while True:
        hoard.append(numpy.ones(4 * 2**20))  # 32 MiB, touched
        time.sleep(0.01)


MISDEEDS: dict[str, Callable[[], object]] = {
    "slow": lambda: time.sleep(SLOW_S),
    "unsupported": lambda: _raise(UnsupportedByFramework("the fake backend was told that it cannot")),
    "meaningless": lambda: _raise(NoSuchNotion("the fake backend has no such notion")),
    "unfinished": lambda: _raise(LoopNotFinished("a bounded loop was cut off")),
    "raises": _complain,
    "exits_politely": lambda: _raise(SystemExit(5)),
    "recurses": _recurse,
    "hangs": lambda: time.sleep(1e6),
    "hangs_with_child": _hang_with_child,
    "segfaults": _segfault,
    "exits": lambda: os._exit(3),
    "orphans": _orphan,
    "floods": _flood,
    "memory": _allocate,
    "damages": _damage,
}
