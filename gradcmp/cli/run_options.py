"""The options of `gradcmp run`: a table, and the request that they make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import click

from gradcmp.cli.options import (
    BackendName,
    parse_bytes,
    parse_negated,
    parse_overrides,
    parse_seconds,
    parse_shard,
    parse_timing,
    view_option,
)
from gradcmp.report.exports import WRITTEN
from gradcmp.session.request import FAIL_ON, LEAST, RunOptions, RunRequest

T = TypeVar("T")


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--backend", "backends", multiple=True, type=BackendName(), help="Only this backend; repeatable."),
    click.option("--execution", "executions", multiple=True, help="eager, compiled, all, or a backend's own such as xla; repeatable."),
    click.option("--device", "devices", multiple=True, help="cpu, gpu, cuda:0, …; repeatable."),
    click.option("--dtype", "dtypes", multiple=True, help="float16, bfloat16, float32, float64, all; repeatable."),
    click.option("--operator", "operators", multiple=True, help="Only problems with this operator; repeatable."),
    click.option("-k", "keywords", metavar="EXPR", help="Words joined by and, or, not; a word is a part of an id or tag."),
    click.option("--param", "parameters", multiple=True, callback=parse_overrides, metavar="NAME=V,…", help="Values for a name that a scenario sweeps; repeatable."),
    click.option("--last-failed", is_flag=True, help="Only the problems that failed in the last run."),
    click.option("-x", "first_failure", is_flag=True, help="Stop at the first failure."),
    click.option("--max-failures", type=click.IntRange(min=LEAST["max_failures"]), metavar="N", help="Stop after N failures."),
    click.option("--shard", callback=parse_shard, metavar="I/N", help="The I-th of N parts, counting from 1."),
    click.option("--timing", callback=parse_timing, metavar="off|quick|SECONDS", help="Repetitions a case: none, 0.1 s, or a budget."),
    click.option("--threads", type=click.IntRange(min=LEAST["threads"]), metavar="N", help="Threads of every framework."),
    click.option("--timeout", "timeout_s", callback=parse_seconds, metavar="S", help="Seconds until a case is given up."),
    click.option("--compile-timeout", "compile_timeout_s", callback=parse_seconds, metavar="S", help="The same while it compiles."),
    click.option("--max-memory", "max_memory_bytes", callback=parse_bytes, metavar="SIZE", help="Memory of all workers together, such as 8GiB."),
    click.option("--max-bytes", callback=parse_bytes, metavar="SIZE", help="Largest inputs of a problem; 1 GiB unless given."),
    click.option("--seed", type=click.IntRange(min=LEAST["seed"]), default=0, show_default=True, metavar="N", help="For inputs without a seed of their own."),
    click.option("--no-reference", "reference", is_flag=True, callback=parse_negated, help="Judge without the certified reference."),
    click.option("--reference-budget", "reference_budget_s", callback=parse_seconds, metavar="S", help="Work that certifying a problem may take, in nominal seconds, alike on every machine; 5 unless given."),
    click.option("--jobs", type=click.IntRange(min=LEAST["jobs"]), metavar="N", help="Cases that run side by side."),
    click.option("--require", "required", multiple=True, metavar="TARGET", help="Exit with 4 where this target cannot run; repeatable."),
    click.option("-o", "result", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="The result file."),
    click.option("--json", "json_to", type=click.Choice(["-"]), metavar="-", help="The result document on stdout instead of the tables."),
    *(click.option(exporter.option, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help=exporter.written_help) for exporter in WRITTEN.values()),
    click.option("--fail-on", multiple=True, type=click.Choice(FAIL_ON), help="What makes the exit code 1; default fail; repeatable."),
    view_option,
    click.option("--no-cache", is_flag=True, help="Do not keep .gradcmp/last.json."),
    click.option("-q", "--quiet", is_flag=True, help="No tables and no progress."),
    click.option("-v", "--verbose", is_flag=True, help="A line for every case: the same as --view cases."),
)  # fmt: skip


def run_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Every option of the table."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def request_of(words: tuple[str, ...], given: dict[str, Any], *, only: frozenset[str] | None) -> RunRequest:
    """What the options ask for; their names are those of the fields. `words`: the command line, for the record."""
    chosen = given | {
        "words": words,
        "only": only,
        "max_failures": 1 if given["first_failure"] else given["max_failures"],
        "options": filled(RunOptions, given),
    }
    return filled(RunRequest, chosen)


def filled(kind: type[T], given: dict[str, Any]) -> T:
    """The dataclass with what is given by the names of its fields; the rest is its own default."""
    names = (field.name for field in fields(kind))  # type: ignore[arg-type]  # a dataclass
    return kind(**{name: given[name] for name in names if given.get(name) not in (None, ())})
