"""Little is kept of what a worker writes, and the right part of it."""

from __future__ import annotations

import io

from gradcmp.execute.tail import TAIL_BYTES, TAIL_LINES, Tail, last_lines


def test_the_last_lines_and_no_more_than_eight_kibibytes():
    assert last_lines(b"\n".join(b"%d" % n for n in range(100))).splitlines() == [
        str(n) for n in range(100 - TAIL_LINES, 100)
    ]
    assert len(last_lines(b"x" * 100_000)) == TAIL_BYTES
    assert last_lines(b"caf\xc3") == "caf\ufffd"
    assert last_lines(b"") == ""


class Pieces(io.BytesIO):
    """A stream that gives its bytes in small pieces, once it is allowed to."""

    def read1(self, size=-1):
        return super().read1(min(size, 3))


def test_a_mark_in_pieces_parts_two_cases():
    tail = Tail(Pieces())
    tail.to_the_end()
    tail.expect("<mark>")
    for piece in (b"of the c", b"ase<ma", b"rk>late"):
        tail.note(piece)
    assert tail.until_mark() == "of the case"
    assert tail.to_the_end() == "late"


def test_what_was_written_before_a_case_is_forgotten():
    tail = Tail(Pieces(b"import noise"))
    assert tail.to_the_end() == "import noise"
    tail.expect("<mark>")
    assert tail.until_mark(timeout_s=0.01) == ""


def test_the_mark_of_the_case_before_may_be_late():
    tail = Tail(Pieces())
    tail.to_the_end()
    tail.expect("<1>")
    tail.expect("<2>")
    for piece in (b"of the first<", b"1>of the ", b"second"):
        tail.note(piece)
    assert tail.to_the_end() == "of the second"
    tail.note(b"<2>")
    assert tail.until_mark() == "of the second"
