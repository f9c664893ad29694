"""The result file while it grows: JSON lines in `FILE.partial`, assembled into one document at the end.

A line is `{"kind":"run","record":…}` (the head: everything but problems and cases), then `problem`, `case` and `pair`
lines as they come. The document is copied together line by line, so that memory does not grow with the run.
"""

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from msgspec import structs

from gradcmp.errors import Complaint, GradcmpError, UsageError
from gradcmp.result.arrays import ArrayStore
from gradcmp.result.document import Head, Summary
from gradcmp.result.recording import timestamp
from gradcmp.result.records import CaseRecord, PairRecord, ProblemRecord, Record
from gradcmp.result.values import plain_record, to_json

SECTIONS = {"problems": "problem", "cases": "case", "pairs": "pair"}
"""Part of the document → kind of its lines while it grows."""

_INTERRUPTED, _INTERNAL_ERROR = 130, 3  # exit codes of the contract
_ROOM = "free some space there, or choose another file with -o; what was done is in the file's .partial"


def files_of(path: Path) -> tuple[Path, Path, Path, Path]:
    """The result file `path` and the arrays beside it, then both as they are called while they grow."""
    arrays = path.with_name(f"{path.name}.npz")
    return path, arrays, path.with_name(f"{path.name}.partial"), arrays.with_name(f"{arrays.name}.partial")


class Counts:
    """Cases by verdict and by level: the `summary` block."""

    def __init__(self) -> None:
        self._verdicts: Counter[str] = Counter()
        self._levels: Counter[str] = Counter()

    def add(self, verdict: str, level: str) -> None:
        self._verdicts[verdict] += 1
        self._levels[level] += 1

    @property
    def summary(self) -> Summary:
        return Summary(dict(self._verdicts), dict(self._levels))


class Journal:
    """Appends records; `finish` turns them into the document.

    As a context manager it finishes by itself on the way out, as an incomplete run where an exception ends it.
    """

    def __init__(self, path: Path, head: Head, *, make_folder: bool = False) -> None:
        """Begin `path`.partial with the head.

        Raises UsageError where the file cannot be written. `make_folder` creates the folder (for `.gradcmp/`).
        """
        self.path, arrays, self.partial, growing_arrays = files_of(path)
        self.arrays = ArrayStore(growing_arrays, arrays.name)
        self.finished = False
        self._head = head
        self._counts = Counts()
        try:
            if make_folder:
                make_own_folder(path.parent)
            refuse_unwritable(path)
            refuse_unwritable(arrays)
            # A new file rather than an old one emptied: another run may still be writing there.
            self.partial.unlink(missing_ok=True)
            self.arrays.path.unlink(missing_ok=True)
            self._stream = self.partial.open("x+", encoding="utf-8", errors="backslashreplace", newline="\n")
        except OSError as error:
            raise UsageError(_unwritable(path, error)) from error
        self._append("run", self._head)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self.finished:
            self.finish(exit_code=_exit_code(error), complete=False)

    def add_problem(
        self, problem: ProblemRecord, cases: Iterable[CaseRecord], pairs: Iterable[PairRecord] = ()
    ) -> None:
        """Append a problem with its cases and pairs, and flush."""
        self._append("problem", problem)
        for case in cases:
            self._append("case", case)
            self._counts.add(case.verdict_name, case.level)
        for pair in pairs:
            self._append("pair", pair)

    @property
    def summary(self) -> Summary:
        """Cases so far by verdict and by level."""
        return self._counts.summary

    def update_head(self, **blocks: Any) -> None:
        """Replace blocks of the head (`targets`, once the workers have told their versions)."""
        self._head = structs.replace(self._head, **blocks)
        self._append("run", self._head)

    def finish(
        self, *, exit_code: int, complete: bool = True, stopped: str | None = None, path: Path | None = None
    ) -> Path:
        """Assemble the document beside the file, rename it into place, remove what was partial. Returns the path.

        `stopped` says what ended a run that is not complete. With `path`, the document of a run without arrays goes
        there, and an earlier file stays as it is.
        """
        run = structs.replace(
            self._head.run, finished=timestamp(), exit_code=exit_code, complete=complete, stopped=stopped
        )
        head = structs.replace(self._head, run=run)
        self.arrays.close()
        path = path or self.path
        beside = path.with_name(self.arrays.name)
        try:
            self._stream.flush()
            _replace(path, _document(head, self._sections(), self.summary))
            if self.arrays.empty:
                beside.unlink(missing_ok=True)  # of an earlier run: nothing in the new document points there
            else:
                self.arrays.path.replace(beside)
        except OSError as error:
            raise GradcmpError(_unwritable(path, error, hint=_ROOM)) from error
        self._remove_partial()
        return path

    def close(self) -> None:
        """Stop writing and leave the partial files as they are."""
        self.finished = True
        self.arrays.close()
        self._stream.close()

    def _remove_partial(self) -> None:
        ours = os.fstat(self._stream.fileno())
        self.close()
        try:
            if os.path.samestat(self.partial.stat(), ours):
                self.partial.unlink()
        except OSError:
            pass  # already gone: another run began there

    def _append(self, kind: str, record: Record) -> None:
        try:
            self._stream.seek(0, os.SEEK_END)
            self._stream.write(f'{{"kind":"{kind}","record":{to_json(record)}}}\n')
            self._stream.flush()
        except OSError as error:
            raise GradcmpError(_unwritable(self.path, error, hint=_ROOM)) from error

    def _sections(self) -> Iterator[tuple[str, Iterator[str]]]:
        for section, kind in SECTIONS.items():
            yield section, self._records(f'{{"kind":"{kind}","record":')

    def _records(self, prefix: str) -> Iterator[str]:
        """The records' own texts, unparsed."""
        self._stream.seek(0)
        for line in self._stream:
            if line.startswith(prefix) and line.endswith("}\n"):
                yield line[len(prefix) : -2]


