"""The reference as a worker: reads a program in the little language, answers with the truth."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

import flint

from gradcmp.core.outcomes import Referred
from gradcmp.core.requests import Inquiry
from gradcmp.core.truth import Truth
from gradcmp.errors import Location
from gradcmp.program.check import check
from gradcmp.program.ir import ArrayType
from gradcmp.program.parse import parse
from gradcmp.reference.algebra import EvaluationError
from gradcmp.reference.certify import certify
from gradcmp.reference.derivatives import Question
from gradcmp.reference.evaluator import KINDS, Budget


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

    def refer(self, inquiry: Inquiry) -> Referred:
        """The truth of a problem; where it is not known, `reason` says why. Raises UsageError for a bad program."""
        leaves = {
            path: ArrayType(kind=KINDS[tensor.array.dtype.kind], dtype=tensor.dtype, shape=tensor.shape)
            for path, tensor in inquiry.inputs.items()
        }
        program = parse(inquiry.source, location=Location(file=inquiry.case))
        checked = check(program, leaves, dtype=inquiry.dtype, parameters=inquiry.parameters)
        question = Question(
            checked=checked,
            operator=inquiry.operator,
            wrt=inquiry.wrt,
            inputs=inquiry.inputs,
            cotangents=inquiry.cotangents,
            tangents=inquiry.tangents,
        )
        try:
            return Referred(truth=certify(question, inquiry.dtype, Budget(seconds=inquiry.budget_s)))
        except EvaluationError as error:
            return Referred(truth=Truth(reason=str(error), reason_kind=error.reason_kind))
