"""`gradcmp run`."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradcmp.cli.main import Terminated
from gradcmp.cli.options import debug_option, parse_overrides, scenario_arguments, width_option
from gradcmp.cli.outputs import LAST_RESULT, Outputs
from gradcmp.cli.run_options import run_options
from gradcmp.core.installed import is_importable
from gradcmp.core.targets import TargetPattern
from gradcmp.errors import NothingSelectedError
from gradcmp.report.exports import WRITTEN

if TYPE_CHECKING:
    from gradcmp.core.run_options import RunOptions
    from gradcmp.execute.pool import Pool
    from gradcmp.plan import Plan
    from gradcmp.registry import Registry
    from gradcmp.result.journal import Journal


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
    from gradcmp.core.run_options import DEFAULT_REFERENCE_BUDGET_S, RunOptions
    from gradcmp.core.specifications import DEFAULT_MAX_BYTES
    from gradcmp.plan import Preferences, make_plan
    from gradcmp.registry import load_registry
    from gradcmp.scenario.load import load

    failed = _last_failed() if given["last_failed"] else None
    options = RunOptions(
        timing=given["timing"],
        max_bytes=given["max_bytes"] or DEFAULT_MAX_BYTES,
        timeout_s=given["timeout_s"],
        compile_timeout_s=given["compile_timeout_s"],
        threads=given["threads"],
        max_memory_bytes=given["max_memory_bytes"],
        seed=given["seed"],
        jobs=given["jobs"],
        reference=not given["no_reference"],
        reference_budget_s=given["reference_budget_s"] or DEFAULT_REFERENCE_BUDGET_S,
    )
    selection = load(
        given["arguments"],
        folder=Path.cwd(),
        shipped=given["shipped"],
        overrides=parse_overrides(given["parameters"]),
        max_bytes=options.max_bytes,
    )
    registry = load_registry()
    own = (TargetPattern(text=name) for name in given["required"])
    preferences = Preferences(
        **{name: given[name] or None for name in ("backends", "executions", "devices", "dtypes", "operators")},
        required=(*own, *selection.configuration.require),
        keywords=given["keywords"],
        shard=given["shard"],
        problems=selection.problems or frozenset(),
        cases=selection.cases or frozenset(),
        selects_problem=lambda problem: selection.selects_problem(problem) and (failed is None or problem.id in failed),
        selects_case=selection.selects_case,
    )
    plan = make_plan(selection.scenarios, registry, lambda descriptor: is_importable(descriptor.module), preferences)
    outputs = Outputs(
        result=given["result"],
        json_to_stdout=given["json_to"] is not None,
        exports={name: given[name] for name in WRITTEN if given[name] is not None},
        cache=not given["no_cache"],
        view="cases" if given["verbose"] else given["view"],
        width=given["width"],
        quiet=given["quiet"],
    )
    count = Count(limit=1 if given["first_failure"] else given["max_failures"])
    return _run(plan, registry, options, outputs, given["fail_on"] or ("fail",), count)


def _last_failed() -> frozenset[str]:
    """The problems with a case at level fail in the last run, by id. Raises NothingSelectedError."""
    from gradcmp.result.reading import read_document

    failed = frozenset(case.problem for case in read_document(LAST_RESULT).cases if case.level == "fail")
    if not failed:
        raise NothingSelectedError("nothing was selected: nothing failed in the last run")
    return failed


def _run(
    plan: Plan,
    registry: Registry,
    options: RunOptions,
    outputs: Outputs,
    fail_on: tuple[str, ...],
    count: Count,
) -> int:
    from gradcmp.workers import open_pool, refuse_unmet_demands

    outputs.refuse_unwritable()
    begun = datetime.now(UTC)
    with open_pool(plan, registry, options) as pool, tempfile.TemporaryDirectory(prefix="gradcmp-") as scratch:
        # Imported while the workers start, which takes longer.
        from gradcmp.questions import refuse_too_large
        from gradcmp.recorder import head_record
        from gradcmp.report.summary import has_findings
        from gradcmp.result.journal import Journal

        refuse_too_large(plan, options)
        head = head_record(sys.argv[1:], begun)
        refuse_unmet_demands(plan, pool, registry)
        path = outputs.result or (LAST_RESULT if outputs.cache else Path(scratch) / "result.json")
        journal = Journal(path, head, make_folder=path == LAST_RESULT)
        interrupted: BaseException | None = None
        complete = False
        try:
            complete = _work(plan, pool, registry, options, journal, outputs, count)
        except (KeyboardInterrupt, Terminated) as stop:
            interrupted = stop
        except BaseException:
            with journal:
                raise
        code = 1 if has_findings(journal.summary, fail_on) else 0
        if interrupted is not None:
            code = 130 if isinstance(interrupted, KeyboardInterrupt) else 143
        nothing = interrupted is not None and not journal.summary.levels
        if nothing and outputs.result is None:
            path = Path(scratch) / "result.json"
        journal.finish(exit_code=code, complete=complete, path=path)
        if not nothing:  # else the last run stays the last one
            outputs.keep(path)
        outputs.publish(path)
    return code


def _work(
    plan: Plan,
    pool: Pool,
    registry: Registry,
    options: RunOptions,
    journal: Journal,
    outputs: Outputs,
    count: Count,
) -> bool:
    """Ask, judge and record until all is done, which is what is returned, or failures are enough."""
    from gradcmp.pipeline import Inbox, answer, run
    from gradcmp.recorder import record_answer, record_targets
    from gradcmp.report.progress import Progress

    inbox = Inbox()
    told = 0  # workers whose versions and settings are in the journal
    begun: set[str] = set()  # problems whose record was begun: an interruption must not begin it again
    stream = open(os.devnull, "w", encoding="utf-8") if outputs.quiet else sys.stderr  # noqa: SIM115, PTH123  # stderr is not ours to close
    with Progress(stream, total=sum(1 for _ in plan.cases)) as progress:
        try:
            for answered in run(plan, pool, registry, options, inbox):
                if len(pool.ready) > told:  # who reads the journal meanwhile sees targets, not only cases
                    told = len(pool.ready)
                    record_targets(journal, plan, pool)
                begun.add(answered.question.planned.problem.id)
                for level in record_answer(journal, answered, registry).values():
                    progress.finish(level)
                    count.failures += level == "fail"
                if count.enough:
                    break
        except (KeyboardInterrupt, Terminated):
            for question, outcomes in inbox.partial():
                if question.planned.problem.id not in begun:
                    record_answer(journal, answer(question, outcomes), registry)
            raise
        finally:
            record_targets(journal, plan, pool)
    return len(begun) == len(plan.problems)
