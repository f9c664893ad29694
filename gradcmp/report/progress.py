"""Progress on stderr: a live line on a terminal, a plain heartbeat elsewhere."""

import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from threading import Event, Lock, Thread
from types import TracebackType
from typing import IO, Self

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Column

from gradcmp.core.verdicts import Level
from gradcmp.report.text.console import make_console
from gradcmp.report.text.lines import styled

HEARTBEAT_S = 10.0


class Progress:
    """Counts finished cases; as a context manager it shows them until it is left."""

    def __init__(
        self,
        stream: IO[str],
        *,
        total: int | None = None,
        width: int | None = None,
        env: Mapping[str, str] | None = None,
        heartbeat_s: float = HEARTBEAT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.total = total
        self.done = 0
        self.levels: Counter[str] = Counter()
        self._stream = stream
        self._heartbeat_s = heartbeat_s
        self._clock = clock
        self._started = clock()
        self._lock = Lock()
        self._stop = Event()
        self._thread: Thread | None = None
        self._bar: Bar | None = None
        self._console = make_console(stream, width=width, env=env)
        dumb = (os.environ if env is None else env).get("TERM") == "dumb"
        if bool(getattr(stream, "isatty", lambda: False)()) and not dumb:
            columns = (
                MofNCompleteColumn(),
                BarColumn(bar_width=20),
                TimeElapsedColumn(),
                TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="crop")),
            )
            self._bar = Bar(*columns, console=self._console, transient=True)
            self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        else:
            self._thread = Thread(target=self._beat, name="gradcmp-heartbeat", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._bar is not None:
            self._bar.stop()
        if self._thread is not None:
            self._thread.join()

    def finish(self, level: str) -> None:
        """A case is done, at this level."""
        with self._lock:
            self.done += 1
            self.levels[level] += 1
        self._show()

    def line(self) -> str:
        """`128/400 cases · 20 s · 2 fail`."""
        total = "" if self.total is None else f"/{self.total}"
        with self._lock:
            counts = [f"{self.levels[level]} {level}" for level in reversed(list(Level)[1:]) if self.levels[level]]
        elapsed = f"{self._clock() - self._started:.0f} s"
        return " · ".join(part for part in (f"{self.done}{total} cases", elapsed, *counts) if part)

    def _show(self) -> None:
        if self._bar is not None:
            counts = [f"{self.levels[level]} {level}" for level in reversed(list(Level)[1:]) if self.levels[level]]
            text = " · ".join(counts)
            self._bar.update(self._task, completed=self.done, total=self.total, description=text)

    def _beat(self) -> None:
        while not self._stop.wait(self._heartbeat_s):
            try:
                self._stream.write(f"{styled(self.line(), self._console).plain}\n")
                self._stream.flush()
            except (OSError, ValueError):
                return  # stderr is closed: nobody is listening
