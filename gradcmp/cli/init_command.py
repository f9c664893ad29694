"""`gradcmp init`."""

import shlex
from pathlib import Path

import click

from gradcmp.cli.options import debug_option


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
@debug_option
def command(folder: Path) -> None:
    """Write a first scenario that passes, and the schema for editors, into the folder `scenarios` of FOLDER (here)."""
    from gradcmp.scenario.first import write_first

    for path in write_first(folder):
        click.echo(f"wrote {path}")
    click.echo("now: gradcmp run" if folder == Path() else f"now: cd {shlex.quote(str(folder))} && gradcmp run")
