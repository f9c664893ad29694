"""`gradcmp schema`."""

from __future__ import annotations

import json

import click

from gradcmp.cli.options import debug_option


@click.command("schema")
@debug_option
def command() -> None:
    """Print the JSON Schema of the scenario format, for editors."""
    from gradcmp.scenario.schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
