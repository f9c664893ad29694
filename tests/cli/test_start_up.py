"""What a command does not import, in a fresh interpreter."""

import subprocess
import sys
import tomllib
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


INTERRUPTED = """
import os, signal, sys
module = sys.argv[1]

class Finder:
    def find_spec(self, name, *rest):
        if name == module:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder())
from gradcmp.__main__ import start
sys.argv = ["gradcmp", "run", "--help"]
start()
"""


@pytest.mark.parametrize(
    "module", ["gradcmp.cli", "click", "gradcmp.errors", "gradcmp.cli.run_command", "gradcmp.report"]
)
def test_an_interruption_of_the_imports_has_no_traceback(tmp_path: Path, module: str) -> None:
    command = [sys.executable, "-c", INTERRUPTED, module]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr.strip()) == (130, "", "")


def test_the_script_starts_where_nothing_is_imported_yet() -> None:
    configuration = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert configuration["project"]["scripts"] == {"gradcmp": "gradcmp.__main__:start"}
    probe = "import sys; before = set(sys.modules); import gradcmp.__main__; print(*sorted({*sys.modules} - before))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["__future__", "gradcmp", "gradcmp.__main__"]
