"""The generators of the scenario format: what each takes, and the kind, dtype and shape of what it makes.

Nothing is drawn here; a specification is checked and measured with the standard library alone.
"""

import math
from collections.abc import Callable
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from typing import Any

from gradcmp.core.tensors import Shape
from gradcmp.scenario.nodes import Node, Scalar, Sequence
from gradcmp.scenario.reading import Reader
from gradcmp.words.lists import plural


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator:
    """One word of the format.

    `read` gives the value under the generator's own name and the shape; `options` → whether it must be given; `kind` is
    what it makes without a `dtype`, `kinds` what a `dtype` may make of it.
    """

    takes: str
    read: Callable[[Reader, Node, str], tuple[Any, Shape] | None]
    options: AnyMapping[str, bool] = field(default_factory=dict)
    kind: str = "float"
    kinds: tuple[str, ...] = ("float", "int", "bool")


# The generators' own values ---------------------------------------------------------------------------------


def literal(reader: Reader, node: Node, path: str) -> tuple[Any, Shape] | None:
    """Numbers as nested tuples, and their shape. All numbers, or all `true` and `false`."""
    if isinstance(node, Sequence):
        items = [literal(reader, item, path) for item in node.items]
        rows = [item for item in items if item is not None]
        if len(rows) < len(items):
            return None
        shapes = {shape for _, shape in rows}
        if len(shapes) > 1:
            reader.complain(node, path, "the lists are not equally long", "expected a rectangular array")
            return None
        if len({isinstance(first_number(value), bool) for value, _ in rows}) > 1:
            reader.complain(node, path, "numbers and `true`/`false` are mixed", "expected one of the two")
            return None
        return tuple(value for value, _ in rows), (len(rows), *next(iter(shapes), ()))
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value, ()
    value = reader.number(node, path, "a number, or nested lists of numbers")
    return None if value is None else (value, ())


def first_number(value: Any) -> Any:
    """The first number of nested tuples, None where there is none."""
    while isinstance(value, tuple):
        if not value:
            return None
        value = value[0]
    return value


def _arange(reader: Reader, node: Node, path: str) -> tuple[Any, Shape] | None:
    expected = "`stop`, `[start, stop]` or `[start, stop, step]`"
    items = reader.listed(node)
    if not 1 <= len(items) <= 3:
        reader.complain(node, path, f"found {plural(len(items), 'number')}", f"expected {expected}")
        return None
    numbers = [reader.finite(item, path, f"{expected}, finite numbers") for item in items]
    known = [number for number in numbers if number is not None]
    if len(known) < len(items):
        return None
    start, stop, step = (0, known[0], 1) if len(known) == 1 else (*known, 1)[:3]
    if step == 0:
        reader.complain(node, path, "the step is 0", "expected a step that leads from start to stop")
        return None
    count = (stop - start) / step
    if not math.isfinite(count):
        reader.complain(node, path, "the range has no end", f"expected {expected}")
        return None
    return (start, stop, step), (max(0, math.ceil(count)),)


def _linspace(reader: Reader, node: Node, path: str) -> tuple[Any, Shape] | None:
    expected = "`[first, last, count]`, such as `[0, 1, 5]`"
    if not isinstance(node, Sequence):
        reader.wrong(node, path, expected)
        return None
    if len(node.items) != 3:
        what = f"found a list of {plural(len(node.items), 'number')}"
        reader.complain(node, path, what, f"expected three: {expected}")
        return None
    first, last = (reader.finite(item, path, f"a finite number in {expected}") for item in node.items[:2])
    count = reader.integer(node.items[2], path, "a whole number above 0 for the count", least=1)
    if first is None or last is None or count is None:
        return None
    return (first, last, count), (count,)


def _shape(reader: Reader, node: Node, path: str) -> tuple[Any, Shape] | None:
    shape = reader.shape(node, path)
    return None if shape is None else (shape, shape)


def _permutation(reader: Reader, node: Node, path: str) -> tuple[Any, Shape] | None:
    count = reader.integer(node, path, "how many numbers to permute", least=0)
    return None if count is None else (count, (count,))


def _matrix(reader: Reader, node: Node, path: str) -> tuple[Any, Shape] | None:
    shape = reader.shape(node, path, "`n` or `[rows, columns]`")
    if shape is None:
        return None
    if len(shape) not in (1, 2):
        reader.complain(node, path, f"found {plural(len(shape), 'length')}", "expected `n` or `[rows, columns]`")
        return None
    square = shape * 2 if len(shape) == 1 else shape
    return square, square


_SEED = {"seed": False, "dtype": False}
_DTYPE = {"dtype": False}

GENERATORS: dict[str, Generator] = {
    "literal": Generator(takes="numbers as nested lists", read=literal, options=_DTYPE),
    "arange": Generator(
        takes="`stop`, `[start, stop]` or `[start, stop, step]`", read=_arange, options=_DTYPE, kinds=("float", "int")
    ),
    "linspace": Generator(takes="`[first, last, count]`", read=_linspace, options=_DTYPE, kinds=("float",)),
    "normal": Generator(takes="a shape", read=_shape, options=_SEED, kinds=("float",)),
    "uniform": Generator(
        takes="a shape", read=_shape, options={"low": False, "high": False, **_SEED}, kinds=("float",)
    ),
    "integers": Generator(
        takes="a shape", read=_shape, options={"low": False, "high": True, **_SEED}, kind="int", kinds=("float", "int")
    ),
    "bernoulli": Generator(takes="a shape", read=_shape, options={"p": False, **_SEED}, kind="bool"),
    "permutation": Generator(
        takes="how many numbers", read=_permutation, options=_SEED, kind="int", kinds=("float", "int")
    ),
    "ones": Generator(takes="a shape", read=_shape, options=_DTYPE),
    "zeros": Generator(takes="a shape", read=_shape, options=_DTYPE),
    "full": Generator(takes="a shape", read=_shape, options={"fill": True, **_DTYPE}),
    "eye": Generator(takes="`n` or `[rows, columns]`", read=_matrix, options=_DTYPE),
    "tril": Generator(takes="`[rows, columns]`", read=_matrix, options=_DTYPE, kind="bool"),
}
FILES: dict[str, dict[str, bool]] = {
    "npy": _DTYPE,
    "npz": {"key": False, **_DTYPE},
    "safetensors": {"key": False, **_DTYPE},
}
OPTIONS: dict[str, AnyMapping[str, bool]] = {**{name: g.options for name, g in GENERATORS.items()}, **FILES}
"""Generator → its options → whether they must be given."""
