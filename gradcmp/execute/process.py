"""One worker process as the parent sees it."""

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, BinaryIO, cast

import psutil

from gradcmp.core.executors import Failed, Ready
from gradcmp.core.outcomes import Died, Outcome, Raised, TimedOut
from gradcmp.core.requests import Task
from gradcmp.execute.tail import Tail
from gradcmp.messages import Frame, frame_outcome, task_frame
from gradcmp.wire import FORMAT, WireError, read_frame, read_greeting, write_frame

MARK = "GRADCMP_WORKER"
"""Environment variable by which a worker's descendants are known."""

START_LIMIT_S = 120.0
LAST_WORDS_S = 2.0
"""How long after a process has gone its pipe may still deliver."""


class WorkerProcess:
    """A process with its pipes. One thread asks; the watch ends it when it is late or too large."""

    def __init__(self, command: Sequence[str], variables: Mapping[str, str]) -> None:
        """Start it. Raises OSError where the interpreter cannot be run."""
        self._lock = threading.Lock()
        self._mark = f"{os.getpid()}-{uuid.uuid4().hex}"
        self._inbox: queue.SimpleQueue[Frame | WireError | None] = queue.SimpleQueue()
        self._limit: tuple[float, str, float] | None = None  # until when, in which phase, how long
        self._end: Died | TimedOut | None = None
        self._cases = 0
        self._killed = False
        self._gone_since: float | None = None
        self._family: dict[int, psutil.Process] = {}
        windows = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if os.name == "nt" else {}  # type: ignore[attr-defined,unused-ignore]
        self._popen = subprocess.Popen(  # noqa: S603  # our own file, by the interpreter that was asked for
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **variables, MARK: self._mark},
            start_new_session=True,
            **windows,
        )
        self._stdin, self._stdout, stderr = (
            cast("BinaryIO", pipe) for pipe in (self._popen.stdin, self._popen.stdout, self._popen.stderr)
        )
        with contextlib.suppress(psutil.Error):
            self._family[self._popen.pid] = psutil.Process(self._popen.pid)
        self._tail = Tail(stderr)
        self._set_limit("start", START_LIMIT_S)
        threading.Thread(target=self._receive, name="gradcmp answers", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    @property
    def usable(self) -> bool:
        """Whether it can be asked; false from the moment in which it is ended."""
        return not self._killed and self.alive

    def wait_until_ready(self) -> Ready | Failed:
        """The first word of the worker."""
        match self._inbox.get():
            case ({"kind": "ready", "format": int(version), **ready}, _) if version == FORMAT:
                self._limit = None
                ready["devices"] = tuple(ready["devices"])
                return Ready(**ready)
            case ({"kind": "failed", "message": message}, _):
                self.end()
                return Failed(message=message, output_tail=self._tail.to_the_end(), final=True)
            case ({}, _):
                self.end(Died(message="it speaks another version of the protocol"))
            case WireError() as error:
                self.end(Died(message=f"it did not begin with a greeting: {error}"))
        end = self._epitaph()
        late = self._end is not None
        return Failed(message=f"the worker did not start: {end.message}", output_tail=end.output_tail, final=late)

    def ask(self, task: Task, *, compiles: bool) -> Outcome | None:
        """The outcome of a case; None where the worker had gone before it began."""
        self._cases += 1
        mark = f"\x1egradcmp {self._cases}\x1e\n"
        self._tail.expect(mark)
        header, arrays = task_frame(task, compiles=compiles)
        begun = False
        self._enter("compile" if compiles else "run", task)
        try:
            with contextlib.suppress(OSError):  # gone: the inbox says so
                write_frame(self._stdin, {**header, "mark": mark}, arrays)
            while True:
                match self._inbox.get():
                    case ({"kind": "phase", "phase": str(phase)}, _):
                        begun = True
                        self._enter(phase, task)
                    case ({"kind": "answer", **answer}, values):
                        self._limit = None
                        return self._outcome(answer, values)
                    case None:
                        return self._epitaph() if begun or self._end else None
                    case WireError() as error:
                        return self._damaged(error)
                    case _:
                        return self._damaged(WireError("not an answer"))
        finally:
            self._limit = None

    def check(self, now: float) -> None:
        """End it where it is late; notice where it has gone and a grandchild holds its pipe. Called by the watch."""
        limit = self._limit
        if limit is not None and now > limit[0]:
            _, phase, limit_s = limit
            if phase == "start":
                self.end(Died(message=f"no sign of life within {limit_s:g} s"))
            else:
                self.end(TimedOut(limit_s=limit_s, phase="compile" if phase == "compile" else "run"))
        if not self.alive:
            self.end()
            self._gone_since = self._gone_since or now
            if now > self._gone_since + LAST_WORDS_S:
                self._inbox.put(None)

    def resident_bytes(self, *, look_for_children: bool) -> int:
        """Memory of the process and its descendants, as they were last known."""
        if look_for_children:
            self._find_family()
        total = 0
        for pid, process in list(self._family.items()):
            try:
                total += process.memory_info().rss
            except psutil.Error:
                if pid != self.pid:
                    self._family.pop(pid, None)
        return total

    def end(self, reason: Died | TimedOut | None = None) -> None:
        """Kill it with all its descendants; the first reason counts. Safe to call twice, from any thread."""
        with self._lock:
            if self._end is None:
                self._end = reason
            if self._killed:
                return
            self._killed = True
            self._find_family()
            self._find_strays()
            _kill_group(self._popen)
            for process in list(self._family.values()):
                with contextlib.suppress(psutil.Error):
                    process.kill()  # psutil knows a process by its start, so a reused id is safe
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(LAST_WORDS_S)

    def close(self) -> None:
        """End it and let go of its pipes."""
        self.end()
        with contextlib.suppress(OSError):
            self._stdin.close()

    def _find_family(self) -> None:
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(self.pid).children(recursive=True):
                self._family.setdefault(child.pid, child)

    def _find_strays(self) -> None:
        """Descendants that have left the group and outlived their parents still carry its mark."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.pid != os.getpid() and process.environ().get(MARK) == self._mark:
                    self._family.setdefault(process.pid, process)

    def _enter(self, phase: str, task: Task) -> None:
        limit_s = task.compile_timeout_s if phase == "compile" else task.timeout_s
        self._set_limit(phase, limit_s, extra_s=2 * task.timing_s if phase == "measure" else 0.0)

    def _set_limit(self, phase: str, limit_s: float, *, extra_s: float = 0.0) -> None:
        self._limit = (time.monotonic() + limit_s + extra_s, phase, limit_s)

    def _outcome(self, answer: Mapping[str, Any], values: Any) -> Outcome:
        try:
            outcome = frame_outcome(answer, values)
        except WireError as error:
            return self._damaged(error)
        return replace(outcome, output_tail=self._tail.until_mark()) if isinstance(outcome, Raised) else outcome

    def _damaged(self, error: WireError) -> Died:
        self.end(Died(message=f"its answer could not be read: {error}"))
        died = self._epitaph()
        assert isinstance(died, Died)
        return died

    def _epitaph(self) -> Died | TimedOut:
        """Why it is gone, with its last lines."""
        self.end()
        tail = self._tail.to_the_end()
        if isinstance(self._end, TimedOut):
            return TimedOut(limit_s=self._end.limit_s, phase=self._end.phase, output_tail=tail)
        return Died(message=self._end.message if self._end else _exit(self._popen.returncode), output_tail=tail)

    def _receive(self) -> None:
        with self._stdout:
            try:
                self._tail.note(read_greeting(self._stdout))
                while (frame := read_frame(self._stdout)) is not None:
                    self._inbox.put(frame)
            except (WireError, OSError) as error:
                if not self._gone():
                    self._inbox.put(error if isinstance(error, WireError) else WireError(str(error)))
        self._gone()
        self._inbox.put(None)

    def _gone(self) -> bool:
        """Has it ended? A pipe may close a moment before its process can be waited for."""
        try:
            self._popen.wait(1.0)
        except subprocess.TimeoutExpired:
            return False
        return True


def _kill_group(popen: subprocess.Popen[bytes]) -> None:
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says the second of zombies
            os.killpg(popen.pid, signal.SIGKILL)
    elif popen.poll() is None:
        with contextlib.suppress(OSError):
            popen.kill()


def _exit(status: int) -> str:
    """How it ended, in words."""
    if status >= 0:
        return f"exited with status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"
