"""Problems for the reference from a program's text, for tests of everything behind it."""

from dataclasses import replace

import numpy as np

from gradcmp.core.formats import FORMATS
from gradcmp.core.operators import Operator
from gradcmp.core.tensors import Tensor
from gradcmp.errors import Location
from gradcmp.program.check import check
from gradcmp.program.ir import ArrayType
from gradcmp.program.parse import parse
from gradcmp.reference.algebras.metered import metered
from gradcmp.reference.algebras.whole_numbers import WholeAlgebra
from gradcmp.reference.budget import Budget
from gradcmp.reference.language.arrays import Context
from gradcmp.reference.language.evaluator import KINDS, evaluate, exact_input
from gradcmp.reference.modes.derivatives import DerivativeProblem, derive
from gradcmp.reference.precision import certified


def problem(text, operator="gradient", *, dtype="float64", wrt=None, cotangents=None, tangents=None, **inputs):
    tensors = _tensors(inputs, dtype)
    leaves = {
        path: ArrayType(kind=KINDS[each.array.dtype.kind], dtype=each.dtype, shape=each.shape)
        for path, each in tensors.items()
    }
    checked = check(parse(text, location=Location(file="s.yaml", line=1)), leaves, dtype=dtype)
    return DerivativeProblem(
        checked=checked,
        operator=Operator(operator),
        wrt=tuple(wrt or (path for path, each in tensors.items() if each.array.dtype.kind == "f")),
        inputs=tensors,
        cotangents=None if cotangents is None else _tensors(cotangents, dtype),
        tangents=None if tangents is None else _tensors(tangents, dtype),
    )


def _tensors(arrays, dtype):
    return {path: _tensor(each, dtype) for path, each in arrays.items()}


def _tensor(array, dtype):
    """Among `dtype`, unless it is a NumPy array of whole numbers or truth values."""
    if isinstance(array, np.ndarray) and array.dtype.kind in "ib":
        return Tensor(dtype=str(array.dtype), array=array)
    return Tensor(dtype=dtype, array=_rounded(array, dtype))


def _rounded(array, dtype):
    if dtype != "bfloat16":
        return np.asarray(array, dtype=dtype)
    return np.vectorize(FORMATS[dtype].round, otypes=[np.float32])(np.asarray(array, dtype=np.float64))


def over(algebra, asked, dtype, budget=None):
    """The derivative over any algebra, by output and inputs."""
    context = Context(floats=algebra, wholes=WholeAlgebra(), dtype=dtype)
    return {key: array.data for key, array in derive(asked, context, budget or Budget()).arrays.items()}


def truth(asked, dtype):
    """The certified derivative by output and inputs."""
    return certified(lambda context: dict(derive(asked, context, Budget()).arrays), {}, dtype=dtype)


def value_truth(checked, inputs, *, seconds=10.0):
    """The certified values of a program, output by output."""
    budget = Budget(seconds=seconds)

    def run(context):
        paid = metered(context, budget)
        return evaluate(checked, paid, {path: exact_input(each, paid) for path, each in inputs.items()}, budget)

    found = certified(run, {path: kind.dtype for path, kind in checked.outputs}, dtype=checked.dtype)
    return [replace(leaf, of=path) for path, leaf in found.items()]