def _exit_code(error: BaseException | None) -> int:
    """The exit code of a run that `error` ended."""
    if isinstance(error, KeyboardInterrupt):
        return _INTERRUPTED
    code = error.code if isinstance(error, SystemExit) else getattr(error, "exit_code", None)
    return code if isinstance(code, int) else _INTERNAL_ERROR


def make_own_folder(folder: Path) -> None:
    """Create the folder of gradcmp's own files, which git does not see. Raises OSError."""
    new = not folder.is_dir()
    folder.mkdir(parents=True, exist_ok=True)  # another run may make it at the same moment
    if new:
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")


def _document(head: Head, sections: Iterable[tuple[str, Iterator[str]]], summary: Summary) -> Iterator[str]:
    """The document's text in pieces: a record a line, which reads and diffs well."""
    blocks = plain_record(head)
    yield f'{{\n"format": {to_json(blocks.pop("format"))}'
    for key, block in blocks.items():
        yield f",\n{to_json(key)}: {to_json(block)}"
    for section, records in sections:
        yield f",\n{to_json(section)}: ["
        separator = "\n"
        for record in records:
            yield f"{separator}{record}"
            separator = ",\n"
        yield "\n]"
    yield f',\n"summary": {to_json(summary)}\n}}\n'


def _replace(path: Path, pieces: Iterator[str]) -> None:
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with beside.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
            stream.writelines(pieces)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def refuse_unwritable(path: Path) -> None:
    """Raise UsageError where `path` cannot become a file that this run writes."""
    try:
        _refuse(path)
    except OSError as error:
        raise UsageError(_unwritable(path, error)) from error


def _refuse(path: Path) -> None:
    """Raise OSError where `path` exists and is not a file that may be replaced."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):  # others, such as a loop of symbolic links, say it themselves
        if not path.parent.is_dir():
            raise OSError(f"there is no folder {path.parent}") from None
        if not os.access(path.parent, os.W_OK):
            raise OSError(f"nothing can be written in {path.parent}") from None
        return
    if not stat.S_ISREG(mode):
        raise OSError("it is not a regular file")
    if not os.access(path, os.W_OK):
        raise OSError("it is read-only")


def _unwritable(path: Path, error: OSError, *, hint: str = "") -> Complaint:
    return Complaint(
        what=f"the file cannot be written: {error.strerror or error}",
        where=str(path),
        expected="" if hint else "expected a file name in a folder that exists and can be written to",
        hint=hint,
    )
