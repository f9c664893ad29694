from __future__ import annotations

import io

import pytest

from gradcmp.report.text.console import make_console
from gradcmp.report.text.listing import print_listing

HEADS = ("id", "operators", "tags", "description")
NAME = "a-folder/a-scenario-with-a-long-name::and-a-suite-of-its-own"
ROWS = [
    ("d2l/x", "value, gradient", "", "The gradient of y = 2xᵀx is 4x, at four points that are small whole numbers."),
    (NAME, "hessian", "", "Short."),
]


def listed(*, rows=ROWS, width: int | None = None, **env: str) -> str:
    stream = io.StringIO()
    print_listing(HEADS, rows, make_console(stream, width=width, env=env))
    return stream.getvalue()


def test_in_a_pipe_a_row_is_a_line():
    lines = listed().splitlines()
    assert len(lines) == 3
    assert lines[1].endswith("small whole numbers.")
    assert "tags" not in lines[0]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 140])
def test_columns_are_obeyed_and_names_stay_whole(width):
    for text in (listed(width=width), listed(COLUMNS=str(width))):
        assert NAME in text
        assert max(len(line) for line in text.splitlines() if NAME not in line) <= width
        assert not any(line != line.rstrip() for line in text.splitlines())
        assert "small whole numbers." in " ".join(text.split())
    assert listed(width=width, COLUMNS="60") == listed(width=width)


def test_a_description_continues_below_itself():
    first, second = listed(rows=ROWS[:1], width=60).splitlines()[1:3]
    assert second.index(second.strip()[0]) == first.index("The gradient")


def test_where_there_is_no_room_a_row_is_a_paragraph():
    assert listed(rows=ROWS[1:], width=60) == f"{NAME}\n  hessian\n  Short.\n"


def test_what_the_stream_cannot_encode_is_escaped():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    print_listing(HEADS, ROWS, make_console(stream, env={}))
    stream.flush()
    assert b"2x\\u1d40x" in stream.buffer.getvalue()
