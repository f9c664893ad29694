"""How PyTorch spells the primitives, and the protocols' idioms.

PyTorch promotes an integer array that meets a floating array, but gives its default dtype (float32) where an integer
array stands alone or meets a number, and demands equal dtypes in linear algebra: integers are cast first there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from gradcmp.backends.spelling.base import Application, Fragment, Spell, Spelling, Template
from gradcmp.backends.spelling.infix import between

DTYPES: dict[str, str] = {
    "float16": "torch.float16", "bfloat16": "torch.bfloat16", "float32": "torch.float32", "float64": "torch.float64",
    "int8": "torch.int8", "int16": "torch.int16", "int32": "torch.int32", "int64": "torch.int64",
    "uint8": "torch.uint8", "bool": "torch.bool",
}  # fmt: skip

NUMBER = "torch.tensor({value}, dtype={dtype})"


# What is known of types ------------------------------------------------------------------------------------


def is_array(operand: Any, kind: str | None = None) -> bool:
    """Is this type (`program.ir.Type`) an array's, of this kind where one is named?"""
    return hasattr(operand, "shape") and (kind is None or operand.kind == kind)


def leaves(operand: Any) -> list[Any]:
    """The types in a sequence, or the type itself."""
    return [leaf for item in operand.items for leaf in leaves(item)] if hasattr(operand, "items") else [operand]


def rank(operand: Any) -> int | None:
    """The number of axes of an array's type (a number has none), None where it depends on the run."""
    if not is_array(operand):
        return 0
    return len(operand.shape) if operand.shape is not None else None


def gives_float(application: Application) -> bool:
    return any(getattr(leaf, "kind", "") == "float" for leaf in leaves(application.result))


def lacks_float(application: Application) -> bool:
    """Is the result floating without any floating array among the operands, so that PyTorch would take float32?"""
    operands = [leaf for operand in application.types for leaf in leaves(operand)]
    return gives_float(application) and not any(is_array(operand, "float") for operand in operands)


# Operands --------------------------------------------------------------------------------------------------


def cast(operand: Fragment, dtype: str) -> Fragment:
    return Fragment(f"{operand:atom}.to({DTYPES[dtype]})", atomic=True)


def widened(application: Application) -> tuple[Fragment, ...]:
    """The operands, integer arrays cast to the problem's dtype where PyTorch would take its default."""
    if not lacks_float(application):
        return application.operands
    return floating(application)


def floating(application: Application) -> tuple[Fragment, ...]:
    """The operands, every integer array cast to the problem's dtype; numbers bare."""
    return tuple(
        cast(operand, application.dtype) if is_array(operand_type, "int") else operand
        for operand, operand_type in zip(application.operands, application.types, strict=True)
    )


def tensors(application: Application, operands: Iterable[Fragment] | None = None) -> tuple[Fragment, ...]:
    """The operands with numbers as arrays of the result's dtype, for functions that take only arrays."""
    return tuple(
        operand if is_array(operand_type) else as_array(application, operand, array)
        for operand, array, operand_type in zip(
            widened(application) if operands is None else operands, application.arrays, application.types, strict=True
        )
    )


def as_array(application: Application, number: Fragment, array: Fragment) -> Fragment:
    """A number as an array of the result's kind: `array` is of the problem's dtype, which integers must not become."""
    if is_array(application.result, "int"):
        return Fragment(NUMBER.format(value=number, dtype=DTYPES[application.result.dtype]), atomic=True)
    return array


# Calls -----------------------------------------------------------------------------------------------------


def call(function: str, *operands: object, **options: object) -> str:
    return f"{function}({', '.join([*map(str, operands), *(f'{name}={value}' for name, value in options.items())])})"


def renamed(application: Application, defaults: Mapping[str, object], names: Mapping[str, str]) -> dict[str, object]:
    """The options that differ from PyTorch's defaults, by PyTorch's names."""
    return {
        names.get(name, name): repr(value)
        for name, value in application.options.items()
        if value != defaults.get(name, ...)
    }


def function(name: str, *, names: Mapping[str, str] | None = None, **defaults: object) -> Spell:
    """A call on arrays, with the options that differ from the `defaults`."""

    def spell(application: Application) -> str:
        return call(name, *tensors(application), **renamed(application, defaults, names or {}))

    return spell


def same_dtype(name: str) -> Spell:
    """A call that demands operands of one dtype."""

    def spell(application: Application) -> str:
        operands = floating(application) if gives_float(application) else application.operands
        return call(name, *tensors(application, operands))

    return spell


def infix(symbol: str, *, one_dtype: bool = False) -> Spell:
    """Python's own operator, on operands whose dtypes PyTorch joins as the language does."""

    def spell(application: Application) -> str:
        cast_all = one_dtype and gives_float(application)
        left, right = floating(application) if cast_all else widened(application)
        return between(left, symbol, right)

    return spell


