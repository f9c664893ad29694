"""What a backend is: the seam between the worker and one framework.

Runs in the worker's interpreter: standard library, NumPy and the one framework. A backend imports its framework when it
is constructed, never before. `A` below stands for the framework's own array.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, ClassVar

import numpy

from gradcmp.core.operators import Operator

A = Any

Arrays = tuple[A, ...]

Raw = tuple[Arrays, A | None, Any]
"""Outputs, the `finished` flag (None where there is none), and derivatives nested as `labelled` takes them apart."""

Program = Callable[[Arrays, Arrays, Arrays | None], Raw]
"""`(primals, fixed, seeds)` → `Raw`. All data are arguments, so that a compiler cannot fold them."""


class UnsupportedByFramework(Exception):
    """The framework or its backend cannot; the message is the reason, in the framework's own words where it has any."""


class NoSuchNotion(Exception):
    """What a protocol asks for does not exist in this framework: the case is `skipped`, with the reason."""


class LoopNotFinished(Exception):
    """A bounded loop was cut off by `max_iterations`: its result means nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is made alike in every worker. `threads` None: the framework's own choice."""

    threads: int | None = None
    device: str = "cpu"


@dataclass(frozen=True, slots=True)
class Function:
    """The function under test over flat arrays: `call(differentiated, fixed) -> outputs`, all tuples of `A`.

    `call` unflattens both into the function's arguments and flattens what comes back; it holds no arrays itself, so
    compilers see all data as arguments. `finished` True: the last output is a boolean array that says whether every
    bounded loop ended; `call` still returns it as the last output, and the backend must neither differentiate nor
    report it, but raise `LoopNotFinished` where it is false.
    """

    call: Callable[[tuple[A, ...], tuple[A, ...]], tuple[A, ...]]
    finished: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One derivative to be prepared, or a recording to be used as `protocol` says, with a cotangent of ones.

    `primals` are the arrays to differentiate by, `fixed` the other inputs. `seeds` are those that the operator takes:
    cotangents (one an output) or tangents (one a primal); None where they are ones. `mode` None: the backend's
    preferred one. `progress` is called with `"compile"` and `"run"` where the backend can tell the phases of the first
    call apart.
    """

    operator: Operator
    mode: str | None = None
    protocol: str | None = None
    execution: str
    device: str
    function: Function
    primals: Arrays
    fixed: Arrays
    seeds: Arrays | None = None
    progress: Callable[[str], None] = lambda _: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivative:
    """One array of a result: output index (None where it is a sum over outputs: vjp), primal indices."""

    of: int | None
    wrt: tuple[int, ...]
    array: A | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one run of a derivative gives; still the framework's own arrays.

    gradient: one `Derivative` an output and primal, `of` its output; every output must be a scalar.
    vjp: one a primal, `of` None: the pull-back of all cotangents at once.
    jvp: one an output, `wrt` empty. jacobian: one an output and primal, shape output + primal.
    hessian: one an output and pair of primals. hvp: one an output and primal. value: none.
    """

    values: tuple[A, ...]
    derivatives: tuple[Derivative, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """`run()` computes everything once and returns without waiting for the device; `mode` is how it differentiates.

    `notes()` tells facts after the first run (`{"graphs": 1, "graph_breaks": 0}`) and raises `UnsupportedByFramework`
    where compiled execution compiled nothing.
    """

    run: Callable[[], Result]
    mode: str
    notes: Callable[[], Mapping[str, int | str]] = dict


class Backend(ABC):
    """One framework. Methods raise `UnsupportedByFramework` for what is not there."""

    name: ClassVar[str]

    modes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "value": ("forward",),
        "gradient": ("reverse",),
        "vjp": ("reverse",),
        "jvp": ("forward", "reverse"),
        "jacobian": ("vectorized", "forward", "loop", "reverse"),
        "hessian": ("forward-over-reverse", "reverse-over-reverse", "loop", "vectorized"),
        "hvp": ("forward-over-reverse", "reverse-over-reverse"),
    }
    """Operator → modes, in order of preference."""

    @abstractmethod
    def __init__(self, settings: Settings) -> None:
        """Import the framework and apply the settings."""

    @abstractmethod
    def version(self) -> str: ...

    @abstractmethod
    def devices(self) -> tuple[str, ...]:
        """`cpu`, `cuda:0`, …: where arrays can be put."""

    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """What is in force, read back from the framework or tried out, never what was asked for.

        One notion has one name and one type in every backend, and is left out where it does not exist: `threads`
        and `inter_op_threads` (int; None where the framework does not tell), `x64`, `tf32`, `deterministic`,
        `flush_denormals`, `onednn` and `jit` (compiled although eager was asked for), all bool; `matmul_precision`,
        `default_dtype` and `xla_flags`, all str.
        """

    @abstractmethod
    def to_device(self, array: numpy.ndarray, dtype: str, device: str) -> A:
        """The framework's array; bfloat16 arrives as float32 and is exact."""

    @abstractmethod
    def to_numpy(self, array: A) -> tuple[str, numpy.ndarray]:
        """(dtype name, numbers); bfloat16 leaves as float32. Waits for the device. Sparse gradients become dense."""

    @abstractmethod
    def synchronize(self, result: Result, device: str) -> None:
        """Wait until everything in `result` has been computed."""

    @abstractmethod
    def prepare(self, job: Job) -> Prepared:
        """Everything up to the first call; compiling may happen here or in the first `run()`."""

    def preferred(self, operator: str, execution: str) -> tuple[str, ...]:  # noqa: ARG002  # for those who override it
        """The modes to be tried in turn where none is asked for; the next only where the framework has not the last."""
        return self.modes.get(operator, ())[:2]

    def protocol(self, job: Job) -> Result:
        """Use a recording as `job.protocol` says, in the framework's own idiom; whatever it raises is the answer."""
        raise UnsupportedByFramework(f"{self.name} has no notion of {job.protocol}")

    def is_unsupported(self, error: BaseException) -> bool:
        """Does this exception of the framework mean `I do not have that`, rather than `your code is wrong`?"""
        return isinstance(error, UnsupportedByFramework | NotImplementedError)

    def load(self, module: ModuleType, entry: str) -> Callable[..., Any]:
        """The function of a loaded module; a backend may wrap it (never needed for generated code)."""
        function: Callable[..., Any] = getattr(module, entry)
        return function


