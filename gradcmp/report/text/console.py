"""Consoles that keep every number whole, on a terminal, in a pipe, and where only ASCII can be shown."""

import os
import re
from collections.abc import Mapping
from functools import cache
from typing import IO

from rich.console import Console

UNBOUNDED = 100_000
"""Columns of a pipe: wide enough for any content; nothing is padded to it."""

WIDEST_TABLE = 200
"""Columns that a table may have where nobody says how many there are; sentences stay on one line there."""

NARROWEST = 40
"""Columns below which no number could stand on a line beside a name."""

_HEIGHT = 1000
_ASCII = str.maketrans(
    {
        "✓": "+", "≈": "~", "✗": "X", "†": "*", "–": "-", "·": "|", "‖": "|", "×": "x", "µ": "u", "∇": "d", "±": "~",
        "─": "-", "≥": ">=", "≤": "<=", "’": "'",
    }
)  # fmt: skip
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def make_console(stream: IO[str], *, width: int | None = None, env: Mapping[str, str] | None = None) -> Console:
    """A console on `stream` as wide as `width`, else COLUMNS, else the terminal, else (in a pipe) the content.

    Obeys NO_COLOR (which wins) and FORCE_COLOR. The height is always given: without it, rich ignores the width under
    TERM=dumb.
    """
    env = os.environ if env is None else env
    terminal = bool(getattr(stream, "isatty", lambda: False)())
    force = env.get("FORCE_COLOR", "") not in {"", "0"}
    plain = bool(env.get("NO_COLOR")) or not (terminal or force) or (env.get("TERM") == "dumb" and not force)
    return Console(
        file=stream,
        width=width or _columns(env) or (_terminal_columns(stream) if terminal else UNBOUNDED),
        height=_HEIGHT,
        force_terminal=not plain,
        color_system=None if plain else "standard",
        no_color=plain,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
        legacy_windows=False,
        _environ=dict(env),
    )


def room(console: Console) -> int:
    """The columns that a table may have."""
    return WIDEST_TABLE if console.width >= UNBOUNDED else console.width


def shown(text: str, console: Console) -> str:
    """`text` in characters that the console's stream can encode, without control sequences."""
    if text.isascii() and text.isprintable():
        return text
    text = _CONTROL.sub("", text)
    if ascii_only(console):
        return text.translate(_ASCII).encode(console.encoding, "backslashreplace").decode(console.encoding)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def ascii_only(console: Console) -> bool:
    """Can the stream not encode our signs?"""
    return _lacks_signs(console.encoding)


@cache
def _lacks_signs(encoding: str) -> bool:
    try:
        "✓≈✗†–·‖×µ∇±─".encode(encoding)
    except (UnicodeError, LookupError):
        return True
    return False


def _columns(env: Mapping[str, str]) -> int | None:
    value = env.get("COLUMNS", "")
    whole = value.isascii() and value.isdecimal() and len(value) < 7
    return max(int(value), NARROWEST) if whole and int(value) > 0 else None


def _terminal_columns(stream: IO[str]) -> int:
    try:
        return max(os.get_terminal_size(stream.fileno()).columns or 80, NARROWEST)
    except (OSError, ValueError):
        return 80
