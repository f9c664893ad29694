"""One input as written → its specification: generator, options and dtype fitted to each other, files looked into."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as AnyMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradcmp.core.formats import DTYPES, FORMATS, INTEGER_LIMITS, kind_of
from gradcmp.core.specifications import InputTree, Specification, beyond
from gradcmp.core.suggest import did_you_mean
from gradcmp.core.tensors import Shape
from gradcmp.core.trees import insert
from gradcmp.scenario.generators import FILES, GENERATORS, OPTIONS, first_number, literal
from gradcmp.scenario.nodes import Mapping, Node, Scalar
from gradcmp.scenario.reading import IDENTIFIER, Reader, joined, listing

if TYPE_CHECKING:
    from gradcmp.scenario.headers import Header

DTYPES_MEANT = {
    "float": "float32", "single": "float32", "fp32": "float32", "f32": "float32", "double": "float64",
    "fp64": "float64", "f64": "float64", "half": "float16", "fp16": "float16", "f16": "float16",
    "bf16": "bfloat16", "int": "int64", "long": "int64", "boolean": "bool",
}  # fmt: skip
"""What people write → what it is called here."""

LARGEST_SEED = 2**32 - 1


def generator_of(node: Mapping) -> str | None:
    """The generator that a mapping specifies, None where it is a tree."""
    generators = [name for name in node.entries if name in OPTIONS]
    if len(generators) == 1 and all(name in OPTIONS[generators[0]] for name in node.entries if name != generators[0]):
        return generators[0]
    return None


def read_specification(reader: Reader, node: Node, path: str, folder: Path) -> Specification | InputTree | None:
    """One array, or the tree that a file holds. Relative file names are below `folder`."""
    if not isinstance(node, Mapping):
        return _finish(reader, node, path, "literal", literal(reader, node, path), {}, None)
    name = generator_of(node)
    if name is None:
        reader.complain(node, path, "found a mapping", f"expected one generator with its options: {listing(OPTIONS)}")
        return None
    options, dtype, sound = _options(reader, node, path, name)
    if name in FILES:
        return _read_file(reader, node, path, name, dtype, folder)
    read = GENERATORS[name].read(reader, node[name], joined(path, name))
    return _finish(reader, node, path, name, read if sound else None, options, dtype)


def _options(reader: Reader, node: Mapping, path: str, name: str) -> tuple[dict[str, Any], str | None, bool]:
    """Options by name without `dtype`, the dtype, and whether all was in order."""
    values: dict[str, Any] = {}
    dtype: str | None = None
    sound = True
    for option, required in OPTIONS[name].items():
        value = node.get(option)
        here = joined(path, option)
        if value is None:
            if required:
                reader.complain(node, path, f"`{name}` needs `{option}`", hint=f"write `{{{name}: …, {option}: …}}`")
                sound = False
        elif option == "dtype":
            dtype = reader.word(value, here, f"one of {', '.join(DTYPES)}", DTYPES, DTYPES_MEANT)
            sound = sound and dtype is not None
        elif option != "key":
            values[option] = _option(reader, value, here, name, option)
            sound = sound and values[option] is not None
    return values, dtype, sound and _ordered(reader, node, path, name, values)


def _option(reader: Reader, node: Node, path: str, name: str, option: str) -> Any:
    if option == "seed":
        return reader.integer(node, path, f"a whole number from 0 to {LARGEST_SEED}", least=0, most=LARGEST_SEED)
    if option == "fill" and isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    if option == "fill":
        return reader.number(node, path)
    if name == "integers":
        return reader.integer(node, path, "a whole number of 64 bits", least=-(2**63), most=2**63)
    value = reader.finite(node, path, "a finite number")
    if option == "p" and value is not None and not 0 <= value <= 1:
        reader.wrong(node, path, "a probability from 0 to 1")
        return None
    return value


def _ordered(reader: Reader, node: Mapping, path: str, name: str, values: AnyMapping[str, Any]) -> bool:
    if name not in ("uniform", "integers"):
        return True
    low, high = values.get("low", 0), values.get("high", 1)
    if low is None or high is None or low < high:
        return True
    reader.complain(node, path, f"`low` is {low} and `high` is {high}", "expected `low` below `high`")
    return False


def _finish(
    reader: Reader, node: Node, path: str, name: str, read: tuple[Any, Shape] | None,
    options: AnyMapping[str, Any], dtype: str | None,
) -> Specification | None:  # fmt: skip
    """The specification, its dtype checked against what the generator makes."""
    if read is None:
        return None
    generator = GENERATORS[name]
    value, shape = read
    kind = generator.kind
    sample = first_number(value) if name == "literal" else options.get("fill")
    if isinstance(sample, bool):
        kind = "bool"
    if dtype is not None:
        kind = kind_of(dtype)
        if kind not in generator.kinds:
            reader.complain(node, joined(path, "dtype"), f"`{name}` cannot be {dtype}", "expected a floating dtype")
            return None
        if not _fits(_extremes(name, value, options), dtype):
            reader.complain(
                node, path, f"a number here does not fit {dtype}", f"expected numbers that {dtype} holds exactly"
            )
            return None
    return Specification(
        generator=name, arguments={name: value, **options}, kind=kind, dtype=dtype, shape=shape, location=node.location
    )


def _extremes(name: str, value: Any, options: AnyMapping[str, Any]) -> Any:
    """Numbers that fit a dtype only where everything that the generator makes does."""
    if name == "literal":
        return value
    if name == "arange":
        start, stop, step = value
        count = math.ceil((stop - start) / step)
        return (start, start + step, start + step * (count - 1))[: max(count, 0)]  # two whole ones make all whole
    if name == "linspace":
        return value[:2]
    if name == "uniform":
        return (options.get("low", 0), options.get("high", 1))
    if name == "integers":
        return (options.get("low", 0), options["high"] - 1)
    if name == "permutation":
        return max(value - 1, 0)
    return options.get("fill")


def _fits(value: Any, dtype: str) -> bool:
    """Is every number one of an integer or boolean dtype? Floating dtypes round what they are given."""
    if isinstance(value, tuple):
        return all(_fits(item, dtype) for item in value)
    kind = kind_of(dtype)
    if kind == "float" or value is None:
        return True
    if kind == "bool":
        return value in (0, 1)
    if isinstance(value, float) and not value.is_integer():
        return False
    least, most = INTEGER_LIMITS[dtype]
    return bool(least <= value <= most)


def check_range(reader: Reader, path: str, specification: Specification, dtypes: Iterable[str]) -> None:
    """Complain of a finite number that is infinite in one of `dtypes`, as far as no file has to be read for it."""
    if specification.generator in FILES:
        return
    numbers = _extremes(
        specification.generator, specification.arguments[specification.generator], specification.arguments
    )
    for dtype in dict.fromkeys(map(specification.dtype_in, dtypes)):
        number = FORMATS[dtype].beyond(_flat(numbers)) if dtype in FORMATS else None
        if number is not None:
            reader.complain(specification.location, path, *beyond(number, dtype))
            return


def _flat(value: Any) -> Iterator[float]:
    if isinstance(value, tuple):
        for item in value:
            yield from _flat(item)
    elif value is not None:
        yield float(value)


# Files ------------------------------------------------------------------------------------------------------


def _read_file(
    reader: Reader, node: Mapping, path: str, name: str, dtype: str | None, folder: Path
) -> Specification | InputTree | None:
    """The array under `key`, or everything in the file as a tree: dots in names make branches."""
    file = reader.text(reader.substituted(node[name]), joined(path, name), "a file name")
    key = None
    if "key" in node:
        key = reader.text(reader.substituted(node["key"]), joined(path, "key"), "the name of an array")
    if file is None or ("key" in node and key is None):
        return None
    from gradcmp.scenario.headers import UnreadableFile, read_headers  # few scenarios have files

    try:
        headers = read_headers(name, folder / file)
    except (UnreadableFile, ValueError) as error:
        reader.complain(node[name], joined(path, name), f"`{file}`: {error}")
        return None
    if name == "npy":
        return _file_leaf(reader, node, path, name, {name: file}, headers[""], dtype, folder)
    if key is not None:
        if key not in headers:
            hint = did_you_mean(key, headers) or f"it holds {', '.join(f'`{name}`' for name in sorted(headers)[:10])}"
            reader.complain(node["key"], joined(path, "key"), f"`{file}` holds no `{key}`", hint=hint)
            return None
        return _file_leaf(reader, node, path, name, {name: file, "key": key}, headers[key], dtype, folder)
    return _file_tree(reader, node, path, name, headers, dtype, folder, file)


def _file_tree(
    reader: Reader, node: Mapping, path: str, name: str, headers: AnyMapping[str, Header], dtype: str | None,
    folder: Path, file: str,
) -> InputTree | None:  # fmt: skip
    root: dict[str, Any] = {}
    for array, header in headers.items():
        leaf = _file_leaf(reader, node, path, name, {name: file, "key": array}, header, dtype, folder)
        try:
            if not all(map(IDENTIFIER.fullmatch, array.split("."))):
                raise ValueError(array)
            insert(root, array, leaf)
        except ValueError:
            what = f"`{file}`: the name `{array}` makes no branch of a tree"
            reader.complain(node, path, what, hint="take the arrays one by one, by `key`")
            return None
        if leaf is None:
            return None
    return _as_tree(root)


def _as_tree(branch: AnyMapping[str, Any]) -> InputTree:
    return InputTree({name: _as_tree(child) if isinstance(child, dict) else child for name, child in branch.items()})


def _file_leaf(
    reader: Reader, node: Mapping, path: str, name: str, arguments: AnyMapping[str, Any], header: Header,
    dtype: str | None, folder: Path,
) -> Specification | None:  # fmt: skip
    """Floating arrays follow the problem's dtype, integers and booleans are kept, unless `dtype` says otherwise."""
    kind = kind_of(header.dtype)
    if dtype is not None:
        order = ("bool", "int", "float")
        if order.index(kind_of(dtype)) < order.index(kind):
            reader.complain(
                node,
                joined(path, "dtype"),
                f"the file holds {header.dtype}, which {dtype} cannot hold",
                f"expected a dtype for {kind_of(header.dtype)} numbers or wider",
            )
            return None
        kind = kind_of(dtype)
    kept = header.dtype if kind == "int" and dtype is None else dtype
    return Specification(
        generator=name, arguments=arguments, kind=kind, dtype=kept, shape=header.shape, location=node.location,
        folder=str(folder),
    )  # fmt: skip
