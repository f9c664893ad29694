"""The JSON Schema of scenario files, for editors: draft 7, from the table of keys and that of generators.

The loader does not pass through it: it must know where everything stands and what sweep names stand for. A test holds
the two to the same examples.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from gradcmp.core.formats import DTYPES
from gradcmp.scenario.generators import FILES, GENERATORS, OPTIONS
from gradcmp.scenario.keys import NUMBER, SCENARIO, SUITE, TEXT, Key, Schema, reference
from gradcmp.scenario.specifications import LARGEST_SEED

DIALECT = "http://json-schema.org/draft-07/schema#"

_NUMBERS: Schema = {"type": ["boolean", "number", "string", "array"]}

_OPTIONS: dict[str, Schema] = {
    "seed": NUMBER
    | {"description": f"a whole number from 0 to {LARGEST_SEED}; without one it is derived from the input's name"},
    "dtype": TEXT | {"description": f"one of {', '.join(DTYPES)}; without one the problem's"},
    "low": NUMBER | {"description": "the least number; 0"},
    "high": NUMBER | {"description": "the first number above; 1 for `uniform`"},
    "p": NUMBER | {"description": "the probability of `true`; 0.5"},
    "fill": {"type": ["boolean", "number", "string"]} | {"description": "the number that fills the array"},
    "key": TEXT | {"description": "the name of an array; without one the whole file is a tree"},
}

_TOLERANCE: dict[str, Schema] = {
    "ulps": NUMBER | {"description": "units in the last place of the true value", "examples": [4]},
    "rtol": NUMBER | {"description": "relative tolerance", "examples": [1e-5]},
    "atol": NUMBER | {"description": "absolute tolerance", "examples": [1e-8]},
}


def json_schema() -> dict[str, Any]:
    """The schema of scenario files as a JSON document."""
    inputs = [_NUMBERS, *(reference(f"generator_{name}") for name in OPTIONS), {"type": "object"}]
    return {
        "$schema": DIALECT,
        "title": "gradcmp scenario, format 1",
        "anyOf": [reference("scenario"), reference("suite")],
        "definitions": {
            **{f"generator_{name}": _generator(name) for name in OPTIONS},
            "input": {"description": "Numbers, a generator, or a tree of inputs.", "anyOf": inputs},
            "tolerance": _object("`{ulps: n}` or `{rtol: r, atol: a}`.", _TOLERANCE),
            "scenario": _of_keys("A function, its inputs, and the derivatives to take.", SCENARIO),
            "member": _of_keys("A member of a suite: what it leaves out comes from `defaults`.", SCENARIO, whole=False),
            "suite": _of_keys("Several scenarios that share keys.", SUITE),
        },
    }


def _object(description: str, properties: dict[str, Schema], required: Sequence[str] = ()) -> Schema:
    """A mapping with these keys and no others."""
    document = {"description": description, "type": "object", "properties": properties, "additionalProperties": False}
    return {**document, "required": list(required)} if required else document


def _of_keys(description: str, keys: Mapping[str, Key], *, whole: bool = True) -> Schema:
    """A mapping with keys of the table, where it is `whole` with those that must be there."""
    properties = {name: _property(key) for name, key in keys.items() if key.supported}
    return _object(description, properties, [name for name, key in keys.items() if whole and key.required])


def _property(key: Key) -> Schema:
    default = "" if key.required or key.default == "none" else f"; without it: {key.default}"
    document = {**key.holds, "description": key.description + default}
    return {**document, "examples": list(key.examples)} if key.examples else document


def _generator(name: str) -> Schema:
    takes = GENERATORS[name].takes if name in GENERATORS else "a file name, relative to this file"
    value = {**(TEXT if name in FILES else _NUMBERS), "description": takes}
    options = {option: _OPTIONS[option] for option in OPTIONS[name]}
    required = [name, *(option for option, demanded in OPTIONS[name].items() if demanded)]
    return _object(f"`{name}`: {takes}.", {name: value, **options}, required)
