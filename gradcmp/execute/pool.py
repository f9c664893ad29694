"""Workers as a context: tasks in, outcomes out, no process left behind."""

import itertools
import queue
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from gradcmp.core.executors import Failed, Ready
from gradcmp.core.machine import usable_cores
from gradcmp.core.outcomes import Outcome
from gradcmp.core.requests import Task, WorkerKey
from gradcmp.errors import terminate
from gradcmp.execute.gate import Gate
from gradcmp.execute.keeper import Answers, Keeper
from gradcmp.execute.memory import default_limit_bytes
from gradcmp.execute.process import WorkerProcess
from gradcmp.execute.settings import command_of, variables_of
from gradcmp.execute.watch import Watch
from gradcmp.registry import Registry

LOOK_AHEAD = 64
"""Requests that are pulled before their answers have been given out."""

LOOK_AHEAD_BYTES = 256 * 2**20
"""Of their arrays; a task per worker is pulled whatever its size."""

_PATIENCE_S = 1.0  # a wait without limit cannot be interrupted on every system


class Pool:
    """One process per key, started together on entering and killed together on leaving.

    `threads` and `max_memory_bytes` None: the frameworks' own choice, and four fifths of the machine's or container's
    memory. `jobs`: cases side by side, by default as many as there are cores; timed cases are alone on their device.
    `interpreters`: environment → interpreter.
    """

    def __init__(
        self,
        registry: Registry,
        keys: Sequence[WorkerKey],
        *,
        threads: int | None = None,
        max_memory_bytes: int | None = None,
        jobs: int | None = None,
        interpreters: Mapping[str, str] | None = None,
    ) -> None:
        self._registry = registry
        self._keys = tuple(dict.fromkeys(keys))
        self._threads = threads
        self._interpreters = dict(interpreters or {})
        self._gate = Gate(jobs=jobs or usable_cores())
        self._limit_bytes = max_memory_bytes or default_limit_bytes()
        self._keepers: dict[WorkerKey, Keeper] = {}
        self._watch = Watch(self._processes, self._limit_bytes)
        self._folder: Path | None = None
        self._starts = itertools.count()
        self._closed = False
        self._signal_handler: signal.Handlers | None = None

    def __enter__(self) -> Self:
        self._catch_termination()
        try:
            self._folder = Path(tempfile.mkdtemp(prefix="gradcmp-"))
            self._keepers = {key: self._keeper(key) for key in self._keys}
            self._watch.start()
            for keeper in self._keepers.values():
                keeper.start()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._close()
        except KeyboardInterrupt:  # an impatient second one
            self._close()
            raise

    @property
    def ready(self) -> dict[WorkerKey, Ready | Failed]:
        """What is known so far of each worker: versions, devices and settings, or why it does not serve."""
        return {key: keeper.state for key, keeper in self._keepers.items() if keeper.state is not None}

    def wait_until_ready(self) -> dict[WorkerKey, Ready | Failed]:
        """`ready` of every worker, once all have started or failed to."""
        for keeper in self._keepers.values():
            while not keeper.decided.wait(_PATIENCE_S):
                pass
        return self.ready

    def run(self, tasks: Iterator[Task]) -> Iterator[tuple[Task, Outcome]]:
        """Each task with its outcome, as answers arrive.

        Requests are pulled in the consumer's thread, a bounded number ahead of the answers; each worker takes its own
        in order. May be called again, also while another run goes on. Raises KeyError for a worker that the pool does
        not have, and whatever `tasks` raises.
        """
        answers = Answers()
        waiting: dict[int, int] = {}  # id of a task → bytes of its arrays
        exhausted = False
        try:
            while True:
                while not exhausted and self._has_room(waiting):
                    task = next(tasks, None)
                    if task is None:
                        exhausted = True
                    else:
                        self._keepers[task.worker].put(task, answers)
                        waiting[id(task)] = sum(tensor.array.nbytes for tensor in task.inputs.values())
                if not waiting:
                    return
                task, outcome = self._next(answers)
                del waiting[id(task)]
                yield task, outcome
        finally:
            answers.cancelled = True

    def _has_room(self, waiting: Mapping[int, int]) -> bool:
        if len(waiting) < len(self._keepers):
            return True
        return len(waiting) < LOOK_AHEAD and sum(waiting.values()) < LOOK_AHEAD_BYTES

    def _next(self, answers: Answers) -> tuple[Task, Outcome]:
        while True:
            try:
                task, outcome = answers.arrived.get(timeout=_PATIENCE_S)
            except queue.Empty:
                if self._closed:
                    raise RuntimeError("the pool has been left") from None
                continue
            if isinstance(outcome, Exception):
                raise outcome
            return task, outcome

    def _keeper(self, key: WorkerKey) -> Keeper:
        descriptor = self._registry.worker(key)

        def start() -> WorkerProcess:
            return self._start(key)

        return Keeper(device=key.device, gate=self._gate, start=start, compiles=descriptor.compiles)

    def _start(self, key: WorkerKey) -> WorkerProcess:
        descriptor = self._registry.worker(key)
        interpreter = sys.executable if key.environment is None else self._interpreters.get(key.environment)
        if interpreter is None:
            msg = f"no interpreter is known for the environment `{key.environment}`"
            raise OSError(msg)
        assert self._folder is not None
        folder = self._folder / f"{key.backend}-{next(self._starts)}"
        folder.mkdir()
        variables = variables_of(descriptor, key, threads=self._threads, folder=folder)
        command = command_of(interpreter, descriptor, key, threads=self._threads, folder=folder)
        return WorkerProcess(command, variables)

    def _processes(self) -> list[WorkerProcess]:
        return [keeper.process for keeper in self._keepers.values() if keeper.process is not None]

    def _close(self) -> None:
        self._closed = True
        self._gate.close()
        # A large process takes its time to go.
        with ThreadPoolExecutor(max_workers=max(1, len(self._keepers))) as side_by_side:
            list(side_by_side.map(Keeper.close, self._keepers.values()))
        for thread in (self._watch, *self._keepers.values()):
            if thread.is_alive():
                thread.stop() if isinstance(thread, Watch) else thread.join(10.0)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._release_termination()

    def _catch_termination(self) -> None:
        """SIGTERM leaves the context as an interruption does, unless the program has its own way."""
        if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
            signal.signal(signal.SIGTERM, terminate)
            self._signal_handler = signal.SIG_DFL

    def _release_termination(self) -> None:
        if self._signal_handler is not None:
            signal.signal(signal.SIGTERM, self._signal_handler)
            self._signal_handler = None
