"""Expressions over a function's inputs and its value, evaluated exactly: what a scenario's `expect` says."""

from collections.abc import Mapping
from functools import cache, partial
from typing import Any

import numpy as np

from gradcmp.core.tensors import Tensor
from gradcmp.core.truth import TruthLeaf
from gradcmp.program.expected import result_paths
from gradcmp.program.ir import Checked
from gradcmp.reference.algebra import EvaluationError
from gradcmp.reference.algebras.metered import metered
from gradcmp.reference.budget import Budget
from gradcmp.reference.language.arrays import Array, Context
from gradcmp.reference.language.evaluator import evaluate
from gradcmp.reference.precision import refined

Expression = tuple[Checked, str]
"""A program of one array over the inputs and `result`, and the dtype to whose eighth of an ULP it is to be known."""


def evaluated(
    expressions: Mapping[str, Expression], function: Checked, inputs: Mapping[str, Tensor], budget: Budget
) -> dict[str, TruthLeaf | str]:
    """The arrays of `expressions` by their names; where one has no certain value, the reason.

    NaN is an element without a finite value: a pole, or outside the domain.
    The value of `function` is computed once at each precision, and only where an expression reads it.
    """
    return {name: _array(*expression, function, inputs, budget) for name, expression in expressions.items()}


def _array(
    program: Checked, dtype: str, function: Checked, inputs: Mapping[str, Tensor], budget: Budget
) -> TruthLeaf | str:
    def run(plain: Context) -> dict[str, Array]:
        context = metered(plain, budget)

        @cache
        def outputs() -> dict[str, Array]:
            return evaluate(function, context, inputs, budget)

        def output(of: str) -> Array:
            return outputs()[of]

        values: dict[str, Any] = {name: partial(output, of) for of, name in result_paths(function).items()}
        return evaluate(program, context, {**inputs, **values}, budget)

    try:
        certificate = refined(run, {"": dtype}, dtype=function.dtype)
        leaf = certificate.leaves[""]
        if (certificate.open.get("", False) & ~np.isnan(leaf.high)).any():
            raise certificate.refusal()
    except EvaluationError as error:
        return str(error)
    return leaf
