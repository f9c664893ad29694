"""Limits in words: in short, at one element, and where they come from."""

import math

from gradcmp.core.reasons import Limit, LimitKind

_BY_SCENARIO = "set by the scenario; it replaces the limit that gradcmp computes"
_ROOT_SUM_SQUARES = "{0.sigmas:g} root-sum-square running errors"
_TEXTS = {
    LimitKind.RUNNING: f"{_ROOT_SUM_SQUARES} or the worst case",
    LimitKind.INTERIM: "interim limit of {0.ulps:g} ULPs",
    LimitKind.ULPS: "the scenario's limit of {0.ulps:g} ULPs",
    LimitKind.RELATIVE: "the scenario's limit of rtol {0.rtol:g}, atol {0.atol:g}",
    LimitKind.ABOUT: "half a unit of the last digit written is {0.atol:g}",
    LimitKind.WHOLE: "whole numbers have no rounding",
    LimitKind.WORDS: "{0.text}",
}
_ORIGINS = {
    LimitKind.RUNNING: (
        "how far the roundings of this very program at this point may take it in {1}: their root-sum-square times "
        "{0.sigmas:g}, and their worst case"
    ),
    LimitKind.INTERIM: "a fixed number of ULPs for {1}: the running errors of this program are not known",
    LimitKind.ULPS: _BY_SCENARIO,
    LimitKind.RELATIVE: _BY_SCENARIO,
    LimitKind.ABOUT: "as far as the digits go that the scenario's author wrote",
    LimitKind.WHOLE: "whole numbers are right or wrong",
    LimitKind.WORDS: "",
}


def text(limit: Limit) -> str:
    """What was used."""
    return _TEXTS[limit.kind].format(limit)


def in_short(limit: Limit) -> str:
    """The limit that stands for all of its kind in one line."""
    return "rounding errors of each program in its dtype" if limit.kind is LimitKind.RUNNING else text(limit)


UNKNOWN = "none: how far rounding may go is not known here, so the digits decide"


def is_unknown(limit: Limit) -> bool:
    """Is there no bound of the rounding errors at this element, as where a step leaves the range of the dtype?"""
    return math.inf in (limit.rss, limit.worst)


def origin(limit: Limit, dtype: str) -> str:
    """Where a limit comes from, in a sentence; empty where nothing is known of it."""
    return _ORIGINS[limit.kind].format(limit, dtype)


def at_worst(limit: Limit, *, counted: bool = True) -> str:
    """The sizes at one element, `counted` in ULPs; empty where it has none of its own.

    At a true zero the unit in the last place is the smallest number: there a count of it says nothing.
    """
    unit = limit.unit or 1.0
    parts = (f"{name} = " + (f"{ulps} ULPs" if counted else f"{float(ulps) * unit:.3g}") for name, ulps in _ulps(limit))
    return ", ".join(parts) or limit.text_at_worst


def sizes(limit: Limit) -> str:
    """The sizes at one element in ULPs, in short: `3.2 / 10`."""
    return " / ".join(ulps for _, ulps in _ulps(limit))


def largest(limit: Limit) -> str:
    """The one that lets most through at one element, or what was used where it has no sizes there."""
    if limit.rss is None or limit.worst is None or limit.unit is None:
        return text(limit)
    name, ulps = _ulps(limit)[limit.worst > limit.rss]
    return f"limit of {name} = {ulps} ULPs" if max(limit.rss, limit.worst) > limit.unit else "limit of 1 ULP"


def _ulps(limit: Limit) -> list[tuple[str, str]]:
    """Name and size in ULPs of what there is at one element."""
    if limit.rss is None or limit.worst is None or limit.unit is None:
        return []
    parts = ((_ROOT_SUM_SQUARES.format(limit), limit.rss), ("worst-case running error", limit.worst))
    return [(name, f"{size / limit.unit:.3g}") for name, size in parts]
