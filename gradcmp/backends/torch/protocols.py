"""The protocols in PyTorch's idiom: `y.backward()` and `x.grad`. Whatever PyTorch raises is the answer.

Imported by `TorchBackend` when it is constructed, so that PyTorch is not imported before.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch

from gradcmp.backends.base import Arrays, Job, NoSuchNotion, Result, UnsupportedByFramework, by_primal
from gradcmp.backends.torch.recordings import Call, detached, finished, ones, pull, record

PASSES = 3
"""Reverse passes of `accumulate` and `zero_between`."""


def backward(outputs: Arrays, *, seeded: bool = True, retain_graph: bool = False) -> None:
    """`y.backward()`; `seeded`: with a cotangent of ones where the output is not a scalar."""
    seeds = [torch.ones_like(output) if seeded and output.numel() != 1 else None for output in outputs]
    torch.autograd.backward(outputs, seeds, retain_graph=retain_graph)


def backward_twice(job: Job, call: Call, *, retain_graph: bool = False) -> Result:
    """What the second pass gives: the first one's gradients are taken away, lest they add up."""
    leaves, outputs = record(job.function, call, job.primals, job.fixed)
    backward(outputs, retain_graph=retain_graph)
    clear(leaves)
    backward(outputs)
    return collected(leaves, outputs)


def accumulate(job: Job, call: Call, *, zero: bool = False) -> Result:
    """Three recordings over the same leaves, as in a training loop."""
    leaves, outputs = record(job.function, call, job.primals, job.fixed)
    backward(outputs)
    for _ in range(PASSES - 1):
        if zero:
            clear(leaves)
        outputs = finished(job.function, call(leaves, job.fixed))
        backward(outputs)
    return collected(leaves, outputs)


def backward_once(job: Job, call: Call, *, seeded: bool = True) -> Result:
    """`x.grad` stays None where `x` is not used, while `torch.autograd.grad` would raise."""
    leaves, outputs = record(job.function, call, job.primals, job.fixed)
    backward(outputs, seeded=seeded)
    return collected(leaves, outputs)


def untracked_input(job: Job, call: Call) -> Result:
    """Leaves that were never asked to require a gradient."""
    leaves = detached(job.primals)
    outputs = finished(job.function, call(leaves, job.fixed))
    backward(outputs)
    return collected(leaves, outputs)


def two_targets(job: Job, call: Call) -> Result:
    """Both outputs of one recording, one after the other. Raises NoSuchNotion where there are not two."""
    leaves, outputs = record(job.function, call, job.primals, job.fixed)
    if len(outputs) != 2:
        raise NoSuchNotion(f"two_targets needs a function of two outputs, not of {len(outputs)}")
    derivatives = tuple(
        derivative
        for of, output in enumerate(outputs)
        for derivative in by_primal(of, pull((output,), leaves, ones((output,)), retain_graph=of == 0))
    )
    return Result(values=detached(outputs), derivatives=derivatives)


def clear(leaves: Arrays) -> None:
    """Set every `.grad` to None, as an optimiser does between steps."""
    for leaf in leaves:
        leaf.grad = None


def collected(leaves: Arrays, outputs: Arrays) -> Result:
    """The outputs and what has accumulated in `.grad`."""
    return Result(values=detached(outputs), derivatives=by_primal(None, (leaf.grad for leaf in leaves)))


TABLE: dict[str, Callable[[Job, Call], Result]] = {
    "backward_twice": backward_twice,
    "backward_twice_retained": partial(backward_twice, retain_graph=True),
    "accumulate": accumulate,
    "zero_between": partial(accumulate, zero=True),
    "vector_backward": partial(backward_once, seeded=False),
    "untracked_input": untracked_input,
    "unused_input": backward_once,
    "two_targets": two_targets,
}


def use(job: Job, call: Call) -> Result:
    """Use a recording as the protocol says."""
    if job.protocol not in TABLE:
        raise UnsupportedByFramework(f"torch has no notion of {job.protocol}")
    return TABLE[job.protocol](job, call)
