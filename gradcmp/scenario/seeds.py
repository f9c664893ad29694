"""The keys `cotangent` and `tangent`: seeds by output or by leaf, of the shapes that they must have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gradcmp.core.leaves import Dimensions, fits
from gradcmp.core.operators import OPERATORS
from gradcmp.core.specifications import InputTree, Specification
from gradcmp.core.suggest import did_you_mean
from gradcmp.scenario.nodes import Mapping, Node, Scalar
from gradcmp.scenario.reading import Reader, joined, listing, quoted, shown_shape
from gradcmp.scenario.specifications import generator_of, read_specification
from gradcmp.scenario.suites import Draft

if TYPE_CHECKING:
    from gradcmp.scenario.expectations import Context

_SEEDS_OF = {"cotangent": "output", "tangent": "input"}
_SEEDED = {seed: [operator for operator in OPERATORS if operator.seed == seed] for seed in _SEEDS_OF}


def read_seeds(reader: Reader, draft: Draft, key: str, context: Context | None) -> dict[str, Specification] | None:
    """Cotangents by output or tangents by leaf. Without a context only what a seed says itself is looked at."""
    node = draft.node.get(key)
    if node is None:
        return None
    operators, protocols = draft.node.get("operator"), draft.node.get("protocol")
    named = [item.text for item in reader.listed(operators) if isinstance(item, Scalar)] if operators else ["gradient"]
    named = [str(reader.names.get(name, name)) for name in named]
    if key in draft.written and (protocols is not None or not set(named) & set(_SEEDED[key])):
        where = draft.node.entries[key].key
        reader.complain(where, key, f"a {key} is the seed of {listing(_SEEDED[key])} alone",
                        f"expected `operator: {_SEEDED[key][0]}`")  # fmt: skip
        return None
    places = _places(key, context)
    if not isinstance(node, Mapping) or generator_of(node) is not None:
        if places is not None and len(places) > 1:
            what = f"found one {key} for {len(places)} {_SEEDS_OF[key]}s"
            reader.complain(node, key, what, f"expected a map with {' and '.join(quoted(places))}")
            return None
        specification = _seed(reader, node, key, draft.folder)
        _check_seed(reader, node, key, specification, next(iter(places.values())) if places else None)
        return None if specification is None else {"": specification}
    return _seed_map(reader, node, key, places, draft.folder)


def _seed_map(
    reader: Reader, node: Mapping, key: str, places: dict[str, Dimensions] | None, folder: Path
) -> dict[str, Specification]:
    seeds: dict[str, Specification] = {}
    for name, entry in node.entries.items():
        path = joined(key, name)
        specification = _seed(reader, entry.value, path, folder)
        if specification is not None:
            seeds[name] = specification
        if places is not None and name not in places:
            hint = did_you_mean(name, places)
            expected = f"expected {listing(places)}" if all(places) else f"expected the {key} itself"
            reader.complain(entry.key, path, f"there is no {_SEEDS_OF[key]} `{name}`", expected, hint)
        elif places is not None:
            _check_seed(reader, entry.value, path, specification, places[name])
    for missing in (place for place in places or {} if place not in seeds):
        reader.complain(node, key, f"`{missing}` has no {key}", f"expected one for each {_SEEDS_OF[key]}")
    return seeds


def _places(key: str, context: Context | None) -> dict[str, Dimensions] | None:
    if context is None:
        return None
    if key == "cotangent":
        return {of: output.shape for of, output in context.checked.outputs}
    return {path: context.checked.leaves[path].shape for path in context.wrt}


def _seed(reader: Reader, node: Node, path: str, folder: Path) -> Specification | None:
    specification = read_specification(reader, node, path, folder)
    if isinstance(specification, InputTree):
        reader.complain(node, path, "the file holds several arrays", "expected one", "name it by `key`")
        return None
    if specification is not None and specification.kind != "float":
        reader.complain(node, path, "found integers or booleans", "expected floating numbers, as in every seed")
        return None
    return specification


def _check_seed(reader: Reader, node: Node, path: str, seed: Specification | None, shape: Dimensions) -> None:
    if seed is not None and not fits(seed.shape, shape):
        reader.complain(
            node, path, f"the seed has shape {shown_shape(seed.shape)}", f"expected shape {shown_shape(shape)}"
        )
