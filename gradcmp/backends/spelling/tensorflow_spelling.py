"""How TensorFlow spells the primitives.

TensorFlow mixes no dtypes and converts only numbers that follow an array, so the spellings cast arrays and wrap leading
numbers where they have to, and nowhere else.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gradcmp.backends.spelling.base import Application, Fragment, Spell, Spelling, Template
from gradcmp.core.formats import DTYPES, FLOAT_DTYPES

_WIDTH = {dtype: width for width, dtype in enumerate(("bool", "uint8", "int8", "int16", "int32", "int64", "bfloat16", *(
    dtype for dtype in FLOAT_DTYPES if dtype != "bfloat16")))}  # fmt: skip

_LEVEL: Mapping[type[ast.AST], int] = {
    ast.Add: 2, ast.Sub: 2, ast.Mult: 3, ast.Div: 3, ast.FloorDiv: 3, ast.Mod: 3, ast.MatMult: 3, ast.Pow: 5,
    ast.UnaryOp: 4, ast.Compare: 1, ast.BoolOp: 0, ast.IfExp: 0, ast.Lambda: 0,
}  # fmt: skip
"""How tightly Python binds what a text ends up as; whatever is not listed is an atom."""


def _is_array(kind: Any) -> bool:
    return hasattr(kind, "shape")


def _leaves(kind: Any) -> Iterator[Any]:
    """The array and number types in a type: a sequence has many."""
    if hasattr(kind, "items"):
        for item in kind.items:
            yield from _leaves(item)
    else:
        yield kind


def _rank(kind: Any) -> int | None:
    return None if kind.shape is None else len(kind.shape)


def _joined(application: Application, *, first: int = 0) -> str:
    """The dtype in which the operands from `first` on meet."""
    kinds = [leaf for kind in application.types[first:] for leaf in _leaves(kind)]
    dtypes = [kind.dtype for kind in kinds if _is_array(kind)]
    if any(kind.kind == "float" for kind in kinds) and not any(dtype in FLOAT_DTYPES for dtype in dtypes):
        dtypes.append(application.dtype)
    return max(dtypes, key=_WIDTH.__getitem__, default=application.dtype)


def _target(application: Application) -> str:
    """The dtype that operands must have: the result's, or where that is `bool`, the one in which they meet."""
    result = application.result
    if _is_array(result) and result.kind != "bool":
        dtype: str = result.dtype
        return dtype
    return _joined(application)


def _cast(text: Fragment, dtype: str) -> Fragment:
    return Fragment(f"tf.cast({text}, tf.{dtype})", atomic=True)


def _operand(application: Application, index: int, dtype: str, *, bare_number: bool) -> Fragment:
    """An operand as TensorFlow takes it: an array of `dtype`, or a number where the dtype is known from elsewhere."""
    text, kind = application.operands[index], application.types[index]
    if hasattr(kind, "items"):
        return _sequence(application, index, dtype)
    if _is_array(kind):
        return text if kind.dtype == dtype else _cast(text, dtype)
    if bare_number:
        return text
    if dtype == application.dtype:
        return application.arrays[index]
    return Fragment(f"tf.constant({text}, dtype=tf.{dtype})", atomic=True)


def _sequence(application: Application, index: int, dtype: str) -> Fragment:
    """A list of arrays; its pieces cannot be told apart in the text, so casts go over the whole list."""
    kinds = list(_leaves(application.types[index]))
    if all(_is_array(kind) and kind.dtype == dtype for kind in kinds):
        return application.operands[index]
    if all(not _is_array(kind) or kind.dtype == dtype for kind in kinds) and any(_is_array(kind) for kind in kinds):
        return application.operands[index]  # TensorFlow packs numbers beside arrays in the arrays' dtype
    return Fragment(f"[tf.cast(item, tf.{dtype}) for item in {application.arrays[index]}]", atomic=True)


