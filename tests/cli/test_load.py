"""The same input has the same findings, however busy the machine is."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.run import gradcmp_process, write

SUITE = """
defaults: {backend: fake, execution: [right, wrong, nan], dtype: [float32, float64], timing: off}
scenarios:
  certified: {inputs: {x: {normal: 50}}, function: sum(exp(x) * x)}
  many: {inputs: {x: {normal: 100000}}, function: sum(exp(x) * x), operator: jvp}
  too-many: {inputs: {x: {normal: 1000000}}, function: sum(exp(x) * x), operator: jvp}
  tied: {inputs: {x: {zeros: 30}}, function: sum(relu(x) * x + abs(x))}
  looped: {inputs: {x: 0.5}, function: "y = x\\nfor i in range(30):\\n  y = y + sin(y) / 8\\nreturn y"}
  chaotic: {inputs: {x: 0.3}, function: "y = x\\nfor i in range(60):\\n  y = 3.9 * y * (1 - y)\\nreturn y"}
"""
BUDGET = "0.05"
"""Nominal seconds in which some of it is certified, some proven in float64 alone, and some not at all."""


@contextmanager
def load(processes: int) -> Iterator[None]:
    """So many processes that never rest."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for each in busy:
            each.kill()
            each.wait()


@contextmanager
def one_core() -> Iterator[None]:
    """This process and its children on one core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def found(folder: Path) -> dict[str, object]:
    """The problems and their findings, without what a clock says."""
    done = gradcmp_process("run", "--reference-budget", BUDGET, "-q", "-o", "found.json", cwd=folder)
    assert done.returncode == 1, done.stderr
    written = json.loads((folder / "found.json").read_text(encoding="utf-8"))
    cases = [{key: value for key, value in case.items() if key != "timing"} for case in written["cases"]]
    return {part: written[part] for part in ("problems", "pairs", "summary")} | {"cases": cases}


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores are chosen on Linux alone")
def test_load_and_cores_change_no_finding(tmp_path: Path) -> None:
    write(tmp_path, "load.yaml", SUITE)
    before = found(tmp_path)
    assert {each["evidence"] for each in before["problems"]} >= {"certified", "numerical"}
    assert found(tmp_path) == before
    with load(2), one_core():
        assert found(tmp_path) == before
