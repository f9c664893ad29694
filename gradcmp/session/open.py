"""From a request to a session whose workers run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gradcmp.core.installed import is_importable
from gradcmp.registry import Registry, load_registry
from gradcmp.scenario.load import load
from gradcmp.session.plan import Plan, make_plan
from gradcmp.session.request import RunRequest

if TYPE_CHECKING:
    from gradcmp.session.session import Session


def plan_of(request: RunRequest, registry: Registry) -> Plan:
    """The plan of a request. Raises what loading and planning do."""
    selection = load(
        request.arguments,
        folder=request.folder,
        shipped=request.shipped,
        overrides=request.parameters,
        max_bytes=request.options.max_bytes,
    )
    return make_plan(selection, registry, lambda descriptor: is_importable(descriptor.module), request)


@contextmanager
def open_session(request: RunRequest) -> Iterator[Session]:
    """The session of a request, its workers started and what was demanded of them met; they end with the context.

    Raises UsageError, MissingTargetError and NothingSelectedError before anything runs.
    """
    registry = load_registry()
    plan = plan_of(request, registry)
    from gradcmp.session.executor import open_pool, refuse_unmet_demands

    with (
        open_pool(plan, registry, request.options) as pool,
        tempfile.TemporaryDirectory(prefix="gradcmp-") as scratch,
    ):
        # Imported while the workers start, which takes longer.
        from gradcmp.session.prepare import refuse_too_large
        from gradcmp.session.session import Session

        refuse_too_large(plan, request.options)
        refuse_unmet_demands(plan, pool, registry)
        yield Session(request, plan, pool, registry, Path(scratch))
