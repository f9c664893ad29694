"""`gradcmp schema`."""

import click

from gradcmp.cli.options import debug_option
from gradcmp.cli.streams import echo_json


@click.command("schema")
@click.option("--result", is_flag=True, help="That of result files.")
@debug_option
def command(*, result: bool) -> None:
    """Print the JSON Schema of the scenario format, for editors, or of result files."""
    if result:
        from gradcmp.result.document import json_schema as result_schema

        echo_json(result_schema())
    else:
        from gradcmp.scenario.schema import json_schema

        echo_json(json_schema())
