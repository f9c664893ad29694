"""Typed access to the records of a result file, which may come from anywhere."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

T = TypeVar("T")
Row = TypeVar("Row", bound=StrEnum)

_NON_FINITE = ("nan", "inf", "-inf")
_MOST_AXES = 64
_LARGEST_WHOLE = 2**64  # of any integer dtype
_LONGEST_QUOTE = 40


class DamageError(Exception):
    """What is wrong with a record, in words that name the key."""


class Fields:
    """One record. Every method raises DamageError where the key is missing or holds something else."""

    def __init__(self, record: Any) -> None:
        if not isinstance(record, dict):
            raise DamageError(f"it is {quoted(record)}, not an object")
        self.record: dict[str, Any] = record

    def value(self, key: str) -> Any:
        """Whatever is there."""
        if key not in self.record:
            raise DamageError(f"`{key}` is missing")
        return self.record[key]

    def text(self, key: str) -> str:
        return self._as(key, str, "text")

    def optional_text(self, key: str) -> str | None:
        """None where the key is missing or null."""
        return None if self.record.get(key) is None else self.text(key)

    def one_of(self, key: str, rows: type[Row]) -> Row:
        """A row of a table, by its name."""
        name = self.text(key)
        try:
            return rows(name)
        except ValueError:
            raise DamageError(f"`{key}` is {quoted(name)}, which is no {key}") from None

    def flag(self, key: str) -> bool:
        return self._as(key, bool, "true or false")

    def count(self, key: str, *, least: int = 0) -> int:
        """A whole number, at least `least`."""
        found = self.value(key)
        if type(found) is not int or not least <= found < _LARGEST_WHOLE:
            raise DamageError(f"`{key}` is {quoted(found)}, not a whole number from {least}")
        return found

    def number(self, key: str) -> float | None:
        """A number, `"nan"`, `"inf"` or `"-inf"`; None where it is null."""
        found = self.value(key)
        return None if found is None else _number(key, found)

    def optional_number(self, key: str) -> float | None:
        """None where the key is missing or null."""
        return None if self.record.get(key) is None else self.number(key)

    def seconds(self, key: str) -> float:
        return _seconds(key, self.value(key))

    def optional_seconds(self, key: str) -> float | None:
        return None if self.value(key) is None else self.seconds(key)

    def all_seconds(self, key: str) -> tuple[float, ...]:
        return tuple(_seconds(key, item) for item in self.list(key))

    def list(self, key: str) -> list[Any]:
        return self._as(key, list, "a list")

    def texts(self, key: str) -> tuple[str, ...]:
        found = self.list(key)
        if not all(isinstance(item, str) for item in found):
            raise DamageError(f"`{key}` is {quoted(found)}, not a list of texts")
        return tuple(found)

    def lengths(self, key: str) -> tuple[int, ...]:
        """Axes or places: whole numbers from 0, at most 64 of them."""
        found = self.list(key)
        if len(found) > _MOST_AXES or not all(type(item) is int and 0 <= item < _LARGEST_WHOLE for item in found):
            raise DamageError(f"`{key}` is {quoted(found)}, not a list of whole numbers")
        return tuple(found)

    def mapping(self, key: str) -> Mapping[str, Any]:
        return self._as(key, dict, "an object")

    def numbers(self, key: str) -> Mapping[str, float]:
        """An object of numbers."""
        return {name: _number(f"{key}.{name}", found) for name, found in self.mapping(key).items()}

    def counts(self, key: str) -> Mapping[str, int]:
        """An object of whole numbers."""
        inner = Fields(self.mapping(key))
        return {name: inner.count(name) for name in inner.record}

    def each(self, key: str, build: Callable[[Fields], T]) -> tuple[T, ...]:
        """The list's records, built one by one; damage is told with the place in the list."""
        return tuple(_built(f"{key}[{place}]", record, build) for place, record in enumerate(self.list(key)))

    def optional(self, key: str, build: Callable[[Fields], T]) -> T | None:
        """The record below `key`, None where it is null."""
        found = self.value(key)
        return None if found is None else _built(key, found, build)

    def _as(self, key: str, kind: type[T], words: str) -> T:
        found = self.value(key)
        if not isinstance(found, kind):
            raise DamageError(f"`{key}` is {quoted(found)}, not {words}")
        return found


def check_array(key: str, data: Any, shape: tuple[int, ...]) -> None:
    """Raise DamageError unless `data` is nested lists of numbers that follow `shape`."""
    if not shape:
        plain = type(data) in (float, bool) or (type(data) is int and abs(data) < _LARGEST_WHOLE)
        if not plain and data not in _NON_FINITE:
            raise DamageError(f"`{key}` holds {quoted(data)}, not a number")
        return
    if not isinstance(data, list) or len(data) != shape[0]:
        raise DamageError(f"`{key}` does not have the shape that stands beside it")
    if len(shape) == 1 and set(map(type, data)) == {float}:  # most are, and there may be a million of them
        return
    for item in data:
        check_array(key, item, shape[1:])


def quoted(value: Any) -> str:
    """A value as it stands in the file, shortened for a message."""
    words = {None: "null", True: "true", False: "false"}
    if value is None or isinstance(value, bool):
        return words[value]
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = repr(value) if not isinstance(value, str) else f"`{value}`"
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"


def _built(where: str, record: Any, build: Callable[[Fields], T]) -> T:
    try:
        return build(Fields(record))
    except DamageError as error:
        raise DamageError(f"{where}: {error}") from error


def _number(key: str, found: Any) -> float:
    if type(found) in (int, float) or found in _NON_FINITE:
        try:
            return float(found)
        except OverflowError:
            return math.inf if found > 0 else -math.inf
    raise DamageError(f"`{key}` is {quoted(found)}, not a number")


def _seconds(key: str, found: Any) -> float:
    seconds = _number(key, found)
    if not (math.isfinite(seconds) and seconds >= 0.0):
        raise DamageError(f"`{key}` is {quoted(found)}, not a time in seconds")
    return seconds
