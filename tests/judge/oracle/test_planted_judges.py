"""The oracle's own test: a judge that is broken on purpose is caught, each check by a fault of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gradcmp.judge import consensus, digits, elements, kinks, tolerance
from gradcmp.judge.codes import CONVENTION, EXACT, HIGH, INACCURATE, NO_DIGITS, ROUNDING, WRONG
from gradcmp.reference import referee
from tests.judge.oracle.checks import CHECKS, examined

PROBLEMS = range(600)
"""Where a fault is looked for, until it is found."""

Plant = Callable[[pytest.MonkeyPatch], None]


def at(module: Any, name: str, value: Any) -> Plant:
    return lambda patch: patch.setattr(module, name, value)


def never(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(digits.Accuracy, "half", property(lambda self: np.zeros(self.correct.shape, dtype=bool)))


def wide(patch: pytest.MonkeyPatch) -> None:
    """Worst cases as if every one of them met a hundred thousand times."""
    honest = tolerance.running

    def running(truth, dtype):
        limits = honest(truth, dtype)
        return replace(limits, high=1e5 * limits.high)

    patch.setattr(tolerance, "running", running)


def one_sided(patch: pytest.MonkeyPatch) -> None:
    honest = kinks.sides_of

    def sides_of(*known):
        sides = honest(*known)
        return replace(sides, right=sides.left, limiting=())

    patch.setattr(kinks, "sides_of", sides_of)


def off(patch: pytest.MonkeyPatch) -> None:
    """A referee whose truth is a millionth too large."""
    honest = referee.certify

    def certify(*asked):
        truth = honest(*asked)
        leaves = truth.derivatives or ()
        return replace(truth, derivatives=tuple(replace(leaf, high=leaf.high * (1 + 1e-6)) for leaf in leaves))

    patch.setattr(referee, "certify", certify)


FAULTS: dict[str, tuple[str, Plant]] = {
    "sigmas": ("ok_beyond_its_limit", at(tolerance, "SIGMAS", 1e6)),
    "worst cases": ("ok_beyond_its_limit", wide),
    "inaccurate is high": ("ok_beyond_its_limit", at(elements, "INACCURATE", HIGH)),
    "NaN is rounding": ("ok_beyond_its_limit", at(elements, "NONFINITE", ROUNDING)),
    "a kink is a fault": ("failed_with_all_digits", at(kinks, "CONVENTION", WRONG)),
    "one side is enough": ("failed_with_all_digits", one_sided),
    "no digits are enough": ("failed_with_half_the_digits", never),
    "a shifted truth": ("not_exact", off),
    "nothing is exact": ("not_exact", at(elements, "is_exact", lambda got, *_: np.zeros(got.shape, dtype=bool))),
    "wrong is inaccurate": ("passed_and_lost", at(elements, "WRONG", INACCURATE)),
    "nonfinite is a note": ("passed_and_lost", at(elements, "NONFINITE", NO_DIGITS)),
    "outside is a convention": ("passed_and_lost", at(kinks, "WRONG", CONVENTION)),
    "agreement is exact": ("exact_by_consensus", at(consensus, "ROUNDING", EXACT)),
}
"""Fault → the check that has to see it, and how it is planted."""


def caught(check: str) -> bool:
    return any(word.startswith(f"{check}:") for number in PROBLEMS for word in examined(number).unjust)


def test_every_check_has_a_fault():
    assert {check for check, _ in FAULTS.values()} == set(CHECKS)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_judge_is_caught(monkeypatch, fault):
    check, plant = FAULTS[fault]
    plant(monkeypatch)
    assert caught(check)
