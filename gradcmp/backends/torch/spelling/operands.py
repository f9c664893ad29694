"""Operands as PyTorch's functions take them, and the commonest forms of a call.

PyTorch promotes an integer array that meets a floating array, but gives its default dtype (float32) where an integer
array stands alone or meets a number, and demands equal dtypes in linear algebra: integers are cast first there.
"""

from collections.abc import Iterable, Mapping

from gradcmp.core import formats
from gradcmp.program.infix import between
from gradcmp.program.spelling import Application, Fragment, Spell, call, changed, has_floats, is_array, leaves, rank

DTYPES: dict[str, str] = {dtype: f"torch.{dtype}" for dtype in formats.DTYPES}

NUMBER = "torch.tensor({value}, dtype={dtype})"

DIM = {"axis": "dim"}


def gives_float(application: Application) -> bool:
    """Is any array of the result floating?"""
    return any(getattr(leaf, "kind", "") == "float" for leaf in leaves(application.result))


def lacks_float(application: Application) -> bool:
    """Is the result floating without any floating array among the operands, so that PyTorch would take float32?"""
    return gives_float(application) and not has_floats(application)


def cast(operand: Fragment, dtype: str) -> Fragment:
    """The operand as an array of `dtype`."""
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


def renamed(application: Application, defaults: Mapping[str, object], names: Mapping[str, str]) -> dict[str, object]:
    """The options that differ from PyTorch's defaults, by PyTorch's names."""
    return {names.get(name, name): value for name, value in changed(application, defaults).items()}


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


def all_axes(application: Application) -> str:
    """Every axis of the operand as PyTorch's `dim`."""
    axes = rank(application.types[0])
    return f"tuple(range({application.operands[0]:atom}.ndim))" if axes is None else repr(tuple(range(axes)))


def kept_dtype(application: Application, name: str) -> dict[str, object]:
    """PyTorch adds and multiplies small integers in int64; `dtype` says what the language means."""
    (operand,) = application.types
    accumulates = name in {"torch.sum", "torch.prod", "torch.cumsum"} and is_array(operand, "int")
    if accumulates and application.result.dtype != "int64":
        return {"dtype": DTYPES[application.result.dtype]}
    return {}
