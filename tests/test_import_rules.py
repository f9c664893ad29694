"""The import contracts hold, and each notices a planted violation."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINTER = Path(sys.executable).with_name("lint-imports")

PLANTED = {
    "program/fold.py": "import numpy",
    "session/plan.py": "import numpy",
    "numbers/ulp.py": "import gradcmp.program.ir",
    "report/summary.py": "import click",
    "result/records.py": "import rich",
    "result/journal.py": "import gradcmp.report.summary",
    "judge/metrics.py": "import torch",
    "session/judging.py": "import gradcmp.reference.precision",
    "reference/certify.py": "import jax",
    "worker/load.py": "import psutil",
    "judge/tolerance.py": "import yaml",
    "judge/consensus.py": "import gradcmp.report.summary",
    "program/spelling.py": "import gradcmp.backends.base",
    "backends/jax/descriptor.py": "import jax",
    "backends/torch/spelling/shape.py": "import torch",
    "backends/tensorflow/idioms.py": "import numpy",
    "backends/jax/backend.py": "import gradcmp.backends.torch.backend",
    "backends/fake/spelling.py": "import gradcmp.backends.jax.spelling",
    "reference/steps/rules.py": "import gradcmp.reference.modes.tape",
    "judge/agreement.py": "import gradcmp.words.reasons",
    "words/limits.py": "import gradcmp.judge.tolerance",
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    # The editable installation would otherwise answer for the copy.
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(
        [LINTER, "--no-cache"], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "gradcmp", folder / "gradcmp", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_the_contracts_hold(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("module", PLANTED)
def test_a_planted_violation_is_caught(copy: Path, module: str) -> None:
    path = copy / "gradcmp" / module
    text = path.read_text(encoding="utf-8")
    path.write_text(text + f"\n{PLANTED[module]}\n", encoding="utf-8")
    try:
        done = lint(copy)
    finally:
        path.write_text(text, encoding="utf-8")
    assert done.returncode == 1, done.stdout
    assert "BROKEN" in done.stdout
