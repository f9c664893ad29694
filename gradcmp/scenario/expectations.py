"""The key `expect`: what must come out, for every target or for some.

Everything has one of these places: an operator (`gradient: 2 * x`), a target pattern (`torch: {value: 14.0}`), or the
whole (`expect: unsupported`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gradcmp.core.expectations import Expectation, Expectations
from gradcmp.core.expected import (
    Expected,
    ExpectedAbout,
    ExpectedExpression,
    ExpectedLeaf,
    ExpectedNothing,
    ExpectedNumbers,
    ExpectedOutcome,
    ExpectedResult,
    ExpectedVerdict,
)
from gradcmp.core.leaves import Dimensions, fits, operator_leaves
from gradcmp.core.operators import OPERATORS, Operator
from gradcmp.core.suggest import did_you_mean
from gradcmp.core.targets import TargetPattern
from gradcmp.core.verdicts import Verdict
from gradcmp.scenario.functions import check_expected, read_program
from gradcmp.scenario.generators import literal
from gradcmp.scenario.nodes import Mapping, Node, Scalar
from gradcmp.scenario.patterns import OPERATORS_MEANT, check_pattern
from gradcmp.scenario.reading import Reader, joined, listing, quoted, shown_shape

if TYPE_CHECKING:
    from gradcmp.program.ir import Checked

OUTCOMES = ("unsupported", "timed-out", "died")
EXCEPTION = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What expectations are about: the function, checked for one dtype, and the leaves it is differentiated by."""

    checked: Checked
    wrt: tuple[str, ...]

    def places(self, operator: str) -> tuple[dict[str, Dimensions], dict[str, str]]:
        """Path → shape of everything that an operator gives, by the rule of `core.expected.ExpectedResult`; and
        names that say more than they must → the path: `x` where there is only `x`, `0.x`, `x.x` of a Hessian."""
        places: dict[str, Dimensions] = {}
        long_names: dict[str, str] = {}
        several = len(self.wrt) > 1
        for leaf in operator_leaves(Operator(operator), self.wrt, self.checked.leaves, self.checked.outputs):
            path = _path(leaf.of, *(leaf.wrt if several else ()))
            places[path] = leaf.shape
            long_names[_path(leaf.of, *leaf.wrt)] = path
            if leaf.wrt and not several:
                long_names[_path(leaf.of, leaf.wrt[0])] = path
        return places, long_names


def _path(*names: str) -> str:
    return ".".join(filter(None, names))


def read_expectations(reader: Reader, node: Node, context: Context) -> Expectations:
    """Every entry of `expect`, as far as it can be understood."""
    outcome = _outcome(reader, node, "expect")
    if outcome is not None:
        whole = Expectation(pattern=None, operator=None, expected=outcome, location=node.location)
        return Expectations(entries=(whole,))
    mapping = reader.mapping(node, "expect", "operators or targets, such as `{gradient: 2 * x}`", filled=True)
    if mapping is None:
        return Expectations()
    entries: list[Expectation] = []
    strict = False
    for name, entry in mapping.entries.items():
        path = joined("expect", name)
        if name == "strict":
            strict = reader.flag(entry.value, path) or False
        elif name in OPERATORS:
            expected = _expected(reader, entry.value, path, name, context)
            if expected is not None:
                location = entry.key.location
                entries.append(Expectation(pattern=None, operator=name, expected=expected, location=location))
        elif check_pattern(reader, entry.key, path, operators=True, alone=not _may_be_target(entry.value)):
            entries += _for_target(reader, entry.value, path, TargetPattern(text=name), context)
    return Expectations(entries=tuple(entries), strict=strict)


def _may_be_target(node: Node) -> bool:
    return isinstance(node, Mapping) or (isinstance(node, Scalar) and node.text in OUTCOMES)


def _for_target(reader: Reader, node: Node, path: str, pattern: TargetPattern, context: Context) -> list[Expectation]:
    outcome = _outcome(reader, node, path)
    if outcome is not None:
        return [Expectation(pattern=pattern, operator=None, expected=outcome, location=node.location)]
    mapping = reader.mapping(node, path, "operators, such as `{gradient: 2 * x}`, or an outcome, such as `unsupported`")
    if mapping is None:
        return []
    reader.known_keys(mapping, path, OPERATORS, OPERATORS_MEANT)
    entries = []
    for name, entry in mapping.entries.items():
        if name in OPERATORS:
            expected = _expected(reader, entry.value, joined(path, name), name, context)
            if expected is not None:
                location = entry.key.location
                entries.append(Expectation(pattern=pattern, operator=name, expected=expected, location=location))
    return entries


def _outcome(reader: Reader, node: Node, path: str) -> ExpectedOutcome | ExpectedVerdict | None:
    """`unsupported`, `{raises: …, match: …}`, `{verdict: …}`; None where it is something else."""
    if isinstance(node, Scalar):
        return ExpectedOutcome(outcome=node.text) if node.text in OUTCOMES else None
    if not isinstance(node, Mapping):
        return None
    if "verdict" in node:
        reader.known_keys(node, path, ("verdict",))
        expected = f"a verdict: {', '.join(Verdict)}"
        verdict = reader.word(node["verdict"], joined(path, "verdict"), expected, tuple(Verdict))
        return ExpectedVerdict(verdict=Verdict(verdict or "unjudged"))  # the complaint stops it
    if "raises" not in node and "match" not in node:
        return None
    reader.known_keys(node, path, ("raises", "match"))
    exception, match = node.get("raises"), node.get("match")
    name = None if exception is None else reader.word(
        exception, joined(path, "raises"), "the name of an exception, such as `RuntimeError`", EXCEPTION
    )  # fmt: skip
    pattern = None if match is None else reader.text(match, joined(path, "match"), "a regular expression")
    if pattern is not None and match is not None:
        _check_regular_expression(reader, match, joined(path, "match"), pattern)
    return ExpectedOutcome(outcome="raised", exception=name, match=pattern)