def _operands(application: Application, *, first: int = 0) -> list[Fragment]:
    """All operands from `first` on, in the dtype in which TensorFlow will compute.

    In a graph TensorFlow takes the dtype from the first operand, so a number stays bare only after an array.
    """
    dtype = _target(application)
    texts: list[Fragment] = []
    array_before = False
    for index in range(first, len(application.operands)):
        texts.append(_operand(application, index, dtype, bare_number=array_before))
        array_before = array_before or _is_array(application.types[index])
    return texts


def _value(value: Any) -> str:
    """A static option as text; sequences as lists, which is how TensorFlow is written."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    return str(value)


def _call(function: str, *operands: Any, **options: Any) -> str:
    parts = [*map(str, operands), *(f"{name}={_value(value)}" for name, value in options.items())]
    return f"{function}({', '.join(parts)})"


def _differing(options: Mapping[str, Any], **defaults: Any) -> dict[str, Any]:
    """The options that are not TensorFlow's defaults."""
    return {name: options[name] for name, default in defaults.items() if options[name] != default}


def _function(name: str, **defaults: Any) -> Spell:
    """A call with the operands in order, then the options where they differ from `defaults`."""

    def spell(application: Application) -> str:
        return _call(name, *_operands(application), **_differing(application.options, **defaults))

    return spell


def _reduction(name: str) -> Spell:
    return _function(name, axis=None, keepdims=False)


# Infix -----------------------------------------------------------------------------------------------------


def _enclosed(text: Fragment, level: int) -> str:
    """The text, in parentheses where it binds less tightly than `level`."""
    if text.atomic:
        return text.text
    node = ast.parse(text.text, mode="eval").body
    own = _LEVEL.get(type(node.op) if isinstance(node, ast.BinOp) else type(node), 6)
    return text.text if own >= level else f"({text.text})"


def _between(symbol: str, left: Fragment, right: Fragment) -> str:
    """Python's infix, with the parentheses that it needs."""
    if symbol == "**":
        return f"{_enclosed(left, 6)} ** {_enclosed(right, 4)}"
    level = {"+": 2, "-": 2, "*": 3, "/": 3, "//": 3, "%": 3, "@": 3}.get(symbol, 1)
    return f"{_enclosed(left, max(level, 2))} {symbol} {_enclosed(right, level + 1)}"


def _infix(symbol: str) -> Spell:
    """Python's own operator; arrays of other dtypes are cast."""

    def spell(application: Application) -> str:
        if any(map(_is_array, application.types)):
            dtype = _target(application)
            left, right = (_operand(application, index, dtype, bare_number=True) for index in range(2))
        else:
            left, right = application.operands
        return _between(symbol, left, right)

    return spell


def _matmul(application: Application) -> str:
    """`@` takes no vectors."""
    left, right = _operands(application)
    ranks = tuple(map(_rank, application.types))
    if None in ranks:
        return _call("tf.experimental.numpy.matmul", left, right)
    if ranks in {(1, 1), (1, 2)}:
        return _call("tf.tensordot", left, right, axes=1)
    if ranks[0] == 1:
        return _call("tf.linalg.matvec", right, left, transpose_a=True)
    if ranks[1] == 1:
        return _call("tf.linalg.matvec", left, right)
    return _between("@", left, right)


# Elementwise -----------------------------------------------------------------------------------------------


def _log2(application: Application) -> str:
    """TensorFlow has no log2: the quotient rounds once more than one would."""
    return f"{_call('tf.math.log', *_operands(application))} / 0.6931471805599453"


def _where(application: Application) -> str:
    return _call("tf.where", application.operands[0], *_operands(application, first=1))


def _clip(application: Application) -> str:
    x, low, high = _operands(application)
    kind, result = application.types[0], application.result
    if _is_array(kind) and kind.shape == result.shape and kind.shape is not None:
        return _call("tf.clip_by_value", x, low, high)
    return f"tf.minimum(tf.maximum({x}, {low}), {high})"  # `clip_by_value` never broadcasts its first operand


