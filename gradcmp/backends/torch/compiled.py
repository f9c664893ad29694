"""`torch.compile`, counted and timed in phases.

Imported by `TorchBackend` for the first compiled case.

`value`, `gradient` and `vjp` compile the function and differentiate through it: graph breaks are counted. The other
operators compile the transform of the function as one graph, because double backward through a compiled function
raises, and because a graph break inside a transform makes `torch.compile` run all of it eagerly without a word.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

# The counters, the callbacks, `reset` and these settings have no public home.
import torch
import torch._dynamo as dynamo
import torch._functorch.config as functorch_config
import torch._inductor.config as inductor_config
from torch._dynamo import exc as dynamo_errors
from torch._dynamo.utils import counters

from gradcmp.backends.base import Result, UnsupportedByFramework

FELL_BACK = "fell back to eager"


# One process a worker: nothing that outlives it. And several pull-backs through one compiled function.
_inductor: Any = inductor_config
_inductor.compile_threads = 1
_functorch: Any = functorch_config
_functorch.donated_buffer = False


def begin(progress: Callable[[str], None]) -> None:
    """Forget what was compiled, so that counts are a case's own and no limit on recompilations is met.

    What was compiled before keeps working, and is compiled again if it is run.
    """
    dynamo.reset()
    counters.clear()
    callbacks = getattr(dynamo, "callback", None)
    for name, phase in (("on_compile_start", "compile"), ("on_compile_end", "run")):
        register = getattr(callbacks, name, None)
        if register is not None:  # `reset` forgot the last case's
            register(lambda _, phase=phase: progress(phase))
    progress("compile")


def whole_or_in_parts(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, compiled between its graph breaks when it is first called."""
    return torch.compile(function)


def whole(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, compiled as one graph when it is first called. Raises UnsupportedByFramework where it cannot be."""
    compiled = torch.compile(function, fullgraph=True)

    def call(*arguments: Any) -> Any:
        try:
            return compiled(*arguments)
        except dynamo_errors.Unsupported as error:
            # A cause is what the function itself raised when it was traced, and would raise eagerly too.
            what = str(error.__cause__) if error.__cause__ else f"{FELL_BACK}: {reason(str(error))}"
            raise UnsupportedByFramework(what) from error

    return call


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What was compiled since the case began; `breaks` are Dynamo's words → how often."""

    graphs: int
    breaks: Mapping[str, int]

    def notes(self) -> Mapping[str, int | str]:
        """Graphs and graph breaks. Raises UnsupportedByFramework where there is no graph."""
        if not self.graphs:
            why = reason(next(iter(self.breaks))) if self.breaks else "torch.compile found nothing to compile"
            raise UnsupportedByFramework(f"{FELL_BACK}: {why}")
        return {"graphs": self.graphs, "graph_breaks": sum(self.breaks.values())}


def count() -> Counts:
    """The counts of the case so far."""
    return Counts(
        graphs=counters["stats"].get("unique_graphs", 0),
        breaks={**counters["unimplemented"], **counters["graph_break"]},
    )


class Counted:
    """A derivative that keeps the counts of its first run, before another case resets them."""

    def __init__(self, run: Callable[[], Result]) -> None:
        self._run = run
        self._counts: Counts | None = None

    def run(self) -> Result:
        result = self._run()
        if self._counts is None:
            self._counts = count()
        return result

    def notes(self) -> Mapping[str, int | str]:
        return (self._counts or count()).notes()


def reason(message: str) -> str:
    """Dynamo's own words in one line: what it cannot do and why, without hints and traces."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    kept = lines[:1] + [line.removeprefix("Explanation: ") for line in lines[1:2] if line.startswith("Explanation:")]
    return ": ".join(kept)
