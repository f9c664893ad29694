"""Random problems before the judge: no word on any answer is unjust. `make fuzz` looks at 100 000 new ones.

Whoever wants a problem again draws it by its number: `examined(643)`.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import settings

from tests.judge.oracle.checks import examined

CHUNKS = 20
KNOWN = 100
"""Problems in a chunk that are the same in every run."""

NEW = 5_000


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_word_is_unjust(chunk: int) -> None:
    anew = settings.default is not None and settings.default.max_examples > 1_000
    first, count = (int.from_bytes(os.urandom(6)), NEW) if anew else (chunk * KNOWN, KNOWN)
    unjust: list[str] = []
    looked: Counter[str] = Counter()
    for number in range(first, first + count):
        record = examined(number)
        looked.update(record.looked)
        unjust += [f"{number}: {each}" for each in record.unjust]
    shortest = sorted(unjust, key=len)[:5]
    assert not unjust, "\n".join([f"{len(unjust)} unjust words, first {first}", *shortest])
    # An oracle that looks away proves nothing: most problems have derivatives that it knows, and some have a kink.
    assert looked["known"] > 0.7 * count, looked
    assert looked["evidence certified"] > 0.65 * count, looked
    assert looked["kink"], looked
