"""What a run is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gradcmp.core.specifications import DEFAULT_MAX_BYTES

DEFAULT_REFERENCE_BUDGET_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Time, memory and chance. None is the scenario's own, or where a scenario has no such key the frameworks'."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """Which cases, under which options, when to stop, and what counts as a failure.

    `arguments` are paths and ids as a user types them, seen from `folder`; without any, the project's scenario folder.
    `parameters` are values for names that scenarios sweep. The names from `backends` to `operators` are None where the
    scenarios decide. `required` are patterns of targets that must be able to run. `only`: problems with these ids.
    `max_failures` cases at level fail end the run. `fail_on` holds levels and `skipped`. `words` are what the user
    typed, for the record.
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
