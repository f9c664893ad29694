"""Shape, arrays made in the shape of others, and a value as a constant."""

import ast
from typing import Any

from gradcmp.backends.torch.spelling.operands import (
    DIM,
    DTYPES,
    NUMBER,
    all_axes,
    cast,
    function,
    lacks_float,
    renamed,
    tensors,
)
from gradcmp.program.spelling import Application, Fragment, Spell, Spellings, call, changed, is_array, rank


def transpose(application: Application) -> str:
    """`.T` is for matrices; PyTorch deprecates it elsewhere."""
    (operand,) = application.operands
    axes, dimensions = application.options["axes"], rank(application.types[0])
    if axes is None and dimensions == 2:
        return f"{operand:atom}.T"
    if axes is None and dimensions in {0, 1}:
        return str(operand)
    if axes is None:
        axes = None if dimensions is None else tuple(reversed(range(dimensions)))
    return call("torch.permute", operand, f"tuple(reversed(range({operand:atom}.ndim)))" if axes is None else axes)


def diagonal(application: Application) -> str:
    """The diagonal of a matrix, or of each in a stack."""
    (operand,) = application.operands
    name = "torch.diagonal" if rank(application.types[0]) == 2 else "torch.linalg.diagonal"
    return call(name, operand, **changed(application, {"offset": 0}))


def flip(application: Application) -> str:
    """`torch.flip`, which has to be told all axes."""
    (operand,) = application.operands
    axis = application.options["axis"]
    axes = all_axes(application) if axis is None else repr((axis,) if isinstance(axis, int) else axis)
    return call("torch.flip", operand, dims=axes)


def expand_dims(application: Application) -> str:
    """`torch.unsqueeze`, once for each new axis."""
    (operand,) = tensors(application)
    axis = application.options["axis"]
    if isinstance(axis, int):
        return call("torch.unsqueeze", operand, axis)
    text, dimensions = str(operand), rank(application.result)
    axes = axis if dimensions is None else sorted(a % dimensions for a in axis)  # the first first: the others follow
    for a in axes:
        text = call("torch.unsqueeze", text, a)
    return text


def shaped(name: str) -> Spell:
    """A call with the new shape after the array."""

    def spell(application: Application) -> str:
        return call(name, *tensors(application), repr(application.options["shape"]))

    return spell


def joined(name: str) -> Spell:
    """`torch.stack` and `torch.concatenate` take arrays only, and promote them."""

    def spell(application: Application) -> str:
        (operand,), (items,) = application.operands, application.types
        if any(not is_array(item) for item in items.items):
            dtype = DTYPES[application.result.dtype]
            pairs = zip(elements(operand), items.items, strict=True)
            texts = [text if is_array(item) else NUMBER.format(value=text, dtype=dtype) for text, item in pairs]
            operand = Fragment(f"[{', '.join(texts)}]", atomic=True)
            return call(name, operand, **renamed(application, {"axis": 0}, {"axis": "dim"}))
        text = call(name, operand, **renamed(application, {"axis": 0}, {"axis": "dim"}))
        return f"{text}.to({DTYPES[application.dtype]})" if lacks_float(application) else text

    return spell


def elements(display: Fragment) -> list[str]:
    """The texts in a list display."""
    whole = ast.parse(display.text, mode="eval").body
    assert isinstance(whole, ast.List)
    return [ast.get_source_segment(display.text, element) or "" for element in whole.elts]


def take(application: Application) -> str:
    """`torch.take` for the flattened array, `index_select` along an axis, indexing for everything else."""
    (array, indices), (_, indices_type) = application.operands, application.types
    axis = application.options["axis"]
    if not is_array(indices_type):
        indices = Fragment(f"torch.tensor({indices})", atomic=True)
    elif indices_type.dtype != "int64":
        indices = cast(indices, "int64")  # PyTorch takes only int64, and would read uint8 as a mask
    if axis is None:
        return call("torch.take", array, indices)
    one_axis = rank(indices_type) == 1 if is_array(indices_type) else _is_flat(indices_type)
    if one_axis:
        return call("torch.index_select", array, axis, indices)
    before = ":, " * axis if axis >= 0 else "..., "
    after = "" if axis >= 0 else ", :" * (-axis - 1)
    return f"{array:atom}[{before}{indices}{after}]"


def _is_flat(operand: Any) -> bool:
    """Is this the type of a list of numbers?"""
    return hasattr(operand, "items") and not any(hasattr(item, "items") for item in operand.items)


def detach(application: Application) -> str:
    """`.detach()` of an array; a number is its own."""
    (operand,) = application.operands
    return f"{operand:atom}.detach()" if is_array(application.types[0]) else str(operand)


PRIMITIVES: Spellings = {
    "transpose": transpose,
    "reshape": shaped("torch.reshape"),
    "broadcast_to": shaped("torch.broadcast_to"),
    "concatenate": joined("torch.concatenate"),
    "stack": joined("torch.stack"),
    "squeeze": function("torch.squeeze", names=DIM, axis=None),
    "expand_dims": expand_dims,
    "flip": flip,
    "take": take,
    "diagonal": diagonal,
    "tril": function("torch.tril", names={"k": "diagonal"}, k=0),
    "triu": function("torch.triu", names={"k": "diagonal"}, k=0),
    "zeros_like": function("torch.zeros_like"),
    "ones_like": function("torch.ones_like"),
    "stop_gradient": detach,
}
