"""`gradcmp list`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradcmp.cli.options import debug_option, scenario_arguments
from gradcmp.core.scenarios import Scenario

if TYPE_CHECKING:
    from gradcmp.program.primitives import Primitive


@click.command("list")
@scenario_arguments
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of a table.")
@click.option("--protocols", is_flag=True, help="What the protocols do, with each backend's idiom.")
@click.option("--primitives", is_flag=True, help="The catalogue of primitives with their conventions.")
@debug_option
def command(arguments: tuple[str, ...], shipped: bool, as_json: bool, protocols: bool, primitives: bool) -> None:
    """List ids with operators, dtypes, tags and description. Executes nothing."""
    if primitives:
        rows, heads = _primitives(), ["primitive", "group", "convention"]
    elif protocols:
        rows, heads = _protocols(), ["protocol", "backend", "idiom"]
    else:
        from gradcmp.scenario.load import load

        scenarios = load(arguments, folder=Path.cwd(), shipped=shipped, checked=False).scenarios
        rows, heads = _scenarios(scenarios), ["id", "operators", "dtypes", "tags", "description"]
    if as_json:
        click.echo(json.dumps([dict(zip(heads, row, strict=True)) for row in rows], indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_table(heads, [[_text(cell) for cell in row] for row in rows])))


def _scenarios(scenarios: Iterable[Scenario]) -> list[tuple[Any, ...]]:
    first = {scenario.id: scenario for scenario in reversed(tuple(scenarios))}
    return [
        (s.id, list(s.protocols or s.operators), list(s.dtypes or ("float32",)), list(s.tags), s.description)
        for s in reversed(first.values())
    ]


def _primitives() -> list[tuple[Any, ...]]:
    from gradcmp.program.primitives import PRIMITIVES

    return [(_written(row), row.group, row.convention) for row in PRIMITIVES.values()]


def _written(row: Primitive) -> str:
    """How a primitive is written: `x + y`, `not x`, `sum(x, axis=None, keepdims=False)`."""
    if row.infix is None:
        return f"{row.name}({row.signature.replace('*, ', '')})"
    if len(row.operands) == 2:
        return f"x {row.infix} y"
    return f"{row.infix} x" if row.infix.isalpha() else f"{row.infix}x"


def _protocols() -> list[tuple[Any, ...]]:
    from gradcmp.core.operators import PROTOCOLS
    from gradcmp.registry import load_registry

    idioms = {descriptor.name: descriptor.load_idioms() for descriptor in load_registry().descriptors.values()}
    rows: list[tuple[Any, ...]] = []
    for protocol, meaning in PROTOCOLS.items():
        rows.append((protocol, "", meaning))
        rows += [(protocol, backend, lines[protocol]) for backend, lines in idioms.items() if protocol in lines]
    return rows


def _text(cell: Any) -> str:
    return ", ".join(cell) if isinstance(cell, list) else str(cell)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Plain columns: nothing is cut, and the last one is not padded."""
    used = [any(row[i] for row in rows) for i in range(len(heads))]
    widths = [max([len(head), *(len(row[i]) for row in rows)]) for i, head in enumerate(heads)]
    lines = []
    for row in (tuple(heads), *rows):
        cells = [cell.ljust(width) for cell, width, keep in zip(row, widths, used, strict=True) if keep]
        lines.append("  ".join(cells).rstrip())
    return [click.style(lines[0], bold=True), *lines[1:]]
