"""First thing in a worker: keep the pipes of the protocol out of everybody's reach, then serve.

Started as a file (`python -P -u boot.py '{"implementation": …}'`) by any interpreter; `gradcmp` is loaded from the one
folder in which this file lies, and nothing beside that folder becomes importable.
"""

import os
import sys

if __name__ == "__main__":  # before every other import: what they print must not reach the protocol
    _source, _sink = os.dup(0), os.dup(1)
    _nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(_nowhere, 0)
    os.close(_nowhere)
    os.dup2(2, 1)

import contextlib
import importlib.util
import json
import signal
import threading
import time
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1


def boot(options: dict[str, Any], source: int, sink: int) -> None:
    """Serve until the parent is gone. `source` and `sink` are the descriptors of the protocol."""
    guard(options["parent"])
    _load_package(Path(__file__).parents[1])
    with open(source, "rb") as stdin, open(sink, "wb") as stdout:
        from gradcmp.wire import FORMAT, GREETING, write_frame

        stdout.write(GREETING)
        try:
            from gradcmp.worker.serve import serve
        except Exception as error:  # noqa: BLE001  # an interpreter without NumPy, whatever it raises
            message = f"{type(error).__name__}: {error}"
            write_frame(stdout, {"kind": "failed", "format": FORMAT, "message": message})
            return
        with contextlib.suppress(BrokenPipeError):  # the parent has gone, and so do we
            serve(options, stdin, stdout)


def guard(parent: int) -> None:
    """Leave interruptions to the parent, end with it, and write no core dumps."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):  # a C library without prctl
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.name != "posix":
        return
    import resource

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    starter = os.getppid()  # the parent, or the interpreter's own launcher
    if starter == 1 != parent:  # gone before the lines above could tell
        os._exit(1)
    if sys.platform != "linux":
        threading.Thread(target=_watch, args=(starter,), daemon=True).start()


def _watch(starter: int) -> None:
    while os.getppid() == starter:
        time.sleep(1.0)
    os._exit(1)


def _load_package(folder: Path) -> None:
    if "gradcmp" in sys.modules:
        return
    specification = importlib.util.spec_from_file_location(
        "gradcmp", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if specification is None or specification.loader is None:
        msg = f"no package in {folder}"
        raise ImportError(msg)
    module = importlib.util.module_from_spec(specification)
    sys.modules["gradcmp"] = module
    specification.loader.exec_module(module)


if __name__ == "__main__":
    boot(json.loads(sys.argv[1]), _source, _sink)
    os._exit(0)  # a framework's threads and destructors have nothing left to say
