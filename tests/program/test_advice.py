"""What complaints advise is a program, and computes what was meant."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gradcmp.errors import UsageError
from gradcmp.program.hints import CHARACTERS
from tests.program.language import checked
from tests.reference.language.test_evaluator import value

ROWS = np.arange(12.0).reshape(3, 4)
PICK = np.array([2, 0, 3])


def advice(text: str) -> list[str]:
    """The programs in backquotes in the hint of the first complaint."""
    with pytest.raises(UsageError) as caught:
        checked(text)
    return re.findall(r"`([^`]*)`", caught.value.complaints[0].hint)


@pytest.mark.parametrize(
    ("text", "meant"),
    [("M[i]", ROWS[PICK % 3]), ("M[:, i]", ROWS[:, PICK]), ("M[..., i]", ROWS[..., PICK]), ("M[i, :]", ROWS[PICK % 3])],
)
def test_an_array_among_whole_axes_is_take(text: str, meant: np.ndarray) -> None:
    (take,) = advice(text)
    indices = PICK % 3 if "axis=0" in take else PICK
    assert value(take, x=ROWS, indices=indices) == meant.tolist()


def test_one_entry_of_each_row_is_a_mask() -> None:
    mask, classes = advice("M[i, i]")
    assert classes == "k: {arange: 10, dtype: int64}"
    assert value(mask, x=ROWS, y=PICK, k=np.arange(4)) == ROWS[[0, 1, 2], PICK].tolist()


@pytest.mark.parametrize(
    ("character", "typed"), [(c, t) for c, t in CHARACTERS.items() if t in ("-", "*", "/", "** 2")]
)
def test_what_to_type_for_a_character(character: str, typed: str) -> None:
    written = f"x {character} 2" if typed != "** 2" else f"x{character}"
    assert advice(written) == [typed]
    checked(written.replace(character, f" {typed}"))
