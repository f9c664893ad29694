"""How much memory there is, and who has to go when it runs out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import psutil

from gradcmp.core.outcomes import Died
from gradcmp.execute.process import WorkerProcess

SHARE = 0.8
GIB = 2**30


def default_limit_bytes() -> int:
    """Four fifths of what this machine, or the container that we are in, has."""
    return int(SHARE * min([psutil.virtual_memory().total, *_container_limits()]))


def _container_limits() -> list[int]:
    """The limits of control groups, version 2 and 1, as far as they can be read."""
    limits = []
    for name in ("memory.max", "memory/memory.limit_in_bytes", *_own_group()):
        try:
            text = (Path("/sys/fs/cgroup") / name).read_text().strip()
        except OSError:
            continue
        if text.isdecimal():  # `max` is no limit
            limits.append(int(text))
    return limits


def _own_group() -> list[str]:
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    names = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            names.append(f"{path.strip('/')}/memory.max")
        elif "memory" in controllers.split(","):
            names.append(f"memory/{path.strip('/')}/memory.limit_in_bytes")
    return names


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
