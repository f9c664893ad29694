"""Dotted paths and the trees that they name."""

from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")


def nested(leaves: Mapping[str, T]) -> dict[str, Any]:
    """Dotted paths taken apart: `{"p.k": x, "a": y}` gives `{"p": {"k": x}, "a": y}`. Raises ValueError as `insert`."""
    tree: dict[str, Any] = {}
    for path, leaf in leaves.items():
        insert(tree, path, leaf)
    return tree


def insert(tree: dict[str, Any], path: str, leaf: object) -> None:
    """Put a leaf into a tree. Raises ValueError where the path is a leaf and a branch, or stands there already."""
    *branches, name = path.split(".")
    place = tree
    for branch in branches:
        place = place.setdefault(branch, {}) if isinstance(place, dict) else place
    if not isinstance(place, dict) or name in place:
        raise ValueError(f"`{path}` is a leaf and a branch, or stands twice")
    place[name] = leaf
