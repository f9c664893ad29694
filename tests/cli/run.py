"""The command line as users start it: a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

FAKE = "gradcmp.backends.fake.descriptor:FAKE"


def gradcmp(*words: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `gradcmp` in a folder with the fake backend known, no colour, and a bounded time."""
    environment = {key: value for key, value in os.environ.items() if key not in {"COLUMNS", "FORCE_COLOR", "NO_COLOR"}}
    return subprocess.run(
        [sys.executable, "-m", "gradcmp", *words],
        cwd=cwd,
        env=environment | {"GRADCMP_BACKENDS": FAKE} | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def write(folder: Path, name: str, text: str) -> Path:
    """A scenario below `folder/scenarios`."""
    path = folder / "scenarios" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


SQUARE = """
inputs: {x: {arange: 4}}
function: sum(x * x)
backend: fake
execution: right
timing: off
expect: {gradient: 2 * x}
"""
