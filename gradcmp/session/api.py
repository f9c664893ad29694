"""`gradcmp.run`: a run for programs."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from os import PathLike, fspath
from typing import Any

from gradcmp.result.document import Document
from gradcmp.result.reading import read_document
from gradcmp.session.open import open_session
from gradcmp.session.record import record
from gradcmp.session.request import RunOptions, RunRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run found. `document` has the problems, cases and pairs of the result file; arrays are those kept in it.

    `exit_code` is that of the command line: 0 where nothing reaches `fail_on`, else 1.
    """

    document: Document
    exit_code: int

    @property
    def levels(self) -> dict[str, int]:
        """Level → number of cases."""
        counted: dict[str, int] = {}
        for case in self.document.cases:
            counted[str(case.level)] = counted.get(str(case.level), 0) + 1
        return counted


def run(*paths: str | PathLike[str], **options: Any) -> Report:
    """As `gradcmp.run`, where the arguments are documented."""
    names = {field.name for field in fields(RunOptions)}
    limits = {name: value for name, value in options.items() if name in names}
    rest = {name: value for name, value in options.items() if name not in names}
    request = RunRequest(arguments=tuple(fspath(path) for path in paths), options=RunOptions(**limits), **rest)
    started = datetime.now(UTC)
    with open_session(request) as session:
        recorded = record(session, started=started)
        if recorded.interrupted:
            raise KeyboardInterrupt
        document = read_document(recorded.path)
    return Report(document=document, exit_code=recorded.exit_code)
