"""One scenario's keys under one binding of its sweep → `core.scenarios.Scenario`."""

from __future__ import annotations

import re
from collections.abc import Mapping as AnyMapping
from typing import TYPE_CHECKING, Any

from gradcmp.core.expectations import Expectations
from gradcmp.core.formats import BYTES, FLOAT_DTYPES
from gradcmp.core.operators import MODES, OPERATORS, PROTOCOLS, Operator
from gradcmp.core.scenarios import TIMINGS, Scenario, Tolerance
from gradcmp.core.specifications import InputTree, Specification
from gradcmp.core.targets import NAME, TargetPattern
from gradcmp.scenario.functions import check_outputs, check_program, function_text, leaf_types, read_program
from gradcmp.scenario.inputs import check_sizes, read_inputs, read_wrt
from gradcmp.scenario.keys import SCENARIO
from gradcmp.scenario.nodes import Mapping, Node, Scalar
from gradcmp.scenario.patterns import BACKENDS_MEANT, OPERATORS_MEANT, check_pattern
from gradcmp.scenario.reading import Number, Reader, joined
from gradcmp.scenario.seeds import read_seeds
from gradcmp.scenario.specifications import DTYPES_MEANT, check_range
from gradcmp.scenario.suites import Draft

if TYPE_CHECKING:
    from gradcmp.program.ir import Checked, Program
    from gradcmp.scenario.expectations import Context

TAG = re.compile(r"[^\s,()\[\]]+")
DEVICE = re.compile(r"[a-z]+(:[0-9]+)?")


def read_once(reader: Reader, draft: Draft, *, parsed: bool = True) -> Program | None:
    """What no sweep changes: the keys that must be there, and the function's text."""
    for key, example in (("inputs", "{x: {arange: 4}}"), ("function", "sum(x * x)")):
        if key not in draft.node:
            inputs = draft.node.get("inputs")
            inside = isinstance(inputs, Mapping) and key in inputs
            hint = "it stands below `inputs`: indent it as far as `inputs` itself" * inside
            reader.complain(draft.location, "", f"`{key}` is missing", f"expected `{key}: {example}`", hint)
    function = draft.node.get("function")
    return None if function is None else read_program(reader, function, parsed=parsed)


def build(
    reader: Reader, draft: Draft, program: Program | None, max_bytes: int, *, checked: bool = True
) -> Scenario | None:
    """The scenario under the binding in `reader.names`; None where something in it is wrong.

    Not `checked`, the function and what must fit it (`expect`, seeds) are left alone.
    """
    node = draft.node
    before = reader.count
    inputs = _inputs(reader, draft)
    wrt = read_wrt(reader, node.get("wrt"), inputs, node.get("inputs") or node)
    sound = "inputs" in node and reader.count == before
    choices = _choices(reader, node)
    operators, protocols, modes = _operators(reader, draft)
    dtypes = choices["dtypes"] or (SCENARIO["dtype"].word,)
    check_sizes(reader, inputs, max(dtypes, key=BYTES.__getitem__), max_bytes)
    expect = Expectations()
    context: Context | None = None
    for dtype in dtypes if checked and sound else ():
        if program is None or reader.count > before:
            break  # of a fault in every dtype one complaint is enough
        with reader.about(f"for dtype {dtype}: " if dtype != dtypes[0] else ""):
            context = _understood(
                reader, draft, program, inputs, dtype, wrt=wrt, operators=operators, protocols=protocols
            )
            if context is not None and "expect" in node:
                from gradcmp.scenario.expectations import read_expectations  # a listing reads none

                expect = read_expectations(reader, node["expect"], context)
    cotangent = read_seeds(reader, draft, "cotangent", context)
    tangent = read_seeds(reader, draft, "tangent", context)
    _check_ranges(reader, inputs, wrt, dtypes, cotangent or {}, tangent or {})
    limits = _limits(reader, node)
    skip = _skip(reader, node.get("skip"))
    if program is None or reader.count > before:
        return None
    return Scenario(
        id=draft.id, suite=draft.suite, location=draft.location, parameters=dict(reader.names), inputs=inputs, wrt=wrt,
        function=program, operators=operators, protocols=protocols, modes=modes, cotangent=cotangent, tangent=tangent,
        expect=expect, skip=skip, **choices, **limits,
    )  # fmt: skip


