from __future__ import annotations

import io
from threading import Event

import pytest

from gradcmp.report.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Pipe(io.StringIO):
    def __init__(self) -> None:
        super().__init__()
        self.written = Event()

    def write(self, text: str) -> int:
        count = super().write(text)
        self.written.set()
        return count


def test_the_line_tells_counts_and_time():
    now = iter([100.0, 120.0])
    progress = Progress(io.StringIO(), total=400, env={}, clock=lambda: next(now))
    for level in ("ok", "ok", "fail", "note"):
        progress.finish(level)
    assert progress.line() == "4/400 cases · 20 s · 1 fail · 1 note"


def test_a_pipe_gets_plain_heartbeats_until_the_end():
    pipe = Pipe()
    with Progress(pipe, total=3, env={}, heartbeat_s=0.001) as progress:
        progress.finish("ok")
        assert pipe.written.wait(30)
    text = pipe.getvalue()
    assert "/3 cases" in text
    assert "\x1b" not in text
    assert text.endswith("\n")
    assert progress._thread is not None
    assert not progress._thread.is_alive()


def test_a_short_run_in_a_pipe_says_nothing():
    stream = io.StringIO()
    with Progress(stream, total=1, env={}) as progress:
        progress.finish("ok")
    assert stream.getvalue() == ""


def test_a_terminal_gets_a_live_line_and_no_heartbeat():
    stream = Terminal()
    with Progress(stream, total=5, env={"TERM": "xterm"}, width=100) as progress:
        progress.finish("warn")
        progress._bar.refresh()
    assert "1/5" in stream.getvalue()
    assert "1 warn" in stream.getvalue()
    assert progress._thread is None


def test_a_dumb_terminal_gets_heartbeats():
    progress = Progress(Terminal(), env={"TERM": "dumb"})
    assert progress._bar is None


def test_a_closed_stderr_ends_nothing():
    stream = Pipe()
    progress = Progress(stream, env={}, heartbeat_s=0.001)
    stream.close()
    with progress:
        progress._thread.join(30)
        assert not progress._thread.is_alive()


def test_the_thread_ends_where_the_run_fails():
    with pytest.raises(ValueError, match="x"), Progress(io.StringIO(), env={}) as progress:
        raise ValueError("x")
    assert not progress._thread.is_alive()
