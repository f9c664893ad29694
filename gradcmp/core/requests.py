"""What a worker is asked: a case, lowered and materialised; or, of the reference, what is true of a problem."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Self

from gradcmp.core.operators import Operator
from gradcmp.core.targets import Target
from gradcmp.core.tensors import Tensor


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class WorkerKey:
    """One long-lived process per key."""

    backend: str
    environment: str | None = None
    device: str = "cpu"

    @classmethod
    def of(cls, target: Target) -> Self:
        """The worker that the cases of a target belong to."""
        return cls(backend=target.backend, environment=target.environment, device=target.device)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One case for one worker.

    `source` is framework code that defines `entry`; its parameters are the top-level names of `inputs` (leaf path →
    array, in order), trees as nested dicts. `outputs` names what it returns, in order; `finished` says that it returns
    a pair: the outputs, and whether every bounded loop ended. `cotangents` by output path and `tangents` by leaf path
    are None where they are ones. `timing_s` is the budget for repetitions, 0 for none.
    """

    case: str
    worker: WorkerKey
    source: str
    entry: str
    finished: bool = False
    inputs: Mapping[str, Tensor]
    wrt: tuple[str, ...]
    outputs: tuple[str, ...]
    operator: Operator
    mode: str | None = None
    protocol: str | None = None
    execution: str = "eager"
    cotangents: Mapping[str, Tensor] | None = None
    tangents: Mapping[str, Tensor] | None = None
    timing_s: float = 0.0
    timeout_s: float = 60.0
    compile_timeout_s: float = 300.0


REFEREE = WorkerKey(backend="reference")
"""The worker that answers inquiries."""


class Wanted(StrEnum):
    """What an inquiry wants to know: the truth of a problem, more digits of it, or what its `expect` says."""

    TRUTH = "truth"
    DIGITS = "digits"
    EXPRESSIONS = "expressions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What the reference is asked about a problem.

    `source` is the program in the little language, `parameters` its static numbers, `dtype` the problem's; the inputs
    and seeds are those of a `Request`. `expressions` are over the inputs and the function's value: text and the dtype
    in which the array is wanted, by any name. `budget_s` are the nominal seconds of work that
    certifying may take.
    """

    worker: ClassVar[WorkerKey] = REFEREE
    execution: ClassVar[str] = "eager"
    timing_s: ClassVar[float] = 0.0

    case: str
    wanted: Wanted = Wanted.TRUTH
    source: str
    inputs: Mapping[str, Tensor]
    wrt: tuple[str, ...]
    operator: Operator
    cotangents: Mapping[str, Tensor] | None = None
    tangents: Mapping[str, Tensor] | None = None
    dtype: str
    parameters: Mapping[str, int | float]
    expressions: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    budget_s: float
    timeout_s: float = 60.0

    @property
    def compile_timeout_s(self) -> float:
        return self.timeout_s


Task = Request | Inquiry
"""What a worker can be asked."""