# Reductions ------------------------------------------------------------------------------------------------


def all_axes(application: Application) -> str:
    """Every axis of the operand as PyTorch's `dim`."""
    axes = rank(application.types[0])
    return f"tuple(range({application.operands[0]:atom}.ndim))" if axes is None else repr(tuple(range(axes)))


def reduction(name: str, *, names: Mapping[str, str] | None = None, always: bool = False) -> Spell:
    """A reduction: `dim` is left out over all axes, unless the function demands it (`always`) or the axes are kept."""
    translated = {"axis": "dim", "keepdims": "keepdim", **(names or {})}

    def spell(application: Application) -> str:
        options = renamed(application, {"axis": None, "keepdims": False}, translated)
        if application.options["axis"] is None and (always or application.options["keepdims"]):
            options = {"dim": all_axes(application), **options}
            if options["dim"] in {"()", "(0,)"}:
                options["dim"] = "0"
        return call(name, *tensors(application), **options, **kept_dtype(application, name))

    return spell


def kept_dtype(application: Application, name: str) -> dict[str, object]:
    """PyTorch adds and multiplies small integers in int64; `dtype` says what the language means."""
    (operand,) = application.types
    accumulates = name in {"torch.sum", "torch.prod", "torch.cumsum"} and is_array(operand, "int")
    if accumulates and application.result.dtype != "int64":
        return {"dtype": DTYPES[application.result.dtype]}
    return {}


def prod(application: Application) -> str:
    """`torch.prod` takes one axis at a time."""
    axis, keepdims = application.options["axis"], application.options["keepdims"]
    (operand,) = tensors(application)
    dtype = kept_dtype(application, "torch.prod")
    axes = rank(application.types[0])
    if axis is None and keepdims:
        shape = f"(1,) * {operand:atom}.ndim" if axes is None else repr((1,) * axes)
        return call("torch.reshape", call("torch.prod", operand, **dtype), shape)
    if axis is None:
        return call("torch.prod", operand, **dtype)
    one_by_one = (axis,) if isinstance(axis, int) else axis
    if axes is not None:
        one_by_one = tuple(sorted((a % axes for a in one_by_one), reverse=True))  # the last first: the others stay
    text = str(operand)
    for a in one_by_one:
        text = call("torch.prod", text, dim=a, **({"keepdim": True} if keepdims else {}), **dtype)
    return text


def logsumexp(application: Application) -> str:
    if rank(application.types[0]) is None and application.options["axis"] is None:
        (operand,) = tensors(application)
        if not application.options["keepdims"]:
            return call("torch.logsumexp", f"{operand:atom}.flatten()", dim=0)
    return reduction("torch.logsumexp", always=True)(application)


def cumsum(application: Application) -> str:
    (operand,) = tensors(application)
    axis, dtype = application.options["axis"], kept_dtype(application, "torch.cumsum")
    if axis is None:
        flat = operand if rank(application.types[0]) == 1 else f"{operand:atom}.flatten()"
        return call("torch.cumsum", flat, dim=0, **dtype)
    return call("torch.cumsum", operand, dim=axis, **dtype)


# The rest --------------------------------------------------------------------------------------------------


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


def trace(application: Application) -> str:
    (operand,) = application.operands
    if rank(application.types[0]) != 2:
        kept = kept_dtype(application, "torch.sum")
        return call("torch.sum", call("torch.linalg.diagonal", operand), dim=-1, **kept)
    text = call("torch.trace", operand)
    dtype = application.result.dtype
    return f"{text}.to({DTYPES[dtype]})" if application.result.kind == "int" and dtype != "int64" else text


def diagonal(application: Application) -> str:
    (operand,) = application.operands
    name = "torch.diagonal" if rank(application.types[0]) == 2 else "torch.linalg.diagonal"
    return call(name, operand, **renamed(application, {"offset": 0}, {}))


def flip(application: Application) -> str:
    (operand,) = application.operands
    axis = application.options["axis"]
    axes = all_axes(application) if axis is None else repr((axis,) if isinstance(axis, int) else axis)
    return call("torch.flip", operand, dims=axes)


def expand_dims(application: Application) -> str:
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


def cholesky(application: Application) -> str:
    """The factor of the symmetric part. PyTorch reads the lower triangle alone: its value, and its forward-mode
    derivative, would be those of another function where the matrix or the tangent is not symmetric."""
    (operand,) = widened(application)
    if operand.text.isidentifier():
        return f"torch.linalg.cholesky(({operand} + {operand}.mT) / 2)"
    return f"torch.linalg.cholesky(symmetric_part({operand}))"


def detach(application: Application) -> str:
    (operand,) = application.operands
    return f"{operand:atom}.detach()" if is_array(application.types[0]) else str(operand)


