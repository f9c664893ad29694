"""What a `tf.GradientTape` does when it is used in unusual ways. Imports TensorFlow."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from gradcmp.backends.base import Arrays, Derivative, NoSuchNotion, ProtocolJob, Result, check_finished, outputs_of
from gradcmp.backends.tensorflow.derivatives import floating
from gradcmp.backends.tensorflow.idioms import IDIOMS


def use(job: ProtocolJob) -> Result:
    """The result of a protocol; whatever TensorFlow raises goes through."""
    if job.protocol in {"accumulate", "zero_between"}:
        raise NoSuchNotion(IDIOMS[job.protocol])
    persistent = job.protocol in {"backward_twice_retained", "two_targets"}
    tape, outputs = _record(job, persistent=persistent, watch=job.protocol != "untracked_input")
    if job.protocol == "two_targets":
        return _result(outputs, _each(tape, outputs, job.primals))
    targets = floating(outputs)
    gradients = tape.gradient(targets, job.primals)
    if job.protocol in {"backward_twice", "backward_twice_retained"}:
        gradients = tape.gradient(targets, job.primals)
    return _result(outputs, [Derivative(of=None, wrt=(i,), array=g) for i, g in enumerate(gradients)])


def _record(job: ProtocolJob, *, persistent: bool, watch: bool) -> tuple[Any, Arrays]:
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


def _each(tape: Any, outputs: Arrays, primals: Arrays) -> list[Derivative]:
    return [
        Derivative(of=of, wrt=(i,), array=gradient)
        for of, output in enumerate(outputs)
        if output.dtype.is_floating
        for i, gradient in enumerate(tape.gradient(output, primals))
    ]


def _result(outputs: Arrays, derivatives: list[Derivative]) -> Result:
    return Result(values=outputs, derivatives=tuple(derivatives))
