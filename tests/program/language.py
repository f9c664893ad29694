"""What the tests of the little language share: inputs, a small spelling table, short ways to parse and check."""

from __future__ import annotations

from gradcmp.errors import Location
from gradcmp.program.check import check
from gradcmp.program.ir import ArrayType, Checked, Program
from gradcmp.program.lower import lower
from gradcmp.program.parse import parse
from gradcmp.program.spelling import Spelling

HERE = Location(file="s.yaml", line=7, column=3)

NOTEBOOK = """\
def f(a):
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    if b.sum() > 0:
        c = b
    else:
        c = 100 * b
    return c
"""


def floating(*shape: int | None, dtype: str = "float32") -> ArrayType:
    return ArrayType(kind="float", dtype=dtype, shape=shape)


LEAVES: dict[str, ArrayType] = {
    "x": floating(4),
    "a": floating(),
    "M": floating(2, 3),
    "S": floating(2, 2),
    "params.dense.kernel": floating(3, 4),
    "i": ArrayType(kind="int", dtype="int64", shape=(2,)),
    "m": ArrayType(kind="bool", dtype="bool", shape=(4,)),
}

SPELLING = Spelling(
    primitives={
        "sum": "np.sum({0}, axis={axis}, keepdims={keepdims})",
        "dot": "np.dot({0}, {1})",
        "exp": "np.exp({0})",
        "norm": "norm({0})",
        "transpose": "{0:atom}.T",
        "rsqrt": "1 / np.sqrt({0})",
        "concatenate": "np.concatenate({0})",
        "logical_and": "np.logical_and({0}, {1})",
        "logical_or": "np.logical_or({0}, {1})",
        "logical_not": "np.logical_not({0})",
        "where": "np.where({0}, {1}, {2})",
        "maximum": lambda application: f"np.maximum({application.arrays[0]}, {application.arrays[1]})",
    },
    absent={"digamma": "it has no digamma function"},
    imports=("import numpy as np", "from numpy import linalg"),
    dtypes={"float32": "np.float32", "float64": "np.float64", "int64": "np.int64", "bool": "np.bool_"},
    number="np.array({value}, dtype={dtype})",
    prelude={
        "norm": "def norm(x):\n    return np.sqrt(total(x * x))\n",
        "total": "def total(x):\n    return np.sum(x)",
    },
)


def parsed(text: str) -> Program:
    return parse(text, location=HERE, indent=2)


def checked(text: str, *, dtype: str = "float32", leaves: dict[str, ArrayType] | None = None, **parameters) -> Checked:
    return check(parsed(text), LEAVES if leaves is None else leaves, dtype=dtype, parameters=parameters)


def body(text: str, spelling: Spelling = SPELLING, **options) -> str:
    """The lowered function without imports and its first line, indentation taken off."""
    names = {name: LEAVES[name] for name in LEAVES}
    source = lower(check(parsed(text), names, dtype="float32"), spelling, **{"lowering": "python"} | options).source
    inside = source[source.index("def f(x, a, M, S, params, i, m):\n") :].splitlines()[1:]
    return "\n".join(line[4:] for line in inside)
