"""Targets: the places that can answer."""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

NAME = re.compile(r"[a-z][a-z0-9_]*")


def resolve_device(name: str) -> str:
    """`gpu` is `cuda:0`, and so is `cuda`."""
    return "cuda:0" if name in {"gpu", "cuda"} else name


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Target:
    """Backend × environment × execution × device."""

    backend: str
    environment: str | None = None
    execution: str = "eager"
    device: str = "cpu"

    @property
    def id(self) -> str:
        backend = f"{self.backend}+{self.environment}" if self.environment else self.backend
        return f"{backend}-{self.execution}-{self.device}"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class TargetPattern:
    """`torch`, `torch-compiled`, `jax-*-gpu`: segments that are left out match everything."""

    text: str

    @property
    def segments(self) -> tuple[str, ...]:
        backend, *rest = self.text.split("-", 2)
        return (backend, *rest[:1], *map(resolve_device, rest[1:]))

    @property
    def specificity(self) -> tuple[int, int]:
        """More literal segments first, then more literal characters."""
        literal = [segment for segment in self.segments if "*" not in segment]
        return len(literal), sum(len(segment) for segment in literal)

    def matches(self, target: Target) -> bool:
        actual = target.id.split("-", 2)
        backend = self.segments[0]
        if "+" not in backend:
            actual[0] = target.backend
        return all(fnmatchcase(value, pattern) for value, pattern in zip(actual, self.segments, strict=False))
