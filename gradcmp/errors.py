"""The errors that gradcmp tells to people: what happened, where, what was expected, what to do."""

import signal
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Location:
    """A place in a file; line and column count from 1, 0 means the file as a whole."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One complaint about what a user wrote; `path` is the key path inside the file (`inputs.x.normal`)."""

    what: str
    where: Location | str | None = None
    path: str = ""
    expected: str = ""
    hint: str = ""
    snippet: str = ""

    def __str__(self) -> str:
        head = ": ".join(str(part) for part in (self.where, self.path) if part)
        tail = "; ".join(part for part in (self.what, self.expected, self.hint) if part)
        line = f"{head}: {tail}" if head else tail
        return f"{line}\n{self.snippet}" if self.snippet else line


class GradcmpError(Exception):
    """Something that ends the command, with every complaint found in one pass.

    `exit_code` follows the table in the README.
    """

    exit_code = 3

    def __init__(self, *complaints: Complaint | str) -> None:
        self.complaints: tuple[Complaint, ...] = tuple(
            complaint if isinstance(complaint, Complaint) else Complaint(what=complaint) for complaint in complaints
        )
        super().__init__("\n".join(str(complaint) for complaint in self.complaints))


class UsageError(GradcmpError):
    """Wrong usage, an unreadable scenario, an output that cannot be opened: found before anything runs."""

    exit_code = 2


class MissingTargetError(GradcmpError):
    """A backend or device that was asked for by name can run nowhere."""

    exit_code = 4


class NothingSelectedError(GradcmpError):
    """The selection is empty."""

    exit_code = 5


class Terminated(SystemExit):
    """SIGTERM, as an exception, so that workers are ended and what was done is kept; a program ends with code 143."""

    def __init__(self) -> None:
        super().__init__(128 + signal.SIGTERM)


def terminate(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001  # the signature of a handler
    """A handler of SIGTERM that raises Terminated."""
    raise Terminated
