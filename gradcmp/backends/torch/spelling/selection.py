"""Selection of one of several operands, element by element."""

from __future__ import annotations

from gradcmp.backends.torch.spelling.operands import function, tensors, widened
from gradcmp.program.spelling import Application, Spellings, call, is_array


def clip(application: Application) -> str:
    """A bound that is an array is differentiated by only where both bounds are arrays."""
    numbers = [not is_array(bound) for bound in application.types[1:]]
    operands = widened(application)
    if all(numbers) and is_array(application.types[0]):
        return call("torch.clamp", *operands)
    return call("torch.clamp", *tensors(application, operands))


PRIMITIVES: Spellings = {"maximum": function("torch.maximum"), "minimum": function("torch.minimum"), "clip": clip}