_DIM = {"axis": "dim"}

_PRIMITIVES: dict[str, Template | Spell] = {
    "add": infix("+"), "subtract": infix("-"), "multiply": infix("*"), "divide": infix("/"),
    "floor_divide": infix("//"), "remainder": infix("%"), "power": infix("**"),
    "matmul": infix("@", one_dtype=True),
    "logical_and": function("torch.logical_and"), "logical_or": function("torch.logical_or"),
    "logical_not": function("torch.logical_not"),
    "where": where,
    "abs": function("torch.abs"), "sign": function("torch.sign"), "exp": function("torch.exp"),
    "expm1": function("torch.expm1"), "log": function("torch.log"), "log1p": function("torch.log1p"),
    "log2": function("torch.log2"), "sqrt": function("torch.sqrt"), "rsqrt": function("torch.rsqrt"),
    "square": function("torch.square"), "reciprocal": function("torch.reciprocal"),
    "sin": function("torch.sin"), "cos": function("torch.cos"), "tan": function("torch.tan"),
    "arcsin": function("torch.arcsin"), "arccos": function("torch.arccos"), "arctan": function("torch.arctan"),
    "arctan2": function("torch.arctan2"),
    "sinh": function("torch.sinh"), "cosh": function("torch.cosh"), "tanh": function("torch.tanh"),
    "arcsinh": function("torch.arcsinh"), "arccosh": function("torch.arccosh"), "arctanh": function("torch.arctanh"),
    "erf": function("torch.erf"), "lgamma": function("torch.lgamma"), "digamma": function("torch.digamma"),
    "sigmoid": function("torch.sigmoid"), "softplus": function("torch.nn.functional.softplus"),
    "relu": function("torch.relu"),
    "leaky_relu": function("torch.nn.functional.leaky_relu", negative_slope=0.01),
    "elu": function("torch.nn.functional.elu", alpha=1.0),
    "gelu": function("torch.nn.functional.gelu"), "silu": function("torch.nn.functional.silu"),
    "maximum": function("torch.maximum"), "minimum": function("torch.minimum"), "clip": clip,
    "sum": reduction("torch.sum"), "mean": reduction("torch.mean"), "prod": prod,
    "max": reduction("torch.amax"), "min": reduction("torch.amin"),  # `torch.max(x, dim)` picks one of several ties
    "var": reduction("torch.var", names={"ddof": "correction"}), "std": reduction("torch.std", names={"ddof": "correction"}),
    "norm": reduction("torch.linalg.vector_norm"), "logsumexp": logsumexp,
    "any": reduction("torch.any"), "all": reduction("torch.all"),
    "softmax": function("torch.softmax", names=_DIM), "log_softmax": function("torch.log_softmax", names=_DIM),
    "cumsum": cumsum,
    "dot": same_dtype("torch.dot"), "outer": same_dtype("torch.outer"), "trace": trace,
    "transpose": transpose, "reshape": shaped("torch.reshape"), "broadcast_to": shaped("torch.broadcast_to"),
    "concatenate": joined("torch.concatenate"), "stack": joined("torch.stack"),
    "squeeze": function("torch.squeeze", names=_DIM, axis=None), "expand_dims": expand_dims,
    "flip": flip, "take": take, "diagonal": diagonal,
    "tril": function("torch.tril", names={"k": "diagonal"}, k=0), "triu": function("torch.triu", names={"k": "diagonal"}, k=0),
    "det": function("torch.linalg.det"), "slogdet": function("torch.linalg.slogdet"), "inv": function("torch.linalg.inv"),
    "solve": same_dtype("torch.linalg.solve"), "cholesky": cholesky,
    "stop_gradient": detach, "zeros_like": function("torch.zeros_like"), "ones_like": function("torch.ones_like"),
}  # fmt: skip

SPELLING = Spelling(
    primitives=_PRIMITIVES,
    imports=("import torch",),
    dtypes=DTYPES,
    number=NUMBER,
    prelude={"symmetric_part": "def symmetric_part(x):\n    return (x + x.mT) / 2\n"},
)

IDIOMS: dict[str, str] = {
    "backward_twice": "y.backward(); x.grad = None; y.backward()",
    "backward_twice_retained": "y.backward(retain_graph=True); x.grad = None; y.backward()",
    "accumulate": "for _ in range(3): f(x).backward()",
    "zero_between": "for _ in range(3): x.grad = None; f(x).backward()",
    "vector_backward": "f(x).backward()",
    "untracked_input": "f(x.detach()).backward(); x.grad",
    "unused_input": "f(x).backward(); unused.grad",
    "two_targets": "torch.autograd.grad(u, x, retain_graph=True); torch.autograd.grad(v, x)",
}
"""Protocol → how it is written in PyTorch."""
