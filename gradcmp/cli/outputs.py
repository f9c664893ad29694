"""Where the results of a run go."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
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
        given = [path.resolve() for path in files]
        twice = {path for path in given if given.count(path) > 1}
        if twice:
            raise UsageError(*(f"`{path}` is given for two outputs; each needs a file of its own" for path in twice))

    def keep(self, path: Path) -> None:
        """The result file as the last one of this folder, where it went elsewhere.

        A warning where that cannot be written: the result itself is where it was asked for.
        """
        if self.no_cache or path.resolve() == LAST_RESULT.resolve():
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


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise GradcmpError(f"{path}: the file cannot be written: {error.strerror or error}") from error
