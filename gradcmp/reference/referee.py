"""The reference as a worker: reads a program in the little language, answers with the truth."""

import platform
from collections.abc import Callable, Mapping
from typing import Any

import flint

from gradcmp.core.outcomes import Evaluated, Referred
from gradcmp.core.requests import Inquiry, Wanted
from gradcmp.core.truth import Truth, TruthLeaf
from gradcmp.errors import Location
from gradcmp.program.check import check
from gradcmp.program.expected import check_expectation
from gradcmp.program.ir import ArrayType, Program
from gradcmp.program.parse import parse
from gradcmp.reference.algebra import EvaluationError
from gradcmp.reference.budget import Budget
from gradcmp.reference.certify import certify, with_more_digits
from gradcmp.reference.expressions import evaluated
from gradcmp.reference.language.evaluator import KINDS
from gradcmp.reference.modes.derivatives import DerivativeProblem


class Referee:
    """Serves beside the backends, and is none: it never appears as a target."""

    name = "reference"

    def __init__(self, settings: object) -> None:
        del settings  # nothing of a framework's is to be set

    def version(self) -> str:
        return f"python-flint {flint.__version__}, FLINT {flint.__FLINT_VERSION__}"

    def devices(self) -> tuple[str, ...]:
        return ("cpu",)

    def settings(self) -> Mapping[str, Any]:
        return {"python": platform.python_version()}

    def refer(self, inquiry: Inquiry) -> Referred | Evaluated:
        """The answer; where something is not known, the reason. Raises UsageError for a bad program."""
        if inquiry.wanted is Wanted.EXPRESSIONS:
            return Evaluated(arrays=_evaluated(inquiry))
        return Referred(truth=_truth(certify if inquiry.wanted is Wanted.TRUTH else with_more_digits, inquiry))


def _evaluated(inquiry: Inquiry) -> Mapping[str, TruthLeaf | str]:
    function = _problem(inquiry).checked
    programs = {
        name: (check_expectation(_parsed(text, inquiry), function, inquiry.parameters), dtype)
        for name, (text, dtype) in inquiry.expressions.items()
    }
    return evaluated(programs, function, inquiry.inputs, Budget(seconds=inquiry.budget_s))


def _truth(how: Callable[[DerivativeProblem, str, Budget], Truth], inquiry: Inquiry) -> Truth:
    problem = _problem(inquiry)
    try:
        return how(problem, inquiry.dtype, Budget(seconds=inquiry.budget_s))
    except EvaluationError as error:
        return Truth(reason=str(error), reason_kind=error.reason_kind)


def _problem(inquiry: Inquiry) -> DerivativeProblem:
    leaves = {
        path: ArrayType(kind=KINDS[tensor.array.dtype.kind], dtype=tensor.dtype, shape=tensor.shape)
        for path, tensor in inquiry.inputs.items()
    }
    checked = check(_parsed(inquiry.source, inquiry), leaves, dtype=inquiry.dtype, parameters=inquiry.parameters)
    return DerivativeProblem(
        checked=checked,
        operator=inquiry.operator,
        wrt=inquiry.wrt,
        inputs=inquiry.inputs,
        cotangents=inquiry.cotangents,
        tangents=inquiry.tangents,
    )


def _parsed(text: str, inquiry: Inquiry) -> Program:
    return parse(text, location=Location(file=inquiry.case))
