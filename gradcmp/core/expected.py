"""What can be expected: a result, an outcome, a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gradcmp.core.verdicts import Verdict

if TYPE_CHECKING:
    from gradcmp.program.ir import Program


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedNumbers:
    """Numbers as nested lists, taken as exact decimals rounded to the dtype."""

    data: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedAbout:
    """A decimal as written: right within half a unit of its last digit."""

    text: str

    @property
    def value(self) -> float:
        return float(self.text)

    @property
    def half_unit(self) -> float:
        """Half a unit of the last digit written: `0.3333` gives 0.00005, `1.5e3` gives 50."""
        from decimal import Decimal

        exponent = Decimal(self.text).as_tuple().exponent
        return float(Decimal(5).scaleb(int(exponent) - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedExpression:
    """The little language over the inputs and `result`, evaluated exactly and never by the framework under test."""

    program: Program


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedNothing:
    """The framework returns no gradient."""


ExpectedLeaf = ExpectedNumbers | ExpectedAbout | ExpectedExpression | ExpectedNothing


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedResult:
    """Leaves by path (`""`: the sole leaf); the path is `wrt`, or `of` for values, or `of.wrt` where both vary."""

    leaves: Mapping[str, ExpectedLeaf]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedOutcome:
    """`unsupported`, `timed-out`, `died`, or `raised` with the exception's name and a pattern for its message."""

    outcome: str
    exception: str | None = None
    match: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedVerdict:
    verdict: Verdict


Expected = ExpectedResult | ExpectedOutcome | ExpectedVerdict
