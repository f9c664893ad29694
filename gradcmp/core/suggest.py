"""Did you mean …?"""

from collections.abc import Iterable, Mapping
from itertools import islice

from gradcmp.errors import Complaint

LONGEST = 200
"""Characters of a word that are looked at: what people write may be any length."""

MOST = 1000
"""Candidates that are looked at."""


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.6, count: int = 1) -> tuple[str, ...]:
    """The known words that look most like `word`, best first; empty where none does."""
    from difflib import get_close_matches  # only complaints need it

    short = (candidate for candidate in known if len(candidate) <= LONGEST)
    by_folded = {candidate.lower(): candidate for candidate in islice(short, MOST)}
    found = get_close_matches(word.lower()[:LONGEST], by_folded, n=count, cutoff=cutoff)
    return tuple(by_folded[candidate] for candidate in found)


def did_you_mean(word: str, known: Iterable[str], meant: Mapping[str, str] | None = None) -> str:
    """The question whether the nearest word was meant, or nothing. `meant` knows what people write for other words."""
    if meant and word.lower() in meant:
        return f"did you mean `{meant[word.lower()]}`?"
    found = nearest(word, known)
    return f"did you mean `{found[0]}`?" if found else ""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> Complaint:
    """That there is no such name, with what there is and the nearest."""
    names = sorted(known)
    return Complaint(
        what=f"there is no {kind} `{name}`",
        expected=f"expected one of {', '.join(names)}",
        hint=did_you_mean(name, names),
    )


def foreign_letter(name: str) -> str:
    """That a name has a character outside ASCII, which may look like another; nothing where it has none."""
    found = next((character for character in name if not character.isascii()), "")
    return f"`{found}` is the character U+{ord(found):04X}, not one of ASCII" if found else ""
