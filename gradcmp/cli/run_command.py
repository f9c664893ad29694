"""`gradcmp run`."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradcmp.cli.main import Terminated
from gradcmp.cli.options import debug_option, parse_overrides, scenario_arguments, width_option
from gradcmp.cli.run_options import run_options
from gradcmp.core.installed import is_importable
from gradcmp.core.targets import TargetPattern
from gradcmp.errors import MissingTargetError, UsageError

if TYPE_CHECKING:
    from gradcmp.execute.pool import Pool
    from gradcmp.plan import Plan
    from gradcmp.questions import Limits
    from gradcmp.registry import Registry
    from gradcmp.report.journal import Journal

CACHE = Path(".gradcmp") / "last.json"


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Where results go beside the console."""

    result: Path | None
    json_to_stdout: bool
    junit: Path | None
    markdown: Path | None
    cache: bool
    view: str
    width: int | None
    quiet: bool

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(path for path in (self.result, self.junit, self.markdown) if path is not None)


@dataclass(kw_only=True)
class Count:
    """Failures so far, against `--max-failures`."""

    limit: int | None
    failures: int = 0

    @property
    def enough(self) -> bool:
        return self.limit is not None and self.failures >= self.limit


@click.command("run")
@scenario_arguments
@run_options
@width_option
@debug_option
def command(**given: Any) -> int:
    """Compute the derivatives in every framework, judge them, and print the tables.

    Without arguments: the project's scenario folder. An argument is a file, a folder, FILE.yaml:LINE, or the id of a
    scenario, a problem or a case.
    """
    from gradcmp.plan import Choice, make_plan
    from gradcmp.questions import Limits
    from gradcmp.registry import load_registry
    from gradcmp.scenario.load import load

    failed = _last_failed() if given["last_failed"] else None
    limits = Limits(
        timing=given["timing"],
        max_bytes=given["max_bytes"] or 2**30,
        timeout_s=given["timeout_s"],
        compile_timeout_s=given["compile_timeout_s"],
        threads=given["threads"],
        max_memory_bytes=given["max_memory_bytes"],
        seed=given["seed"],
        jobs=given["jobs"],
    )
    selection = load(
        given["arguments"],
        folder=Path.cwd(),
        shipped=given["shipped"],
        overrides=parse_overrides(given["parameters"]),
        max_bytes=limits.max_bytes,
    )
    registry = load_registry()
    choice = Choice(
        **{name: given[name] or None for name in ("backends", "executions", "devices", "dtypes", "operators")},
        keywords=given["keywords"],
        shard=given["shard"],
        selects_problem=lambda problem: selection.selects_problem(problem) and (failed is None or problem.id in failed),
        selects_case=selection.selects_case,
    )
    plan = make_plan(selection.scenarios, registry, lambda descriptor: is_importable(descriptor.module), choice)
    own = (TargetPattern(text=name) for name in given["required"])
    required = (*own, *selection.configuration.require)
    outputs = Outputs(
        result=given["result"],
        json_to_stdout=given["json_to"] is not None,
        junit=given["junit"],
        markdown=given["markdown"],
        cache=not given["no_cache"],
        view="cases" if given["verbose"] else given["view"],
        width=given["width"],
        quiet=given["quiet"],
    )
    count = Count(limit=1 if given["first_failure"] else given["max_failures"])
    return _run(plan, registry, limits, required, outputs, given["fail_on"] or ("fail",), count)


def _last_failed() -> frozenset[str]:
    """The problems with a case at level fail in the last run, by id."""
    from gradcmp.report.document import Document
    from gradcmp.report.reading import read_document

    document = Document.of(read_document(CACHE), where=str(CACHE))
    return frozenset(case.problem for case in document.cases if case.level == "fail")


