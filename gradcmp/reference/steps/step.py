"""The row of an elementwise step."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gradcmp.reference.steps.rounding import Rounding
from gradcmp.reference.steps.rules import Rule


@dataclass(frozen=True, slots=True)
class Step:
    """What the algebras need of one step.

    `ball`: the step on `arb`s. `rules`: its derivative by each operand; none for a step that `chooses` an operand by
    comparison (`abs`: of x and -x; the sign that chooses the first) or is `flat` between jumps. `value`, `slopes`: it
    and its partial derivatives, up to sign, in float64 (the latter from the operands and the value). `rounding`: how
    far programs round in it. `series`: (ball, count) → its Taylor coefficients there; what is in `domain` has to be
    positive. `work`: an element, in additions of balls of 64 bits. Where an algebra has a method of its own for a step,
    the row says nothing for it.
    """

    name: str
    ball: Callable[..., Any]
    rules: tuple[Rule, ...] = ()
    chooses: int = 0
    flat: bool = False
    value: Callable[..., Any] | None = None
    slopes: Callable[..., tuple[Any, ...]] | None = None
    rounding: Rounding | None = None
    series: Callable[[Any, int], list[Any]] | None = None
    domain: tuple[Callable[[Any], Any], ...] = ()
    work: float = 1.0
