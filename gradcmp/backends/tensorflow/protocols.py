"""What a `tf.GradientTape` does when it is used in unusual ways. Imports TensorFlow."""

from itertools import chain
from typing import Any

import tensorflow as tf

from gradcmp.backends.base import Arrays, Job, NoSuchNotion, Result, by_primal, check_finished, outputs_of
from gradcmp.backends.tensorflow.derivatives import floating
from gradcmp.backends.tensorflow.idioms import IDIOMS


def use(job: Job) -> Result:
    """The result of a protocol; whatever TensorFlow raises goes through."""
    if job.protocol in {"accumulate", "zero_between"}:
        raise NoSuchNotion(IDIOMS[job.protocol])
    persistent = job.protocol in {"backward_twice_retained", "two_targets"}
    tape, outputs = _record(job, persistent=persistent, watch=job.protocol != "untracked_input")
    if job.protocol == "two_targets":
        each = [
            by_primal(of, tape.gradient(output, job.primals))
            for of, output in enumerate(outputs)
            if output.dtype.is_floating
        ]
        return Result(values=outputs, derivatives=tuple(chain.from_iterable(each)))
    targets = floating(outputs)
    gradients = tape.gradient(targets, job.primals)
    if job.protocol in {"backward_twice", "backward_twice_retained"}:
        gradients = tape.gradient(targets, job.primals)
    return Result(values=outputs, derivatives=by_primal(None, gradients))


def _record(job: Job, *, persistent: bool, watch: bool) -> tuple[Any, Arrays]:
    call = job.function.call
    if job.execution != "eager":  # the function is compiled, the tape stays outside
        call = tf.function(call, jit_compile=True if job.execution == "xla" else None)
    with tf.GradientTape(persistent=persistent) as tape:
        if watch:
            tape.watch(job.primals)
        outputs, finished = outputs_of(job.function, call(job.primals, job.fixed))
        outputs = tuple(map(tf.convert_to_tensor, outputs))
    check_finished(finished)
    return tape, outputs
