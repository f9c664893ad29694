"""The protocols in JAX's idiom. JAX records nothing on arrays and keeps no gradients: several notions do not exist."""

from typing import Any

import jax

from gradcmp.backends.base import Arrays, Job, NoSuchNotion, Result, UnsupportedByFramework, by_primal, check_finished
from gradcmp.backends.jax.derivatives import Body, differentiable, one_hot, ones
from gradcmp.backends.jax.idioms import IDIOMS

ABSENT = ("accumulate", "zero_between", "untracked_input")


def use(job: Job) -> Result:
    """What the protocol gives; whatever JAX raises goes through.

    Raises NoSuchNotion where JAX has nothing of the kind, ValueError where the function has too few outputs.
    """
    if job.protocol in ABSENT:
        raise NoSuchNotion(IDIOMS[job.protocol])
    call = jax.jit(job.function.call) if job.execution == "compiled" else job.function.call
    body = differentiable(job.function, call, job.fixed)
    if job.protocol == "vector_backward":
        return _vector_backward(body, job.primals)
    outputs, pullback, (values, finished) = jax.vjp(body, *job.primals, has_aux=True)
    check_finished(finished)
    if job.protocol in ("backward_twice", "backward_twice_retained"):
        pullback(ones(outputs))  # the first of the two; what it gives is thrown away
    if job.protocol in ("backward_twice", "backward_twice_retained", "unused_input"):
        return Result(values=values, derivatives=by_primal(None, pullback(ones(outputs))))
    if job.protocol == "two_targets":
        if len(outputs) < 2:
            msg = f"`two_targets` needs a function of two floating outputs, this one has {len(outputs)}"
            raise ValueError(msg)
        first, second = (by_primal(of, pullback(one_hot(outputs, at=of))) for of in (0, 1))
        return Result(values=values, derivatives=(*first, *second))
    raise UnsupportedByFramework(f"jax has no protocol {job.protocol}")


def _vector_backward(body: Body, primals: Arrays) -> Result:
    """`jax.grad`: JAX's only reverse pass that takes no cotangent. It refuses outputs that have axes, and several."""

    def sole(*arguments: Any) -> tuple[Any, Any]:
        outputs, beside = body(*arguments)
        return (outputs[0] if len(outputs) == 1 else outputs), beside

    gradient, (values, finished) = jax.grad(sole, argnums=tuple(range(len(primals))), has_aux=True)(*primals)
    check_finished(finished)
    return Result(values=values, derivatives=by_primal(None, gradient))
