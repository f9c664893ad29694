"""Did you mean …?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.6, count: int = 1) -> tuple[str, ...]:
    """The known words that look most like `word`, best first; empty where none does."""
    from difflib import get_close_matches  # only complaints need it

    by_folded = {candidate.lower(): candidate for candidate in known}
    found = get_close_matches(word.lower()[:200], by_folded, n=count, cutoff=cutoff)
    return tuple(by_folded[candidate] for candidate in found)


def did_you_mean(word: str, known: Iterable[str], meant: Mapping[str, str] | None = None) -> str:
    """The question whether the nearest word was meant, or nothing. `meant` knows what people write for other words."""
    if meant and word.lower() in meant:
        return f"did you mean `{meant[word.lower()]}`?"
    found = nearest(word, known)
    return f"did you mean `{found[0]}`?" if found else ""
