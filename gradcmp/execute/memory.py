"""How much memory there is, and who has to go when it runs out."""

from collections.abc import Sequence

import psutil

from gradcmp.core.machine import memory_bytes
from gradcmp.core.outcomes import Died
from gradcmp.execute.process import WorkerProcess

SHARE = 0.8
GIB = 2**30


def default_limit_bytes() -> int:
    """Four fifths of what this machine, or the container that we are in, has."""
    return int(SHARE * (memory_bytes() or psutil.virtual_memory().total))


def watch_memory(processes: Sequence[WorkerProcess], limit_bytes: int, *, look_for_children: bool) -> int:
    """Memory of all workers; where it exceeds the limit, the largest worker is ended.

    A worker that holds the most while it has nothing to do is ended too: it starts again when it is needed.
    """
    sizes = {process: process.resident_bytes(look_for_children=look_for_children) for process in processes}
    total = sum(sizes.values())
    if total > limit_bytes:
        largest = max(sizes, key=lambda process: sizes[process])
        used, limit = sizes[largest] / GIB, limit_bytes / GIB
        of_all = "" if len(sizes) == 1 else f" of {total / GIB:.2f} GiB in all workers"
        largest.end(Died(message=f"ended for its memory: {used:.2f} GiB{of_all}, limit {limit:.2f} GiB"))
    return total
