"""A function as written, apart from what it is made of: a listing needs its text alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradcmp.errors import Location

if TYPE_CHECKING:
    from gradcmp.program.ir import Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A function as written. `parameters` is None for an expression or a block: its free names are its inputs."""

    name: str = "f"
    parameters: tuple[str, ...] | None = None
    body: tuple[Statement, ...]
    text: str
    location: Location  # where the first character of `text` stands
    indent: int = 0  # columns that a YAML block takes off every line after the first
