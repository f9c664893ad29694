"""What a result file can be turned into besides the tables: a row and a module each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcmp.result.document import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporter:
    """`name` is that of the option. `printed` and `written` are `module:function`s that turn a document into a text.

    printed, printed_help
        What `gradcmp report --NAME` prints.
    written, written_help
        What `gradcmp run --NAME FILE` writes; empty: it has no such option.
    refines
        The option that it goes with: it takes that one's place.
    utf8
        The text is UTF-8 whatever the terminal's encoding.
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


EXPORTERS = (
    Exporter(
        name="markdown",
        printed="markdown:to_markdown",
        printed_help="The tables in Markdown.",
        written="markdown:to_markdown",
        written_help="The tables in Markdown.",
    ),
    Exporter(
        name="junit",
        printed="junit:to_junit",
        printed_help="JUnit's XML.",
        written="junit:to_junit_of_run",
        written_help="A JUnit file.",
        utf8=True,
    ),
    Exporter(name="csv", printed="spreadsheet:cases_csv", printed_help="A line for every case."),
    Exporter(
        name="samples",
        printed="spreadsheet:samples_csv",
        printed_help="With --csv: a line for every timing sample.",
        refines="csv",
    ),
)

WRITTEN = {exporter.name: exporter for exporter in EXPORTERS if exporter.written}


def serialize(function: str, document: Document) -> str:
    """The document by a `module:function` of the table, imported when it is used."""
    module, _, name = function.partition(":")
    serializer: Callable[[Document], str] = getattr(import_module(f"{__name__}.{module}"), name)
    return serializer(document)