def _run(
    plan: Plan,
    registry: Registry,
    limits: Limits,
    required: tuple[TargetPattern, ...],
    outputs: Outputs,
    fail_on: tuple[str, ...],
    count: Count,
) -> int:
    from gradcmp.pipeline import open_pool
    from gradcmp.recorder import head_record
    from gradcmp.report.journal import Journal
    from gradcmp.report.reading import read_document
    from gradcmp.report.summary import has_findings

    _check_writable(outputs)
    with open_pool(plan, registry, limits) as pool, tempfile.TemporaryDirectory(prefix="gradcmp-") as scratch:
        _check_targets(plan, pool, registry, required)
        path = outputs.result or (CACHE if outputs.cache else Path(scratch) / "result.json")
        journal = Journal(path, head_record(sys.argv[1:]), make_folder=path == CACHE)
        interrupted: BaseException | None = None
        try:
            _work(plan, pool, registry, limits, journal, outputs, count)
        except (KeyboardInterrupt, Terminated) as stop:
            interrupted = stop
        except BaseException:
            with journal:
                raise
        code = 1 if has_findings(journal.summary, fail_on) else 0
        if interrupted is not None:
            code = 130 if isinstance(interrupted, KeyboardInterrupt) else 143
        journal.finish(exit_code=code, complete=interrupted is None and not count.enough)
        _publish(read_document(path), path, outputs)
    return code


def _work(
    plan: Plan,
    pool: Pool,
    registry: Registry,
    limits: Limits,
    journal: Journal,
    outputs: Outputs,
    count: Count,
) -> None:
    from gradcmp.pipeline import Inbox, answer, run
    from gradcmp.recorder import record_answer, record_targets
    from gradcmp.report.progress import Progress

    inbox = Inbox()
    stream = open(os.devnull, "w", encoding="utf-8") if outputs.quiet else sys.stderr  # noqa: SIM115, PTH123
    with Progress(stream, total=sum(1 for _ in plan.cases)) as progress:
        try:
            for answered in run(plan, pool, registry, limits, inbox):
                for level in record_answer(journal, answered, registry).values():
                    progress.finish(level)
                    count.failures += level == "fail"
                if count.enough:
                    break
        except (KeyboardInterrupt, Terminated):
            for question, outcomes in inbox.partial():
                record_answer(journal, answer(question, outcomes), registry)
            raise
        finally:
            record_targets(journal, plan, pool)


def _check_writable(outputs: Outputs) -> None:
    """Outputs that cannot be written are found before anything runs."""
    from gradcmp.report.journal import refuse_unwritable

    for path in outputs.files:
        refuse_unwritable(path)
    given = [path.resolve() for path in outputs.files]
    twice = {path for path in given if given.count(path) > 1}
    if twice:
        raise UsageError(*(f"`{path}` is given for two outputs; each needs a file of its own" for path in twice))


def _check_targets(plan: Plan, pool: Pool, registry: Registry, required: tuple[TargetPattern, ...]) -> None:
    """Devices of the command line and required targets must be there: exit code 4 before anything runs."""
    from gradcmp.core.targets import Target
    from gradcmp.execute.process import Ready

    devices = sorted(plan.demanded - {"cpu"})
    if not devices and not required:
        return
    serving = [
        Target(backend=key.backend, environment=key.environment, execution=execution.name, device=device)
        for key, worker in pool.wait_until_ready().items()
        if isinstance(worker, Ready)
        for execution in registry.descriptors[key.backend].executions
        for device in worker.devices
    ]
    missing = [pattern.text for pattern in required if not any(map(pattern.matches, serving))]
    missing += [device for device in devices if all(target.device != device for target in serving)]
    if missing:
        raise MissingTargetError(
            *(f"`{name}` can run nowhere here; `gradcmp backends` prints what there is" for name in missing)
        )


def _publish(record: dict[str, Any], path: Path, outputs: Outputs) -> None:
    """The document on the console and in the files that were asked for."""
    from gradcmp.report.console import make_console
    from gradcmp.report.document import Document
    from gradcmp.report.journal import write_to
    from gradcmp.report.junit import to_junit
    from gradcmp.report.markdown import to_markdown
    from gradcmp.report.render import render

    if outputs.json_to_stdout:
        write_to(sys.stdout, record)
    document = Document.of(record, where=str(path))
    for file, to_text in ((outputs.junit, to_junit), (outputs.markdown, to_markdown)):
        if file is not None:
            try:
                file.write_text(to_text(document), encoding="utf-8", errors="backslashreplace")
            except OSError as error:
                raise UsageError(f"{file}: the file cannot be written: {error.strerror}") from error
    if not outputs.json_to_stdout and not outputs.quiet:
        render(document, view=outputs.view, console=make_console(sys.stdout, width=outputs.width))
