"""What the reference may spend on a problem: work, room and rounds of loops. No clock is asked."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from gradcmp.program.ir import ArrayType, Type
from gradcmp.reference.algebra import OverBudget


@dataclass(slots=True)
class Budget:
    """What an evaluation may cost, over all precisions; `spend` raises `OverBudget` when it is used up.

    `seconds` are nominal: work at the prices that algebras have (`algebras.metered`), about what an idle processor of
    2024 takes, and the same on any other. `work` is what was paid for, in additions. `rounds` are those of loops in one
    pass over the program.
    """

    rounds: int = 100_000
    seconds: float = 10.0
    elements: int = 20_000_000
    spent: float = 0.0
    work: float = 0.0

    @property
    def left(self) -> float:
        """Nominal seconds that are left; negative when they are used up."""
        return self.seconds - self.spent

    @property
    def refusal(self) -> str:
        """That there is too little, in words."""
        return f"the reference needs more work than its budget of {self.seconds:g} nominal s"

    def spend(self, seconds: float, *, work: float = 0.0) -> None:
        """Pay for what is about to be done, or refuse it."""
        self.spent += seconds
        self.work += work
        if self.left < 0.0:
            raise OverBudget(self.refusal)

    def foresee(self, seconds: float) -> None:
        """Refuse what will take about `seconds` where less is left."""
        if seconds > self.left:
            raise OverBudget(self.refusal)

    def afresh(self) -> Budget:
        """As much once more."""
        return replace(self, spent=0.0, work=0.0)

    def allow(self, kind: Type) -> None:
        """Refuse an array too large to be held as exact numbers, before it is made."""
        if isinstance(kind, ArrayType) and kind.shape is not None:
            size = math.prod(n for n in kind.shape if n is not None)
            if size > self.elements:
                raise OverBudget(f"an array of {size} elements is too large to be evaluated exactly")
