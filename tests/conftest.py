"""Hypothesis draws the same examples in every run, so that a failure is a change in the code; what workers share."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import settings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the tests' own workers share the cores; set before NumPy loads
settings.register_profile("repeatable", derandomize=True, deadline=None)  # hence also without a database
settings.register_profile("fuzz", max_examples=10_000)  # `pytest --hypothesis-profile fuzz` looks at new ones
settings.load_profile("repeatable")

TOGETHER = ("tests/backends/torch", "tests/backends/tensorflow", "tests/backends/jax", "tests/execute")
"""Folders that stay in one worker: a framework is imported once, and whoever counts processes is alone with them."""


APART = ("tests/judge/oracle/test_oracle.py",)
"""Files whose tests are long and have nothing in common."""


def share(nodeid: str) -> str:
    """What goes to a worker as a whole: a file, because of its fixtures, a folder of `TOGETHER`, or a test."""
    file = nodeid.split("::", maxsplit=1)[0]
    if file in APART:
        return nodeid
    return next((folder for folder in TOGETHER if PurePosixPath(file).is_relative_to(folder)), file)


FRAMEWORKS = ("torch", "tensorflow", "jax")
IMPORTED = pytest.StashKey[tuple[str, ...]]()
"""The frameworks that were there when all tests were collected and none had run."""


def pytest_collection_finish(session: pytest.Session) -> None:
    """Thousands of tests stay until the end: the collector need not look at them again and again."""
    session.config.stash[IMPORTED] = tuple(name for name in FRAMEWORKS if name in sys.modules)
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Called where pytest-xdist is there and `-n` is given; shares go out in their order, the small ones at the end."""
    from xdist.scheduler import LoadScopeScheduling

    config.option.loadscopereorder = False  # it would put files of few tests last, which are slow ones

    class ByShare(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return share(nodeid)

    return ByShare(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """`-n auto`: one more than cores, for the tests that wait for a process."""
    return len(os.sched_getaffinity(0)) + 1
