"""How much is done, counted in calls: the same number on every machine, which no clock shows."""

from __future__ import annotations

import cProfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def at_most(calls: int) -> Iterator[None]:
    """Fails where more calls of functions, Python's own among them, are made inside."""
    profile = cProfile.Profile()
    with profile:
        yield
    made = sum(entry.callcount for entry in profile.getstats())
    assert made <= calls, f"{made} calls"
