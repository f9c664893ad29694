"""What the derivatives at several ties come to together, whichever operands they choose.

By the abs-normal form (`piecewise_linear`) every choice gives a derivative J + c Z, where only c depends on it. Along a
direction d with Z d = 0 no gap opens, so the function is smooth there and all of them have the slope J d: those that
are limits of gradients, what lies between them, and what a framework makes by a convention of its own at each tie. For
the largest of equal numbers d is all ones, and the slope 1.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from flint import arb

from gradcmp.core.tensors import Key, Shape
from gradcmp.core.truth import Sums
from gradcmp.reference.kinks.piecewise_linear import Pieces
from gradcmp.reference.modes.derivatives import Rows

SMOOTH = arb(2) ** -40
"""Of the size of its parts: a sum up to here is zero. What the judge convicts of is larger by far."""

Direction = dict[int, float]


def sums(form: Pieces, rows: Rows, tied: Mapping[Key, Iterable[int]]) -> dict[Key, Sums]:
    """The sums of the `tied` elements by leaf, where there are any. The form must hold."""
    directions = _smooth(form)
    moving = {j: (number, weight) for number, each in enumerate(directions) for j, weight in each.items()}
    members: dict[Key, list[tuple[int, int, float]]] = {}
    parts: dict[int, list[Any]] = {}
    for key, (heads, columns, _) in rows.leaves.items():
        for place in tied[key]:
            head, j = heads[place // len(columns)], columns[place % len(columns)]
            if j in moving:
                number, weight = moving[j]
                group = head * len(directions) + number
                members.setdefault(key, []).append((place, group, weight))
                parts.setdefault(group, []).append(form.slopes[head][j] * arb(weight))
    totals = {group: _total(each) for group, each in parts.items() if len(each) > 1}
    return {key: _of_leaf(each, totals, rows.leaves[key][-1]) for key, each in members.items()}


def _of_leaf(members: Sequence[tuple[int, int, float]], totals: Mapping[int, float], shape: Shape) -> Sums:
    groups, weights, due = np.full(shape, -1), np.zeros(shape), np.zeros(shape)
    for place, group, weight in members:
        if group in totals:
            groups.flat[place], weights.flat[place], due.flat[place] = group, weight, totals[group]
    return Sums(groups=groups, weights=weights, totals=due)


def _total(parts: Sequence[Any]) -> float:
    return 0.0 if _cancels(parts) else float(sum(parts, start=arb(0)))


def _cancels(parts: Sequence[Any]) -> bool:
    """Is a sum provably nothing beside its parts?"""
    return bool(abs(sum(parts, start=arb(0))) <= SMOOTH * sum(map(abs, parts), start=arb(0)))


def _smooth(form: Pieces) -> list[Direction]:
    """A direction for each set of coordinates that ties connect, where one is found and proven."""
    gaps = [{j: z for j, z in row.items() if j < form.size} for row in form.gaps.values()]
    users: dict[int, list[int]] = {}
    for k, row in enumerate(gaps):
        for j in row:
            users.setdefault(j, []).append(k)
    values = _solved([{j: float(z) for j, z in row.items()} for row in gaps], users)
    proven = [_cancels([z * arb(values[j]) for j, z in row.items()]) for row in gaps]
    return [
        {j: values[j] for j in connected if values[j]}
        for connected in _connected(gaps, users)
        if all(proven[k] for j in connected for k in users[j]) and any(values[j] for j in connected)
    ]


def _solved(gaps: Sequence[Mapping[int, float]], users: Mapping[int, Sequence[int]]) -> Direction:
    """Coordinates that let no gap open, as far as one unknown after the other tells; what is free is one."""
    values: Direction = {}
    unknown = [len(row) for row in gaps]
    ready = [k for k, count in enumerate(unknown) if count == 1]

    def settle(j: int, value: float) -> None:
        values[j] = value
        for k in users[j]:
            unknown[k] -= 1
            if unknown[k] == 1:
                ready.append(k)

    for free in users:
        while ready:
            row = gaps[ready.pop()]
            for j in [j for j in row if j not in values]:  # none where another gap has settled it
                rest = sum(z * values[i] for i, z in row.items() if i != j)
                settle(j, 0.0 - rest / row[j] if row[j] else math.nan)
        if free not in values:
            settle(free, 1.0)
    return values


def _connected(gaps: Sequence[Mapping[int, Any]], users: Mapping[int, Sequence[int]]) -> Iterator[list[int]]:
    """The coordinates in sets that no gap crosses."""
    seen: set[int] = set()
    for start in users:
        if start in seen:
            continue
        seen.add(start)
        found = [start]
        for j in found:  # it grows on the way
            beside = {i for k in users[j] for i in gaps[k]} - seen
            seen |= beside
            found += beside
        yield sorted(found)
