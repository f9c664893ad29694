"""The key `function`: text of the little language, parsed where it stands and checked once against the inputs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Mapping as AnyMapping
from dataclasses import replace
from typing import TYPE_CHECKING

from gradcmp.core.operators import Operator
from gradcmp.core.specifications import InputTree
from gradcmp.errors import Complaint, UsageError
from gradcmp.program.programs import Program
from gradcmp.scenario.nodes import Mapping, Node, Scalar
from gradcmp.scenario.reading import Number, Reader

if TYPE_CHECKING:
    from gradcmp.program.ir import ArrayType, Checked

EXPECTED = "an expression, a block or a `def`, such as `2 * dot(x, x)`"

_OWN = re.compile(r"[\w.]:[A-Za-z_]")


def function_text(node: Node | None) -> str:
    """The text of a function, empty where it is none."""
    return node.text if isinstance(node, Scalar) else ""


def read_program(reader: Reader, node: Node, path: str = "function", *, parsed: bool = True) -> Program | None:
    """The text at `node`, parsed; complaints stand at their place in the YAML file.

    Not `parsed`, the program is its text alone.
    """
    if isinstance(node, Mapping):
        _refuse_mapping(reader, node, path)
        return None
    if not isinstance(node, Scalar):
        hint = "several outputs are written `x, 2 * x`, without brackets"
        reader.wrong(node, path, EXPECTED, hint)
        return None
    if not node.text.strip():
        reader.complain(node, path, "found nothing", f"expected {EXPECTED}")
        return None
    if not parsed:
        return Program(body=(), text=node.text, location=node.content, indent=node.indent)
    from gradcmp.program.parse import parse  # a list of scenarios does without the language

    try:
        return parse(node.text, location=node.content, indent=node.indent)
    except UsageError as error:
        joined = node.folded and "\n" not in node.text
        hint = "YAML joins these lines to one: write `|` after the colon of the key" if joined else ""
        adopt(reader, error.complaints[:1] if joined else error.complaints, path, hint)
        return None


def _refuse_mapping(reader: Reader, node: Mapping, path: str) -> None:
    """`{torch: "model.py:loss"}` is a function of one's own; other mappings were meant as text."""
    if any(isinstance(value, Scalar) and _OWN.search(value.text) for _, value in node.items()):
        what = "functions of your own (backend → FILE.py:NAME) are not supported yet"
        reader.complain(node, path, what, "expected text of the little language, such as `2 * dot(x, x)`")
        return
    empty = next((name for name, value in node.items() if isinstance(value, Scalar) and value.is_empty), None)
    what = "found a mapping, which `{…}` without quotes is in YAML"
    what += f", and its key `{empty}` has no value" * (empty is not None)
    hint = "a function that returns outputs by name is a text in quotes: `\"{'a': sum(x), 'b': x}\"`"
    reader.complain(node, path, what, f"expected {EXPECTED}", hint)


def leaf_types(inputs: InputTree, dtype: str) -> dict[str, ArrayType]:
    """The inputs as the checker of programs sees them."""
    from gradcmp.program.ir import ArrayType  # a list of scenarios does without the language

    return {
        path: ArrayType(kind=leaf.kind, dtype=leaf.dtype_in(dtype), shape=leaf.shape) for path, leaf in inputs.leaves()
    }


def check_program(
    reader: Reader, program: Program, leaves: AnyMapping[str, ArrayType], dtype: str,
    names: AnyMapping[str, Number | str],
) -> Checked | None:  # fmt: skip
    """The program with its types, None where it does not fit the inputs."""
    from gradcmp.program.check import check  # as above

    try:
        return check(program, leaves, dtype=dtype, parameters=names)
    except UsageError as error:
        adopt(reader, error.complaints, "function")
        return None


def check_expected(reader: Reader, program: Program, checked: Checked, path: str) -> Checked | None:
    """An expected expression with its types, None where it does not fit the inputs of the function `checked`."""
    from gradcmp.program.expected import RESULT, check_expectation, result_paths  # as above

    try:
        return check_expectation(program, checked, reader.names)
    except UsageError as error:
        unnamed = RESULT not in checked.leaves and not result_paths(checked)
        hint = f"`{RESULT}` needs outputs with names: `return {{'a': x, 'b': y}}`" * unnamed
        for complaint in error.complaints:
            adopt(reader, [complaint], path, hint if complaint.what.startswith(f"`{RESULT}` is not defined") else "")
        return None


def adopt(reader: Reader, complaints: Iterable[Complaint], path: str, hint: str = "") -> None:
    """Take over complaints of the little language under the key where the text stands; `hint` replaces theirs."""
    for complaint in complaints:
        reader.adopt(replace(complaint, path=complaint.path or path, hint=hint or complaint.hint))


def check_outputs(reader: Reader, node: Node, checked: Checked, operators: tuple[Operator, ...]) -> None:
    """Refuse operators that the outputs cannot have: a gradient needs a scalar, a derivative a floating number."""
    from gradcmp.program.check import require_scalar_outputs  # as above

    scalar = [require_scalar_outputs(checked, operator) for operator in operators if operator.scalar]
    adopt(reader, [complaint for complaint in scalar if complaint is not None], "function")
    for of, output in checked.outputs:
        if output.kind != "float" and any(operator.order and not operator.scalar for operator in operators):
            named = f"the output `{of}`" if of else "the function"
            what = f"{named} gives {output.dtype}, which has no derivative"
            reader.complain(node, "function", what, "expected a floating output, or `operator: value`")
