"""`gradcmp check`."""

from __future__ import annotations

from pathlib import Path

import click

from gradcmp.cli.options import debug_option, scenario_arguments


@click.command("check")
@scenario_arguments
@debug_option
def command(arguments: tuple[str, ...], shipped: bool) -> None:
    """Validate scenarios and execute nothing. Every error of every file is told in one pass; exit code 2."""
    from gradcmp.scenario.load import load

    scenarios = load(arguments, folder=Path.cwd(), shipped=shipped).scenarios
    count = len({scenario.id for scenario in scenarios})
    files = len({scenario.location.file for scenario in scenarios})
    click.echo(f"{count} scenario{'s'[: count != 1]} in {files} file{'s'[: files != 1]}: no errors")