def _check_ranges(
    reader: Reader, inputs: InputTree, wrt: tuple[str, ...], dtypes: tuple[str, ...],
    cotangent: AnyMapping[str, Specification], tangent: AnyMapping[str, Specification],
) -> None:  # fmt: skip
    """Refuse finite numbers that the dtype has only as infinity: another point than the one that is written."""
    leaves = dict(inputs.leaves())
    for path, leaf in leaves.items():
        check_range(reader, f"inputs.{path}", leaf, dtypes)
    for of, seed in cotangent.items():
        check_range(reader, f"cotangent.{of}".rstrip("."), seed, dtypes)
    for path, seed in tangent.items():  # it has the dtype of its input
        leaf = leaves.get(path or "".join(wrt[:1]), seed)
        check_range(reader, f"tangent.{path}".rstrip("."), seed, map(leaf.dtype_in, dtypes))


def _understood(
    reader: Reader, draft: Draft, program: Program, inputs: InputTree, dtype: str, *, wrt: tuple[str, ...],
    operators: tuple[Operator, ...], protocols: tuple[str, ...],
) -> Context | None:  # fmt: skip
    """The function in a problem of one dtype, and whether its outputs are what the operators need."""
    function = check_program(reader, program, leaf_types(inputs, dtype), dtype, reader.names)
    if function is None:
        return None
    check_outputs(reader, draft.node["function"], function, () if protocols else operators)
    _check_protocols(reader, draft.node, protocols, function)
    from gradcmp.scenario.expectations import Context  # likewise

    return Context(checked=function, wrt=wrt)


def _inputs(reader: Reader, draft: Draft) -> InputTree:
    node = draft.node.get("inputs")
    if node is None:
        return InputTree()
    return read_inputs(reader, node, draft.folder, function_text(draft.node.get("function")))


def _choices(reader: Reader, node: Mapping) -> dict[str, Any]:
    """Description, tags, and where to run: None where the scenario does not say."""
    description = node.get("description")
    tags = node.get("tags")

    def chosen(key: str, expected: str, allowed: Any, meant: AnyMapping[str, str] | None = None) -> Any:
        value = node.get(key)
        return None if value is None else reader.words(value, key, expected, allowed, meant)

    dtypes = chosen("dtype", f"one of {', '.join(FLOAT_DTYPES)}, or all", (*FLOAT_DTYPES, "all"), DTYPES_MEANT)
    return {
        "description": "" if description is None else reader.text(description, "description") or "",
        "tags": () if tags is None else reader.words(tags, "tags", "a word or a list of words", TAG),
        "backends": chosen("backend", "the name of a backend, such as `torch`", NAME, BACKENDS_MEANT),
        "executions": chosen("execution", "`eager`, `compiled`, `all`, or what a backend adds", NAME),
        "devices": chosen("device", "`cpu`, `gpu`, or one such as `cuda:0`", DEVICE),
        "dtypes": FLOAT_DTYPES if dtypes and "all" in dtypes else dtypes,
    }


def _operators(reader: Reader, draft: Draft) -> tuple[tuple[Operator, ...], tuple[str, ...], tuple[str, ...]]:
    """Operators, protocols and modes; what a scenario writes itself wins over a default of the other sort."""
    node = draft.node
    operator, protocol, mode = node.get("operator"), node.get("protocol"), node.get("mode")
    if operator is not None and protocol is not None:
        if ("operator" in draft.written) == ("protocol" in draft.written):
            reader.complain(
                node.entries["protocol"].key,
                "protocol",
                "a scenario has `operator` or `protocol`, not both",
                hint="leave one out",
            )
        elif "protocol" in draft.written:
            operator = None
        else:
            protocol = None
    operators = (SCENARIO["operator"].word,) if operator is None else reader.words(
        operator, "operator", f"one of {', '.join(OPERATORS)}", OPERATORS, OPERATORS_MEANT
    )  # fmt: skip
    protocols = () if protocol is None else reader.words(
        protocol, "protocol", f"one of {', '.join(PROTOCOLS)}", PROTOCOLS
    )  # fmt: skip
    modes = () if mode is None else reader.words(mode, "mode", f"one of {', '.join(MODES)}", MODES)
    if protocols and mode is not None and "mode" in draft.written:
        reader.complain(node.entries["mode"].key, "mode", "a protocol has no mode", hint="leave it out")
    return tuple(map(Operator, operators)), protocols, () if protocols else modes


