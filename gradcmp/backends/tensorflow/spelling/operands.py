"""Operands as TensorFlow's functions take them, and the commonest forms of a call.

TensorFlow mixes no dtypes and converts only numbers that follow an array, so the spellings cast arrays and wrap leading
numbers where they have to, and nowhere else.
"""

from typing import Any

from gradcmp.core.formats import FLOAT_DTYPES
from gradcmp.program.infix import between
from gradcmp.program.spelling import Application, Fragment, Spell, call, changed, is_array, leaves

_WIDTH = {dtype: width for width, dtype in enumerate(("bool", "uint8", "int8", "int16", "int32", "int64", "bfloat16", *(
    dtype for dtype in FLOAT_DTYPES if dtype != "bfloat16")))}  # fmt: skip


def meeting_dtype(application: Application, *, first: int = 0) -> str:
    """The dtype in which the operands from `first` on meet."""
    kinds = [leaf for kind in application.types[first:] for leaf in leaves(kind)]
    dtypes = [kind.dtype for kind in kinds if is_array(kind)]
    if any(kind.kind == "float" for kind in kinds) and not any(dtype in FLOAT_DTYPES for dtype in dtypes):
        dtypes.append(application.dtype)
    return max(dtypes, key=_WIDTH.__getitem__, default=application.dtype)


def target(application: Application) -> str:
    """The dtype that operands must have: the result's, or where that is `bool`, the one in which they meet."""
    result = application.result
    if is_array(result) and result.kind != "bool":
        dtype: str = result.dtype
        return dtype
    return meeting_dtype(application)


def cast(text: Fragment, dtype: str) -> Fragment:
    """The text as an array of `dtype`."""
    return Fragment(f"tf.cast({text}, tf.{dtype})", atomic=True)


def operand(application: Application, index: int, dtype: str, *, bare_number: bool) -> Fragment:
    """An operand as TensorFlow takes it: an array of `dtype`, or a number where the dtype is known from elsewhere."""
    text, kind = application.operands[index], application.types[index]
    if hasattr(kind, "items"):
        return sequence(application, index, dtype)
    if is_array(kind):
        return text if kind.dtype == dtype else cast(text, dtype)
    if bare_number:
        return text
    if dtype == application.dtype:
        return application.arrays[index]
    return Fragment(f"tf.constant({text}, dtype=tf.{dtype})", atomic=True)


def sequence(application: Application, index: int, dtype: str) -> Fragment:
    """A list of arrays; its pieces cannot be told apart in the text, so casts go over the whole list."""
    kinds = leaves(application.types[index])
    if all(is_array(kind) and kind.dtype == dtype for kind in kinds):
        return application.operands[index]
    if all(not is_array(kind) or kind.dtype == dtype for kind in kinds) and any(is_array(kind) for kind in kinds):
        return application.operands[index]  # TensorFlow packs numbers beside arrays in the arrays' dtype
    return Fragment(f"[tf.cast(item, tf.{dtype}) for item in {application.arrays[index]}]", atomic=True)


def converted(application: Application, *, first: int = 0) -> list[Fragment]:
    """All operands from `first` on, in the dtype in which TensorFlow will compute.

    In a graph TensorFlow takes the dtype from the first operand, so a number stays bare only after an array.
    """
    dtype = target(application)
    texts: list[Fragment] = []
    array_before = False
    for index in range(first, len(application.operands)):
        texts.append(operand(application, index, dtype, bare_number=array_before))
        array_before = array_before or is_array(application.types[index])
    return texts


def static(value: Any) -> str:
    """A static option as text; sequences as lists, which is how TensorFlow is written."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(static, value))}]"
    return str(value)


def write(name: str, *operands: object, **options: object) -> str:
    """A call, its options written as TensorFlow's static values."""
    return call(name, *operands, **{option: static(value) for option, value in options.items()})


def function(name: str, **defaults: object) -> Spell:
    """A call with the operands in order, then the options where they differ from `defaults`."""

    def spell(application: Application) -> str:
        return write(name, *converted(application), **changed(application, defaults))

    return spell


def infix(symbol: str) -> Spell:
    """Python's own operator; arrays of other dtypes are cast."""

    def spell(application: Application) -> str:
        if any(map(is_array, application.types)):
            dtype = target(application)
            left, right = (operand(application, index, dtype, bare_number=True) for index in range(2))
        else:
            left, right = application.operands
        return between(left, symbol, right)

    return spell
