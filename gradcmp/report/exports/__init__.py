"""What a result file can be turned into besides the tables: a row and a module each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcmp.result.document import Document


@dataclass(frozen=True, slots=True)
class Exporter:
    """`name` is that of the option; `printed` and `written` are `module:function`s that turn a document into a text.

    `gradcmp report --NAME` prints the one, `gradcmp run --NAME FILE` writes the other, where there is one. With
    `refines` the option goes with that other one and takes its place. `utf8`: whatever the terminal's encoding.
    """

    name: str
    printed: str
    printed_help: str
    written: str = ""
    written_help: str = ""
    refines: str = ""
    utf8: bool = False

    @property
    def option(self) -> str:
        return f"--{self.name}"


_TABLES = "The tables in Markdown."

EXPORTERS = (
    Exporter("markdown", "markdown:to_markdown", _TABLES, "markdown:to_markdown", _TABLES),
    Exporter("junit", "junit:to_junit", "JUnit's XML.", "junit:to_junit_of_run", "A JUnit file.", utf8=True),
    Exporter("csv", "spreadsheet:cases_csv", "A line for every case."),
    Exporter("samples", "spreadsheet:samples_csv", "With --csv: a line for every timing sample.", refines="csv"),
)

WRITTEN = {exporter.name: exporter for exporter in EXPORTERS if exporter.written}


def serialize(function: str, document: Document) -> str:
    """The document by a `module:function` of the table, imported when it is used."""
    module, _, name = function.partition(":")
    serializer: Callable[[Document], str] = getattr(import_module(f"{__name__}.{module}"), name)
    return serializer(document)
