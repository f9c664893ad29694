"""To look at the tests costs nothing that a framework's import costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

LOADED = """
import sys, pytest
code = pytest.main(["--collect-only", "-qq", "-p", "no:cacheprovider", *sys.argv[1:]])
print("code", int(code), *(name for name in ("torch", "tensorflow", "jax") if name in sys.modules))
"""


def loaded(*words: str) -> str:
    """The exit code of a collection and the frameworks that it imported."""
    command = [sys.executable, "-c", LOADED, *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout.splitlines()[-1]


def test_collection_imports_no_framework():
    assert loaded() == "code 0"


def test_a_module_that_imports_one_would_be_caught(tmp_path):
    (tmp_path / "jax.py").write_text("")
    (tmp_path / "test_it.py").write_text(
        f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nimport jax\ndef test(): pass\n"
    )
    assert loaded(str(tmp_path / "test_it.py")) == "code 0 jax"
