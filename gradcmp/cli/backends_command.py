"""`gradcmp backends`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gradcmp.cli.options import debug_option
from gradcmp.cli.streams import echo_json
from gradcmp.core.installed import is_importable, version_of

if TYPE_CHECKING:
    from gradcmp.registry import Descriptor


@click.command("backends")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@debug_option
def command(as_json: bool) -> None:
    """Start every installed backend; tell its version, devices, executions, settings, or how to install it."""
    from gradcmp.core.requests import WorkerKey
    from gradcmp.execute.pool import Pool
    from gradcmp.registry import load_registry

    registry = load_registry()
    keys = {
        name: WorkerKey(backend=name, device="all")
        for name, descriptor in registry.descriptors.items()
        if is_importable(descriptor.module)
    }
    with Pool(registry, tuple(keys.values())) as pool:
        ready = pool.wait_until_ready()
    workers = {name: ready[key] for name, key in keys.items()}
    rows = [_row(descriptor, workers.get(name)) for name, descriptor in registry.descriptors.items()]
    rows += [{"backend": name, "failed": reason} for name, reason in registry.failed.items()]
    if as_json:
        echo_json(rows)
        return
    for row in rows:
        click.echo(click.style(row.pop("backend"), bold=True))
        for name, value in row.items():
            click.echo(f"  {name}: {_text(value)}")


def _row(descriptor: Descriptor, worker: Any) -> dict[str, Any]:
    from gradcmp.core.executors import Ready

    row: dict[str, Any] = {"backend": descriptor.name, "title": descriptor.title}
    executions = [execution.name for execution in descriptor.executions]
    if isinstance(worker, Ready):
        return row | {
            "version": worker.version,
            "python": worker.python,
            "devices": list(worker.devices),
            "executions": executions,
            "settings": dict(worker.settings),
        }
    if worker is None:
        return row | {"not installed": descriptor.install}
    return row | {"version": version_of(descriptor.distribution), "failed": worker.message}


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(item)}" for name, item in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
