"""The judge under test: the real referee in this process, and `gradcmp.judge` with the answers handed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gradcmp.core.findings import Finding, Judgement
from gradcmp.core.leaves import LeafType, operator_leaves
from gradcmp.core.operators import Operator
from gradcmp.core.outcomes import Computed, Referred
from gradcmp.core.requests import Inquiry
from gradcmp.core.targets import Target
from gradcmp.core.tensors import Leaf, Tensor
from gradcmp.core.truth import Truth
from gradcmp.core.verdicts import Verdict
from gradcmp.errors import Location
from gradcmp.judge import judge
from gradcmp.program.check import check
from gradcmp.program.ir import ArrayType
from gradcmp.program.parse import parse
from gradcmp.reference.referee import Referee
from tests.judge import cases
from tests.judge.oracle.answers import Answer
from tests.judge.oracle.problems import Drawn

TARGETS = {target.id: target for target in (Target(backend=f"target{n}") for n in range(10))}


def held(array: np.ndarray, dtype: str) -> Tensor:
    """Numbers of a dtype, in the array type that carries it."""
    return Tensor(dtype=dtype, array=array.astype("float32" if dtype == "bfloat16" else dtype))


@dataclass(frozen=True)
class Court:
    """A problem before the judge."""

    problem: Drawn

    @cached_property
    def inputs(self) -> Mapping[str, Tensor]:
        return {name: held(array, self.problem.dtype) for name, array in self.problem.inputs.items()}

    @cached_property
    def truth(self) -> Truth:
        """What the referee says, asked as the parent asks it."""
        asked, dtype = self.problem, self.problem.dtype

        inquiry = Inquiry(
            case="oracle",
            source=asked.expression.text,
            inputs=self.inputs,
            wrt=tuple(asked.inputs),
            operator=asked.operator,
            cotangents=None if asked.cotangent is None else {"": held(asked.cotangent, dtype)},
            tangents=None if asked.tangents is None else {name: held(a, dtype) for name, a in asked.tangents.items()},
            dtype=dtype,
            parameters={},
            budget_s=10.0,
        )
        with np.errstate(over="ignore"):  # differences may step beyond the largest number
            referred = Referee(None).refer(inquiry)
        assert isinstance(referred, Referred)
        return referred.truth

    @cached_property
    def leaves(self) -> tuple[LeafType, ...]:
        dtype = self.problem.dtype
        kinds = {name: ArrayType(kind="float", dtype=dtype, shape=t.shape) for name, t in self.inputs.items()}
        checked = check(parse(self.problem.expression.text, location=Location(file="oracle")), kinds, dtype=dtype)
        return operator_leaves(self.problem.operator, tuple(kinds), kinds, checked.outputs)

    def judged(self, answers: Sequence[Answer], truth: Truth) -> Judgement:
        """All answers together, each by a target of its own."""
        outcomes = {name: self._outcome(answer) for name, answer in zip(TARGETS, answers, strict=False)}
        problem = cases.problem(self.problem.dtype, self.problem.operator)
        return judge(problem, outcomes, TARGETS, truth, {}, leaves=self.leaves)

    def findings(self, answers: Sequence[Answer]) -> Mapping[str, Finding]:
        """By name of the answer, judged by what the referee says, each alone: with evidence nobody matters to others."""
        return {answer.name: self.judged([answer], self.truth).findings[0] for answer in answers}

    def agreeing(self, answer: Answer) -> tuple[Verdict, ...]:
        """The verdicts on an answer that two targets give, and nobody else knows anything."""
        return tuple(finding.verdict for finding in self.judged([answer, answer], Truth()).findings)

    def _outcome(self, answer: Answer) -> Computed:
        leaves = tuple(Leaf(of=of, wrt=wrt, tensor=tensor) for (of, wrt), tensor in answer.tensors.items())
        values = self.problem.operator is Operator.VALUE
        return Computed(values=leaves if values else (), derivatives=() if values else leaves, mode="reverse")
