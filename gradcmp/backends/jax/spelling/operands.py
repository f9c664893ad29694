"""Operands as JAX's functions take them, and the commonest forms of a call.

JAX's promotion gives the problem's dtype wherever one operand is a floating array; Python numbers are weakly typed and
follow. Where there is none it would compute in float64 (x64 is on), so integer arrays are cast first.
"""

from gradcmp.core import formats
from gradcmp.program.infix import between
from gradcmp.program.spelling import Application, Fragment, Spell, call, changed, has_floats, is_array, rank

DTYPES: dict[str, str] = {dtype: f"jnp.{dtype}" for dtype in formats.DTYPES} | {"bool": "jnp.bool_"}


def would_widen(application: Application) -> bool:
    """Does the result have to be floating without any floating array among the operands?"""
    return is_array(application.result, "float") and not has_floats(application)


def floats(application: Application) -> tuple[Fragment, ...]:
    """The operands; integer arrays are cast to the problem's dtype where JAX would choose float64.

    Numbers stay bare beside an array that says the dtype; among themselves they become arrays.
    """
    if not would_widen(application):
        return application.operands
    dtype = DTYPES[application.dtype]
    bare = application.operands if any(is_array(t, "int") for t in application.types) else application.arrays
    return tuple(
        Fragment(f"{operand:atom}.astype({dtype})", atomic=True) if is_array(operand_type, "int") else operand
        for operand, operand_type in zip(bare, application.types, strict=True)
    )


def spelled(function: str, **defaults: object) -> Spell:
    """A call of `function`, with the options that differ from JAX's own `defaults`."""

    def spell(application: Application) -> str:
        return call(function, *floats(application), **changed(application, defaults))

    return spell


def infix(symbol: str) -> Spell:
    """Python's own operator."""

    def spell(application: Application) -> str:
        left, right = floats(application)
        return between(left, symbol, right)

    return spell


def last_two(function: str, **defaults: object) -> Spell:
    """JAX takes the first two axes unless told otherwise; for a matrix they are the last two."""

    def spell(application: Application) -> str:
        axes = {} if rank(application.types[0]) == 2 else {"axis1": -2, "axis2": -1}
        return call(function, *application.operands, **changed(application, defaults), **axes)

    return spell