def _check_regular_expression(reader: Reader, node: Node, path: str, pattern: str) -> None:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        reader.complain(node, path, f"`{pattern}` is not a regular expression: {error}")


def _expected(reader: Reader, node: Node, path: str, operator: str, context: Context) -> Expected | None:
    """What one operator must give: an outcome, a leaf, or leaves by path."""
    outcome = _outcome(reader, node, path)
    if outcome is not None:
        return outcome
    places, _ = context.places(operator)
    if isinstance(node, Mapping) and "about" not in node:
        return ExpectedResult(leaves=_leaves(reader, node, path, operator, context))
    if isinstance(node, Scalar) and node.text == "none" and not node.style:
        return ExpectedResult(leaves=dict.fromkeys(places, ExpectedNothing()))
    if len(places) > 1:
        what = f"found one value for the {len(places)} arrays that `{operator}` gives"
        reader.complain(node, path, what, f"expected a map with {' and '.join(quoted(places))}")
        return None
    sole, shape = next(iter(places.items()), ("", None))
    leaf = _leaf(reader, node, path, shape, context)
    return None if leaf is None else ExpectedResult(leaves={sole: leaf})


def _leaves(reader: Reader, node: Mapping, path: str, operator: str, context: Context) -> dict[str, ExpectedLeaf]:
    """Leaves by path; paths may be written with dots or as nested maps, and may name what there is only one of."""
    leaves: dict[str, ExpectedLeaf] = {}
    places, long_names = context.places(operator)
    for name, key, value in _flat(node):
        place = name if name in places else long_names.get(name)
        here = joined(path, name)
        if place is None:
            hint = did_you_mean(name, [known for known in (*places, *long_names) if known])
            known = [known for known in long_names if known][:10]
            expected = f"expected {listing(known)}" if known else "expected the value itself, without a name"
            reader.complain(key, here, f"`{operator}` gives no `{name}`", expected, hint)
            continue
        if isinstance(value, Scalar) and value.text == "none" and not value.style:
            leaves[place] = ExpectedNothing()
            continue
        leaf = _leaf(reader, value, here, places[place], context)
        if leaf is not None:
            leaves[place] = leaf
    return leaves


def _flat(node: Mapping, prefix: str = "") -> list[tuple[str, Scalar, Node]]:
    entries: list[tuple[str, Scalar, Node]] = []
    for name, entry in node.entries.items():
        path = joined(prefix, name)
        if isinstance(entry.value, Mapping) and "about" not in entry.value:
            entries += _flat(entry.value, path)
        else:
            entries.append((path, entry.key, entry.value))
    return entries


def _leaf(reader: Reader, node: Node, path: str, shape: Dimensions, context: Context) -> ExpectedLeaf | None:
    """An expression, numbers, or `{about: 0.3333}`."""
    if isinstance(node, Mapping):
        return _about(reader, node, path)
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return _expression(reader, node, path, shape, context)
    if isinstance(node, Scalar) and (isinstance(node.value, bool) or node.is_empty):
        reader.wrong(node, path, "an expression, numbers, `{about: 0.3333}`, `none` or an outcome")
        return None
    read = literal(reader, node, path)
    if read is None:
        return None
    if read[1] and not fits(read[1], shape):
        _wrong_shape(reader, node, path, read[1], shape)
        return None
    return ExpectedNumbers(data=_as_lists(read[0]))


def _as_lists(value: Any) -> Any:
    return [_as_lists(item) for item in value] if isinstance(value, tuple) else value


def _about(reader: Reader, node: Mapping, path: str) -> ExpectedAbout | None:
    reader.known_keys(node, path, ("about",))
    value = node["about"]
    number = reader.finite(value, joined(path, "about"), "a decimal number, such as `0.3333`")
    if number is None or not isinstance(value, Scalar):
        return None
    written = value.text if isinstance(value.value, int | float) else repr(number)
    return ExpectedAbout(text=str(int(written, 0)) if written[:2] in ("0x", "0o") else written)


def _expression(
    reader: Reader, node: Scalar, path: str, shape: Dimensions, context: Context
) -> ExpectedExpression | None:
    program = read_program(reader, node, path)
    if program is None:
        return None
    checked = check_expected(reader, program, context.checked, path)
    if checked is None:
        return None
    if [of for of, _ in checked.outputs] != [""]:
        reader.complain(node, path, "the expression gives several outputs, or one with a name", "expected one array")
        return None
    if checked.outputs[0][1].kind == "bool" and all(output.kind != "bool" for _, output in context.checked.outputs):
        reader.complain(node, path, "the expression is true or false", "expected numbers")
        return None
    given = checked.outputs[0][1].shape
    if given is not None and given != () and not fits(given, shape):
        _wrong_shape(reader, node, path, given, shape)
        return None
    return ExpectedExpression(program=program)


def _wrong_shape(reader: Reader, node: Node, path: str, given: Dimensions, shape: Dimensions) -> None:
    expected = f"expected shape {shown_shape(shape)}" + ", or one number for all elements" * bool(shape)
    reader.complain(node, path, f"the expectation has shape {shown_shape(given)}", expected)