def _leaky_relu(application: Application) -> str:
    """`alpha` is always told: TensorFlow's default is 0.2. It is rounded to float32 whatever the dtype."""
    return _call("tf.nn.leaky_relu", *_operands(application), alpha=application.options["negative_slope"])


def _elu(application: Application) -> str:
    (x,) = _operands(application)
    alpha = application.options["alpha"]
    if alpha == 1:
        return _call("tf.nn.elu", x)
    return f"tf.where({_enclosed(x, 2)} > 0, tf.nn.elu({x}), {_value(alpha)} * tf.nn.elu({x}))"


# Reductions ------------------------------------------------------------------------------------------------


def _count(application: Application, x: Fragment) -> str:
    """How many entries are reduced into one."""
    axis, shape = application.options["axis"], application.types[0].shape
    axes = (axis,) if isinstance(axis, int) else axis
    lengths = shape if axes is None or shape is None else tuple(shape[a] for a in axes)
    if lengths is not None and None not in lengths:
        count = 1
        for length in lengths:
            count *= length
        return str(count)
    if axes is None:
        return f"tf.cast(tf.size({x}), {x:atom}.dtype)"
    return f"tf.cast(tf.reduce_prod([tf.shape({x})[a] for a in {_value(axes)}]), {x:atom}.dtype)"


def _spread(application: Application, *, root: bool) -> str:
    """Variance or standard deviation. TensorFlow has no `ddof`: its own is 0, others are corrected by n / (n - ddof)."""
    (x,) = _operands(application)
    options = _differing(application.options, axis=None, keepdims=False)
    ddof = application.options["ddof"]
    if ddof == 0:
        return _call("tf.math.reduce_std" if root else "tf.math.reduce_variance", x, **options)
    count = _count(application, x)
    variance = _call("tf.math.reduce_variance", x, **options)
    if count.isdigit() and int(count) <= ddof:
        text = f"{variance} * {count} / 0"  # nan or inf, as division of arrays gives
    else:
        text = f"{variance} * ({count} / ({count} - {_value(ddof)}))"
    return f"tf.sqrt({text})" if root else text


def _norm(application: Application) -> str:
    (x,) = _operands(application)
    options = _differing(application.options, axis=None, keepdims=False)
    axis = options.get("axis")
    if isinstance(axis, tuple) and len(axis) == 1:
        options["axis"] = axis[0]
    elif isinstance(axis, tuple) and len(axis) != 2:  # `tf.norm` takes one axis, or the two of a matrix
        return f"tf.sqrt({_call('tf.reduce_sum', f'tf.square({x})', **options)})"
    return _call("tf.norm", x, **options)


def _cumsum(application: Application) -> str:
    (x,), axis = _operands(application), application.options["axis"]
    if axis is None:
        flat = x if _rank(application.types[0]) == 1 else Fragment(f"tf.reshape({x}, [-1])", atomic=True)
        return _call("tf.cumsum", flat)
    return _call("tf.cumsum", x, **_differing(application.options, axis=0))


# Shape and linear algebra ----------------------------------------------------------------------------------


def _transpose(application: Application) -> str:
    axes = application.options["axes"]
    return _call("tf.transpose", application.operands[0], **({} if axes is None else {"perm": axes}))


def _shaped(name: str) -> Spell:
    def spell(application: Application) -> str:
        shape = application.options["shape"]
        return _call(name, *_operands(application), _value(shape if isinstance(shape, tuple) else (shape,)))

    return spell


def _expand_dims(application: Application) -> str:
    """`tf.expand_dims` makes one axis at a time: from the left, each is where it stays."""
    (x,), axis = _operands(application), application.options["axis"]
    axes = axis if isinstance(axis, tuple) else (axis,)
    if len(axes) > 1 and application.result.shape is not None:
        axes = tuple(sorted(a % len(application.result.shape) for a in axes))
    for each in axes:
        x = Fragment(_call("tf.expand_dims", x, axis=each), atomic=True)
    return x.text


