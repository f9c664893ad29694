"""How a worker is started: command line and environment variables."""

import json
import os
from pathlib import Path

from gradcmp.core.requests import WorkerKey
from gradcmp.registry import Descriptor

BOOT = Path(__file__).parents[1] / "worker" / "boot.py"

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def variables_of(descriptor: Descriptor, key: WorkerKey, *, threads: int | None, folder: Path) -> dict[str, str]:
    """What is set in a worker on top of the environment that it inherits; the descriptor has the last word."""
    variables = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1"}
    if threads is not None:
        variables |= dict.fromkeys((*THREAD_VARIABLES, *descriptor.thread_variables), str(threads))
    if threads == 1:
        for name, flag in descriptor.one_thread_flags.items():
            variables[name] = f"{os.environ.get(name, '')} {flag}".strip()
    if key.device == "cpu":
        variables |= {"CUDA_VISIBLE_DEVICES": "", **descriptor.cpu_variables}
    return variables | {name: value.replace("{folder}", str(folder)) for name, value in descriptor.variables.items()}


def command_of(
    interpreter: str,
    descriptor: Descriptor,
    key: WorkerKey,
    *,
    threads: int | None,
    folder: Path,
) -> list[str]:
    """The command line of a worker. `-P`: nothing beside the scenario is importable; `-u`: a death loses no output."""
    options = {
        "implementation": descriptor.implementation,
        "threads": threads,
        "device": key.device,
        "folder": str(folder),
        "parent": os.getpid(),
    }
    return [interpreter, "-P", "-u", str(BOOT), json.dumps(options)]
