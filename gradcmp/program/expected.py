"""An expression of a scenario's `expect`: the names that it may use, and its types."""

from collections.abc import Mapping

from gradcmp.program.check import check
from gradcmp.program.ir import ArrayType, Checked, Program

RESULT = "result"
"""What the function's value is called."""


def result_paths(checked: Checked) -> dict[str, str]:
    """Path of an output → what an expectation calls it: `result`, or `result.KEY` where outputs have keys.

    Empty where an input is called `result`; outputs of a tuple have no name.
    """
    if any(path.partition(".")[0] == RESULT for path in checked.leaves):
        return {}
    return {of: f"{RESULT}.{of}" if of else RESULT for of, _ in checked.outputs if not of or of.isidentifier()}


def check_expectation(
    program: Program, checked: Checked, parameters: Mapping[str, int | float | str] | None = None
) -> Checked:
    """An expected expression, checked over the inputs of the function and its value. Raises `UsageError`."""
    outputs: dict[str, ArrayType] = dict(checked.outputs)
    leaves = dict(checked.leaves) | {name: outputs[of] for of, name in result_paths(checked).items()}
    return check(program, leaves, dtype=checked.dtype, parameters=parameters or {})
