"""The keys of the format: one table, which checks, schema, `gradcmp show` and a test of the documentation read."""

from collections.abc import Mapping as AnyMapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal, get_args

from gradcmp.core.formats import FLOAT_DTYPES
from gradcmp.core.operators import MODES, OPERATORS, PROTOCOLS
from gradcmp.scenario.nodes import Mapping
from gradcmp.scenario.reading import Reader, joined

Schema = dict[str, Any]
Place = Literal["scenario", "suite", "configuration"]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": ["number", "string"]}
"""A number, or a text with a name of the sweep in it."""
WORDS: Schema = {"type": ["string", "array"], "items": TEXT}


def reference(name: str) -> Schema:
    """What stands under `name` among the definitions of the schema."""
    return {"$ref": f"#/definitions/{name}"}


def mapping(values: Schema) -> Schema:
    """Any names → such values."""
    return {"type": "object", "additionalProperties": values}


def _words_of(words: tuple[str, ...]) -> Schema:
    """One of the words, or a list of them. Another text may be a sweep name: the schema only suggests."""
    word: list[Schema] = [{"enum": list(words)}, TEXT]
    return {"anyOf": [*word, {"type": "array", "items": {"anyOf": word}}]}


@dataclass(frozen=True, slots=True)
class Key:
    """One key: what it holds, as JSON Schema; in words; and what holds without it.

    A scenario's key may also stand among the `defaults` of a suite and in the configuration. `meant` are words that
    people write instead.
    """

    name: str
    holds: Schema = field(default_factory=dict)
    description: str = ""
    _: KW_ONLY
    place: Place = "scenario"
    default: str = "none"
    examples: tuple[Any, ...] = ()
    meant: tuple[str, ...] = ()
    supported: bool = True

    @property
    def required(self) -> bool:
        return self.default == MUST

    @property
    def word(self) -> str:
        """The default as it would be written."""
        return self.default.strip("`")


MUST = "must be there"

_SWEEPS = ({"n": [8, 64]}, {"n": {"geometric": [8, 2048, 5]}}, {"zip": {"m": [1, 2], "n": [3, 4]}})

KEYS: tuple[Key, ...] = (
    Key("description", {"type": ["string", "number"]}, "one sentence", default="empty", examples=("The gradient of y = 2xᵀx is 4x.",), meant=("name", "title", "desc")),
    Key("tags", WORDS, "words; `-k` matches ids and tags", examples=(["smoke", "loops"],)),
    Key("inputs", mapping(reference("input")), "name → input", default=MUST, examples=({"x": {"arange": 4}},), meant=("args", "arguments", "params")),
    Key("wrt", WORDS, "inputs, or leaf paths, to differentiate by", default="every floating input", examples=("x",), meant=("argnums",)),
    Key("function", {"type": ["string", "number"]}, "an expression, a block or a `def` in the little language", default=MUST, examples=("2 * dot(x, x)",), meant=("func", "fn", "expression", "code")),
    Key("operator", _words_of(OPERATORS), "the derivative to take", default="`gradient`", examples=(["value", "gradient"],), meant=("derivative",)),
    Key("mode", _words_of(MODES), "how to differentiate", default="what the backend prefers; its next one where the framework refuses that", examples=("forward",)),
    Key("cotangent", reference("input"), "the seed of `vjp`, or a map by output", default="ones", examples=([1, 0, 0],), meant=("seed",)),
    Key("tangent", reference("input"), "the seed of `jvp` and `hvp`, or a map by leaf", default="ones", examples=([1, 0, 0],)),
    Key("protocol", _words_of(tuple(PROTOCOLS)), "how a recording is used, instead of an operator", examples=("backward_twice",)),
    Key("expect", {"type": ["string", "object"]}, "what must come out, by operator or target", default="nothing", examples=({"gradient": "4 * x"},), meant=("expected", "expects", "xfail")),
    Key("backend", WORDS, "which backends", default="all that are installed", examples=(["torch", "jax"],), meant=("framework", "frameworks")),
    Key("execution", WORDS, "`eager`, `compiled`, `all`, or what a backend adds", default="`eager`", examples=("all",)),
    Key("device", WORDS, "`cpu`, `gpu`, `cuda:0`", default="`cpu`", examples=("gpu",)),
    Key("dtype", _words_of((*FLOAT_DTYPES, "all")), "floating dtypes", default="`float32`", examples=(["float32", "float64"],), meant=("type",)),
    Key("sweep", mapping({"type": ["array", "object"], "items": NUMBER}), "names → values, usable in every other key", default="one run", examples=_SWEEPS, meant=("parameters", "parametrize", "matrix")),
    Key("max_iterations", NUMBER, "bound for `while`, where a lowering needs one", examples=(64,)),
    Key("tolerance", reference("tolerance"), "replaces the judged tolerance", default="judged per element", examples=({"ulps": 4},), meant=("tol", "rtol", "atol")),
    Key("timing", NUMBER, "`off`, `quick`, or seconds of budget a case", default="as the command line says", examples=("quick", 2)),
    Key("timeout", NUMBER, "seconds a case may take", default="60", examples=(10,)),
    Key("compile_timeout", NUMBER, "seconds that compiling may take", default="300", examples=(600,)),
    Key("skip", mapping(TEXT), "target pattern → reason", default="nothing is skipped", examples=({"jax-compiled": "takes an hour"},)),
    *(Key(name, supported=False) for name in ("reference", "static", "convert", "layouts", "compute_dtype", "settings", "intermediates")),
    Key("description", {"type": ["string", "number"]}, "one sentence on what its scenarios have in common", place="suite", default="empty", examples=("Conventions at kinks.",), meant=("name", "title", "desc")),
    Key("defaults", reference("member"), "keys of every member that does not write them itself", place="suite"),
    Key("scenarios", mapping(reference("member")), "name → scenario", place="suite", default=MUST, meant=("scenario",)),
    Key("scenarios", TEXT, "the folder with the scenarios", place="configuration", default="`scenarios`"),
    Key("baseline", place="configuration", supported=False),
    Key("require", WORDS, "targets that must be able to run", place="configuration"),
    Key("environments", place="configuration", supported=False),
)  # fmt: skip


SCENARIO, SUITE, CONFIGURATION = ({key.name: key for key in KEYS if key.place == place} for place in get_args(Place))

_MEANT = {word: key.name for key in KEYS for word in key.meant}


def check_keys(reader: Reader, node: Mapping, path: str = "", known: AnyMapping[str, Key] = SCENARIO) -> None:
    """Complain about keys that do not exist or are not supported yet."""
    supported = [name for name, key in known.items() if key.supported]
    for name, entry in node.entries.items():
        if name not in known:
            reader.unknown_key(entry.key, joined(path, name), supported, _MEANT)
        elif not known[name].supported:
            reader.complain(entry.key, joined(path, name), f"`{name}` is not supported yet")
