"""Derivatives by recording (`torch.autograd`), over any callable: the function itself, or what was compiled.

Imported by `TorchBackend` when it is constructed, so that PyTorch is not imported before. A recording goes wherever
Python goes, through branches and loops that depend on data, and gives None where an input is not used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, product

import torch

from gradcmp.backends.base import A, Arrays, Derivative, Function, Job, Result, by_primal, check_finished, outputs_of

Call = Callable[[Arrays, Arrays], Arrays]


def record(function: Function, call: Call, primals: Arrays, fixed: Arrays) -> tuple[Arrays, Arrays]:
    """Fresh leaves and the outputs recorded over them. Raises LoopNotFinished."""
    tracked = tuple(primal.detach().requires_grad_() for primal in primals)
    return tracked, finished(function, call(tracked, fixed))


def finished(function: Function, everything: Sequence[A]) -> Arrays:
    """The outputs proper; raises LoopNotFinished where a bounded loop was cut off."""
    outputs, flag = outputs_of(function, everything)
    check_finished(flag)
    return outputs


def pull(outputs: Arrays, leaves: Arrays, cotangents: Arrays | None, **options: bool) -> tuple[A | None, ...]:
    """The pull-back of `cotangents` (None: as PyTorch does without, scalars only) to every leaf, None where unused.

    Outputs that depend on no leaf are left out, because PyTorch raises where all of them are such.
    """
    kept = [i for i, output in enumerate(outputs) if output.requires_grad]
    if not kept:
        return (None,) * len(leaves)
    seeds = None if cotangents is None else [cotangents[i] for i in kept]
    return torch.autograd.grad([outputs[i] for i in kept], leaves, seeds, allow_unused=True, **options)


def detached(arrays: Arrays) -> Arrays:
    """The arrays without their recording."""
    return tuple(array.detach() for array in arrays)


def ones(arrays: Arrays) -> Arrays:
    """Of the shapes and dtypes of `arrays`."""
    return tuple(torch.ones_like(array) for array in arrays)


def filled(arrays: Sequence[A | None], like: Arrays) -> Arrays:
    """Zeros where PyTorch returned None: for second derivatives, where None says only that the first is constant."""
    return tuple(torch.zeros_like(b) if a is None else a for a, b in zip(arrays, like, strict=True))


def value(job: Job, call: Call) -> Result:
    """The outputs alone; nothing is differentiated."""
    return Result(values=finished(job.function, call(job.primals, job.fixed)), derivatives=())


def gradient(job: Job, call: Call) -> Result:
    """A reverse pass from each output."""
    leaves, outputs = record(job.function, call, job.primals, job.fixed)
    last = len(outputs) - 1
    derivatives = tuple(
        derivative
        for of, output in enumerate(outputs)
        for derivative in by_primal(of, pull((output,), leaves, None, retain_graph=of < last))
    )
    return Result(values=detached(outputs), derivatives=derivatives)


def vjp(job: Job, call: Call) -> Result:
    """One reverse pass from all outputs with the seeds, or ones."""
    leaves, outputs = record(job.function, call, job.primals, job.fixed)
    arrays = pull(outputs, leaves, job.seeds or ones(outputs))
    return Result(values=detached(outputs), derivatives=by_primal(None, arrays))


def jvp_by_reverse(job: Job, call: Call) -> Result:
    """The push-forward as the derivative of the pull-back, which is linear in the cotangent."""
    leaves, outputs = record(job.function, call, job.primals, job.fixed)
    seeds = tuple(
        torch.ones_like(output, requires_grad=True) if output.is_floating_point() else torch.ones_like(output)
        for output in outputs
    )
    pulled = filled(pull(outputs, leaves, seeds, create_graph=True), leaves)
    of = [i for i, seed in enumerate(seeds) if seed.requires_grad]
    pushed = filled(
        pull(pulled, tuple(seeds[i] for i in of), job.seeds or ones(leaves)), tuple(seeds[i].detach() for i in of)
    )
    derivatives = tuple(Derivative(of=i, wrt=(), array=array) for i, array in zip(of, pushed, strict=True))
    return Result(values=detached(outputs), derivatives=derivatives + undefined(outputs, 0))


def jacobian_block(output: A, leaves: Arrays) -> tuple[A | None, ...]:
    """d output / d leaf for every leaf, shape output + leaf, one pull-back an element; None where no row has any."""
    elements = output.reshape(-1).unbind()
    rows = [pull((element,), leaves, None, retain_graph=True) for element in elements]
    return tuple(
        None
        if all(row[i] is None for row in rows)
        else torch.stack([filled((row[i],), (leaf,))[0] for row in rows]).reshape(output.shape + leaf.shape)
        for i, leaf in enumerate(leaves)
    )


def jacobian_by_rows(job: Job, call: Call) -> Result:
    """A reverse pass for each element of each output."""
    leaves, outputs = record(job.function, call, job.primals, job.fixed)
    blocks = (by_primal(of, jacobian_block(output, leaves)) for of, output in enumerate(outputs))
    return Result(values=detached(outputs), derivatives=tuple(chain.from_iterable(blocks)))


def hessian_by_rows(job: Job, call: Call) -> Result:
    """The gradient recorded, then one pull-back for each of its elements."""
    leaves, outputs = record(job.function, call, job.primals, job.fixed)
    derivatives: list[Derivative] = []
    for of, output in enumerate(outputs):
        if not output.is_floating_point():
            continue
        slopes = filled(pull((output,), leaves, None, create_graph=True), leaves)
        for i, slope in enumerate(slopes):
            for j, block in enumerate(jacobian_block(slope, leaves)):
                array = slope.detach().new_zeros(slope.shape + leaves[j].shape) if block is None else block
                derivatives.append(Derivative(of=of, wrt=(i, j), array=array))
    return Result(values=detached(outputs), derivatives=tuple(derivatives) + undefined(outputs, 2, len(leaves)))


def hvp_by_reverse(job: Job, call: Call) -> Result:
    """The tangents pulled back through the recorded gradient of each output."""
    leaves, outputs = record(job.function, call, job.primals, job.fixed)
    tangents = job.seeds or ones(leaves)
    derivatives: list[Derivative] = []
    for of, output in enumerate(outputs):
        if not output.is_floating_point():
            continue
        slopes = filled(pull((output,), leaves, None, create_graph=True), leaves)
        products = filled(pull(slopes, leaves, tangents, retain_graph=True), leaves)
        derivatives += by_primal(of, products)
    return Result(values=detached(outputs), derivatives=tuple(derivatives) + undefined(outputs, 1, len(leaves)))


def undefined(outputs: Arrays, order: int, primals: int = 1) -> tuple[Derivative, ...]:
    """No derivative for outputs of integers and booleans."""
    return tuple(
        Derivative(of=of, wrt=wrt, array=None)
        for of, output in enumerate(outputs)
        if not output.is_floating_point()
        for wrt in product(range(primals), repeat=order)
    )
