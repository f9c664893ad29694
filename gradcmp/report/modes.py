"""How targets differentiated: two modes of one problem are two algorithms."""

from collections.abc import Sequence

from gradcmp.result.records import CaseRecord


def modes_of(cases: Sequence[CaseRecord | None]) -> tuple[str, ...]:
    """The mode of each case, `""` where there is no answer."""
    return tuple("" if case is None or case.mode is None else case.mode for case in cases)


def differ(modes: Sequence[str]) -> bool:
    """Are there two modes among those of one problem?"""
    return len(set(filter(None, modes))) > 1
