"""What the fake backend does instead of an answer, before one, and to one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, NoReturn

import numpy

from gradcmp.backends.base import Derivative, LoopNotFinished, NoSuchNotion, Result, UnsupportedByFramework
from gradcmp.backends.fake.derivatives import Typed, typed

FLOOD_BYTES = 200_000_000
SLOW_S = 0.1


def break_import(how: str) -> None:
    """Fail, die, hang or take a while, as `how` says, in the place of an import."""
    match how:
        case "fail":
            raise ImportError("libfake.so.1: cannot open shared object file")
        case "die":
            _segfault()
        case "hang":
            time.sleep(1e6)
        case "slow":
            time.sleep(1.0)


def altered(result: Result, spoil: Callable[[Any], Any]) -> Result:
    """The result with every derivative changed by `spoil`; None of it is no gradient."""

    def spoilt(array: Any) -> Typed | None:
        changed = spoil(array)
        return None if changed is None else typed(changed, getattr(changed, "dtype_name", array.dtype_name))

    derivatives = tuple(Derivative(of=d.of, wrt=d.wrt, array=spoilt(d.array)) for d in result.derivatives)
    return Result(values=result.values, derivatives=derivatives)


def _with_element(array: Any, index: int, change: Callable[[Any], Any]) -> Any:
    changed = array.copy()
    if changed.size:
        changed.flat[index] = change(changed.flat[index])
    return changed


def _transposed(array: Typed) -> Typed:
    return typed(array.T.reshape(array.shape), array.dtype_name)


def _other_dtype(array: Typed) -> Typed:
    return typed(array, "float32" if array.dtype_name != "float32" else "float64")


SPOILERS: dict[str, Callable[[Any], Any]] = {
    "zero": lambda array: array * 0,
    "wrong": lambda array: array * array.dtype.type(1.001),
    "sign": lambda array: -array,
    "transposed": _transposed,
    "one_element": lambda array: _with_element(array, -1, lambda x: x * 1.001),
    "nan": lambda array: _with_element(array, 0, lambda x: numpy.nan),  # noqa: ARG005
    "inf": lambda array: _with_element(array, 0, lambda x: numpy.inf),  # noqa: ARG005
    "misshapen": lambda array: array[None],
    "wrong_dtype": _other_dtype,
    "missing": lambda array: None,  # noqa: ARG005
}


def misbehave(execution: str) -> None:
    """What an execution does before it answers, if it does."""
    action = MISDEEDS.get(execution)
    if action is not None:
        action()


def _raise(error: BaseException) -> NoReturn:
    raise error


def _segfault() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)
    time.sleep(60)


def _complain() -> NoReturn:
    sys.stdout.write("the last words of a case\n")
    raise ValueError("the fake backend was told to raise\n\n" + "and to go on about it " * 1000)


def _recurse() -> None:
    _recurse()


def _flood() -> None:
    chunk = b"water " * 10_000 + b"\n"
    for _ in range(FLOOD_BYTES // len(chunk)):
        os.write(1, chunk)


def _orphan() -> None:
    """A grandchild in a session of its own that keeps our pipes open, then an end."""
    _start_child(start_new_session=True)
    time.sleep(0.5)
    os._exit(7)


def _hang_with_child() -> None:
    _start_child()
    time.sleep(1e6)


def _start_child(**options: Any) -> None:
    script = "import time; time.sleep(600)"
    command = [sys.executable, "-c", script]
    subprocess.Popen(command, pass_fds=_open_descriptors(), **options)  # noqa: S603  # our own interpreter


def _damage() -> None:
    """Rubbish into every pipe but the captured output: one of them is the protocol."""
    for descriptor in _open_descriptors():
        try:
            os.write(descriptor, b"\xff" * 64)
        except OSError:
            continue
    time.sleep(60)


def _open_descriptors() -> list[int]:
    descriptors = []
    for descriptor in range(3, 64):
        try:
            os.fstat(descriptor)
        except OSError:
            continue
        descriptors.append(descriptor)
    return descriptors


def _allocate() -> None:
    hoard = []
    while True:
        hoard.append(numpy.ones(4 * 2**20))  # 32 MiB, touched
        time.sleep(0.01)


MISDEEDS: dict[str, Callable[[], object]] = {
    "slow": lambda: time.sleep(SLOW_S),
    "unsupported": lambda: _raise(UnsupportedByFramework("the fake backend was told that it cannot")),
    "meaningless": lambda: _raise(NoSuchNotion("the fake backend has no such notion")),
    "unfinished": lambda: _raise(LoopNotFinished("a bounded loop was cut off")),
    "raises": _complain,
    "exits_politely": lambda: _raise(SystemExit(5)),
    "recurses": _recurse,
    "hangs": lambda: time.sleep(1e6),
    "hangs_with_child": _hang_with_child,
    "segfaults": _segfault,
    "exits": lambda: os._exit(3),
    "orphans": _orphan,
    "floods": _flood,
    "memory": _allocate,
    "damages": _damage,
}
