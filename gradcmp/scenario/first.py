"""The first scenario, as `gradcmp init` writes it."""

import json
from pathlib import Path

from gradcmp.errors import Complaint, UsageError
from gradcmp.scenario.configuration import shown
from gradcmp.scenario.identifiers import FOLDER

SCENARIO_NAME = "first.yaml"
SCHEMA_NAME = "gradcmp.schema.json"

FIRST_SCENARIO = f"""\
# yaml-language-server: $schema={SCHEMA_NAME}
# A function, the point to take its derivative at, and what must come out.
# Run it with `gradcmp run`; `gradcmp show first --as jax` prints the code that is run.

description: The gradient of y = 2xᵀx is 4x.

inputs:
  x: {{arange: 4}} # the numbers 0, 1, 2, 3; try {{normal: [4], seed: 0}}

function: 2 * dot(x, x) # several lines, `while` and `if` can be written too: function: |

operator: [value, gradient] # also: vjp, jvp, jacobian, hessian, hvp
dtype: [float32, float64]

expect: # the little language over the inputs, or numbers
  value: 28
  gradient: 4 * x
"""
"""Editors find its schema in the file beside it."""


def schema_text() -> str:
    """The JSON Schema of scenario files as text."""
    from gradcmp.scenario.schema import json_schema  # only a first scenario needs it

    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def write_first(folder: Path) -> tuple[Path, Path]:
    """Write `scenarios/first.yaml` and its schema below `folder`, and return both paths.

    Nothing is overwritten, except a schema. Raises UsageError.
    """
    scenario, schema = folder / FOLDER / SCENARIO_NAME, folder / FOLDER / SCHEMA_NAME
    if scenario.exists():
        raise UsageError(Complaint(what="there is a file already", where=shown(scenario, folder)))
    try:
        scenario.parent.mkdir(parents=True, exist_ok=True)
        schema.write_text(schema_text(), encoding="utf-8")
        scenario.write_text(FIRST_SCENARIO, encoding="utf-8")
    except OSError as error:
        where = shown(scenario.parent, folder)
        raise UsageError(Complaint(what=f"it cannot be written: {error.strerror}", where=where)) from error
    return scenario, schema
