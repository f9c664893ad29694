"""To look at the tests costs nothing that a framework's import costs."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import IMPORTED

ROOT = Path(__file__).parents[1]

PLANTED = """
import sys
sys.path.insert(0, {folder!r})
import jax
from tests.test_collection import test_collection_imported_no_framework
"""


def test_collection_imported_no_framework(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.stash[IMPORTED] == ()


def test_a_module_that_imports_one_would_be_caught(tmp_path: Path) -> None:
    (tmp_path / "jax.py").write_text("")
    planted = tmp_path / "test_planted.py"
    planted.write_text(PLANTED.format(folder=str(tmp_path)))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tests.conftest",
        "-p",
        "no:cacheprovider",
        "-c",
        "/dev/null",
        planted,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stdout
    assert "('jax',) == ()" in done.stdout
