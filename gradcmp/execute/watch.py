"""A thread that ends workers which are late, or too large together."""

import threading
import time
from collections.abc import Callable, Sequence

from gradcmp.execute.memory import watch_memory
from gradcmp.execute.process import WorkerProcess

TICK_S = 0.1
MEMORY_EVERY = 2
CHILDREN_EVERY = 10
"""In ticks. Above half the limit memory is looked at in every tick: a run-away takes a fraction of a second."""


class Watch(threading.Thread):
    """Looks at the processes that `processes` returns until it is stopped."""

    def __init__(self, processes: Callable[[], Sequence[WorkerProcess]], limit_bytes: int) -> None:
        super().__init__(name="gradcmp watch", daemon=True)
        self._processes = processes
        self._limit_bytes = limit_bytes
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End the thread, and wait for its end."""
        self._stopped.set()
        self.join()

    def run(self) -> None:
        tick, tight = 0, False
        while not self._stopped.wait(TICK_S):
            tick += 1
            processes = self._processes()
            now = time.monotonic()
            for process in processes:
                process.check(now)
            if tight or tick % MEMORY_EVERY == 0:
                living = [process for process in processes if process.alive]
                used = watch_memory(living, self._limit_bytes, look_for_children=tick % CHILDREN_EVERY == 0)
                tight = used > self._limit_bytes / 2
