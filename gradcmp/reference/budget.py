"""What the reference may spend on a problem: time, room and rounds of loops."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace

from gradcmp.program.ir import ArrayType, Type
from gradcmp.reference.algebra import OverBudget


@dataclass(slots=True)
class Budget:
    """What an evaluation may cost, over all precisions; `spend` raises `OverBudget` when it is used up.

    `work` is what tapes have done: elements of arrays, forwards and backwards, and some multiply-adds to the element.
    """

    rounds: int = 100_000
    seconds: float = 10.0
    elements: int = 20_000_000
    started: float = field(default_factory=time.monotonic)
    work: float = 0.0

    @property
    def left(self) -> float:
        """Seconds that are left; negative when they are used up."""
        return self.seconds - (time.monotonic() - self.started)

    @property
    def refusal(self) -> str:
        """That there is too little time, in words."""
        return f"the reference needs longer than its budget of {self.seconds:g} s"

    def spend(self, work: float = 0.0, *, rounds: int = 0) -> None:
        """Count what is done, and refuse to go on where that is too much."""
        self.work += work
        self.rounds -= rounds
        if self.rounds < 0:
            raise OverBudget("the loops take more rounds than the reference follows")
        if self.left < 0.0:
            raise OverBudget(self.refusal)

    def foresee(self, seconds: float) -> None:
        """Refuse what will take about `seconds` where less is left."""
        if seconds > self.left:
            raise OverBudget(self.refusal)

    def afresh(self) -> Budget:
        """As much once more, from now on."""
        return Budget(seconds=self.seconds, elements=self.elements)

    def for_one_more_pass(self) -> Budget:
        """The time that is left, for another pass over the program: its rounds are counted by themselves."""
        return replace(self)

    def allow(self, kind: Type) -> None:
        """Refuse an array too large to be held as exact numbers, before it is made."""
        if isinstance(kind, ArrayType) and kind.shape is not None:
            size = math.prod(n for n in kind.shape if n is not None)
            if size > self.elements:
                raise OverBudget(f"an array of {size} elements is too large to be evaluated exactly")
