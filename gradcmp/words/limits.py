"""Limits in words: in short, at one element, and where they come from."""

from __future__ import annotations

from gradcmp.core.reasons import Limit, LimitKind


def text(limit: Limit) -> str:
    """What was used."""
    match limit.kind:
        case LimitKind.RUNNING:
            return f"{_root_sum_squares(limit)} or the worst case"
        case LimitKind.INTERIM:
            return f"interim limit of {limit.ulps:g} ULPs"
        case LimitKind.ULPS:
            return f"the scenario's limit of {limit.ulps:g} ULPs"
        case LimitKind.RELATIVE:
            return f"the scenario's limit of rtol {limit.rtol:g}, atol {limit.atol:g}"
        case LimitKind.WHOLE:
            return "whole numbers have no rounding"
        case LimitKind.WORDS:
            return limit.text


def in_short(limit: Limit) -> str:
    """The limit that stands for all of its kind in one line."""
    return "rounding errors of each program in its dtype" if limit.kind is LimitKind.RUNNING else text(limit)


def at_worst(limit: Limit, *, counted: bool = True) -> str:
    """The sizes at one element, `counted` in ULPs; empty where it has none of its own.

    At a true zero the unit in the last place is the smallest number: there a count of it says nothing.
    """
    unit = limit.unit or 1.0

    def size(ulps: str) -> str:
        return f"{ulps} ULPs" if counted else f"{float(ulps) * unit:.3g}"

    return ", ".join(f"{name} = {size(ulps)}" for name, ulps in _ulps(limit)) or limit.text_at_worst


def sizes(limit: Limit) -> str:
    """The sizes at one element in ULPs, in short: `3.2 / 10`."""
    return " / ".join(ulps for _, ulps in _ulps(limit))


def largest(limit: Limit) -> str:
    """The one that lets most through at one element, or what was used where it has no sizes there."""
    if limit.rss is None or limit.worst is None or limit.unit is None:
        return text(limit)
    size = limit.worst if limit.worst > limit.rss else limit.rss
    name = "worst-case running error" if limit.worst > limit.rss else _root_sum_squares(limit)
    return f"limit of {name} = {size / limit.unit:.3g} ULPs" if size > limit.unit else "limit of 1 ULP"


def origin(limit: Limit, dtype: str) -> str:
    """Where a limit comes from, in a sentence; empty where nothing is known of it."""
    match limit.kind:
        case LimitKind.RUNNING:
            return (
                f"how far the roundings of this very program at this point may take it in {dtype}: their "
                f"root-sum-square times {limit.sigmas:g}, and their worst case"
            )
        case LimitKind.INTERIM:
            return f"a fixed number of ULPs for {dtype}: the running errors of this program are not known"
        case LimitKind.ULPS | LimitKind.RELATIVE:
            return "set by the scenario; it replaces the limit that gradcmp computes"
        case LimitKind.WHOLE:
            return "whole numbers are right or wrong"
        case LimitKind.WORDS:
            return ""


def _root_sum_squares(limit: Limit) -> str:
    return f"{limit.sigmas:g} root-sum-square running errors"


def _ulps(limit: Limit) -> list[tuple[str, str]]:
    """Name and size in ULPs of what there is at one element."""
    if limit.rss is None or limit.worst is None or limit.unit is None:
        return []
    parts = ((_root_sum_squares(limit), limit.rss), ("worst-case running error", limit.worst))
    return [(name, f"{size / limit.unit:.3g}") for name, size in parts]
