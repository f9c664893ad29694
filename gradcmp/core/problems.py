"""Problems (one mathematical question each) and cases (a problem at a target)."""

from dataclasses import dataclass

from gradcmp.core.operators import Operator
from gradcmp.core.scenarios import Number, Scenario
from gradcmp.core.targets import Target


def shortest(value: Number | str) -> str:
    """A parameter as ids show it: numbers in shortest form, whole floats as integers."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return repr(value) if isinstance(value, float) else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Function, primals, `wrt`, operator or protocol, seed, dtype.

    `mode` is None unless the scenario or the user chose it. The operator of a protocol is `gradient`.
    """

    scenario: Scenario
    operator: Operator
    protocol: str | None = None
    dtype: str
    mode: str | None = None

    @property
    def id(self) -> str:
        parts = [f"{self.protocol or self.operator}-{self.dtype}"]
        parts += [f"{name}={shortest(value)}" for name, value in self.scenario.parameters.items()]
        if self.mode:
            parts.append(f"mode={self.mode}")
        return f"{self.scenario.id}[{','.join(parts)}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A problem at a target; `left_out` says why it will not run, where the plan already knows."""

    problem: Problem
    target: Target
    left_out: str | None = None

    @property
    def id(self) -> str:
        return f"{self.problem.id}@{self.target.id}"
