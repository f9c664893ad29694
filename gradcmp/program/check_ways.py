"""Where ways through a program meet: the ends of an `if`, the head of every round of a loop."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from gradcmp.program import ir
from gradcmp.program.calls import convert
from gradcmp.program.check_calls import Binding
from gradcmp.program.check_expressions import ExpressionChecker
from gradcmp.program.flow import assigned_names, returns
from gradcmp.program.joins import CannotJoin, describe, join
from gradcmp.program.source import Source

MOST_ROUNDS = 10_000
"""Rounds of a `for`, those of the loops around it multiplied."""

MOST_PASSES = 8
"""Passes over a loop's body until the types of its names settle."""

Environment = dict[str, Binding]


class WayChecker(ExpressionChecker):
    """Branches and loops."""

    def __init__(self, source: Source, *, dtype: str, words: Mapping[str, str]) -> None:
        super().__init__(source, dtype=dtype, words=words)
        self.rounds = 1  # of the `for` loops around this place

    @abstractmethod
    def block(self, statements: Sequence[ir.Statement]) -> tuple[ir.CheckedStatement, ...]:
        """Check statements one after the other."""

    def branch(self, node: ir.If) -> list[ir.CheckedStatement]:
        test = self.condition(node.test)
        if isinstance(test, ir.Literal):
            return list(self.block(node.body if test.value else node.orelse))
        before = dict(self.environment)
        body, after_body = self.block(node.body), self.environment
        self.environment = dict(before)
        orelse, after_orelse = self.block(node.orelse), dict(self.environment)
        if returns((node,)):
            return [ir.Branch(span=node.span, test=test, body=body, orelse=orelse, assigned=())]
        assigned: list[tuple[str, ir.Type]] = []
        names = [name for name in assigned_names((node,)) if name in after_body or name in after_orelse]
        for name in names:
            binding = self._meet_ways(node.span, name, after_body.get(name), after_orelse.get(name))
            self.environment[name] = binding
            if binding.certain and binding.type is not None:
                assigned.append((name, binding.type))
        body = (*body, *self._conversions(node.span, assigned, after_body))
        orelse = (*orelse, *self._conversions(node.span, assigned, after_orelse))
        return [ir.Branch(span=node.span, test=test, body=body, orelse=orelse, assigned=tuple(assigned))]

    def _meet_ways(
        self, span: ir.Span, name: str, a: Binding | None, b: Binding | None, *, loop: bool = False
    ) -> Binding:
        """What is known of a name where two ways meet."""
        if a is None or b is None or not (a.certain and b.certain):
            known = a or b
            return Binding(type=known.type if known else None, certain=False)
        if a.type is None or b.type is None:
            return Binding(type=None)
        if isinstance(a.known, ir.Literal) and isinstance(b.known, ir.Literal) and _same(a.known, b.known):
            return a
        try:
            return Binding(type=join(a.type, b.type, dtype=self.dtype, numbers_stay=loop))
        except CannotJoin as error:
            self.complain(span, f"`{name}` differs: {error}", "give it one type on every way")
            return Binding(type=None)

    def _conversions(
        self, span: ir.Span, names: Sequence[tuple[str, ir.Type]], environment: Environment
    ) -> list[ir.CheckedStatement]:
        """Assignments that make arrays of numbers where the names are to hold arrays."""
        conversions: list[ir.CheckedStatement] = []
        for name, type_ in names:
            binding = environment[name]
            if binding.type is None or not _numbers_become_arrays(binding.type, type_):
                continue
            value = binding.known or ir.Read(span=span, path=(name,), type=binding.type)
            conversions.append(ir.Bind(span=span, names=(name,), value=convert(value, type_, dtype=self.dtype)))
        return conversions

    def loop(self, node: ir.While) -> list[ir.CheckedStatement]:
        before = dict(self.environment)
        names = [name for name in assigned_names(node.body) if name in before and before[name].certain]
        head = self._settle(node, names, before, stays=False, body=lambda: self._round(node.test, node.body))
        self.environment = dict(head)
        test, body = self._round(node.test, node.body)
        if isinstance(test, ir.Literal):
            if test.value:
                raise self.refuse(
                    node.test,
                    "this condition is always true: the loop never ends",
                    "compare something that the loop changes",
                )
            self.environment = before
            return []
        carried = [(name, type_) for name in names if (type_ := head[name].type) is not None]
        body = (*body, *self._conversions(node.span, carried, self.environment))
        after = dict(head)
        for name in assigned_names(node.body):
            if name not in names:
                after[name] = Binding(type=None, certain=False)
        self.environment = after
        entry = self._conversions(node.span, carried, before)
        return [*entry, ir.Loop(span=node.span, test=test, body=body, carried=tuple(carried))]

    def _round(
        self, test: ir.Expression, body: Sequence[ir.Statement]
    ) -> tuple[ir.Checked_, tuple[ir.CheckedStatement, ...]]:
        return self.condition(test), self.block(body)

    def _settle(
        self,
        node: ir.While | ir.For,
        names: Sequence[str],
        before: Environment,
        *,
        stays: bool,
        body: Callable[[], object],
    ) -> Environment:
        """What holds at the head of every round: the types of `names` joined until another round changes nothing."""
        head = dict(before)
        for name in names:
            head[name] = self._meet_ways(
                node.span, name, _forgotten(before[name]), _forgotten(before[name]), loop=stays
            )
        for _ in range(MOST_PASSES):
            self.environment = dict(head)
            body()
            new = dict(head)
            for name in names:
                end = _forgotten(self.environment.get(name, Binding(type=None)))
                new[name] = self._meet_ways(node.span, name, head[name], end, loop=stays)
            if all(new[name] == head[name] for name in names):
                return head
            head = new
        raise self.refuse(node, "the types of this loop's names do not settle", "keep each name of one type")

    def count(self, node: ir.For) -> list[ir.CheckedStatement]:
        start, stop, step = self.each((node.start, node.stop, node.step), self.expression)
        low, high, exact = self._range(node, start, stop, step)
        before = dict(self.environment)
        if exact is not None and not exact:
            return []
        names = [name for name in assigned_names(node.body) if name in before and before[name].certain]
        variable = Binding(type=ir.NumberType(kind="int"), interval=(low, high))

        def one_round() -> tuple[ir.CheckedStatement, ...]:
            self.environment[node.variable] = variable
            return self.block(node.body)

        outer, rounds = self.rounds, max(1, len(exact) if exact is not None else high - low + 1)
        self.rounds *= rounds
        if self.rounds > MOST_ROUNDS:
            raise self.refuse(node, f"more than {MOST_ROUNDS} rounds of a `for` are refused", "write a `while`")
        try:
            head = self._settle(node, names, before, stays=True, body=one_round)
            exact_types = self._play(head, names, before, rounds, one_round) if exact is not None else {}
            self.environment = dict(head)
            body = one_round()
        finally:
            self.rounds = outer
        carried = [(name, type_) for name in names if (type_ := head[name].type) is not None]
        body = (*body, *self._conversions(node.span, carried, self.environment))
        after = head | exact_types
        for name in assigned_names(node.body):
            if name not in names:
                bound = self.environment.get(name, Binding(type=None))
                certain = exact is not None and bound.certain
                after[name] = replace(_forgotten(bound), certain=certain)
        if exact is not None:
            last = self.literal(node.span, exact[-1])
            after[node.variable] = Binding(type=last.type, known=last)
        else:
            after[node.variable] = Binding(type=ir.NumberType(kind="int"), certain=False)
        self.environment = after
        entry = self._conversions(node.span, carried, before)
        count = ir.Count(span=node.span, variable=node.variable, start=start, stop=stop, step=step, body=body)
        return [*entry, count]

    def _range(
        self, node: ir.For, start: ir.Checked_, stop: ir.Checked_, step: ir.Checked_
    ) -> tuple[int, int, range | None]:
        """The lowest and highest value of the variable, and all of them where they are known before the run."""
        for bound in (start, stop, step):
            if not isinstance(bound.type, ir.NumberType) or bound.type.kind != "int":
                hint = "the range has to be known before the run; write a `while` otherwise"
                raise self.refuse(bound, f"`range` takes whole numbers, not {describe(bound.type)}", hint)
        if isinstance(step, ir.Literal) and step.value == 0:
            raise self.refuse(step, "`range` cannot go in steps of 0", "write another step")
        if isinstance(start, ir.Literal) and isinstance(stop, ir.Literal) and isinstance(step, ir.Literal):
            exact = range(int(start.value), int(stop.value), int(step.value))
            if abs(stop.value - start.value) // abs(step.value) > MOST_ROUNDS and exact:
                raise self.refuse(node, f"more than {MOST_ROUNDS} rounds of a `for` are refused", "write a `while`")
            return (min(exact[0], exact[-1]), max(exact[0], exact[-1]), exact) if exact else (0, 0, exact)
        (a, b), (c, d) = self.interval(start), self.interval(stop)
        if a is None or b is None or c is None or d is None or not isinstance(step, ir.Literal):
            raise self.refuse(node, "this range is not known before the run", "write a `while`")
        low, high = (a, d - 1) if step.value > 0 else (c + 1, b)
        return low, max(low, high), None

    def _play(
        self, head: Environment, names: Sequence[str], before: Environment, rounds: int, one_round: Callable[[], object]
    ) -> Environment:
        """Exact types after the last round, where joining all rounds lost a shape that every single round knows."""
        if not any(_vague(head[name].type) and not _vague(before[name].type) for name in names):
            return {}
        now = {name: _as_carried(before[name], head[name]) for name in names}
        for _ in range(min(rounds, MOST_PASSES)):
            self.environment = {**before, **now}
            one_round()
            new = {name: _as_carried(_forgotten(self.environment[name]), head[name]) for name in names}
            if new == now:
                return now
            now = new
        return now if rounds <= MOST_PASSES else {}


def _same(a: ir.Literal, b: ir.Literal) -> bool:
    return a.value == b.value and a.type == b.type and str(a.value) == str(b.value)


def _forgotten(binding: Binding) -> Binding:
    """The binding without its value, which another round may change."""
    return replace(binding, known=None, interval=None)


def _numbers_become_arrays(old: ir.Type, new: ir.Type) -> bool:
    if isinstance(old, ir.TupleType) and isinstance(new, ir.TupleType):
        return any(_numbers_become_arrays(a, b) for a, b in zip(old.items, new.items, strict=True))
    return isinstance(old, ir.NumberType) and isinstance(new, ir.ArrayType)


def _as_carried(binding: Binding, head: Binding) -> Binding:
    """The binding with numbers made arrays where the loop carries arrays."""
    if isinstance(binding.type, ir.NumberType) and isinstance(head.type, ir.ArrayType):
        return Binding(type=replace(head.type, shape=()))
    return Binding(type=binding.type)


def _vague(type_: ir.Type | None) -> bool:
    return isinstance(type_, ir.ArrayType) and (type_.shape is None or None in type_.shape)