def check_mode(backend: Backend, job: Job) -> str:
    """The mode to use; raises `UnsupportedByFramework` where the backend does not have the one that was asked for."""
    modes = backend.modes.get(job.operator, ())
    if not modes:
        raise UnsupportedByFramework(f"{backend.name} has no {job.operator}")
    if job.mode is None:
        return backend.preferred(job.operator, job.execution)[0]
    if job.mode not in modes:
        raise UnsupportedByFramework(f"{backend.name} computes {job.operator} by {', '.join(modes)}, not by {job.mode}")
    return job.mode


def outputs_of(function: Function, outputs: Sequence[A]) -> tuple[tuple[A, ...], A | None]:
    """The outputs proper and the `finished` flag, None where there is none."""
    values = tuple(outputs)
    return (values[:-1], values[-1]) if function.finished else (values, None)


def check_finished(flag: A | None) -> None:
    """Raises LoopNotFinished where the flag of the bounded loops is there and false. Waits for the device."""
    if flag is not None and not bool(flag):
        raise LoopNotFinished("a loop was cut off by `max_iterations` before its condition became false")


def by_primal(of: int | None, arrays: Iterable[A | None]) -> tuple[Derivative, ...]:
    """The derivatives of one output (None: of all of them), an array a primal."""
    return tuple(Derivative(of=of, wrt=(index,), array=array) for index, array in enumerate(arrays))


def repeatable(operator: Operator, execute: Callable[[], Raw], floating: Callable[[A], bool]) -> Callable[[], Result]:
    """`execute` as the `run` of `Prepared`. Whether loops ended is asked once, because to ask waits for the device."""
    differentiated: list[int] | None = None  # which outputs are floating

    def run() -> Result:
        nonlocal differentiated
        values, finished, derivatives = execute()
        if differentiated is None:
            check_finished(finished)
            differentiated = [index for index, value in enumerate(values) if floating(value)]
        return Result(values=values, derivatives=labelled(operator, differentiated, derivatives))

    return run


def labelled(operator: Operator, differentiated: Sequence[int], nested: Any) -> tuple[Derivative, ...]:
    """The arrays of `nested` with their output and primals.

    `nested` is by output, then by primal, once more by primal for `hessian`; by output alone for `jvp`, by primal alone
    for `vjp`. `differentiated` are the indices of the outputs that have derivatives, in the order of `nested`.
    """
    if operator.order == 0:
        return ()
    rows = zip(differentiated, nested, strict=True) if operator.by_output else ((None, nested),)
    return tuple(
        Derivative(of=of, wrt=wrt, array=array) for of, row in rows for wrt, array in _blocks(row, operator.paths)
    )


def _blocks(nested: Any, depth: int) -> Iterator[tuple[tuple[int, ...], A]]:
    if depth == 0:
        yield (), nested
        return
    for index, inner in enumerate(nested):
        yield from (((index, *wrt), array) for wrt, array in _blocks(inner, depth - 1))
