"""What answers requests: the seam between a run and the processes, or the machines, that work for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from gradcmp.core.outcomes import Outcome
from gradcmp.core.requests import Task, WorkerKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A worker that serves; `settings` as the framework tells them."""

    backend: str
    version: str
    python: str
    devices: tuple[str, ...]
    settings: Mapping[str, Any]
    import_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A worker that cannot serve. `final`: another try would say the same, or take as long again."""

    message: str
    output_tail: str = ""
    final: bool = False


class Executor(Protocol):
    """Workers by key. `execute.pool.Pool` has a process for each; another may have them on other machines."""

    @property
    def ready(self) -> Mapping[WorkerKey, Ready | Failed]:
        """What is known so far of each worker: versions, devices and settings, or why it does not serve."""

    def wait_until_ready(self) -> Mapping[WorkerKey, Ready | Failed]:
        """`ready` of every worker, once all have started or failed to."""

    def run(self, tasks: Iterator[Task]) -> Iterator[tuple[Task, Outcome]]:
        """Each task with its outcome, as answers arrive; tasks are pulled a bounded number ahead.

        May be called again, also while another run goes on.
        """
