"""The command line as users start it: in this process by default, in one of its own where the process is the matter."""

import io
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from unittest import mock

from gradcmp.cli.main import main

FAKE = "gradcmp.backends.fake.descriptor:FAKE"
OF_THE_CALLER = {"COLUMNS", "FORCE_COLOR", "NO_COLOR"}
"""What the terminal of whoever runs the tests must not decide."""


def gradcmp(*words: str, cwd: Path, **variables: str) -> CompletedProcess[str]:
    """Run `gradcmp` in a folder with the fake backend known and no colour; what it printed, as through pipes."""
    return _decoded(gradcmp_bytes(*words, cwd=cwd, **variables))


def gradcmp_process(*words: str, cwd: Path, **variables: str) -> CompletedProcess[str]:
    """The same as a process of its own, with a bounded time."""
    return _decoded(gradcmp_process_bytes(*words, cwd=cwd, **variables))


def gradcmp_bytes(*words: str, cwd: Path, **variables: str) -> CompletedProcess[bytes]:
    """The same in whatever encoding `PYTHONIOENCODING` says."""
    encoding = variables.get("PYTHONIOENCODING", "utf-8")
    with (
        _stream(encoding) as stdout,
        _stream(encoding) as stderr,
        chdir(cwd),
        mock.patch.dict(os.environ, _environment(variables), clear=True),
        mock.patch.multiple(sys, stdout=stdout, stderr=stderr),
        _signal_handler(),
    ):
        try:
            main(list(words))
        except SystemExit as stop:
            code = stop.code
        return CompletedProcess(words, code, _printed(stdout), _printed(stderr))


def gradcmp_process_bytes(*words: str, cwd: Path, **variables: str) -> CompletedProcess[bytes]:
    """The same as a process of its own, with a bounded time."""
    command = [sys.executable, "-m", "gradcmp", *words]
    return subprocess.run(command, cwd=cwd, env=_environment(variables), capture_output=True, timeout=120, check=False)


def _decoded(done: CompletedProcess[bytes]) -> CompletedProcess[str]:
    return CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def _environment(variables: dict[str, str]) -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if key not in OF_THE_CALLER}
    return inherited | {"GRADCMP_BACKENDS": FAKE} | variables


@contextmanager
def _stream(encoding: str) -> Iterator[io.TextIOWrapper]:
    """A stream with a descriptor that is no terminal, as a pipe is."""
    with tempfile.TemporaryFile() as file, io.TextIOWrapper(file, encoding=encoding) as stream:
        yield stream


def _printed(stream: io.TextIOWrapper) -> bytes:
    stream.flush()
    stream.buffer.seek(0)
    return stream.buffer.read()


@contextmanager
def _signal_handler() -> Iterator[None]:
    """`main` takes SIGTERM for its process; it is given back."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)


def write(folder: Path, name: str, text: str) -> Path:
    """A scenario below `folder/scenarios`."""
    path = folder / "scenarios" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


SQUARE = """
inputs: {x: {arange: 4}}
function: sum(x * x)
backend: fake
execution: right
timing: off
expect: {gradient: 2 * x}
"""
PLAIN = SQUARE.replace("expect: {gradient: 2 * x}\n", "")
"""Nothing to compare with: with `--no-reference` no referee is started, where its verdict is not the matter."""
