"""Checked programs made by hand, so that the evaluator is tested without the parser."""

import numpy as np

from gradcmp.core.tensors import Tensor
from gradcmp.errors import Location
from gradcmp.program.ir import Apply, ArrayType, Checked, Give, Literal, NumberType, Program, Read, Span

SPAN = Span(1, 1, 1, 1)
PROGRAM = Program(body=(), text="", location=Location(file="p.yaml"))


def array_type(kind="float", dtype="float64", shape=None):
    return ArrayType(kind=kind, dtype=dtype, shape=shape)


def read(*path, type_=None):
    return Read(span=SPAN, path=path, type=type_ or array_type())


def number(value):
    kind = "bool" if isinstance(value, bool) else "int" if isinstance(value, int) else "float"
    return Literal(span=SPAN, value=value, type=NumberType(kind=kind))


def apply(primitive, *operands, type_=None, **options):
    return Apply(span=SPAN, primitive=primitive, operands=operands, options=options, type=type_ or array_type())


def checked(*body, leaves=None, outputs=None, dtype="float64"):
    statements = [
        Give(span=SPAN, value=each) if not hasattr(each, "names") and not _statement(each) else each for each in body
    ]
    return Checked(
        name="f",
        parameters=tuple(leaves or {}),
        leaves=leaves or {},
        body=tuple(statements),
        outputs=outputs or (("", array_type(dtype=dtype)),),
        dtype=dtype,
        program=PROGRAM,
    )


def _statement(node):
    return type(node).__name__ in ("Bind", "Branch", "Loop", "Count", "Give")


def tensors(**arrays):
    found = {}
    for name, values in arrays.items():
        array = np.asarray(values)
        if array.dtype.kind == "f" and array.dtype != np.float32:
            array = array.astype(np.float64)
        found[name] = Tensor(dtype=str(array.dtype), array=array)
    return found
