"""One worker and its queue: start it, ask it, start it again when it has gone."""

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from gradcmp.core.executors import Failed, Ready
from gradcmp.core.outcomes import Died, Outcome
from gradcmp.core.requests import Inquiry, Task
from gradcmp.execute.gate import Gate, GateClosed
from gradcmp.execute.process import WorkerProcess

START_TRIES = 3
ASK_TRIES = 3


@dataclass(slots=True)
class Answers:
    """Where the answers of one `Pool.run` arrive; an exception is an error in gradcmp itself."""

    arrived: queue.SimpleQueue[tuple[Task, Outcome | Exception]] = field(default_factory=queue.SimpleQueue)
    cancelled: bool = False


class Keeper(threading.Thread):
    """Lives as long as the pool: on Linux a child ends with the *thread* that started it.

    `start` starts a process, `compiles` tells whether an execution does.
    """

    def __init__(
        self, *, device: str, gate: Gate, start: Callable[[], WorkerProcess], compiles: Callable[[str], bool]
    ) -> None:
        super().__init__(name="gradcmp worker", daemon=True)
        self.process: WorkerProcess | None = None
        self.state: Ready | Failed | None = None
        self.decided = threading.Event()
        self._device = device
        self._gate = gate
        self._start_process = start
        self._compiles = compiles
        self._queue: queue.SimpleQueue[tuple[Task, Answers] | None] = queue.SimpleQueue()
        self._first_import = gate.begin_import()  # before any case can begin, so that none is timed beside it
        self._closing = False
        self._lock = threading.Lock()

    def put(self, task: Task, answers: Answers) -> None:
        """Ask for a case."""
        self._queue.put((task, answers))

    def close(self) -> None:
        """Kill the worker; the thread ends soon after. Nothing starts again."""
        with self._lock:
            self._closing = True
            process = self.process
        if process is not None:
            process.end()
        self._queue.put(None)

    def run(self) -> None:
        try:
            self._first_start()
            while (item := self._queue.get()) is not None and not self._closing:
                self._serve(*item)
        except GateClosed:
            pass
        finally:
            self.decided.set()
            if self.process is not None:
                self.process.close()

    def _first_start(self) -> None:
        try:
            self.state = self._start_with_tries()
        finally:
            self._gate.end_import(self._first_import)
            self.decided.set()

    def _serve(self, task: Task, answers: Answers) -> None:
        if answers.cancelled:
            return
        try:
            outcome: Outcome | Exception = self._answer(task)
        except GateClosed:
            raise
        except Exception as error:  # noqa: BLE001  # the consumer's thread raises it
            outcome = error
        answers.arrived.put((task, outcome))

    def _answer(self, task: Task) -> Outcome:
        for _ in range(ASK_TRIES):
            if isinstance(failed := self._ensure_started(), Failed):
                return Died(message=failed.message, output_tail=failed.output_tail)
            assert self.process is not None
            with self._gate.case(self._device, alone=task.timing_s > 0, counts=not isinstance(task, Inquiry)):
                outcome = self.process.ask(task, compiles=self._compiles(task.execution))
            if self._closing:
                raise GateClosed
            if outcome is not None:
                return outcome
        return Died(message=f"the worker went away {ASK_TRIES} times before the case began")

    def _ensure_started(self) -> Ready | Failed | None:
        if isinstance(self.state, Failed) or (self.process is not None and self.process.usable):
            return self.state
        turn = self._gate.begin_import()
        try:
            self.state = self._start_with_tries()
        finally:
            self._gate.end_import(turn)
        return self.state

    def _start_with_tries(self) -> Ready | Failed:
        for _ in range(START_TRIES):
            state = self._start_once()
            if isinstance(state, Ready) or state.final:
                break
        return state

    def _start_once(self) -> Ready | Failed:
        if self.process is not None:
            self.process.close()
        with self._lock:
            if self._closing:
                raise GateClosed
            try:
                self.process = self._start_process()
            except (OSError, TypeError, ValueError) as error:  # the last two: a plug-in's odd variables
                self.process = None
                return Failed(message=f"the interpreter could not be started: {error}", final=True)
        state = self.process.wait_until_ready()
        if self._closing:
            raise GateClosed
        return state
