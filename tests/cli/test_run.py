"""A call in this process gives what a process of its own gives, and leaves this process as it was."""

import os
import re
import signal
import sys
from pathlib import Path

import pytest

from tests.cli.run import PLAIN, SQUARE, gradcmp, gradcmp_bytes, gradcmp_process, gradcmp_process_bytes, write

DURATION = re.compile(r"\d+(\.\d+)? (ms|s)\b")


def comparable(printed: str) -> str:
    """Without durations, and without the frames of a traceback, which begin where the process does."""
    kept = [line for line in printed.splitlines() if not line.startswith("  ")] if "Traceback" in printed else [printed]
    return DURATION.sub("…", "\n".join(kept))


@pytest.mark.parametrize(
    ("words", "variables"),
    [
        (["--help"], {}),
        (["run", "--help"], {"COLUMNS": "60"}),
        (["list"], {"FORCE_COLOR": "1"}),
        (["show", "square"], {}),
        (["check", "nope"], {}),
        (["run"], {}),
        (["run", "--no-reference", "--execution", "nan"], {"FORCE_COLOR": "1"}),
        (["run", "--no-reference", "--execution", "segfaults"], {}),
        (["run", "--no-reference", "--device", "cuda:7", "--debug"], {}),
        (["run", "-k", "cube"], {}),
        (["run", "--frobnicate"], {}),
        (["report", "square.txt"], {"PYTHONUTF8": "1"}),
        (["run", "no/such/\udcff.yaml"], {}),
    ],
)
def test_both_ways_give_the_same(tmp_path: Path, words: list[str], variables: dict[str, str]) -> None:
    write(tmp_path, "square.yaml", PLAIN + "description: x ↦ x²\n")
    before = signal.getsignal(signal.SIGTERM), dict(os.environ), Path.cwd(), sys.stdout
    here = gradcmp(*words, cwd=tmp_path, **variables)
    assert (signal.getsignal(signal.SIGTERM), dict(os.environ), Path.cwd(), sys.stdout) == before
    there = gradcmp_process(*words, cwd=tmp_path, **variables)
    assert here.returncode == there.returncode
    assert comparable(here.stdout) == comparable(there.stdout)
    assert comparable(here.stderr) == comparable(there.stderr)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])  # UTF-16 has a mark more where the stream is a pipe
@pytest.mark.parametrize("words", [("list",), ("list", "--json"), ("check", "nope ≈")])
def test_both_ways_give_the_same_bytes(tmp_path: Path, words: tuple[str, ...], encoding: str) -> None:
    write(tmp_path, "square.yaml", SQUARE + "description: x² ≈ 0\n")
    here = gradcmp_bytes(*words, cwd=tmp_path, PYTHONIOENCODING=encoding)
    there = gradcmp_process_bytes(*words, cwd=tmp_path, PYTHONIOENCODING=encoding)
    assert (here.returncode, here.stdout, here.stderr) == (there.returncode, there.stdout, there.stderr)
