"""Which backends there are. Imports no framework: a descriptor says by name where everything is.

Built-in backends come in through the entry point group `gradcmp.backends`, like everybody else's. For a backend under
development, `GRADCMP_BACKENDS=package.module:DESCRIPTOR` (several with commas) adds to them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

from gradcmp.core.targets import NAME

if TYPE_CHECKING:
    from gradcmp.backends.spelling.base import Spelling

GROUP = "gradcmp.backends"
VARIABLE = "GRADCMP_BACKENDS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One way in which a backend runs code; `lowering` is `python` or `structured`; `compiles` counts compile time."""

    name: str
    lowering: str = "python"
    compiles: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """A backend, without importing it. Dotted names are `module:attribute`."""

    name: str
    title: str
    distribution: str  # whose version is reported
    module: str  # what must be importable: found without importing it
    implementation: str
    spelling: str
    executions: tuple[Execution, ...]
    install: str
    variables: Mapping[str, str] = field(default_factory=dict)  # set in the worker before the framework is imported

    def __post_init__(self) -> None:
        for name in (self.name, *(execution.name for execution in self.executions)):
            if not NAME.fullmatch(name):
                msg = f"`{name}` is not a backend or execution name: expected [a-z][a-z0-9_]*"
                raise ValueError(msg)

    def execution(self, name: str) -> Execution | None:
        return next((execution for execution in self.executions if execution.name == name), None)

    def load_spelling(self) -> Spelling:
        spelling: Spelling = resolve(self.spelling)
        return spelling

    def load_idioms(self) -> Mapping[str, str]:
        """Protocol → how the backend does it, a line of its code: `IDIOMS` beside the spelling, where there is one."""
        idioms: Mapping[str, str] = getattr(import_module(self.spelling.partition(":")[0]), "IDIOMS", {})
        return idioms


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Descriptors by name, and what could not be loaded: entry point → reason."""

    descriptors: Mapping[str, Descriptor]
    failed: Mapping[str, str]


def resolve(dotted: str) -> Any:
    """The object that `module:attribute` names."""
    module, _, attribute = dotted.partition(":")
    return getattr(import_module(module), attribute)


def load_registry() -> Registry:
    """Every backend that can be described; one that cannot is a row in `failed`, never a crash."""
    found: list[tuple[str, str]] = [(point.name, point.value) for point in metadata.entry_points(group=GROUP)]
    found += [(name, name) for name in os.environ.get(VARIABLE, "").split(",") if name]
    descriptors: dict[str, Descriptor] = {}
    failed: dict[str, str] = {}
    for name, value in found:
        try:
            descriptor = resolve(value)
            if not isinstance(descriptor, Descriptor):
                msg = f"`{value}` is a {type(descriptor).__name__}, expected a gradcmp.registry.Descriptor"
                raise TypeError(msg)
        except Exception as error:  # noqa: BLE001  # a stranger's plug-in may raise anything
            failed[name] = f"{type(error).__name__}: {error}"
        else:
            descriptors.setdefault(descriptor.name, descriptor)
    return Registry(descriptors=descriptors, failed=failed)
