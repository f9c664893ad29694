"""What a block of statements binds, and how it ends: the same for programs as written and as checked."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from gradcmp.program import ir

Statement = TypeVar("Statement", ir.Statement, ir.CheckedStatement)


def inner(statement: ir.Statement | ir.CheckedStatement) -> tuple[Any, ...]:
    """The statements of a statement's own blocks."""
    return (*getattr(statement, "body", ()), *getattr(statement, "orelse", ()))


def walk(body: Sequence[Statement]) -> Iterator[Statement]:
    """Every statement of a block, each before those inside it."""
    for statement in body:
        yield statement
        yield from walk(inner(statement))


def assigned_names(body: Sequence[Statement]) -> list[str]:
    """The names that a block may bind, in order of appearance."""
    names: dict[str, None] = {}
    for statement in walk(body):
        if isinstance(statement, ir.Assign | ir.Bind):
            names |= dict.fromkeys(statement.names)
        elif isinstance(statement, ir.For | ir.Count):
            names[statement.variable] = None
    return list(names)


def has_loop(body: Sequence[ir.CheckedStatement]) -> bool:
    """Is there a `while` in it?"""
    return any(isinstance(statement, ir.Loop) for statement in walk(body))


def returns(body: Sequence[Statement]) -> bool:
    """Does the block return on every way? (`parse` has put every return last.)"""
    last = body[-1] if body else None
    if isinstance(last, ir.If | ir.Branch):
        return returns(last.body) and returns(last.orelse)
    return isinstance(last, ir.Return | ir.Give)
