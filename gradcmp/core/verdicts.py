"""Verdicts, their levels and their order."""

from __future__ import annotations

from collections.abc import Mapping

LEVELS: tuple[str, ...] = ("ok", "note", "warn", "fail")

VERDICTS: dict[str, str] = {
    "exact": "ok",
    "rounding": "ok",
    "high": "ok",
    "skipped": "ok",
    "unsupported": "note",
    "unjudged": "note",
    "no-digits": "note",
    "convention": "note",
    "fragile": "note",
    "nondeterministic": "warn",
    "excess": "warn",
    "removable": "warn",
    "disagrees": "fail",
    "wrong": "fail",
    "nonfinite": "fail",
    "missing": "fail",
    "misshapen": "fail",
    "raised": "fail",
    "timed-out": "fail",
    "died": "fail",
}
"""Verdict → level, from best to worst."""

EVIDENCE: tuple[str, ...] = ("none", "consensus", "numerical", "expected", "certified")
"""Grades of evidence, from worst to best."""
CERTIFIED = EVIDENCE[-1]

EXPECTATIONS: tuple[str, ...] = ("none", "met", "unmet", "fixed")


def worst(verdicts: Mapping[str, int] | tuple[str, ...]) -> str:
    """The worst verdict: by level, then by the order of the table."""
    order = list(VERDICTS)
    return max(verdicts, key=lambda verdict: (LEVELS.index(VERDICTS[verdict]), order.index(verdict)))
