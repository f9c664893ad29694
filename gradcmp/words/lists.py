"""Numbers and lists in sentences."""

from collections.abc import Sequence


def plural(count: int, noun: str) -> str:
    """`1 case`, `2 cases`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def listed(words: Sequence[str]) -> str:
    """`jax`, `jax and torch`, `jax, tensorflow and torch`."""
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
