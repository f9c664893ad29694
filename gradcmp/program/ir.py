"""The two forms of a program: as written (`Program`) and as checked (`Checked`), with source spans.

`parse` makes the first, `check` the second; `lower` and the evaluator read only the second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gradcmp.program.programs import Program as Program  # noqa: PLC0414  # re-exported: the checked forms refer to it

Number = int | float | bool


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the program's text; lines and columns count from 1, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A part of a program, and where it stands."""

    span: Span


# As written ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant(Node):
    value: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Node):
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Node):
    """`params.dense`, `x.T`, `x.shape`."""

    value: Expression
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    """A primitive by name (`norm(b)`), as a method (`b.norm()`: the value is the first argument) or as an infix
    operator (`a + b` is a call of `add`)."""

    primitive: str
    arguments: tuple[Expression, ...]
    keywords: tuple[tuple[str, Expression], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional(Node):
    test: Expression
    body: Expression
    orelse: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice(Node):
    start: Expression | None = None
    stop: Expression | None = None
    step: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ellipsis_(Node):  # noqa: N801  # `Ellipsis` is a builtin
    """`...` inside an index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAxis(Node):
    """`None` or `newaxis` inside an index; also the plain `None` of `axis=None`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscript(Node):
    value: Expression
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence(Node):
    """A tuple or a list."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dictionary(Node):
    """Only as the value of `return`: outputs by key."""

    items: tuple[tuple[str, Expression], ...]


Expression = (
    Constant | Name | Field | Call | Conditional | Slice | Ellipsis_ | NewAxis | Subscript | Sequence | Dictionary
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign(Node):
    """`a = …` or `a, b = …`; augmented assignments are written out."""

    names: tuple[str, ...]
    value: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class If(Node):
    test: Expression
    body: tuple[Statement, ...]
    orelse: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class While(Node):
    test: Expression
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class For(Node):
    """`for variable in range(start, stop, step)`."""

    variable: str
    start: Expression
    stop: Expression
    step: Expression
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Return(Node):
    """Always last in its block; an early `return` has become the other branch of its `if`."""

    value: Expression


Statement = Assign | If | While | For | Return


# As checked ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayType:
    """An array of the frameworks. `kind` is float, int or bool. A dimension or the whole shape is None where it
    depends on the run."""

    kind: str
    dtype: str
    shape: tuple[int | None, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberType:
    """A plain number known before the run; inside a `for` it may follow the loop variable. Computed in float64; where
    it meets an array each framework rounds it in its own way."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TupleType:
    items: tuple[Type, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingType:
    items: tuple[tuple[str, Type], ...]


Type = ArrayType | NumberType | TupleType | MappingType


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal(Node):
    """A number, folded.

    With an `ArrayType` it is a 0-d array: a number that a `while` carries, that another branch computes, or that is
    an output.
    """

    value: Number
    type: NumberType | ArrayType


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(Node):
    """A variable, or an input's leaf: `path` is `("params", "dense", "kernel")`."""

    path: tuple[str, ...]
    type: Type


Static = Number | str | None | tuple["Static", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply(Node):
    """A primitive on operands, every option present with its value. A sequence operand is a `Group`.

    Operands of other kinds or dtypes than the joined one (`joins.joined_dtype`) are cast to it by the spellings.
    `primitive` is `array` (not in the catalogue) where a number that is not a `Literal` becomes a 0-d array.
    """

    primitive: str
    operands: tuple[Checked_, ...]
    options: Mapping[str, Static]
    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Select(Node):
    """`body if test else orelse` on a scalar test: a branch, not `where`."""

    test: Checked_
    body: Checked_
    orelse: Checked_
    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSlice:
    start: int | None
    stop: int | None
    step: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Index(Node):
    """Static indexing. An item is an `IndexSlice`, `...`, `None` (a new axis), or a number expression.

    Where `value` is a tuple there is one item, a `Literal` that picks from it.
    """

    value: Checked_
    items: tuple[object, ...]
    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Node):
    items: tuple[Checked_, ...]
    type: TupleType


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs(Node):
    """A dict that is returned."""

    items: tuple[tuple[str, Checked_], ...]
    type: MappingType


Checked_ = Literal | Read | Apply | Select | Index | Group | Outputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind(Node):
    """An assignment; several names take a `Group` apart."""

    names: tuple[str, ...]
    value: Checked_


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch(Node):
    """`assigned`: the names that are bound after the branch, with the type both sides agree on."""

    test: Checked_
    body: tuple[CheckedStatement, ...]
    orelse: tuple[CheckedStatement, ...]
    assigned: tuple[tuple[str, Type], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop(Node):
    """A `while`. `carried`: the names that live from one round to the next, with the type that every round keeps."""

    test: Checked_
    body: tuple[CheckedStatement, ...]
    carried: tuple[tuple[str, Type], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count(Node):
    """A `for` over a range that is known before the run (up to enclosing loop variables)."""

    variable: str
    start: Checked_
    stop: Checked_
    step: Checked_
    body: tuple[CheckedStatement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Give(Node):
    """`return`."""

    value: Checked_


CheckedStatement = Bind | Branch | Loop | Count | Give


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A function ready to be lowered or evaluated.

    `parameters` are the inputs' names in the order of the call; `leaves` the types by leaf path.
    `outputs` are the outputs' paths and types: `""` for a sole output, `0`, `1`, … or a key.
    """

    name: str
    parameters: tuple[str, ...]
    leaves: Mapping[str, ArrayType]
    body: tuple[CheckedStatement, ...]
    outputs: tuple[tuple[str, ArrayType], ...]
    dtype: str
    program: Program
