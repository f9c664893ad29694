"""What a scenario says must come out, for every target or for some."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gradcmp.core.targets import Target, TargetPattern
from gradcmp.errors import Location

if TYPE_CHECKING:
    from gradcmp.core.expected import Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One entry of `expect`. `operator` None: every operator (an outcome for a target as a whole)."""

    pattern: TargetPattern | None
    operator: str | None
    expected: Expected
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    entries: tuple[Expectation, ...] = field(default=())
    strict: bool = False

    def for_case(self, operator: str, target: Target) -> Expectation | None:
        """The entry that holds for a case: the most specific target pattern wins whole, else the common entry.

        For a protocol, `operator` is `gradient`: that is what its derivative is.
        """
        patterns = {e.pattern for e in self.entries if e.pattern is not None and e.pattern.matches(target)}
        if patterns:
            best = max(patterns, key=lambda pattern: pattern.specificity)
            own = [e for e in self.entries if e.pattern == best]
        else:
            own = [e for e in self.entries if e.pattern is None]
        for entry in own:
            if entry.operator == operator:
                return entry
        return next((entry for entry in own if entry.operator is None), None)

    def common(self, operator: str) -> Expectation | None:
        """The entry for every target, which may serve as the truth of the problem."""
        return next((e for e in self.entries if e.pattern is None and e.operator == operator), None)
