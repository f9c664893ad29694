"""However the parent ends, no process stays behind."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def held():
    """A program that holds a pool, its folder, and every process below it."""
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.execute.held_pool"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    folder, *pids = program.stdout.readline().split()
    below = psutil.Process(program.pid).children(recursive=True)
    assert {int(pid) for pid in pids} <= {process.pid for process in below}
    assert len(below) >= 3  # two workers and a grandchild
    yield program, Path(folder), below
    for process in (psutil.Process(program.pid), *below) if program.poll() is None else below:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()  # a grandchild of a parent that was killed belongs to nobody
    program.communicate()
    shutil.rmtree(folder, ignore_errors=True)  # that of a parent which was killed


def survivors(processes):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        left = [process for process in processes if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
        if not left:
            return []
        time.sleep(0.1)
    return left


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, 128 + signal.SIGTERM)]
)
def test_an_interruption_leaves_nothing(held, number, status):
    program, folder, below = held
    assert folder.is_dir()
    program.send_signal(number)
    _, errors = program.communicate(timeout=30)
    assert program.returncode == status, errors
    assert survivors(below) == []
    assert not folder.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a worker in a hang notices by a thread of its own")
def test_workers_end_with_a_parent_that_is_killed(held):
    program, _, below = held
    workers = [process for process in below if "boot.py" in " ".join(process.cmdline())]
    program.kill()
    program.wait()
    assert len(workers) >= 2  # a process that is about to become another one has its words too
    assert survivors(workers) == []


def test_the_workers_do_not_hear_the_terminals_interruption(held):
    _, _, below = held
    for process in below:
        if "boot.py" in " ".join(process.cmdline()):
            process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert all(process.is_running() for process in below)