def _squeeze(application: Application) -> str:
    axis = application.options["axis"]
    return _call("tf.squeeze", application.operands[0], **({} if axis is None else {"axis": axis}))


def _flip(application: Application) -> str:
    (x,), axis = _operands(application), application.options["axis"]
    if axis is None:
        rank = _rank(application.types[0])
        axis = f"tf.range(tf.rank({x}))" if rank is None else tuple(range(rank))
    return _call("tf.reverse", x, axis=axis if isinstance(axis, tuple | str) else (axis,))


def _take(application: Application) -> str:
    x, indices = application.operands
    kind, index_kind = application.types
    if _is_array(index_kind) and index_kind.dtype in {"int8", "uint8"}:
        indices = _cast(indices, "int32")  # `tf.gather` takes none narrower than 16 bits
    axis = application.options["axis"]
    if axis is None and _rank(kind) != 1:
        x = Fragment(f"tf.reshape({x}, [-1])", atomic=True)
    return _call("tf.gather", x, indices, **({"axis": axis} if axis else {}))


def _diagonal(application: Application) -> str:
    offset = application.options["offset"]
    return _call("tf.linalg.diag_part", application.operands[0], **({"k": offset} if offset else {}))


def _triangle(*, lower: bool) -> Spell:
    """`band_part` counts diagonals on either side of the main one, so it makes only triangles that hold that one."""

    def spell(application: Application) -> str:
        (x,), k = application.operands, application.options["k"]
        shape = application.types[0].shape
        beyond = k if lower else -k
        if beyond < 0 or (shape is not None and None not in shape[-2:] and beyond > min(shape[-2:])):
            name = "tril" if lower else "triu"
            return _call(f"tf.experimental.numpy.{name}", x, k=k)
        return f"tf.linalg.band_part({x}, -1, {beyond})" if lower else f"tf.linalg.band_part({x}, {beyond}, -1)"

    return spell


def _solve(application: Application) -> str:
    a, b = _operands(application)
    if _rank(application.types[1]) != 1:
        return _call("tf.linalg.solve", a, b)
    if _rank(application.types[0]) == 2:
        return f"tf.linalg.solve({a}, {b:atom}[:, tf.newaxis])[:, 0]"
    return f"tf.linalg.solve({a}, {b:atom}[:, tf.newaxis])[..., 0]"


def _like(name: str) -> Callable[[Application], str]:
    def spell(application: Application) -> str:
        return _call(name, application.arrays[0])

    return spell


_ELEMENTWISE: dict[str, str] = {
    "abs": "tf.abs", "sign": "tf.sign", "exp": "tf.exp", "expm1": "tf.math.expm1", "log": "tf.math.log",
    "log1p": "tf.math.log1p", "sqrt": "tf.sqrt", "rsqrt": "tf.math.rsqrt", "square": "tf.square",
    "reciprocal": "tf.math.reciprocal", "sin": "tf.sin", "cos": "tf.cos", "tan": "tf.tan", "arcsin": "tf.asin",
    "arccos": "tf.acos", "arctan": "tf.atan", "arctan2": "tf.atan2", "sinh": "tf.sinh", "cosh": "tf.cosh",
    "tanh": "tf.tanh", "arcsinh": "tf.asinh", "arccosh": "tf.acosh", "arctanh": "tf.atanh", "erf": "tf.math.erf",
    "lgamma": "tf.math.lgamma", "digamma": "tf.math.digamma", "sigmoid": "tf.sigmoid", "softplus": "tf.math.softplus",
    "relu": "tf.nn.relu", "gelu": "tf.nn.gelu", "silu": "tf.nn.silu", "maximum": "tf.maximum", "minimum": "tf.minimum",
    "trace": "tf.linalg.trace", "det": "tf.linalg.det", "slogdet": "tf.linalg.slogdet", "inv": "tf.linalg.inv",
    "cholesky": "tf.linalg.cholesky",
}  # fmt: skip

