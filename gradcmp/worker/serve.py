"""The worker's loop: ready, then one answer to every case until the parent closes the pipe."""

import contextlib
import faulthandler
import gc
import os
import platform
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from gradcmp.backends.base import Backend, Settings
from gradcmp.core.dotted import resolve
from gradcmp.core.outcomes import Outcome, Raised, Skipped, Unsupported
from gradcmp.core.requests import Inquiry
from gradcmp.messages import frame_task, outcome_frame
from gradcmp.wire import FORMAT, read_frame, write_frame
from gradcmp.worker.derive import derive
from gradcmp.worker.failures import as_outcome, error_text
from gradcmp.worker.load import Loader


def serve(options: Mapping[str, Any], source: BinaryIO, sink: BinaryIO) -> None:
    """Construct the backend that `options` names and answer until the stream ends."""
    faulthandler.enable(all_threads=False)  # a death by signal leaves a stack in the captured output
    began = time.perf_counter()
    try:
        backend = _construct(options)
        ready = _ready(backend, time.perf_counter() - began)
        loader = Loader(backend, Path(options["folder"]))
    except BaseException as error:  # noqa: BLE001  # an import may raise anything, SystemExit too
        write_frame(sink, {"kind": "failed", "format": FORMAT, "message": error_text(error)})
        return
    gc.collect()
    gc.freeze()  # the framework's own objects need not be looked at again
    write_frame(sink, ready)
    while (frame := read_frame(source)) is not None:
        header, arrays = frame
        if options["device"] not in ready["devices"]:
            absent = f"there is no device `{options['device']}` for {backend.name} here"
            _answer(sink, Skipped(message=absent), mark=header["mark"])
            continue
        phases = _Phases(sink)
        phases.enter("compile" if header["compiles"] else "run")
        try:
            task = frame_task(header, arrays)
            outcome: Outcome = (
                cast("Refers", backend).refer(task)
                if isinstance(task, Inquiry)
                else derive(backend, loader, task, device=options["device"], progress=phases.enter)
            )
        except BaseException as error:  # noqa: BLE001  # whatever a case raises is its outcome
            outcome = _without_folder(as_outcome(error, backend), options["folder"])
            _forget(error)
        _answer(sink, outcome, mark=header["mark"])


class Refers(Protocol):
    """What serves inquiries in place of a backend: `reference.referee.Referee`."""

    def refer(self, inquiry: Inquiry) -> Outcome: ...


class _Phases:
    """Tells the parent where a case is; says nothing twice in a row."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._phase = ""

    def enter(self, phase: str) -> None:
        if phase != self._phase:
            self._phase = phase
            write_frame(self._sink, {"kind": "phase", "phase": phase})


def _construct(options: Mapping[str, Any]) -> Backend:
    settings = Settings(threads=options["threads"], device=options["device"])
    backend: Backend = resolve(options["implementation"])(settings)
    return backend


def _ready(backend: Backend, import_s: float) -> dict[str, Any]:
    return {
        "kind": "ready",
        "format": FORMAT,
        "backend": backend.name,
        "version": backend.version(),
        "python": platform.python_version(),
        "devices": list(backend.devices()),
        "settings": {name: _plain(value) for name, value in backend.settings().items()},
        "import_s": import_s,
    }


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _answer(sink: BinaryIO, outcome: Outcome, *, mark: str) -> None:
    try:
        header, arrays = outcome_frame(outcome)
    except ValueError as error:  # an array of a dtype that cannot travel
        header, arrays = outcome_frame(as_outcome(error, None))
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # a case may have closed it
            stream.flush()
    with contextlib.suppress(OSError):
        os.write(2, mark.encode())  # the parent cuts the captured output here
    write_frame(sink, header, arrays)


def _without_folder(outcome: Outcome, folder: str) -> Outcome:
    """Messages name our files, not the folder, which has another name in every run."""
    if isinstance(outcome, Raised | Unsupported | Skipped):
        return replace(outcome, message=outcome.message.replace(f"{folder}{os.sep}", ""))
    return outcome


def _forget(error: BaseException) -> None:
    """Let go of the frames of a failed case, and of the arrays in them."""
    error.__traceback__ = None
    error.__context__ = None
    error.__cause__ = None
