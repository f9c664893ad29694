"""The JSON Schema of scenario files, for editors: draft 7, from pydantic models.

The loader does not pass through these models: it must know where everything stands, what sweep names stand for, and
start in a tenth of the time that importing pydantic takes. A test holds the two to the same keys and examples.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Annotated, Any

from pydantic import ConfigDict, Field, RootModel, TypeAdapter, create_model

from gradcmp.core.formats import DTYPES, FLOAT_DTYPES
from gradcmp.core.operators import MODES, OPERATORS, PROTOCOLS
from gradcmp.scenario.generators import FILES, GENERATORS, OPTIONS

DIALECT = "http://json-schema.org/draft-07/schema#"

Number = int | float
NumberOrName = int | float | str
Numbers = bool | int | float | str | list[Any]
Words = str | list[str]

_STRICT = ConfigDict(extra="forbid")


def _words(words: tuple[str, ...]) -> Any:
    """One of the words, or a list of them. Another text may be a sweep name: the schema only suggests."""
    one: Any = Annotated[str, Field(json_schema_extra={"anyOf": [{"enum": list(words)}, {"type": "string"}]})]
    return one | list[one]


_OPTION_DESCRIPTIONS = {
    "seed": "a whole number from 0 to 4294967295; without one it is derived from the input's name",
    "dtype": f"one of {', '.join(DTYPES)}; without one the problem's",
    "low": "the least number; 0",
    "high": "the first number above; 1 for `uniform`",
    "p": "the probability of `true`; 0.5",
    "fill": "the number that fills the array",
    "key": "the name of an array; without one the whole file is a tree",
}


def _generator_model(name: str) -> Any:
    takes = GENERATORS[name].takes if name in GENERATORS else "a file name, relative to this file"
    value: Any = str if name in FILES else Numbers
    fields: dict[str, Any] = {name: (value, Field(description=takes))}
    for option, required in OPTIONS[name].items():
        kind: Any = str if option in ("dtype", "key") else bool | NumberOrName
        fields[option] = (kind, Field(... if required else None, description=_OPTION_DESCRIPTIONS[option]))
    return create_model(f"generator_{name}", __config__=_STRICT, __doc__=f"`{name}`: {takes}.", **fields)


_GENERATORS: Any = tuple(_generator_model(name) for name in OPTIONS)

_INPUT: Any = reduce(or_, (bool, int, float, str, list[Any], *_GENERATORS, dict[str, Any]))
Input: Any = create_model("input", __base__=RootModel[_INPUT], __doc__="Numbers, a generator, or a tree of inputs.")
Inputs = dict[str, Input]

Tolerance: Any = create_model(
    "tolerance",
    __config__=_STRICT,
    __doc__="`{ulps: n}` or `{rtol: r, atol: a}`.",
    ulps=(NumberOrName, Field(None, description="units in the last place of the true value", examples=[4])),
    rtol=(NumberOrName, Field(None, description="relative tolerance", examples=[1e-5])),
    atol=(NumberOrName, Field(None, description="absolute tolerance", examples=[1e-8])),
)

_FUNCTION = "an expression, a block or a `def` in the little language"
_SWEEPS = [{"n": [8, 64]}, {"n": {"geometric": [8, 2048, 5]}}, {"zip": {"m": [1, 2], "n": [3, 4]}}]

KEYS: dict[str, tuple[Any, str, list[Any]]] = {
    "description": (str | Number, "one sentence", ["The gradient of y = 2xᵀx is 4x."]),
    "tags": (Words, "words; `-k` matches ids and tags", [["smoke", "loops"]]),
    "inputs": (Inputs, "name → input", [{"x": {"arange": 4}}]),
    "wrt": (Words, "inputs, or leaf paths, to differentiate by; every floating one", ["x"]),
    "function": (str | Number, _FUNCTION, ["2 * dot(x, x)"]),
    "operator": (_words(OPERATORS), "the derivative to take; gradient", [["value", "gradient"]]),
    "mode": (_words(MODES), "how to differentiate; the backend's own", ["forward"]),
    "cotangent": (Input, "the seed of `vjp`, or a map by output; ones", [[1, 0, 0]]),
    "tangent": (Input, "the seed of `jvp` and `hvp`, or a map by leaf; ones", [[1, 0, 0]]),
    "protocol": (_words(tuple(PROTOCOLS)), "how a recording is used, instead of an operator", ["backward_twice"]),
    "expect": (str | dict[str, Any], "what must come out, by operator or target", [{"gradient": "4 * x"}]),
    "backend": (Words, "which backends; all that are installed", [["torch", "jax"]]),
    "execution": (Words, "`eager`, `compiled`, `all`; eager", ["all"]),
    "device": (Words, "`cpu`, `gpu`, `cuda:0`; cpu", ["gpu"]),
    "dtype": (_words((*FLOAT_DTYPES, "all")), "floating dtypes; float32", [["float32", "float64"]]),
    "sweep": (dict[str, list[NumberOrName] | dict[str, Any]], "names → values, usable in every other key", _SWEEPS),
    "max_iterations": (NumberOrName, "bound for `while`, where a lowering needs one", [64]),
    "tolerance": (Tolerance, "replaces the judged tolerance", [{"ulps": 4}]),
    "timing": (NumberOrName, "`off`, `quick`, or seconds of budget a case", ["quick", 2]),
    "timeout": (NumberOrName, "seconds a case may take; 60", [10]),
    "compile_timeout": (NumberOrName, "seconds that compiling may take; 300", [600]),
    "skip": (dict[str, str], "target pattern → reason", [{"jax-compiled": "takes an hour"}]),
}
"""Key → type, description, examples."""


def _scenario_model(name: str, doc: str, *, required: tuple[str, ...]) -> Any:
    fields: dict[str, Any] = {
        key: (kind, Field(... if key in required else None, description=description, examples=examples))
        for key, (kind, description, examples) in KEYS.items()
    }
    return create_model(name, __config__=_STRICT, __doc__=doc, **fields)


Scenario: Any = _scenario_model(
    "scenario", "A function, its inputs, and the derivatives to take.", required=("inputs", "function")
)
Member: Any = _scenario_model("member", "A member of a suite: what it leaves out comes from `defaults`.", required=())
Suite: Any = create_model(
    "suite",
    __config__=_STRICT,
    __doc__="Several scenarios that share keys.",
    defaults=(Member, Field(None, description="keys of every member that does not write them itself")),
    scenarios=(dict[str, Member], Field(description="name → scenario")),
)
FILE: TypeAdapter[Any] = TypeAdapter(Scenario | Suite)
"""What a scenario file may hold."""


def json_schema() -> dict[str, Any]:
    """The schema of scenario files as a JSON document."""
    document = FILE.json_schema(ref_template="#/definitions/{model}")
    definitions = document.pop("$defs")
    return {
        "$schema": DIALECT,
        "title": "gradcmp scenario, format 1",
        **_cleaned(document),
        "definitions": _cleaned(definitions),
    }


def _cleaned(node: Any) -> Any:
    """Without what pydantic adds for its own sake: titles of fields, and defaults that only mean "left out"."""
    if isinstance(node, list):
        return [_cleaned(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if not (key == "default" and value is None)}
    if isinstance(kept.get("title"), str):
        del kept["title"]
    return {key: _cleaned(value) for key, value in kept.items()}
