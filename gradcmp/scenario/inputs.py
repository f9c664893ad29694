"""The key `inputs`: a tree of specifications, and which of its leaves to differentiate by."""

from collections.abc import Collection
from pathlib import Path

from gradcmp.core.specifications import InputTree, Specification, readable_bytes
from gradcmp.core.suggest import did_you_mean, nearest
from gradcmp.scenario.generators import OPTIONS
from gradcmp.scenario.nodes import Mapping, Node, Scalar
from gradcmp.scenario.reading import Reader, is_name, joined, not_a_name
from gradcmp.scenario.specifications import generator_of, read_specification

GENERATORS_MEANT = {
    "randn": "normal", "gaussian": "normal", "gauss": "normal", "standard_normal": "normal", "rand": "uniform",
    "random": "uniform", "randint": "integers", "range": "arange", "identity": "eye", "constant": "full",
    "array": "literal", "values": "literal", "value": "literal", "file": "npz", "randperm": "permutation",
}  # fmt: skip
"""What people write → the generator."""

MOST_INPUTS = 10_000

_ALL_OPTIONS = frozenset(option for options in OPTIONS.values() for option in options)


def read_inputs(reader: Reader, node: Node, folder: Path, function: str) -> InputTree:
    """Every input, as far as it can be understood. `function` is the text that uses them."""
    mapping = reader.mapping(node, "inputs", "names with inputs, such as `{x: {arange: 4}}`", filled=True)
    if mapping is None:
        return InputTree()
    if len(mapping.entries) > MOST_INPUTS:
        what = f"found {len(mapping.entries)} inputs"
        reader.complain(node, "inputs", what, f"expected at most {MOST_INPUTS}", "put them into one array")
        return InputTree()
    return _tree(reader, mapping, "inputs", folder, function)


def _tree(reader: Reader, node: Mapping, path: str, folder: Path, function: str) -> InputTree:
    children: dict[str, Specification | InputTree] = {}
    for name, entry in node.entries.items():
        here = joined(path, name)
        if not is_name(name):
            reader.complain(entry.key, here, *not_a_name(name))
        elif name in reader.names:
            reader.complain(entry.key, here, f"`{name}` is a name of the sweep already", hint="rename one of the two")
        child = _input(reader, entry.value, here, folder, function)
        if child is not None:
            children[name] = child
    return InputTree(children)


def _input(reader: Reader, node: Node, path: str, folder: Path, function: str) -> Specification | InputTree | None:
    if not isinstance(node, Mapping) or generator_of(node) is not None:
        return read_specification(reader, node, path, folder)
    if not node.entries:
        reader.complain(node, path, "found an empty mapping", "expected an input or a tree of inputs")
        return None
    if _complained_of_misspelling(reader, node, path, function):
        return None
    return _tree(reader, node, path, folder, function)


def _complained_of_misspelling(reader: Reader, node: Mapping, path: str, function: str) -> bool:
    """Is a mapping that the format takes for a tree meant to be one?

    A tree's leaves are used by name in the function; what is not, and looks like a generator or an option, is a slip.
    """
    unused = [name for name in node.entries if name not in function]
    generators = [name for name in node.entries if name in OPTIONS and not isinstance(node[name], Mapping)]
    if len(generators) == 1 and generators[0] in unused:
        options = OPTIONS[generators[0]]
        wrong = [name for name in unused if name not in (generators[0], *options)]
        for name in wrong:
            if name in _ALL_OPTIONS or nearest(name, _ALL_OPTIONS):
                hint = (
                    did_you_mean(name, options) or f"its options are {', '.join(f'`{option}`' for option in options)}"
                )
                where = node.entries[name].key
                reader.complain(where, joined(path, name), f"`{generators[0]}` has no option `{name}`", hint=hint)
                return True
    if len(generators) > 1 and len(unused) == len(node.entries) and set(unused) <= {*OPTIONS, *_ALL_OPTIONS}:
        both = " and ".join(f"`{name}`" for name in generators[:2])
        reader.complain(node, path, f"found two generators, {both}", "expected one", "leave one out")
        return True
    if generators:
        return False
    others = [name for name in node.entries if name not in _ALL_OPTIONS]
    if len(others) != 1 or others[0] not in unused or isinstance(node[others[0]], Mapping):
        return False
    name = others[0]
    close = nearest(name, (*OPTIONS, *GENERATORS_MEANT), cutoff=0.75)
    if not close and len(node.entries) == 1:
        return False
    meant = GENERATORS_MEANT.get(close[0], close[0]) if close else ""
    hint = f"did you mean `{meant}`?" if meant else f"there are {', '.join(f'`{option}`' for option in OPTIONS)}"
    reader.complain(node.entries[name].key, joined(path, name), "unknown generator", hint=hint)
    return True


