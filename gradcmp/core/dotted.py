"""Objects by name."""

from importlib import import_module
from typing import Any


def resolve(dotted: str) -> Any:
    """The object that `module:attribute` names; raises whatever its import raises."""
    module, _, attribute = dotted.partition(":")
    return getattr(import_module(module), attribute)
