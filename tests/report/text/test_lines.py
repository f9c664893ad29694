from __future__ import annotations

import io

import pytest

from gradcmp.report.text.console import make_console
from gradcmp.report.text.lines import Line, enumeration, hanging, print_parts, styled, trimmed


def printed(parts, width=40) -> list[str]:
    stream = io.StringIO()
    console = make_console(stream, width=width, env={})
    print_parts(parts(console), console)
    return stream.getvalue().splitlines()


def test_a_line_is_never_broken():
    assert printed(lambda console: [Line(console, ("a " * 50, ""))]) == ["a " * 50]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two", ["> one two"]),
        ("one two three four", ["> one two", "  three four"]),
        ("one\ntwo", ["> one", "  two"]),
        ("unbreakable-word", ["> unbreakable", "  -word"]),
        ("one two   ", ["> one two"]),
        ("", [">"]),
    ],
)
def test_a_text_hangs_behind_its_head(text, lines):
    assert printed(lambda console: hanging(console, styled(text, console), ("> ", "")), width=13) == lines


def test_the_room_may_be_less_than_the_console():
    assert printed(lambda console: hanging(console, styled("one two", console), room=4)) == ["one", "two"]


def test_an_enumeration_breaks_between_items_first():
    assert printed(lambda console: enumeration("1 first one, 2 second, 3", console, deeper=2), width=14) == [
        "1 first one,",
        "  2 second, 3",
    ]


def test_blanks_at_the_end_go():
    assert trimmed([("a", ""), ("b ", "dim"), ("  ", "")]) == [("a", ""), ("b", "dim")]
    assert trimmed([(" ", "")]) == []
