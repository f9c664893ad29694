"""The key `sweep`: names → values, and every binding of them."""

import math
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence as AnySequence
from itertools import chain, product

from gradcmp.core.scenarios import WORD
from gradcmp.scenario.nodes import Mapping, Node, Scalar, Sequence
from gradcmp.scenario.reading import Number, Reader, is_name, joined, not_a_name

Value = Number | str
Binding = dict[str, Value]

MAX_BINDINGS = 1_000
RESERVED = ("mode", "zip", "pi", "result")


def read_sweep(reader: Reader, node: Node | None, overrides: AnyMapping[str, AnySequence[Value]]) -> list[Binding]:
    """Every binding of the sweep's names, the last name running fastest; one empty binding where nothing is swept.

    `overrides` replaces the values of a name; of names that are paired by `zip` it keeps the pairs with these values.
    """
    if node is None:
        return [{}]
    mapping = reader.mapping(node, "sweep", "names with lists, such as `{n: [8, 64]}`", filled=True)
    if mapping is None:
        return []
    groups: list[list[Binding]] = []
    used: set[str] = set()
    for name, entry in mapping.entries.items():
        path = joined("sweep", name)
        if name == "zip":
            groups.append(_zip(reader, entry.value, path, used, overrides))
        elif _good_name(reader, entry.key, path, used):
            values = overrides.get(name) or _values(reader, entry.value, path)
            groups.append([{name: value} for value in values])
    count = math.prod(len(group) for group in groups)
    if count > MAX_BINDINGS:
        reader.complain(node, "sweep", f"the sweep has {count} combinations", f"expected at most {MAX_BINDINGS}")
        return []
    return [dict(chain.from_iterable(part.items() for part in parts)) for parts in product(*groups)]


def _good_name(reader: Reader, key: Scalar, path: str, used: set[str]) -> bool:
    name = key.text
    if name in RESERVED:
        hint = "write `mode: [loop, vectorized]` beside the sweep" if name == "mode" else "take another name"
        reader.complain(key, path, f"`{name}` cannot be swept", hint=hint)
    elif not is_name(name):
        reader.complain(key, path, *not_a_name(name))
    elif name in used:
        reader.complain(key, path, f"`{name}` is swept twice", hint="leave one out")
    else:
        used.add(name)
        return True
    return False


def _zip(
    reader: Reader, node: Node, path: str, used: set[str], overrides: AnyMapping[str, AnySequence[Value]]
) -> list[Binding]:
    mapping = reader.mapping(node, path, "names with lists of one length, such as `{m: [1, 2], n: [3, 4]}`")
    if mapping is None:
        return []
    columns = {
        name: _values(reader, entry.value, joined(path, name))
        for name, entry in mapping.entries.items()
        if _good_name(reader, entry.key, joined(path, name), used)
    }
    lengths = {len(values) for values in columns.values()}
    if len(lengths) != 1:
        counts = ", ".join(f"`{name}` has {len(values)}" for name, values in columns.items()) or "there are none"
        reader.complain(node, path, f"the lists are not equally long: {counts}", "expected lists of one length")
        return []
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    for name, column in columns.items():
        wanted = overrides.get(name)
        if wanted:
            kept = [row for row in rows if row[name] in wanted]
            if rows and not kept:
                what = f"`--param {name}=…` (in Python `parameters`) picks none of the paired values"
                reader.complain(node, joined(path, name), what, f"expected one of {column}")
            rows = kept
    return rows


def _values(reader: Reader, node: Node, path: str) -> list[Value]:
    expected = "a list, or `{geometric: [first, last, count]}`"
    if isinstance(node, Mapping):
        if tuple(node.entries) == ("geometric",):
            return _geometric(reader, node["geometric"], joined(path, "geometric"))
        reader.known_keys(node, path, ("geometric",))
        return []
    if not isinstance(node, Sequence) or not node.items:
        reader.wrong(node, path, expected)
        return []
    values: list[Value] = []
    for item in node.items:
        value = _value(reader, item, path)
        if value is not None and value not in values:
            values.append(value)
    return values


def _value(reader: Reader, item: Node, path: str) -> Value | None:
    if isinstance(item, Scalar):
        if isinstance(item.value, int | float) and not isinstance(item.value, bool) and math.isfinite(item.value):
            whole = isinstance(item.value, float) and item.value.is_integer() and abs(item.value) <= 2**53
            return int(item.value) if whole and "." not in item.text else item.value
        if isinstance(item.value, str) and WORD.fullmatch(item.text):
            return item.text
    reader.wrong(item, path, "a number or a word")
    return None


def _geometric(reader: Reader, node: Node, path: str) -> list[Value]:
    """`first · (last/first)^(i/(count-1))`: whole where both ends are, else to 12 digits; each value once."""
    expected = "`[first, last, count]`, two positive numbers and how many"
    if not isinstance(node, Sequence) or len(node.items) != 3:
        reader.wrong(node, path, expected)
        return []
    ends = [_end(reader, item, path, expected) for item in node.items[:2]]
    count = reader.integer(node.items[2], path, expected, least=1, most=MAX_BINDINGS)
    first, last = ends
    if first is None or last is None or count is None:
        return []
    whole = isinstance(first, int) and isinstance(last, int)
    values: list[Value] = []
    for i in range(count):
        exact = first * math.exp(math.log(last / first) * i / (count - 1)) if i else float(first)
        if i and i == count - 1:
            exact = float(last)
        value: Number = round(exact) if whole else float(f"{exact:.12g}")
        if value not in values:
            values.append(value)
    return values


def _end(reader: Reader, item: Node, path: str, expected: str) -> Number | None:
    number = reader.finite(item, path, expected)
    if number is None:
        return None
    if not 0 < number <= 2**53:
        reader.wrong(item, path, expected)
        return None
    return int(number) if isinstance(number, float) and number.is_integer() else number
