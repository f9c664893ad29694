"""How much is done, counted in calls: the same number on every machine, which no clock shows."""

from __future__ import annotations

import cProfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def at_most(calls: int) -> Iterator[None]:
    """Fails where more calls of functions, Python's own among them, are made inside."""
    profile = cProfile.Profile()
    with profile:
        yield
    made = _made(profile)
    assert made <= calls, f"{made} calls"


def calls_of(run: Callable[[], object]) -> int:
    """How many calls of functions `run` makes, Python's own among them."""
    profile = cProfile.Profile()
    profile.runcall(run)
    return _made(profile)


def _made(profile: cProfile.Profile) -> int:
    return sum(entry.callcount for entry in profile.getstats())
