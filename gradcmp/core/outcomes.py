"""What came back from a case. Failure is an outcome, not an exception."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from gradcmp.core.tensors import Leaf
from gradcmp.core.truth import Truth, TruthLeaf
from gradcmp.core.verdicts import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds. `samples_s` are raw, one per sample of `calls_per_sample` synchronised calls."""

    first_call_s: float
    samples_s: tuple[float, ...] = ()
    calls_per_sample: int = 1
    value_samples_s: tuple[float, ...] = ()
    value_calls_per_sample: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """`mode` is how the framework differentiated; `notes` are facts about the run (graphs compiled, graph breaks)."""

    name: ClassVar[str] = "computed"
    values: tuple[Leaf, ...]
    derivatives: tuple[Leaf, ...]
    mode: str
    timing: Timing | None = None
    notes: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsupported:
    """The framework or its backend says that it cannot; `message` is in its own words."""

    name: ClassVar[Verdict] = Verdict.UNSUPPORTED
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """An exception; `message` begins with its type's name."""

    name: ClassVar[Verdict] = Verdict.RAISED
    exception: str
    message: str
    output_tail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedOut:
    name: ClassVar[Verdict] = Verdict.TIMED_OUT
    limit_s: float
    phase: str  # "compile" or "run"
    output_tail: str = ""

    @property
    def message(self) -> str:
        return f"no answer within {self.limit_s:g} s ({self.phase})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Died:
    """The worker went away: a signal, an exit, or it was ended for its memory."""

    name: ClassVar[Verdict] = Verdict.DIED
    message: str
    output_tail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    name: ClassVar[Verdict] = Verdict.SKIPPED
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Referred:
    """The reference's answer to an inquiry."""

    name: ClassVar[str] = "referred"
    truth: Truth

    @property
    def message(self) -> str:
        return self.truth.reason or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """The reference's answer to expressions: their arrays by name, or why there is none."""

    name: ClassVar[str] = "evaluated"
    arrays: Mapping[str, TruthLeaf | str]

    @property
    def message(self) -> str:
        return "; ".join(array for array in self.arrays.values() if isinstance(array, str))


Outcome = Computed | Unsupported | Raised | TimedOut | Died | Skipped | Referred | Evaluated
