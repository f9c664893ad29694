"""The words of `-k`, joined by `and`, `or`, `not`, parentheses; a word is a case-insensitive part of an id or tag."""

import re
from collections.abc import Callable, Iterable

from gradcmp.errors import UsageError

Predicate = Callable[[Iterable[str]], bool]

_TOKEN = re.compile(r"\(|\)|[^\s()]+")


def parse_keywords(text: str) -> Predicate:
    """A predicate over the ids and tags of a case.

    >>> parse_keywords("jax and not (hvp or hessian)")(["d2l/f[jvp-float32]@jax-eager-cpu"])
    True

    Raises UsageError for an expression that cannot be read.
    """
    tokens = _TOKEN.findall(text)
    if not tokens:
        raise UsageError("`-k` (in Python `keywords`) is empty; expected words joined by `and`, `or`, `not`")
    predicate, rest = _either(tokens, text)
    if rest:
        raise _unreadable(text, f"`{rest[0]}` is left over")
    return predicate


def _either(tokens: list[str], text: str) -> tuple[Predicate, list[str]]:
    left, tokens = _both(tokens, text)
    while tokens and tokens[0] == "or":
        right, tokens = _both(tokens[1:], text)
        left = _join(left, right, any)
    return left, tokens


def _both(tokens: list[str], text: str) -> tuple[Predicate, list[str]]:
    left, tokens = _one(tokens, text)
    while tokens and tokens[0] == "and":
        right, tokens = _one(tokens[1:], text)
        left = _join(left, right, all)
    return left, tokens


def _one(tokens: list[str], text: str) -> tuple[Predicate, list[str]]:
    negations = 0
    while tokens and tokens[0] == "not":
        negations, tokens = negations + 1, tokens[1:]
    if not tokens or tokens[0] in {")", "and", "or"}:
        raise _unreadable(text, "a word is missing")
    if tokens[0] == "(":
        predicate, tokens = _either(tokens[1:], text)
        if not tokens:
            raise _unreadable(text, "`)` is missing")
        tokens = tokens[1:]
    else:
        predicate, tokens = _contains(tokens[0].lower()), tokens[1:]
    if negations % 2:
        positive = predicate
        return (lambda names: not positive(names)), tokens
    return predicate, tokens


def _contains(word: str) -> Predicate:
    return lambda names: any(word in name.lower() for name in names)


def _join(left: Predicate, right: Predicate, how: Callable[[Iterable[bool]], bool]) -> Predicate:
    return lambda names: how((left(names), right(names)))


def _unreadable(text: str, why: str) -> UsageError:
    return UsageError(
        f"`-k {text}` (in Python `keywords`) cannot be read: {why}; "
        "expected words joined by `and`, `or`, `not`, parentheses"
    )
