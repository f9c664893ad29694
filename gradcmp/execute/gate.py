"""Who may run now: timed cases alone on their device, the others side by side."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(eq=False, slots=True)
class _Turn:
    device: str
    alone: bool
    counts: bool  # against `jobs`: a case does; an import and an inquiry do not


class GateClosed(Exception):
    """The pool is being left: nobody comes in any more."""


class Gate:
    """First come, first served: a timed case that waits holds back those that come after it on its device."""

    def __init__(self, *, jobs: int) -> None:
        self._jobs = jobs
        self._changed = threading.Condition()
        self._waiting: list[_Turn] = []
        self._inside: list[_Turn] = []
        self._closed = False

    def close(self) -> None:
        """Everybody who waits, or comes later, gets GateClosed."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @contextmanager
    def case(self, device: str, *, alone: bool, counts: bool = True) -> Iterator[None]:
        """Run a case; `alone` where it is timed.

        Not `counts`, it takes no job: so that cases that hang in every one do not hold up the reference, and with it
        the results of all others.
        """
        turn = self._enter(_Turn(device, alone, counts=counts))
        try:
            yield
        finally:
            self._leave(turn)

    def begin_import(self) -> _Turn:
        """Wait until a worker may start; imports are work for the CPU, whatever the worker's device."""
        return self._enter(_Turn("cpu", alone=False, counts=False))

    def end_import(self, turn: _Turn) -> None:
        """What `begin_import` returned ends."""
        self._leave(turn)

    def _enter(self, turn: _Turn) -> _Turn:
        with self._changed:
            self._waiting.append(turn)
            self._changed.wait_for(lambda: self._closed or turn in self._admitted())
            self._waiting.remove(turn)
            if self._closed:
                raise GateClosed
            self._inside.append(turn)
            self._changed.notify_all()
        return turn

    def _leave(self, turn: _Turn) -> None:
        with self._changed:
            self._inside.remove(turn)
            self._changed.notify_all()

    def _admitted(self) -> list[_Turn]:
        """Those who could come in now."""
        inside = Counter(turn.device for turn in self._inside)
        closed = {turn.device for turn in self._inside if turn.alone}
        room = self._jobs - sum(turn.counts for turn in self._inside)
        admitted = []
        for turn in self._waiting:
            fits = turn.device not in closed and not (turn.alone and inside[turn.device])
            if fits and (room > 0 or not turn.counts):
                admitted.append(turn)
                inside[turn.device] += 1
                room -= turn.counts
                if turn.alone:
                    closed.add(turn.device)
            elif turn.alone:
                closed.add(turn.device)  # nobody overtakes it
        return admitted
