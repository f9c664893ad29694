"""Exceptions and the outcomes that they are."""

from __future__ import annotations

import pytest

from gradcmp.backends.base import LoopNotFinished, NoSuchNotion, Settings, UnsupportedByFramework
from gradcmp.backends.fake.backend import FakeBackend
from gradcmp.core.outcomes import Raised, Skipped, Unsupported
from gradcmp.worker.failures import MESSAGE_CHARACTERS, as_outcome, error_text


class Wordless(Exception):
    def __str__(self):
        raise ValueError


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UnsupportedByFramework("no such op"), Unsupported(message="no such op")),
        (NotImplementedError(), Unsupported(message="NotImplementedError")),
        (NoSuchNotion("no tape"), Skipped(message="no tape")),
        (LoopNotFinished("cut"), Raised(exception="LoopNotFinished", message="LoopNotFinished: cut")),
        (ValueError(" no\n"), Raised(exception="ValueError", message="ValueError: no")),
        (SystemExit(3), Raised(exception="SystemExit", message="SystemExit: 3")),
        (MemoryError(), Raised(exception="MemoryError", message="MemoryError")),
        (KeyboardInterrupt(), Raised(exception="KeyboardInterrupt", message="KeyboardInterrupt")),
        (Wordless(), Raised(exception="Wordless", message="Wordless: (its message raised ValueError)")),
    ],
)
def test_each_exception_is_one_outcome(error, expected):
    assert as_outcome(error, FakeBackend(Settings())) == expected


def test_an_exception_without_words_is_told_by_its_line():
    with pytest.raises(AssertionError) as caught:
        exec(compile("\n\nraise AssertionError", __file__, "exec"))
    assert error_text(caught.value) == "AssertionError: test_failures.py:3: from __future__ import annotations"


def test_a_backend_that_stumbles_over_an_exception_does_not_know_it():
    class Clumsy(FakeBackend):
        def is_unsupported(self, error):
            raise ZeroDivisionError from error

    assert isinstance(as_outcome(ValueError("no"), Clumsy(Settings())), Raised)


def test_a_long_message_keeps_its_first_paragraph_and_its_end():
    message = error_text(ValueError("what went wrong\n\n" + "node " * 5000 + "the end"))
    assert len(message) == MESSAGE_CHARACTERS
    assert message.startswith("ValueError: what went wrong\n[…]\n")
    assert message.endswith("the end")
    assert len(error_text(ValueError("x" * 10_000))) == MESSAGE_CHARACTERS
