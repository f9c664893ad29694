"""Answers as records in a journal: where the pipeline's values become the result file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from gradcmp import __version__
from gradcmp.core.requests import WorkerKey
from gradcmp.core.targets import Target
from gradcmp.execute.pool import Pool
from gradcmp.execute.process import Ready
from gradcmp.pipeline import Answered, referred
from gradcmp.plan import Plan
from gradcmp.registry import Registry
from gradcmp.result.document import Head
from gradcmp.result.journal import Journal
from gradcmp.result.machine import machine_record
from gradcmp.result.recording import case_record, pair_record, problem_record, target_record, timestamp
from gradcmp.result.records import Run


def head_record(arguments: Sequence[str], begun: datetime) -> Head:
    """The head of a result file before anything has run; `begun` is when the workers started."""
    run = Run(gradcmp=__version__, started=timestamp(begun), arguments=tuple(arguments))
    return Head(run=run, machine=machine_record(), targets=())


def record_targets(journal: Journal, plan: Plan, pool: Pool) -> None:
    """The targets of the plan with what their workers told of themselves so far."""
    ready = pool.ready
    targets: dict[Target, None] = dict.fromkeys(case.target for case in plan.cases if case.left_out is None)
    journal.update_head(
        targets=tuple(
            target_record(
                target,
                version=worker.version if isinstance(worker, Ready) else None,
                settings=worker.settings if isinstance(worker, Ready) else {},
            )
            for target in targets
            for worker in (ready.get(WorkerKey.of(target)),)
        )
    )


def record_answer(journal: Journal, answered: Answered, registry: Registry) -> Mapping[str, str]:
    """Append a problem and its cases; returns the level of each case by id."""
    question, judgement = answered.question, answered.judgement
    problem = question.planned.problem
    findings = {finding.case: finding for finding in judgement.findings}
    journal.add_problem(
        problem_record(
            problem,
            judgement,
            hashes=question.hashes,
            primals=question.understood.arrays.inputs if question.understood else {},
            reference=referred(question, answered.outcomes),
            arrays=journal.arrays,
        ),
        (
            case_record(
                case,
                answered.outcomes[case.id],
                findings[case.id],
                compiles=registry.compiles(case.target),
                arrays=journal.arrays,
            )
            for case in question.planned.cases
        ),
        (pair_record(pair) for pair in judgement.pairs),
    )
    return {finding.case: finding.level for finding in judgement.findings}
