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


def copied(folder: Path) -> Path:
    shutil.copytree(ROOT / "gradcmp", folder / "gradcmp", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_the_contracts_hold(tmp_path: Path) -> None:
    done = lint(copied(tmp_path))
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is said of a copy with all violations."""
    folder = copied(tmp_path_factory.mktemp("broken"))
    for module, planted in PLANTED.items():
        with (folder / "gradcmp" / module).open("a", encoding="utf-8") as file:
            file.write(f"\n{planted}\n")
    done = lint(folder)
    assert done.returncode == 1, done.stdout
    return done.stdout


@pytest.mark.parametrize("module", PLANTED)
def test_a_planted_violation_is_caught(broken: str, module: str) -> None:
    importer = "gradcmp." + module.removesuffix(".py").replace("/", ".")
    imported = PLANTED[module].removeprefix("import ")
    assert f"{importer} -> {imported} (l." in broken
