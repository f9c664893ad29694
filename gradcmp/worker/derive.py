"""One case: arrays to the device, the derivative asked for, named arrays back."""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from gradcmp.backends.base import Backend, Derivative, Job, LoopNotFinished, Prepared, Result
from gradcmp.core.operators import Operator
from gradcmp.core.outcomes import Computed, Timing
from gradcmp.core.requests import Request
from gradcmp.core.tensors import Leaf, Tensor
from gradcmp.worker.load import Loader
from gradcmp.worker.measure import sample

VALUE_SHARE = 0.5
"""Of the timing budget, for the function without its derivative."""

MEASURE_SHARE = 0.5
"""Of the time limit: slow functions are sampled fewer times than three rather than timed out."""

Progress = Callable[[str], None]


def derive(backend: Backend, loader: Loader, request: Request, *, device: str, progress: Progress) -> Computed:
    """The answer to a case; whatever the framework raises goes through."""
    function = loader.function(request)
    primals = _arrays(backend, (request.inputs[path] for path in request.wrt), device)
    rest = (tensor for path, tensor in request.inputs.items() if path not in request.wrt)
    fixed = _arrays(backend, rest, device)
    job = Job(
        operator=request.operator,
        mode=request.mode,
        protocol=request.protocol,
        execution=request.execution,
        device=device,
        function=function,
        primals=primals,
        fixed=fixed,
        seeds=_seeds(backend, request, device),
        progress=progress,
    )
    prepared, result, notes, first_call_s = _first_call(backend, job)
    progress("run")
    values, derivatives = _named(backend, request, result)
    del result
    timing = Timing(first_call_s=first_call_s)
    if request.timing_s > 0 and request.protocol is None:
        progress("measure")
        timing = _measure(backend, request, job, prepared.run, first_call_s)
    return Computed(values=values, derivatives=derivatives, mode=prepared.mode, timing=timing, notes=notes)


def _first_call(backend: Backend, job: Job) -> tuple[Prepared, Result, dict[str, int | str], float]:
    """The derivative by the mode that was asked for, else by the first one that the framework has, with its notes and
    the seconds of its first call. A note names the modes that were tried before, and why they were left. A protocol is
    a reverse pass."""
    tried: dict[str, int | str] = {}
    modes: tuple[str | None, ...] = (job.mode,)
    if job.mode is None and job.protocol is None:
        modes = backend.preferred(job.operator, job.execution) or modes
    refusal: Exception | None = None
    for mode in modes:
        began = time.perf_counter()
        try:
            if job.protocol is not None:
                prepared = Prepared(run=partial(backend.protocol, job), mode="reverse")
            else:
                prepared = backend.prepare(replace(job, mode=mode))
            result = prepared.run()
            backend.synchronize(result, job.device)
            first_call_s = time.perf_counter() - began
            return prepared, result, {**prepared.notes(), **tried}, first_call_s
        except LoopNotFinished:  # is so by every mode
            raise
        except Exception as error:
            if refusal is None and not backend.is_unsupported(error):
                raise
            refusal = refusal or error  # the preferred mode's words count, whatever happens to the others
            tried[f"not_{mode}"] = str(error).strip().partition("\n")[0]
    assert refusal is not None
    raise refusal


def _measure(backend: Backend, request: Request, job: Job, run: Callable[[], Result], first_call_s: float) -> Timing:
    """Repetitions of the derivative, then of the value in the same execution where that is something else."""
    longest_s = request.timeout_s * MEASURE_SHARE

    def repeat(once: Callable[[], Result], budget_s: float) -> tuple[tuple[float, ...], int]:
        return sample(lambda: backend.synchronize(once(), job.device), budget_s=budget_s, longest_s=longest_s)

    samples_s, calls = repeat(run, request.timing_s)
    if request.operator == "value":
        return Timing(first_call_s=first_call_s, samples_s=samples_s, calls_per_sample=calls)
    try:
        value = backend.prepare(replace(job, operator=Operator.VALUE, mode=None, seeds=None))
        backend.synchronize(value.run(), job.device)
        job.progress("measure")
        value_samples_s, value_calls = repeat(value.run, request.timing_s * VALUE_SHARE)
    except Exception:  # noqa: BLE001  # the derivative has been computed; that its value cannot be timed is no failure
        value_samples_s, value_calls = (), 1
    return Timing(
        first_call_s=first_call_s,
        samples_s=samples_s,
        calls_per_sample=calls,
        value_samples_s=value_samples_s,
        value_calls_per_sample=value_calls,
    )


def _arrays(backend: Backend, tensors: Iterable[Tensor], device: str) -> tuple[Any, ...]:
    return tuple(backend.to_device(tensor.array, tensor.dtype, device) for tensor in tensors)


def _seeds(backend: Backend, request: Request, device: str) -> tuple[Any, ...] | None:
    """Cotangents by output or tangents by primal, in order; `""` stands for every path that is not named."""
    given = {"cotangent": (request.cotangents, request.outputs), "tangent": (request.tangents, request.wrt)}
    seeds, paths = given.get(request.operator.seed, (None, ()))
    if seeds is None:
        return None
    return _arrays(backend, (seeds[path] if path in seeds else seeds[""] for path in paths), device)


def _named(backend: Backend, request: Request, result: Result) -> tuple[tuple[Leaf, ...], tuple[Leaf, ...]]:
    values = zip(request.outputs, result.values, strict=True)
    return (
        tuple(Leaf(of=path, tensor=_tensor(backend, array)) for path, array in values),
        tuple(_leaf(backend, request, derivative) for derivative in result.derivatives),
    )


def _leaf(backend: Backend, request: Request, derivative: Derivative) -> Leaf:
    return Leaf(
        of="" if derivative.of is None else request.outputs[derivative.of],
        wrt=tuple(request.wrt[index] for index in derivative.wrt),
        tensor=None if derivative.array is None else _tensor(backend, derivative.array),
    )


def _tensor(backend: Backend, array: Any) -> Tensor:
    dtype, numbers = backend.to_numpy(array)
    return Tensor(dtype=dtype, array=numbers)
