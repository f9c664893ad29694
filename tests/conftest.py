"""Hypothesis draws the same examples in every run, so that a failure is a change in the code; what workers share."""

from __future__ import annotations

import gc
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)  # hence also without a database
settings.load_profile("repeatable")

TOGETHER = ("tests/backends/torch", "tests/backends/tensorflow", "tests/backends/jax", "tests/execute")
"""Folders that stay in one worker: a framework is imported once, and whoever counts processes is alone with them."""


def share(nodeid: str) -> str:
    """What goes to a worker as a whole: a file, because of its fixtures, or a folder of `TOGETHER`."""
    file = nodeid.split("::", maxsplit=1)[0]
    return next((folder for folder in TOGETHER if PurePosixPath(file).is_relative_to(folder)), file)


def pytest_collection_finish(session: pytest.Session) -> None:  # a hook's signature
    """Thousands of tests stay until the end: the collector need not look at them again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Called where pytest-xdist is there and `-n` is given."""
    from xdist.scheduler import LoadScopeScheduling

    class ByShare(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return share(nodeid)

    return ByShare(config, log)
