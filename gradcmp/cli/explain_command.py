"""`gradcmp explain`."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradcmp.cli.options import CaseArgument, debug_option, width_option
from gradcmp.cli.streams import LAST_RESULT
from gradcmp.core.suggest import unknown_name
from gradcmp.errors import Complaint, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradcmp.core.truth import TruthLeaf
    from gradcmp.report.elements import Key
    from gradcmp.result.document import Document
    from gradcmp.result.records import CaseRecord, ProblemRecord

_NUMBER = re.compile(r"#?(\d{1,9})")
_MOST_NAMED = 8


@click.command("explain")
@click.argument("name", type=CaseArgument(), metavar="CASE", required=False)
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="RESULT",
    help="A result file in place of the last run's.",
)
@click.option("--shipped", is_flag=True, help="Look among the scenarios that come with gradcmp.")
@width_option
@debug_option
def command(name: str | None, source: Path | None, shipped: bool, width: int | None) -> int:
    """Tell in plain words why a case has its verdict.

    CASE is a case id, or '#7' for the seventh row of the last run (7 will do: shells take a bare #7 for a comment).
    What the last run does not have is run now.
    """
    if not name:
        raise UsageError("no case is given; expected a case id, or '#7' in quotes: shells take a bare #7 for a comment")
    if source is not None:
        _print(source, name, shipped, width, report=(str(source),))
    elif _last_has(name):
        _print(LAST_RESULT, name, shipped, width, report=())
    else:
        return _run_and_print(name, shipped, width)
    return 0


def _last_has(name: str) -> bool:
    """Does the last result tell of the case? Raises UsageError for a number where there is no last result."""
    from gradcmp.result.reading import read_document

    by_number = _NUMBER.fullmatch(name) is not None
    if not LAST_RESULT.exists() and not LAST_RESULT.with_name(f"{LAST_RESULT.name}.partial").exists():
        if by_number:
            raise UsageError(f"there is no last run, so it has no row {name}; `gradcmp run` makes one")
        return False
    document = read_document(LAST_RESULT)
    return by_number or bool(_named(document, name))


def _run_and_print(name: str, shipped: bool, width: int | None) -> int:
    """Run the case, beside the last result where there is one, and explain it. Returns the exit code."""
    from gradcmp.session.open import open_session
    from gradcmp.session.record import record
    from gradcmp.session.request import RunOptions, RunRequest

    if "@" not in name:
        example = f"{name if '[' in name else f'{name}[gradient-float32]'}@torch-eager-cpu"
        complaint = Complaint(
            what=f"the last run has no `{name}`, and it is no case that could be run",
            expected=f"expected PROBLEM@TARGET, such as `{example}`",
            hint="`gradcmp run` numbers the cases, `gradcmp list` has the scenarios",
        )
        raise UsageError(complaint)
    click.echo(f"{name} is run now: the last run does not have it", err=True)
    request = RunRequest(arguments=(name,), shipped=shipped, options=RunOptions(timing="off"))
    started = datetime.now(UTC)
    with open_session(request) as session:
        run = record(session, started=started)
        if run.interrupted:
            return run.exit_code
        _print(run.path, name, shipped, width, report=None)
    return 0


def _print(file: Path, name: str, shipped: bool, width: int | None, *, report: tuple[str, ...] | None) -> None:
    from gradcmp.report.explain import explain
    from gradcmp.report.story import Teller
    from gradcmp.report.text.console import make_console
    from gradcmp.result.reading import read_document

    document = read_document(file)
    case = _case(document, name, file)
    shipped = shipped or document.run.shipped

    def sharpen(problem: ProblemRecord) -> Mapping[Key, TruthLeaf]:
        from gradcmp.session.request import RunOptions
        from gradcmp.session.sharpen import sharpened

        return sharpened(
            problem.id,
            problem.inputs,
            problem.function,
            folder=Path.cwd(),
            shipped=shipped,
            options=RunOptions(),
        )

    teller = Teller(document=document, file=file, case=case, sharpen=sharpen, report=report, shipped=shipped)
    explain(teller, make_console(sys.stdout, width=width))


def _case(document: Document, name: str, file: Path) -> CaseRecord:
    """The case of that number or id. Raises UsageError where there is none, or more than one."""
    number = _NUMBER.fullmatch(name)
    if number is not None:
        place = int(number[1])
        if not 1 <= place <= len(document.cases):
            rows = f"rows #1 to #{len(document.cases)}" if document.cases else "no rows"
            raise UsageError(Complaint(what=f"there is no row #{place}", where=str(file), expected=f"it has {rows}"))
        return document.cases[place - 1]
    found = _named(document, name)
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(unknown_name("case", name, [case.id for case in document.cases]))
    ids = ", ".join(f"`{case.id}`" for case in found[:_MOST_NAMED])
    more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    raise UsageError(Complaint(what=f"`{name}` names {len(found)} cases", expected=f"expected one of {ids}{more}"))


def _named(document: Document, name: str) -> list[CaseRecord]:
    """The case of that id, else those of the problem or scenario of that id."""
    exact = [case for case in document.cases if case.id == name]
    return exact or [case for case in document.cases if name in (case.problem, case.scenario)]
