"""What a command does not import, in a fresh interpreter."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.run import SQUARE, write

PROBE = """
import sys
from gradcmp.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as stop:
    assert not stop.code, stop.code
print(*(name for name in ("numpy", "msgspec", "yaml", "rich", "torch", "tensorflow", "jax", "flint") if name in sys.modules), file=sys.stderr)
"""


def imported(folder: Path, *words: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words], cwd=folder, capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stderr.splitlines()[-1].split())  # above it may be warnings


@pytest.mark.parametrize("words", [("--help",), ("run", "--help"), ("--version",)])
def test_help_imports_nothing_heavy(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert imported(tmp_path, *words) == set()


@pytest.mark.parametrize("words", [("list",), ("check",)])
def test_list_and_check_import_no_numpy_and_no_framework(tmp_path: Path, words: tuple[str, ...]) -> None:
    write(tmp_path, "square.yaml", SQUARE)
    assert imported(tmp_path, *words) <= {"yaml", "rich"}
