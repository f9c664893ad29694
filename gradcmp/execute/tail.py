"""The last lines that a worker wrote: read all of it, keep little."""

import threading
from typing import BinaryIO

CHUNK_BYTES = 64 * 1024
TAIL_BYTES = 8 * 1024
TAIL_LINES = 40


class Tail:
    """Drains a stream in a thread of its own, so that a flood neither blocks the worker nor fills memory or disk."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._changed = threading.Condition()
        self._kept = bytearray()
        self._mark = b""
        self._late_mark = b""
        self._before_mark: bytes | None = None
        self._thread = threading.Thread(target=self._drain, name="gradcmp output", daemon=True)
        self._thread.start()

    def expect(self, mark: str) -> None:
        """Forget what was written so far, read or not; `mark` will be written when the next case has been answered."""
        with self._changed:
            self._late_mark = self._mark or self._late_mark
            self._kept.clear()
            self._mark = mark.encode()
            self._before_mark = None

    def until_mark(self, *, timeout_s: float = 5.0) -> str:
        """What the case wrote, once its mark has come by."""
        with self._changed:
            self._changed.wait_for(lambda: self._before_mark is not None, timeout=timeout_s)
            return last_lines(self._kept if self._before_mark is None else self._before_mark)

    def to_the_end(self, *, timeout_s: float = 1.0) -> str:
        """What was written last, after the worker has gone."""
        self._thread.join(timeout_s)
        with self._changed:
            return last_lines(self._kept)

    def note(self, data: bytes) -> None:
        """Keep `data` as if the worker had written it."""
        with self._changed:
            self._keep(data)

    def _drain(self) -> None:
        with self._stream:
            while chunk := self._stream.read1(CHUNK_BYTES):  # type: ignore[attr-defined]  # a BufferedReader
                with self._changed:
                    self._keep(chunk)

    def _keep(self, chunk: bytes) -> None:
        self._kept += chunk
        if self._late_mark and self._late_mark in self._kept:
            del self._kept[: self._kept.index(self._late_mark) + len(self._late_mark)]
            self._late_mark = b""
        if self._mark and (at := self._kept.find(self._mark)) >= 0:
            self._before_mark = bytes(self._kept[:at][-CHUNK_BYTES:])
            del self._kept[: at + len(self._mark)]
            self._mark = b""
            self._changed.notify_all()
        del self._kept[:-CHUNK_BYTES]


def last_lines(data: bytes | bytearray) -> str:
    """The last 40 lines of at most 8 KiB."""
    text = bytes(data[-TAIL_BYTES:]).decode("utf-8", errors="replace")
    return "\n".join(text.splitlines()[-TAIL_LINES:]).strip("\n")
