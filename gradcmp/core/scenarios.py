"""A scenario as understood: every default filled in, sweep names replaced, function parsed."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import TYPE_CHECKING

from gradcmp.core.expectations import Expectations
from gradcmp.core.operators import Operator
from gradcmp.core.specifications import InputTree, Specification
from gradcmp.core.targets import TargetPattern
from gradcmp.errors import Location

if TYPE_CHECKING:
    from gradcmp.program.ir import Program

Number = int | float

TIMINGS = ("off", "quick")
"""Words in the place of a budget for timing."""

WORD = re.compile(r"[A-Za-z0-9_.:+-]+")
"""A value that is swept and no number."""


def swept(value: object) -> int | float | str | None:
    """A value as a name that is swept has it: a finite number, an integer where it is whole, or a word; else None."""
    if isinstance(value, str):
        return value if WORD.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:  # of an integer
        return None
    if isinstance(value, Integral):
        return int(value)
    if number.is_integer():
        return int(number)
    return number if math.isfinite(number) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """A tolerance that the scenario's author sets in place of the judged one."""

    ulps: float | None = None
    rtol: float | None = None
    atol: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One scenario under one binding of its sweep names (`parameters`).

    None in `backends`, `executions`, `devices`, `dtypes`, `timing`, `timeout_s`, `compile_timeout_s`: the scenario
    does not say. `wrt` holds leaf paths, never empty. `modes` empty: the backend's own.
    `suite` is the description of the suite that it is a member of.
    `cotangent` is by output path (`""`: every output), `tangent` by leaf path (`""`: the sole one); None is ones.
    """

    id: str
    location: Location
    description: str = ""
    suite: str = ""
    tags: tuple[str, ...] = ()
    parameters: Mapping[str, Number | str] = field(default_factory=dict)
    inputs: InputTree
    wrt: tuple[str, ...]
    function: Program
    operators: tuple[Operator, ...] = (Operator.GRADIENT,)
    modes: tuple[str, ...] = ()
    cotangent: Mapping[str, Specification] | None = None
    tangent: Mapping[str, Specification] | None = None
    protocols: tuple[str, ...] = ()
    expect: Expectations = field(default_factory=Expectations)
    backends: tuple[str, ...] | None = None
    executions: tuple[str, ...] | None = None
    devices: tuple[str, ...] | None = None
    dtypes: tuple[str, ...] | None = None
    max_iterations: int | None = None
    tolerance: Tolerance | None = None
    timing: str | float | None = None  # one of TIMINGS, or seconds of budget a case
    timeout_s: float | None = None
    compile_timeout_s: float | None = None
    skip: tuple[tuple[TargetPattern, str], ...] = ()
