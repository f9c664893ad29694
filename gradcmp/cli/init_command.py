"""`gradcmp init`."""

from __future__ import annotations

from pathlib import Path

import click

from gradcmp.cli.options import debug_option


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("scenarios"))
@debug_option
def command(folder: Path) -> None:
    """Write a first scenario that passes, and the schema for editors, into FOLDER (scenarios)."""
    from gradcmp.errors import Problem, UsageError
    from gradcmp.scenario.first import first_files

    written = {folder / name: text for name, text in first_files().items()}
    there = [path for path in written if path.exists()]
    if there:
        raise UsageError(
            *(Problem(what="the file is there already", where=str(path), hint="nothing was written") for path in there)
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in written.items():
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(Problem(what=f"cannot be written: {error.strerror}", where=str(error.filename))) from error
    for path in written:
        click.echo(f"wrote {path}")
    click.echo(f"now: gradcmp run {folder}")
