"""How a worker is started: command line and environment variables."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from gradcmp.core.requests import WorkerKey
from gradcmp.registry import Descriptor

BOOT = Path(__file__).parents[1] / "worker" / "boot.py"

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "NPROC",  # the size of the thread pool of XLA's CPU client
)


def variables_of(descriptor: Descriptor, key: WorkerKey, *, threads: int | None, folder: Path) -> dict[str, str]:
    """What is set in a worker on top of the environment that it inherits; the descriptor has the last word."""
    variables = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "JAX_ENABLE_X64": "1"}
    if threads is not None:
        variables |= dict.fromkeys(THREAD_VARIABLES, str(threads))
    if threads == 1:
        flags = os.environ.get("XLA_FLAGS", "")
        variables["XLA_FLAGS"] = f"{flags} --xla_cpu_multi_thread_eigen=false".strip()
    if key.device == "cpu":
        variables |= {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
    own = {name: value.replace("{folder}", str(folder)) for name, value in descriptor.variables.items()}
    return variables | own


def command_of(
    interpreter: str,
    descriptor: Descriptor,
    key: WorkerKey,
    *,
    threads: int | None,
    variables: Mapping[str, str],
    folder: Path,
) -> list[str]:
    """The command line of a worker. `-P`: nothing beside the scenario is importable; `-u`: a death loses no output."""
    options = {
        "implementation": descriptor.implementation,
        "threads": threads,
        "device": key.device,
        "variables": dict(variables),
        "folder": str(folder),
        "parent": os.getpid(),
    }
    return [interpreter, "-P", "-u", str(BOOT), json.dumps(options)]
