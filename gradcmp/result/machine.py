"""The machine that a run was made on, told with the standard library alone."""

import platform
import shutil
import subprocess
from pathlib import Path

from gradcmp.core.machine import memory_bytes, usable_cores
from gradcmp.result.document import Machine

_DRIVER = Path("/proc/driver/nvidia/gpus")
_LIMIT_S = 5.0


def machine_record() -> Machine:
    """The machine of this process."""
    return Machine(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        cpu=_cpu(),
        cores=usable_cores(),
        memory_bytes=memory_bytes() or 0,
        gpus=gpu_names(_DRIVER),
    )


def gpu_names(driver: Path) -> tuple[str, ...]:
    """NVIDIA's GPUs by name, from the driver's files, else from nvidia-smi; empty where neither tells of any."""
    lines = [line for file in sorted(driver.glob("*/information")) for line in _text(file).splitlines()]
    models = tuple(line.partition(":")[2].strip() for line in lines if line.startswith("Model:"))
    program = shutil.which("nvidia-smi")
    if models or program is None:
        return models
    try:
        words = [program, "--query-gpu=name", "--format=csv,noheader"]
        answer = subprocess.run(words, capture_output=True, text=True, timeout=_LIMIT_S, check=True)  # noqa: S603  # the driver's own
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ()
    return tuple(line.strip() for line in answer.stdout.splitlines() if line.strip())


def _cpu() -> str:
    for line in _text(Path("/proc/cpuinfo")).splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _text(file: Path) -> str:
    """Empty where there is no such file, as on other systems than Linux."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
