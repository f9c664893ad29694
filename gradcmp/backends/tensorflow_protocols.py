"""What a `tf.GradientTape` does when it is used in unusual ways. Imports TensorFlow."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from gradcmp.backends.base import (
    A,
    Derivative,
    LoopNotFinished,
    NoSuchNotion,
    ProtocolJob,
    Result,
    UnsupportedByFramework,
    outputs_of,
)
from gradcmp.backends.spelling.tensorflow_spelling import IDIOMS
from gradcmp.backends.tensorflow_derivatives import floating

Arrays = tuple[A, ...]


def use(job: ProtocolJob) -> Result:
    """The result of a protocol; whatever TensorFlow raises goes through."""
    if job.protocol in {"accumulate", "zero_between"}:
        raise NoSuchNotion(IDIOMS[job.protocol])
    if job.execution != "eager":
        raise UnsupportedByFramework("a tape is used from outside: protocols are for eager execution")
    persistent = job.protocol in {"backward_twice_retained", "two_targets"}
    tape, outputs = _record(job, persistent=persistent, watch=job.protocol != "untracked_input")
    if job.protocol == "two_targets":
        return _result(outputs, _each(tape, outputs, job.primals))
    targets = floating(outputs)
    gradients = tape.gradient(targets, job.primals)
    if job.protocol in {"backward_twice", "backward_twice_retained"}:
        gradients = tape.gradient(targets, job.primals)
    return _result(outputs, [Derivative(of=None, wrt=(i,), array=g) for i, g in enumerate(gradients)])


def check_finished(finished: A | None) -> None:
    """Raises LoopNotFinished where a bounded loop was cut off."""
    if finished is not None and not bool(finished):
        raise LoopNotFinished("a `while` was still going on after max_iterations rounds")


def _record(job: ProtocolJob, *, persistent: bool, watch: bool) -> tuple[Any, Arrays]:
    with tf.GradientTape(persistent=persistent) as tape:
        if watch:
            tape.watch(job.primals)
        outputs, finished = outputs_of(job.function, job.function.call(job.primals, job.fixed))
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
