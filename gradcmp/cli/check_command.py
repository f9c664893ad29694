"""`gradcmp check`."""

from pathlib import Path

import click

from gradcmp.cli.options import debug_option, scenario_arguments
from gradcmp.words.lists import plural


@click.command("check")
@scenario_arguments
@debug_option
def command(arguments: tuple[str, ...], shipped: bool) -> None:
    """Validate scenarios and execute nothing. Every error of every file is told in one pass; exit code 2.

    What is no error and probably a slip, such as a backend that nobody knows, is a warning on stderr.
    """
    from gradcmp.scenario.load import load

    selection = load(arguments, folder=Path.cwd(), shipped=shipped)
    scenarios = selection.scenarios
    for slip in selection.slips:
        click.echo(f"warning: {slip}", err=True)
    count = len({scenario.id for scenario in scenarios})
    files = len({scenario.location.file for scenario in scenarios})
    warnings = f", {plural(len(selection.slips), 'warning')}" if selection.slips else ""
    click.echo(f"{plural(count, 'scenario')} in {plural(files, 'file')}: no errors{warnings}")
