"""Derivatives in PyTorch: by recording where that is possible, else by transforming the function.

Imported by `TorchBackend` when it is constructed, so that PyTorch is not imported before.
"""

from collections.abc import Callable, Mapping
from types import ModuleType

from gradcmp.backends.base import Job, Result, labelled
from gradcmp.backends.torch import recordings
from gradcmp.backends.torch.recordings import Call, finished, ones, undefined
from gradcmp.backends.torch.transforms import TRANSFORMS, Transform

RECORDINGS: Mapping[tuple[str, str], Callable[[Job, Call], Result]] = {
    ("value", "forward"): recordings.value,
    ("gradient", "reverse"): recordings.gradient,
    ("vjp", "reverse"): recordings.vjp,
    ("jvp", "reverse"): recordings.jvp_by_reverse,
    ("jacobian", "loop"): recordings.jacobian_by_rows,
    ("hessian", "loop"): recordings.hessian_by_rows,
    ("hvp", "reverse-over-reverse"): recordings.hvp_by_reverse,
}
"""(operator, mode) → the recording of a call."""

THROUGH = frozenset({"value", "gradient", "vjp"})
"""Operators whose compiled execution differentiates through the compiled function."""


def eager(job: Job, mode: str) -> Callable[[], Result]:
    """The derivative, operation by operation."""
    derive = RECORDINGS.get((job.operator, mode))
    if derive is not None:
        return lambda: derive(job, job.function.call)
    transform = TRANSFORMS[job.operator, mode](job.function.call, int(job.function.finished))
    return lambda: transformed(job, transform)


def compiled(job: Job, mode: str, compiler: ModuleType) -> Callable[[], Result]:
    """The derivative through the compiled function, or compiled as one graph; `compiler` is the module `compiled`."""
    if job.operator in THROUGH:
        call = compiler.whole_or_in_parts(job.function.call)
        return lambda: RECORDINGS[job.operator, mode](job, call)
    transform = compiler.whole(TRANSFORMS[job.operator, mode](job.function.call, int(job.function.finished)))
    return lambda: transformed(job, transform)


def transformed(job: Job, transform: Transform) -> Result:
    """The result of a transform. Raises LoopNotFinished."""
    tangents = (job.seeds or ones(job.primals)) if job.operator.seed == "tangent" else ()
    blocks, everything = transform(job.primals, job.fixed, tangents)
    outputs = finished(job.function, everything)
    differentiated = [i for i, output in enumerate(outputs) if output.is_floating_point()]
    without = undefined(outputs, job.operator.paths, len(job.primals))
    return Result(values=outputs, derivatives=labelled(job.operator, differentiated, blocks) + without)
