"""`gradcmp run`."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from gradcmp.cli.options import debug_option, scenario_arguments, width_option
from gradcmp.cli.outputs import Outputs
from gradcmp.cli.run_options import filled, request_of, run_options
from gradcmp.cli.streams import LAST_RESULT
from gradcmp.errors import NothingSelectedError
from gradcmp.report.exports import WRITTEN

if TYPE_CHECKING:
    from gradcmp.session.session import Event


@click.command("run")
@scenario_arguments
@run_options
@width_option
@debug_option
@click.pass_obj
def command(words: tuple[str, ...], /, **given: Any) -> int:
    """Compute the derivatives in every framework, judge them, and print the tables.

    Without arguments: the project's scenario folder. An argument is a file, a folder, FILE.yaml:LINE, or the id of a
    scenario, a problem or a case.
    """
    from gradcmp.session.open import open_session

    started = datetime.now(UTC)
    exports = {name: given[name] for name in WRITTEN if given[name] is not None}
    outputs = filled(Outputs, given | {"exports": exports})
    outputs.refuse_unwritable()
    request = request_of(words, given, only=_last_failed() if given["last_failed"] else None)
    with open_session(request) as session:
        from gradcmp.report.progress import Progress
        from gradcmp.session.judging import Answered
        from gradcmp.session.record import record

        # stderr is not ours to close
        stream = open(os.devnull, "w", encoding="utf-8") if outputs.quiet else sys.stderr  # noqa: SIM115, PTH123
        with Progress(stream, total=sum(1 for _ in session.plan.cases)) as progress:

            def show(event: Event) -> None:
                for finding in event.judgement.findings if isinstance(event, Answered) else ():
                    progress.finish(finding.level)

            run = record(session, started=started, result=outputs.result, last=outputs.last, watch=show)
        if not run.empty:  # else the last run stays the last one
            outputs.keep(run.path)
        outputs.publish(run.path)
    return run.exit_code


def _last_failed() -> frozenset[str]:
    """The problems with a case at level fail in the last run, by id. Raises NothingSelectedError."""
    from gradcmp.result.reading import read_document

    failed = frozenset(case.problem for case in read_document(LAST_RESULT).cases if case.level == "fail")
    if not failed:
        raise NothingSelectedError("nothing was selected: nothing failed in the last run")
    return failed
