"""A session kept as a result file: where events become records."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gradcmp import __version__
from gradcmp.core.executors import Ready
from gradcmp.core.requests import WorkerKey
from gradcmp.core.targets import Target
from gradcmp.report.summary import has_findings
from gradcmp.result.document import Head, Run
from gradcmp.result.journal import Journal
from gradcmp.result.machine import machine_record
from gradcmp.result.recording import case_record, pair_record, problem_record, target_record, timestamp
from gradcmp.session.judging import Answered, referred
from gradcmp.session.session import Event, Session, Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRun:
    """`path` is the result file; it lies in the session's scratch folder where nobody asked to keep it.

    `empty`: the run was interrupted before any case, so that there is nothing to keep.
    """

    path: Path
    exit_code: int
    interrupted: bool
    empty: bool


def record(
    session: Session,
    *,
    started: datetime,
    result: Path | None = None,
    last: Path | None = None,
    watch: Watch = lambda _: None,
) -> RecordedRun:
    """Run the session and write its result file to `result`, else as the `last` run, else into the scratch folder.

    Every event goes into the journal, then to `watch`. An error leaves a result file of what was done until then.
    """
    unkept = session.scratch / "result.json"
    path = result or last or unkept
    request = session.request
    run = Run(
        gradcmp=__version__,
        started=timestamp(started),
        arguments=request.words,
        shipped=request.shipped,
        fail_on=request.fail_on,
        max_failures=request.max_failures,
    )
    head = Head(run=run, machine=machine_record(), targets=())
    journal = Journal(path, head, make_folder=path == last)
    recorder = Recorder(journal, session)

    def both(event: Event) -> None:
        recorder(event)
        watch(event)

    try:
        ending = session.run(both)
    except BaseException:
        with journal:
            raise
    code = ending.exit_code or (1 if has_findings(journal.summary, request.fail_on) else 0)
    empty = ending.exit_code is not None and not journal.summary.levels
    path = unkept if empty and result is None else path
    journal.finish(exit_code=code, complete=ending.stop is None, stopped=ending.stop, path=path)
    return RecordedRun(path=path, exit_code=code, interrupted=ending.exit_code is not None, empty=empty)


class Recorder:
    """Appends what a session tells to a journal."""

    def __init__(self, journal: Journal, session: Session) -> None:
        self._journal = journal
        self._session = session

    def __call__(self, event: Event) -> None:
        """Append an event."""
        if isinstance(event, Answered):
            self._append(event)
        else:
            self._update_targets()

    def _update_targets(self) -> None:
        """The targets of the plan with what their workers told of themselves so far."""
        ready = self._session.executor.ready
        cases = self._session.plan.cases
        targets: dict[Target, None] = dict.fromkeys(case.target for case in cases if case.left_out is None)
        workers = {target: ready.get(WorkerKey.of(target)) for target in targets}
        self._journal.update_head(
            targets=tuple(
                target_record(
                    target,
                    version=worker.version if isinstance(worker, Ready) else None,
                    settings=worker.settings if isinstance(worker, Ready) else {},
                )
                for target, worker in workers.items()
            )
        )

    def _append(self, answered: Answered) -> None:
        """A problem and its cases."""
        question, judgement = answered.question, answered.judgement
        findings = {finding.case: finding for finding in judgement.findings}
        arrays = self._journal.arrays
        self._journal.add_problem(
            problem_record(
                question.planned.problem,
                judgement,
                hashes=question.hashes,
                primals=question.understood.arrays.inputs if question.understood else {},
                reference=referred(question, answered.outcomes),
                arrays=arrays,
            ),
            (
                case_record(
                    case,
                    answered.outcomes[case.id],
                    findings[case.id],
                    compiles=self._session.registry.compiles(case.target),
                    arrays=arrays,
                )
                for case in question.planned.cases
            ),
            (pair_record(pair) for pair in judgement.pairs),
        )