_REDUCTIONS: dict[str, str] = {
    "sum": "tf.reduce_sum", "mean": "tf.reduce_mean", "prod": "tf.reduce_prod", "max": "tf.reduce_max",
    "min": "tf.reduce_min", "logsumexp": "tf.reduce_logsumexp", "any": "tf.reduce_any", "all": "tf.reduce_all",
}  # fmt: skip

_INFIX: dict[str, str] = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "floor_divide": "//", "remainder": "%", "power": "**",
    "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!=",
}  # fmt: skip

PRIMITIVES: dict[str, Template | Spell] = {
    **{name: _function(function) for name, function in _ELEMENTWISE.items()},
    **{name: _reduction(function) for name, function in _REDUCTIONS.items()},
    **{name: _infix(symbol) for name, symbol in _INFIX.items()},
    "matmul": _matmul,
    "logical_and": "tf.logical_and({0}, {1})",
    "logical_or": "tf.logical_or({0}, {1})",
    "logical_not": "tf.logical_not({0})",
    "where": _where,
    "log2": _log2,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "clip": _clip,
    "var": lambda application: _spread(application, root=False),
    "std": lambda application: _spread(application, root=True),
    "norm": _norm,
    "softmax": _function("tf.nn.softmax", axis=-1),
    "log_softmax": _function("tf.nn.log_softmax", axis=-1),
    "cumsum": _cumsum,
    "dot": lambda application: _call("tf.tensordot", *_operands(application), axes=1),
    "outer": lambda application: _call("tf.tensordot", *_operands(application), axes=0),
    "transpose": _transpose,
    "reshape": _shaped("tf.reshape"),
    "broadcast_to": _shaped("tf.broadcast_to"),
    "concatenate": lambda application: _call("tf.concat", *_operands(application), axis=application.options["axis"]),
    "stack": _function("tf.stack", axis=0),
    "squeeze": _squeeze,
    "expand_dims": _expand_dims,
    "flip": _flip,
    "take": _take,
    "diagonal": _diagonal,
    "tril": _triangle(lower=True),
    "triu": _triangle(lower=False),
    "solve": _solve,
    "stop_gradient": _like("tf.stop_gradient"),
    "zeros_like": _like("tf.zeros_like"),
    "ones_like": _like("tf.ones_like"),
}

SPELLING = Spelling(
    primitives=PRIMITIVES,
    imports=("import tensorflow as tf",),
    dtypes={dtype: f"tf.{dtype}" for dtype in DTYPES},
    number="tf.constant({value}, dtype={dtype})",
    # only in compiled text: without a bound XLA cannot differentiate a `while`
    loop_bound="tf.autograph.experimental.set_loop_options(maximum_iterations={max_iterations})",
    cast="tf.cast({value}, {dtype})",
)

IDIOMS: dict[str, str] = {
    "backward_twice": "tape.gradient(y, x); tape.gradient(y, x)",
    "backward_twice_retained": "tape = tf.GradientTape(persistent=True); …; tape.gradient(y, x); tape.gradient(y, x)",
    "accumulate": "TensorFlow returns gradients and keeps none: there is nothing to accumulate into",
    "zero_between": "TensorFlow returns gradients and keeps none: there is nothing to clear",
    "vector_backward": "tape.gradient(y, x)",
    "untracked_input": "tape = tf.GradientTape(); y = f(x); tape.gradient(y, x)  # without tape.watch(x)",
    "unused_input": "tape.watch([x, unused]); …; tape.gradient(y, [x, unused])",
    "two_targets": "tape = tf.GradientTape(persistent=True); …; tape.gradient(y, x); tape.gradient(z, x)",
}
"""Protocol → one line of TensorFlow, or why the notion does not exist here."""
