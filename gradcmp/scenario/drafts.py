"""A scenario as written, before it is understood."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gradcmp.errors import Location
from gradcmp.scenario.nodes import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A scenario as written: its keys after defaults, where they stand, and what relative files are relative to.

    `written` are the keys that it writes itself, which win over conflicting defaults.
    """

    id: str
    node: Mapping
    written: frozenset[str]
    location: Location
    folder: Path
