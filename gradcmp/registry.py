"""Which backends there are. Imports no framework: a descriptor says by name where everything is.

Built-in backends come in through the entry point group `gradcmp.backends`, like everybody else's. For a backend under
development, `GRADCMP_BACKENDS=package.module:DESCRIPTOR` (several with commas) adds to them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

from gradcmp.core.dotted import resolve
from gradcmp.core.requests import REFEREE, WorkerKey
from gradcmp.core.targets import NAME, Target

if TYPE_CHECKING:
    from gradcmp.program.spelling import Spelling

GROUP = "gradcmp.backends"
VARIABLE = "GRADCMP_BACKENDS"


class CannotLoad(Exception):
    """A part of a backend that its descriptor names is not there or is broken; the message says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One way in which a backend runs code; `lowering` is `python` or `structured`; `compiles` counts compile time."""

    name: str
    lowering: str = "python"
    compiles: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """A backend, without importing it. Dotted names are `module:attribute`.

    What a worker's environment has before the framework is imported: `variables`, where `{folder}` in a value is the
    worker's own folder, which is removed when the run ends; `cpu_variables` on top of them for the CPU;
    `thread_variables`, which hold the number of threads where one is asked for; and `one_thread_flags`, which where it
    is one are added to what the variable holds.
    """

    name: str
    title: str
    distribution: str  # whose version is reported
    module: str  # what must be importable: found without importing it
    implementation: str
    spelling: str
    executions: tuple[Execution, ...]
    install: str
    variables: Mapping[str, str] = field(default_factory=dict)
    cpu_variables: Mapping[str, str] = field(default_factory=dict)
    thread_variables: tuple[str, ...] = ()
    one_thread_flags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in (self.name, *(execution.name for execution in self.executions)):
            if not NAME.fullmatch(name):
                msg = f"`{name}` is not a backend or execution name: expected [a-z][a-z0-9_]*"
                raise ValueError(msg)

    def execution(self, name: str) -> Execution | None:
        return next((execution for execution in self.executions if execution.name == name), None)

    def compiles(self, execution: str) -> bool:
        """Does that execution have a compile time?"""
        described = self.execution(execution)
        return described is not None and described.compiles

    def load_spelling(self) -> Spelling:
        """The spelling table; raises CannotLoad."""
        from gradcmp.program.spelling import Spelling  # most commands spell nothing

        try:
            spelling = resolve(self.spelling)
            if not isinstance(spelling, Spelling):
                raise TypeError(f"`{self.spelling}` is a {type(spelling).__name__}, expected a Spelling")
        except Exception as error:  # a stranger's plug-in may raise anything
            raise CannotLoad(f"the spelling of {self.title} cannot be loaded: {_described(error)}") from error
        return spelling

    def load_idioms(self) -> Mapping[str, str]:
        """Protocol → how the backend does it, a line of its code: `IDIOMS` beside the spelling, where there is one.

        Raises CannotLoad.
        """
        return self._load_texts("IDIOMS", "idioms", lambda name: isinstance(name, str))

    def load_modes(self) -> Mapping[tuple[str, str], str]:
        """(operator, mode) → the backend's own call: `MODES` beside the spelling, where there is one.

        Raises CannotLoad.
        """
        return self._load_texts("MODES", "modes", lambda pair: isinstance(pair, tuple) and len(pair) == 2)

    def _load_texts(self, name: str, what: str, is_key: Callable[[Any], bool]) -> dict[Any, str]:
        try:
            texts = dict(getattr(import_module(self.spelling.partition(":")[0]), name, {}))
            if not all(is_key(key) and isinstance(text, str) for key, text in texts.items()):
                raise TypeError(f"`{name}` holds something else than texts")
        except Exception as error:
            raise CannotLoad(f"the {what} of {self.title} cannot be loaded: {_described(error)}") from error
        return texts


REFERENCE = Descriptor(
    name=REFEREE.backend,
    title="the reference",
    distribution="python-flint",
    module="flint",
    implementation="gradcmp.reference.referee:Referee",
    spelling="",
    executions=(Execution(name="eager"),),
    install="pip install gradcmp",
    # Small matrices, and a core that the frameworks are using: threads would only wait for each other.
    variables={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
)
"""The reference works as backends do, but is none: it is in no registry and never a target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Descriptors by name, and what could not be loaded: entry point → reason."""

    descriptors: Mapping[str, Descriptor]
    failed: Mapping[str, str]

    def worker(self, key: WorkerKey) -> Descriptor:
        """What serves in a worker."""
        return REFERENCE if key == REFEREE else self.descriptors[key.backend]

    def compiles(self, target: Target) -> bool:
        """Does the target's first call have a compile time in it?"""
        descriptor = self.descriptors.get(target.backend)
        return descriptor is not None and descriptor.compiles(target.execution)


def load_registry() -> Registry:
    """Every backend that can be described; one that cannot is a row in `failed`, never a crash."""
    entry_points: list[tuple[str, str]] = [(point.name, point.value) for point in metadata.entry_points(group=GROUP)]
    entry_points += [(name, name) for name in os.environ.get(VARIABLE, "").split(",") if name]
    descriptors: dict[str, Descriptor] = {}
    failed: dict[str, str] = {}
    for name, value in entry_points:
        try:
            descriptor = resolve(value)
            if not isinstance(descriptor, Descriptor):
                msg = f"`{value}` is a {type(descriptor).__name__}, expected a gradcmp.registry.Descriptor"
                raise TypeError(msg)
            if descriptor.name == REFERENCE.name:
                raise ValueError(f"`{descriptor.name}` is the name of gradcmp's own reference")
        except Exception as error:  # noqa: BLE001  # a stranger's plug-in may raise anything
            failed[name] = _described(error)
        else:
            descriptors.setdefault(descriptor.name, descriptor)
    return Registry(descriptors=descriptors, failed=failed)


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
