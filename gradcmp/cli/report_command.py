"""`gradcmp report`."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from gradcmp.cli.options import debug_option, view_option, width_option
from gradcmp.cli.streams import LAST_RESULT, speak_utf8
from gradcmp.report.exports import EXPORTERS, Exporter, serialize


def _export_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for exporter in reversed(EXPORTERS):
        function = click.option(exporter.option, is_flag=True, help=exporter.printed_help)(function)
    return function


@click.command("report")
@click.argument("result", type=click.Path(path_type=Path, dir_okay=False), default=LAST_RESULT)
@view_option
@_export_options
@width_option
@debug_option
def command(result: Path, view: str, width: int | None, **asked: bool) -> None:
    """Print the tables of a result file again, without any framework. RESULT defaults to the last run."""
    from gradcmp.result.reading import read_document

    exporter = _exporter([exporter for exporter in EXPORTERS if asked[exporter.name]])
    document = read_document(result)
    if exporter is not None:
        if exporter.utf8:
            speak_utf8()
        click.echo(serialize(exporter.printed, document), nl=False)
        return
    from gradcmp.report.render import render
    from gradcmp.report.text.console import make_console

    render(document, view=view, console=make_console(sys.stdout, width=width))


def _exporter(asked: list[Exporter]) -> Exporter | None:
    """The one that was asked for, None for the tables. Raises click.UsageError where there are several."""
    bases = [exporter for exporter in EXPORTERS if not exporter.refines]
    if sum(exporter in bases for exporter in asked) > 1:
        *first, last = (exporter.option for exporter in bases)
        raise click.UsageError(f"{', '.join(first)} and {last} exclude each other")
    names = {exporter.name for exporter in asked}
    for exporter in asked:
        if exporter.refines and exporter.refines not in names:
            raise click.UsageError(f"{exporter.option} goes with --{exporter.refines}")
    return asked[-1] if asked else None  # what refines another stands behind it
