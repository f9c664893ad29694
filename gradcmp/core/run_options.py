"""What the command line says of a run."""

from __future__ import annotations

from dataclasses import dataclass

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
