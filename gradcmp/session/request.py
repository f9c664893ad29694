"""What a run is asked for."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gradcmp.core.scenarios import TIMINGS, swept
from gradcmp.core.specifications import DEFAULT_MAX_BYTES
from gradcmp.errors import Complaint, UsageError

DEFAULT_REFERENCE_BUDGET_S = 5.0
FAIL_ON = ("note", "warn", "fail", "never", "skipped")

LEAST = {"threads": 1, "max_memory_bytes": 1, "max_bytes": 1, "seed": 0, "jobs": 1, "max_failures": 1}
"""Bounds of what is counted."""

SWEPT_EXPECTED = "expected finite numbers, or words of letters, digits and `_.:+-`"

_SECONDS = ("timeout_s", "compile_timeout_s", "reference_budget_s", "timing")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Time, memory and chance. None is the scenario's own, or where a scenario has no such key the frameworks'.

    `timing` is one of `TIMINGS` or a budget in seconds. Raises UsageError for a number that is none of its kind.
    """

    timing: str | float | None = None
    timeout_s: float | None = None
    compile_timeout_s: float | None = None
    threads: int | None = None
    max_memory_bytes: int | None = None
    max_bytes: int = DEFAULT_MAX_BYTES
    seed: int = 0
    jobs: int | None = None
    reference: bool = True
    reference_budget_s: float = DEFAULT_REFERENCE_BUDGET_S

    def __post_init__(self) -> None:
        _refuse(*_out_of_range(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """Which cases, under which options, when to stop, and what counts as a failure.

    `arguments` are paths and ids as a user types them, seen from `folder`; without any, the project's scenario folder.
    `parameters` are values for names that scenarios sweep. The names from `backends` to `operators` are None where the
    scenarios decide. `required` are patterns of targets that must be able to run. `only`: problems with these ids.
    `max_failures` cases at level fail end the run. `fail_on` holds some of `FAIL_ON`. `words` are what the user
    typed, for the record. Raises UsageError for a value that is none of its kind.
    """

    arguments: tuple[str, ...] = ()
    folder: Path = field(default_factory=Path.cwd)
    shipped: bool = False
    parameters: Mapping[str, tuple[int | float | str, ...]] = field(default_factory=dict)
    backends: tuple[str, ...] | None = None
    executions: tuple[str, ...] | None = None
    devices: tuple[str, ...] | None = None
    dtypes: tuple[str, ...] | None = None
    operators: tuple[str, ...] | None = None
    required: tuple[str, ...] = ()
    keywords: str | None = None
    shard: tuple[int, int] = (1, 1)
    only: frozenset[str] | None = None
    options: RunOptions = field(default_factory=RunOptions)
    max_failures: int | None = None
    fail_on: tuple[str, ...] = ("fail",)
    words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        index, count = self.shard
        if not 1 <= index <= count:
            _refuse(Complaint(what=f"`shard` is {self.shard}", expected="expected (I, N) with 1 ≤ I ≤ N"))
        unknown = [name for name in self.fail_on if name not in FAIL_ON]
        expected = f"expected some of {', '.join(FAIL_ON)}"
        _refuse(
            *_out_of_range(self),
            *_not_swept(self.parameters),
            *_null_characters(self),
            *(Complaint(what=f"`fail_on` has `{name}`", expected=expected) for name in unknown),
        )


def _out_of_range(given: RunOptions | RunRequest) -> Iterator[Complaint]:
    for name, least in LEAST.items():
        value = getattr(given, name, None)
        if value is not None and value < least:
            yield Complaint(what=f"`{name}` is {value}", expected=f"expected at least {least}")
    for name in _SECONDS:
        value = getattr(given, name, None)
        words = TIMINGS if name == "timing" else ()
        if value is not None and value not in words and (isinstance(value, str) or not is_duration(value)):
            expected = "".join(f"`{word}`, " for word in words)
            yield Complaint(what=f"`{name}` is {value}", expected=f"expected {expected}a number of seconds above 0")


def _not_swept(parameters: Mapping[str, tuple[object, ...]]) -> Iterator[Complaint]:
    for name, values in parameters.items():
        for value in values:
            if swept(value) is None:
                yield Complaint(what=f"`parameters` has {value!r} for `{name}`", expected=SWEPT_EXPECTED)
        if not values:
            yield Complaint(what=f"`parameters` has no value for `{name}`", expected=SWEPT_EXPECTED)


def _null_characters(request: RunRequest) -> Iterator[Complaint]:
    """The system's functions take none in a path."""
    for name, paths in (("folder", (str(request.folder),)), ("paths", request.arguments)):
        for path in paths:
            if "\0" in path:
                yield Complaint(what=f"`{name}` has {path!r}", expected="expected a path without null characters")


def is_duration(seconds: float) -> bool:
    """Can this be how long something may take? Zero, negative numbers, infinity and NaN cannot."""
    return 0.0 < seconds < math.inf


def _refuse(*complaints: Complaint) -> None:
    if complaints:
        raise UsageError(*complaints)
