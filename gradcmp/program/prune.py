"""Takes out what `check` has made superfluous: plain numbers that were computed already, names that nobody reads.

The rest of the program stays word for word, because it is what the frameworks are to be tested on.
"""

from collections.abc import Sequence
from dataclasses import replace

from gradcmp.program import ir

Names = frozenset[str]


def prune(body: Sequence[ir.CheckedStatement]) -> tuple[ir.CheckedStatement, ...]:
    """The statements without bindings of plain numbers that are never read; `assigned` and `carried` without names
    that nobody reads afterwards."""
    return _block(body, frozenset())[0]


def reads(node: ir.Checked_) -> Names:
    """The names that an expression reads."""
    names: set[str] = set()
    waiting: list[object] = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ir.Read):
            names.add(part.path[0])
        elif isinstance(part, ir.Apply):
            waiting.extend(part.operands)
        elif isinstance(part, ir.Select):
            waiting.extend((part.test, part.body, part.orelse))
        elif isinstance(part, ir.Index):
            waiting.extend((part.value, *part.items))
        elif isinstance(part, ir.Group):
            waiting.extend(part.items)
        elif isinstance(part, ir.Outputs):
            waiting.extend(value for _, value in part.items)
    return frozenset(names)


def live_at_head(body: Sequence[ir.CheckedStatement], live: Names) -> Names:
    """The names whose value at the head of a block is read in it or, where they are `live`, after it."""
    return _block(body, live)[1]


def _block(body: Sequence[ir.CheckedStatement], live: Names) -> tuple[tuple[ir.CheckedStatement, ...], Names]:
    """The block, and the names that are read at its head or after it; `live` are those read after it."""
    kept: list[ir.CheckedStatement] = []
    for statement in reversed(body):
        new, live = _statement(statement, live)
        if new is not None:
            kept.append(new)
    return tuple(reversed(kept)), live


def _statement(statement: ir.CheckedStatement, live: Names) -> tuple[ir.CheckedStatement | None, Names]:
    if isinstance(statement, ir.Bind):
        if _is_number(statement.value) and not live.intersection(statement.names):
            return None, live
        return statement, (live - set(statement.names)) | reads(statement.value)
    if isinstance(statement, ir.Give):
        return statement, reads(statement.value)
    if isinstance(statement, ir.Branch):
        body, a = _block(statement.body, live)
        orelse, b = _block(statement.orelse, live)
        assigned = tuple(pair for pair in statement.assigned if pair[0] in live)
        return replace(statement, body=body, orelse=orelse, assigned=assigned), a | b | reads(statement.test)
    if isinstance(statement, ir.Loop):
        body, head = _rounds(statement.body, live | reads(statement.test))
        carried = tuple(pair for pair in statement.carried if pair[0] in head)
        return replace(statement, body=body, carried=carried), head
    body, head = _rounds(statement.body, live)
    ends = reads(statement.start) | reads(statement.stop) | reads(statement.step)
    return replace(statement, body=body), (head - {statement.variable}) | ends


def _rounds(body: Sequence[ir.CheckedStatement], live: Names) -> tuple[tuple[ir.CheckedStatement, ...], Names]:
    """A body whose end is its head again."""
    while True:
        new, head = _block(body, live)
        if head <= live:
            return new, live
        live |= head


def _is_number(value: ir.Checked_) -> bool:
    if isinstance(value, ir.Group):
        return all(isinstance(item, ir.Literal) for item in value.items)
    return isinstance(value, ir.Literal)
