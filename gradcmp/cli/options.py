"""Arguments and options that several commands share."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from gradcmp.cli.streams import LAST_RESULT
from gradcmp.core.scenarios import TIMINGS, swept
from gradcmp.session.request import SWEPT_EXPECTED, is_duration

F = TypeVar("F", bound=Callable[..., Any])


class ScenarioArgument(click.ParamType[str]):
    """A path or an id; completes the ids of the project."""

    name = "path|id"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002  # click's signature
        from gradcmp.errors import GradcmpError
        from gradcmp.scenario.load import load

        try:
            scenarios = load((), folder=Path.cwd(), shipped=bool(ctx.params.get("shipped")), checked=False).scenarios
        except GradcmpError:
            return [CompletionItem(incomplete, type="file")]
        found = {
            scenario.id: scenario.description or scenario.suite
            for scenario in scenarios
            if scenario.id.startswith(incomplete)
        }
        return [CompletionItem(name, help=text) for name, text in found.items()] or [
            CompletionItem(incomplete, type="file")
        ]


class CaseArgument(click.ParamType[str]):
    """A case of the last result; completes its ids, and those of the project's scenarios."""

    name = "case"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from gradcmp.errors import GradcmpError
        from gradcmp.result.reading import read_document

        try:
            cases = read_document(ctx.params.get("source") or LAST_RESULT).cases
        except GradcmpError:
            cases = ()
        found = {case.id: case.verdict_name for case in cases}
        items = [CompletionItem(name, help=verdict) for name, verdict in found.items() if name.startswith(incomplete)]
        return items or ScenarioArgument().shell_complete(ctx, param, incomplete)


class BackendName(click.ParamType[str]):
    """A backend's name; completes the known ones."""

    name = "name"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002  # click's signature
        from gradcmp.registry import load_registry

        return [CompletionItem(name) for name in load_registry().descriptors if name.startswith(incomplete)]


def scenario_arguments(function: F) -> F:
    """PATH|ID… and `--shipped`."""
    function = click.option("--shipped", is_flag=True, help="Look among the scenarios that come with gradcmp.")(
        function
    )
    return click.argument("arguments", nargs=-1, type=ScenarioArgument(), metavar="[PATH|ID]...")(function)


def debug_option(function: F) -> F:
    """`--debug`, which `main` looks for itself."""
    return click.option("--debug", is_flag=True, expose_value=False, help="Show tracebacks of errors inside gradcmp.")(
        function
    )


def view_option(function: F) -> F:
    """`--view`, which of the pages is printed."""
    views = click.Choice(["tables", "cases", "scaling"])
    return click.option("--view", type=views, default="tables", show_default=True)(function)


def width_option(function: F) -> F:
    """`--width` of the page."""
    return click.option("--width", type=click.IntRange(min=40), help="Columns to use; default: the terminal's.")(
        function
    )


def parse_overrides(
    context: click.Context,  # noqa: ARG001  # click's signature
    parameter: click.Parameter,  # noqa: ARG001  # likewise
    texts: tuple[str, ...],
) -> dict[str, tuple[int | float | str, ...]]:
    """`--param n=8,64` as values by name."""
    overrides: dict[str, tuple[int | float | str, ...]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        if not equals or not name.isidentifier() or not values:
            raise click.BadParameter(f"`{text}` is not NAME=VALUE[,VALUE…], such as n=8,64", param_hint="--param")
        overrides[name] = tuple(_value(value.strip(), text) for value in values.split(","))
    return overrides


def _value(value: str, text: str) -> int | float | str:
    number: int | float | str = value
    for kind in (float, int):
        with suppress(ValueError):
            number = kind(value)
    known = swept(number)
    if known is None:
        raise click.BadParameter(f"`{text}` has the value `{value}`; {SWEPT_EXPECTED}", param_hint="--param")
    return known


def parse_negated(context: click.Context, parameter: click.Parameter, given: bool) -> bool:  # noqa: ARG001  # click's signature
    """`--no-…` as whether it is wanted."""
    return not given


def parse_shard(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[int, int]:  # noqa: ARG001  # click's signature
    """`I/N` as numbers, counting from 1."""
    if text is None:
        return (1, 1)
    index, _, count = text.partition("/")
    if not (index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
        raise click.BadParameter(f"`{text}` is not I/N with 1 ≤ I ≤ N, such as 1/4")
    return (int(index), int(count))


def parse_timing(context: click.Context, parameter: click.Parameter, text: str | None) -> str | float | None:  # noqa: ARG001  # click's signature
    """`off`, `quick`, or seconds."""
    if text is None or text in TIMINGS:
        return text
    return _seconds(text, "`off`, `quick` or a number of seconds above 0")


def parse_seconds(context: click.Context, parameter: click.Parameter, text: str | None) -> float | None:  # noqa: ARG001  # click's signature
    """Seconds above 0."""
    return None if text is None else _seconds(text, "a number of seconds above 0, such as 30")


def _seconds(text: str, expected: str) -> float:
    with suppress(ValueError):
        if is_duration(seconds := float(text)):
            return seconds
    raise click.BadParameter(f"`{text}` is not {expected}")


def parse_bytes(context: click.Context, parameter: click.Parameter, text: str | None) -> int | None:  # noqa: ARG001  # click's signature
    """`8GiB`, `500M`, `1e9`."""
    if text is None:
        return None
    units = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
    number = text.strip().rstrip("bBiIkKmMgGtT ")
    unit = text.strip()[len(number) :].strip().lower().removesuffix("b")
    try:
        size = int(float(number) * units[unit])
    except (ValueError, KeyError, OverflowError):
        size = 0
    if size <= 0:
        raise click.BadParameter(f"`{text}` is not a size such as 8GiB, 500M or 1000000")
    return size
