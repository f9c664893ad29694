"""What this process may use of the machine, which a container may have made less than the hardware."""

import os
from pathlib import Path


def usable_cores() -> int:
    """The cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_bytes() -> int | None:
    """The machine's memory, or the container's limit where that is lower; None where the system does not say."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    return min([total, *_container_limits()])


def _container_limits() -> list[int]:
    """The limits of control groups, version 2 and 1, as far as they can be read."""
    limits = []
    for name in ("memory.max", "memory/memory.limit_in_bytes", *_own_group()):
        try:
            text = (Path("/sys/fs/cgroup") / name).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            continue
        if text.isdecimal():  # `max` is no limit
            limits.append(int(text))
    return limits


def _own_group() -> list[str]:
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []
    names = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            names.append(f"{path.strip('/')}/memory.max")
        elif "memory" in controllers.split(","):
            names.append(f"memory/{path.strip('/')}/memory.limit_in_bytes")
    return names