def _check_protocols(reader: Reader, node: Mapping, protocols: tuple[str, ...], checked: Checked) -> None:
    if "two_targets" in protocols and len(checked.outputs) < 2:
        what = f"`two_targets` needs two outputs, the function has {len(checked.outputs)}"
        reader.complain(node.entries["protocol"].key, "protocol", what, hint="return two: `return a, b`")
    if "vector_backward" in protocols and all(output.shape == () for _, output in checked.outputs):
        what = "`vector_backward` needs an output that is not a scalar"
        hint = "return one: leave out the reduction, such as `sum`"
        reader.complain(node.entries["protocol"].key, "protocol", what, hint=hint)


def _limits(reader: Reader, node: Mapping) -> dict[str, Any]:
    iterations, timing = node.get("max_iterations"), node.get("timing")
    return {
        "max_iterations": None if iterations is None else reader.integer(
            iterations, "max_iterations", "a whole number above 0", least=1, most=2**31
        ),
        "tolerance": _tolerance(reader, node.get("tolerance")),
        "timing": None if timing is None else _timing(reader, timing),
        "timeout_s": _seconds(reader, node.get("timeout"), "timeout"),
        "compile_timeout_s": _seconds(reader, node.get("compile_timeout"), "compile_timeout"),
    }  # fmt: skip


def _timing(reader: Reader, node: Node) -> str | Number | None:
    node = reader.substituted(node)
    if isinstance(node, Scalar) and node.text in TIMINGS:
        return node.text
    return _positive(reader, node, "timing", "`off`, `quick`, or seconds of budget")


def _seconds(reader: Reader, node: Node | None, key: str) -> float | None:
    seconds = None if node is None else _positive(reader, node, key, "seconds, above 0")
    return None if seconds is None else float(seconds)


def _positive(reader: Reader, node: Node, path: str, expected: str) -> Number | None:
    value = reader.finite(node, path, expected, least=0)
    if value == 0:
        reader.wrong(node, path, expected)
    return value


def _tolerance(reader: Reader, node: Node | None) -> Tolerance | None:
    expected = "`{ulps: n}` or `{rtol: r, atol: a}`"
    mapping = None if node is None else reader.mapping(node, "tolerance", expected)
    if mapping is None:
        return None
    reader.known_keys(mapping, "tolerance", ("ulps", "rtol", "atol"))
    if not mapping.entries or ("ulps" in mapping and len(mapping.entries) > 1):
        reader.complain(mapping, "tolerance", "the tolerance is not one of the two sorts", f"expected {expected}")
    values = {
        name: reader.finite(value, f"tolerance.{name}", "a number, not negative", least=0)
        for name, value in mapping.items()
        if name in ("ulps", "rtol", "atol")
    }
    return Tolerance(**{name: None if value is None else float(value) for name, value in values.items()})


def _skip(reader: Reader, node: Node | None) -> tuple[tuple[TargetPattern, str], ...]:
    expected = "target patterns with reasons, such as `{jax-compiled: …}`"
    mapping = None if node is None else reader.mapping(node, "skip", expected)
    skips: list[tuple[TargetPattern, str]] = []
    for name, entry in mapping.entries.items() if mapping is not None else ():
        path = joined("skip", name)
        good = check_pattern(reader, entry.key, path)
        reason = reader.text(entry.value, path, "the reason, in words")
        if good and reason is not None:
            skips.append((TargetPattern(text=name), reason))
    return tuple(skips)
