"""Derivatives by complex steps through NumPy.

A complex step gives the derivative of an analytic function without cancellation: f'(x) = Im f(x + ih) / h + O(h^2)
(Squire and Trapp 1998); with h = 1e-100 the remainder is far below float64. So functions must be spelled analytically:
`sqrt(sum(x * x))` for a norm.
"""

from collections.abc import Iterator
from typing import Any

import numpy

from gradcmp.backends.base import Derivative, Function, Job, LoopNotFinished, Result, outputs_of

STEP = 1e-100

Numbers = tuple[numpy.ndarray, ...]


class Typed(numpy.ndarray):
    """Numbers that know their dtype's name, because NumPy has no bfloat16."""

    dtype_name: str = ""

    def __array_finalize__(self, parent: Any) -> None:
        self.dtype_name = getattr(parent, "dtype_name", "")


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
            tangents = job.seeds or tuple(numpy.ones(p.shape) for p in primals)
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
                    cotangent = job.seeds[of] if job.seeds else numpy.ones(jacobian.shape[:rank])
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
