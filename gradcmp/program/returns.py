"""Early returns turned into branches, so that every `return` is last in its block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradcmp.program.flow import walk
from gradcmp.program.ir import If, Return, Span, Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_STATEMENTS = 5_000
"""What follows an `if` may have to be copied into both branches; this bounds the copies."""

MOST_DEPTH = 40
"""Early returns one after the other, each of which puts what follows it a level deeper."""


class TooManyPaths(Exception):  # never leaves the package
    """The copies grew beyond the bound."""

    def __init__(self, span: Span) -> None:
        super().__init__("too many paths")
        self.span = span


def returns_last(statements: Sequence[Statement]) -> tuple[tuple[Statement, ...], Span | None]:
    """The same block with every return last, and where a path ends without one (None: nowhere).

    `if a: return x` followed by `return y` becomes `if a: return x else: return y`.
    """
    turner = _Turner()
    body = turner.turn(tuple(statements))
    return body, turner.missing


class _Turner:
    def __init__(self) -> None:
        self.count = 0
        self.missing: Span | None = None

    def turn(
        self, statements: tuple[Statement, ...], fallback: Span | None = None, depth: int = 0
    ) -> tuple[Statement, ...]:
        done: list[Statement] = []
        for position, statement in enumerate(statements):
            self.count += 1
            if self.count > MOST_STATEMENTS or depth > MOST_DEPTH:
                raise TooManyPaths(statement.span)
            if isinstance(statement, Return):
                return (*done, statement)
            if isinstance(statement, If) and any(isinstance(part, Return) for part in walk((statement,))):
                rest = statements[position + 1 :]
                body = self.turn((*statement.body, *rest), statement.span, depth + 1)
                orelse = self.turn((*statement.orelse, *rest), statement.span, depth + 1)
                return (*done, If(span=statement.span, test=statement.test, body=body, orelse=orelse))
            done.append(statement)
        last = statements[-1].span if statements else fallback
        self.missing = self.missing or last or Span(1, 1, 1, 2)
        return tuple(done)
