"""`gradcmp list`."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gradcmp.cli.options import debug_option, scenario_arguments, width_option
from gradcmp.cli.streams import echo_json
from gradcmp.core.scenarios import Scenario

if TYPE_CHECKING:
    from gradcmp.program.catalogue.rows import Primitive
    from gradcmp.registry import Descriptor

T = TypeVar("T")


@click.command("list")
@scenario_arguments
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of a table.")
@click.option("--protocols", is_flag=True, help="What the protocols do, with each backend's idiom.")
@click.option(
    "--modes", is_flag=True, help="The modes of each operator, with the call of each backend that they stand for."
)
@click.option("--primitives", is_flag=True, help="The catalogue of primitives with their conventions.")
@width_option
@debug_option
def command(
    arguments: tuple[str, ...],
    shipped: bool,
    as_json: bool,
    protocols: bool,
    modes: bool,
    primitives: bool,
    width: int | None,
) -> None:
    """List ids with operators, dtypes, tags and description. Executes nothing."""
    gc.disable()  # it is over before there is anything to collect
    click.get_current_context().call_on_close(gc.enable)
    if primitives:
        rows, heads = _primitives(), ["primitive", "group", "convention"]
    elif protocols:
        rows, heads = _protocols(), ["protocol", "backend", "idiom"]
    elif modes:
        rows, heads = _modes(), ["operator", "mode", "backend", "call"]
    else:
        from gradcmp.scenario.load import load

        scenarios = load(arguments, folder=Path.cwd(), shipped=shipped, checked=False).scenarios
        rows, heads = _scenarios(scenarios), ["id", "operators", "dtypes", "tags", "description"]
    if as_json:
        echo_json([dict(zip(heads, row, strict=True)) for row in rows])
    else:
        from gradcmp.report.text.console import make_console
        from gradcmp.report.text.listing import print_listing

        print_listing(heads, [[_text(cell) for cell in row] for row in rows], make_console(sys.stdout, width=width))


def _scenarios(scenarios: Iterable[Scenario]) -> list[tuple[Any, ...]]:
    from gradcmp.scenario.keys import SCENARIO

    points: dict[str, list[Scenario]] = {}  # of the sweep, which may be over operators and dtypes
    for scenario in scenarios:
        points.setdefault(scenario.id, []).append(scenario)
    return [
        (
            identifier,
            list(dict.fromkeys(name for point in swept for name in point.protocols or point.operators)),
            list(dict.fromkeys(name for point in swept for name in point.dtypes or (SCENARIO["dtype"].word,))),
            list(swept[0].tags),
            swept[0].description or swept[0].suite,
        )
        for identifier, swept in points.items()
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

    idioms, broken = _of_backends(lambda descriptor: descriptor.load_idioms())
    rows: list[tuple[Any, ...]] = []
    for protocol, meaning in PROTOCOLS.items():
        rows.append((protocol, "", meaning))
        rows += [(protocol, backend, lines[protocol]) for backend, lines in idioms.items() if protocol in lines]
    return rows + [("", backend, why) for backend, why in broken]


def _modes() -> list[tuple[Any, ...]]:
    from gradcmp.core.operators import MODES, OPERATORS

    calls, broken = _of_backends(lambda descriptor: descriptor.load_modes())
    rows: list[tuple[Any, ...]] = [
        (str(operator), mode, backend, lines[operator, mode])
        for operator in OPERATORS
        for mode in MODES
        for backend, lines in calls.items()
        if (operator, mode) in lines
    ]
    return rows + [("", "", backend, why) for backend, why in broken]


def _of_backends(load: Callable[[Descriptor], T]) -> tuple[dict[str, T], list[tuple[str, str]]]:
    """What is loaded of each backend, and why it cannot be of the others."""
    from gradcmp.registry import CannotLoad, load_registry

    loaded: dict[str, T] = {}
    broken: list[tuple[str, str]] = []
    for descriptor in load_registry().descriptors.values():
        try:
            loaded[descriptor.name] = load(descriptor)
        except CannotLoad as error:
            broken.append((descriptor.name, str(error)))
    return loaded, broken


def _text(cell: Any) -> str:
    return ", ".join(cell) if isinstance(cell, list) else str(cell)
