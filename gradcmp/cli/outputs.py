"""Where the results of a run go."""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import click

from gradcmp.cli.streams import LAST_RESULT, speak_utf8
from gradcmp.errors import Complaint, GradcmpError, UsageError

SCENARIO_SUFFIXES = (".yaml", ".yml")
"""Of files that people write; results go nowhere near them."""


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """What was asked for beside and instead of the tables; `no_cache`: the result is not kept as the last one."""

    result: Path | None = None
    json_to: str | None = None
    exports: Mapping[str, Path] = field(default_factory=dict)  # by the exporter's name
    no_cache: bool = False
    view: str = "tables"
    verbose: bool = False
    width: int | None = None
    quiet: bool = False

    @property
    def last(self) -> Path | None:
        """Where the last run of this folder is kept."""
        return None if self.no_cache else LAST_RESULT

    def refuse_unwritable(self) -> None:
        """Raise UsageError for files that cannot be written, before anything runs."""
        files = tuple(path for path in (self.result, *self.exports.values()) if path is not None)
        if not files:
            return
        from gradcmp.result.journal import refuse_unwritable

        scenarios = [path for path in files if path.suffix.lower() in SCENARIO_SUFFIXES]
        if scenarios:
            raise UsageError(
                *(
                    Complaint(
                        what="this names a scenario",
                        where=str(path),
                        expected="expected a file for results, such as `result.json`",
                    )
                    for path in scenarios
                )
            )
        for path in files:
            refuse_unwritable(path)
        complaints = tuple(self._clashes())
        if complaints:
            raise UsageError(*complaints)

    def _clashes(self) -> Iterator[str]:
        """Every two outputs that would be written to one file."""
        from gradcmp.report.exports import WRITTEN
        from gradcmp.result.journal import files_of

        outputs: dict[str, tuple[Path, ...]] = {WRITTEN[name].option: (path,) for name, path in self.exports.items()}
        if self.result is not None:
            outputs["-o with the files beside it"] = files_of(self.result)
        if self.last is not None and not (self.result is not None and _is_same(self.result, self.last)):
            outputs["the last run with the files beside it"] = files_of(self.last)
        for (one, first), (other, second) in combinations(outputs.items(), 2):
            shared = next((path for path in first for each in second if _is_same(path, each)), None)
            if shared is not None:
                yield f"`{shared}` is given for two outputs, {one} and {other}; each needs a file of its own"

    def keep(self, path: Path) -> None:
        """The result file as the last one of this folder, where it went elsewhere.

        A warning where that cannot be written: the result itself is where it was asked for.
        """
        if self.no_cache or _is_same(path, LAST_RESULT):
            return
        from gradcmp.result.copying import copy_result
        from gradcmp.result.journal import make_own_folder

        try:
            make_own_folder(LAST_RESULT.parent)
            copy_result(path, LAST_RESULT)
        except OSError as error:
            click.echo(f"warning: {LAST_RESULT}: not kept as the last run: {error.strerror or error}", err=True)

    def publish(self, path: Path) -> None:
        """The result file `path` on the console and in the files that were asked for."""
        if self.quiet and self.json_to is None and not self.exports:
            return
        from gradcmp.report.exports import WRITTEN, serialize
        from gradcmp.report.render import render
        from gradcmp.report.text.console import make_console
        from gradcmp.result.reading import read_document

        document = read_document(path)
        if self.json_to is not None:
            speak_utf8()
            with path.open(encoding="utf-8", newline="\n") as lines:
                sys.stdout.writelines(lines)
        for name, file in self.exports.items():
            _write(file, serialize(WRITTEN[name].written, document))
        if self.json_to is None and not self.quiet:
            render(
                document,
                view="cases" if self.verbose else self.view,
                console=make_console(sys.stdout, width=self.width),
            )


def _is_same(a: Path, b: Path) -> bool:
    """Are both one file? Names of new files that differ only in case are, for some systems make no difference."""
    a, b = (Path(os.path.realpath(path)) for path in (a, b))
    if a.exists() and b.exists():
        return a.samefile(b)
    return a.name.casefold() == b.name.casefold() and (a.parent == b.parent or _is_same(a.parent, b.parent))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise GradcmpError(f"{path}: the file cannot be written: {error.strerror or error}") from error
