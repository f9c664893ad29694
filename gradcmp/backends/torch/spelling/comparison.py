"""Comparison, logic and selection; comparisons are Python's own."""

from gradcmp.backends.torch.spelling.operands import as_array, cast, function, tensors, widened
from gradcmp.program.spelling import Application, Fragment, Spellings, call, is_array


def where(application: Application) -> str:
    """Two numbers would be of the default dtype; a static condition is no array."""
    condition, *_ = application.operands
    if not is_array(application.types[0]):
        condition = Fragment(f"torch.tensor({condition})", atomic=True)
    operands = application.operands[1:]
    if not any(is_array(branch, "float") for branch in application.types[1:]):
        # The condition's own type says nothing of the result's.
        widen = application.result.kind == "float"
        operands = tuple(
            cast(bare, application.dtype) if widen and is_array(branch, "int")
            else bare if is_array(branch)
            else as_array(application, bare, array)
            for bare, array, branch in zip(operands, application.arrays[1:], application.types[1:], strict=True)
        )  # fmt: skip
    return call("torch.where", condition, *operands)


def clip(application: Application) -> str:
    """A bound that is an array is differentiated by only where both bounds are arrays."""
    numbers = [not is_array(bound) for bound in application.types[1:]]
    operands = widened(application)
    if all(numbers) and is_array(application.types[0]):
        return call("torch.clamp", *operands)
    return call("torch.clamp", *tensors(application, operands))


PRIMITIVES: Spellings = {
    "logical_and": function("torch.logical_and"), "logical_or": function("torch.logical_or"),
    "logical_not": function("torch.logical_not"),
    "where": where,
    "maximum": function("torch.maximum"), "minimum": function("torch.minimum"), "clip": clip,
}  # fmt: skip
