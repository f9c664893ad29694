"""What every command needs of stdout and stderr, and of the last run."""

import io
import sys
from pathlib import Path
from typing import Any

import click

LAST_RESULT = Path(".gradcmp") / "last.json"
"""The result of the last run in this folder."""


def speak_utf8() -> None:
    """For JSON and XML, which are UTF-8 whatever the terminal's encoding."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


def echo_json(value: Any) -> None:
    """Print a JSON document."""
    import json  # a run needs none

    speak_utf8()
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def never_fail_to_encode() -> None:
    """Characters that the terminal does not have, and halves of characters in file names, are printed escaped."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
