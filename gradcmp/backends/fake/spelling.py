"""NumPy's spelling of the commonest primitives, written so that complex steps go through them."""

from gradcmp.core.formats import DTYPES
from gradcmp.program.spelling import Application, Spell, Spelling


def _reduction(name: str) -> Spell:
    return lambda application: f"numpy.{name}({application.operands[0]}{_axes(application)})"


def _axes(application: Application) -> str:
    options = application.options
    text = "" if options.get("axis") is None else f", axis={options['axis']!r}"
    return f"{text}, keepdims=True" if options.get("keepdims") else text


def _norm(application: Application) -> str:
    return f"numpy.sqrt(numpy.sum({application.operands[0]:atom} ** 2{_axes(application)}))"


def _transpose(application: Application) -> str:
    axes = application.options["axes"]
    return (
        f"{application.operands[0]:atom}.T" if axes is None else f"numpy.transpose({application.operands[0]}, {axes!r})"
    )


_SAME_NAME = (
    "exp", "expm1", "log", "log1p", "log2", "sqrt", "square", "reciprocal",
    "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh",
    "zeros_like", "ones_like", "logical_not",
)  # fmt: skip

_SAME_NAME_OF_TWO = ("maximum", "minimum", "dot", "outer", "logical_and", "logical_or")

SPELLING = Spelling(
    primitives={
        **{name: f"numpy.{name}({{0}})" for name in _SAME_NAME},
        **{name: f"numpy.{name}({{0}}, {{1}})" for name in _SAME_NAME_OF_TWO},
        **{name: _reduction(name) for name in ("sum", "mean", "prod", "max", "min")},
        "norm": _norm,
        "abs": "numpy.where(numpy.real({0}) < 0, -{0:atom}, {0})",
        "sign": "numpy.sign(numpy.real({0}))",
        "rsqrt": "1 / numpy.sqrt({0})",
        "sigmoid": "1 / (1 + numpy.exp(-{0:atom}))",
        "softplus": "numpy.log(1 + numpy.exp({0}))",
        "relu": "numpy.maximum({0}, 0)",
        "where": "numpy.where({0}, {1}, {2})",
        "clip": "numpy.minimum(numpy.maximum({0}, {1}), {2})",
        "transpose": _transpose,
        "reshape": "numpy.reshape({0}, {shape!r})",
        "concatenate": "numpy.concatenate({0}, axis={axis!r})",
        "stack": "numpy.stack({0}, axis={axis!r})",
        "trace": "numpy.trace({0}, axis1=-2, axis2=-1)",
        "det": "numpy.linalg.det({0})",
        "inv": "numpy.linalg.inv({0})",
        "solve": "numpy.linalg.solve({0}, {1})",
        "stop_gradient": "numpy.real({0})",
    },
    absent=dict.fromkeys(
        ("erf", "lgamma", "digamma", "gelu", "cholesky", "slogdet"), "the fake backend does not spell it"
    ),
    imports=("import numpy",),
    dtypes={dtype: f"numpy.{dtype}" for dtype in DTYPES} | {"bfloat16": "numpy.float32", "bool": "numpy.bool_"},
    number="numpy.array({value}, dtype={dtype})",
)  # fmt: skip
