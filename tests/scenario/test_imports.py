"""What listing and checking scenarios does not import, seen in a fresh interpreter."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys, pathlib
from gradcmp.scenario.load import load
load(["s.yaml"], folder=pathlib.Path({folder!r}), checked={checked})
print(" ".join(sys.modules))
"""


@pytest.mark.parametrize("checked", [True, False])
def test_neither_numpy_nor_a_framework(tmp_path, checked):
    (tmp_path / "s.yaml").write_text("inputs: {x: {normal: [3]}}\nfunction: sum(x)\nexpect: {gradient: [1, 1, 1]}\n")
    program = PROGRAM.format(folder=str(tmp_path), checked=checked)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "gradcmp.scenario.load" in loaded
    assert not loaded & {"numpy", "click", "rich", "torch", "tensorflow", "jax", "zipfile"}
    assert ("gradcmp.program.check" in loaded) is checked