def read_wrt(reader: Reader, node: Node | None, inputs: InputTree, where: Node) -> tuple[str, ...]:
    """Leaf paths to differentiate by: those named, or every floating one."""
    leaves = dict(inputs.leaves())
    if node is None:
        floating = tuple(path for path, leaf in leaves.items() if leaf.kind == "float")
        if not floating and leaves:
            reader.complain(
                where,
                "inputs",
                "there is no floating input to differentiate by",
                hint="numbers without a `dtype` are floating",
            )
        return floating
    chosen: list[str] = []
    for item in reader.listed(node):
        known = isinstance(item, Scalar) and item.text in leaves  # an input named like a sweep is a complaint already
        name = reader.text(item if known else reader.substituted(item), "wrt", "the name of an input")
        if name is not None:
            chosen += [path for path in _named(reader, item, name, leaves) if path not in chosen]
    if not chosen and not reader.complaints:
        reader.complain(node, "wrt", "nothing to differentiate by", "expected names of inputs")
    return tuple(chosen)


def _named(reader: Reader, item: Node, name: str, leaves: dict[str, Specification]) -> list[str]:
    below = [path for path in leaves if path == name or path.startswith(f"{name}.")]
    floating = [path for path in below if leaves[path].kind == "float"]
    if not below:
        names: Collection[str] = {*leaves, *(path.partition(".")[0] for path in leaves)}
        hint = did_you_mean(name, names) or f"the inputs are {', '.join(f'`{leaf}`' for leaf in leaves)}"
        reader.complain(item, "wrt", f"`{name}` is not an input", hint=hint)
    elif not floating:
        kind = "integers" if leaves[below[0]].kind == "int" else "booleans"
        reader.complain(item, "wrt", f"`{name}` holds {kind}", "expected a floating input")
    return floating


def check_sizes(reader: Reader, inputs: InputTree, dtype: str, max_bytes: int) -> None:
    """Refuse what would not fit, before anything is allocated."""
    total = 0
    for path, leaf in inputs.leaves():
        size = leaf.size_bytes(dtype)
        if size > max_bytes and leaf.shape is not None:
            shape = ", ".join(_shown(length) for length in leaf.shape)
            what = f"an array of shape [{shape}] has {readable_bytes(size)}"
            reader.complain(leaf.location, f"inputs.{path}", what, *_limit(max_bytes))
            return
        total += size
    if total > max_bytes:
        what = f"the inputs have {readable_bytes(total)} in all"
        reader.complain(next(inputs.leaves())[1].location, "inputs", what, *_limit(max_bytes))


def _shown(length: int) -> str:
    """A length; one that no array has is shown by its magnitude."""
    digits = str(length)
    return digits if len(digits) <= 20 else f"{digits[0]}e{len(digits) - 1}"


def _limit(max_bytes: int) -> tuple[str, str]:
    return (
        f"expected at most {readable_bytes(max_bytes)} in all",
        "`--max-bytes` (in Python `max_bytes`) sets the limit",
    )
