"""Reductions, and the cumulative sum."""

import math
from typing import Any

from gradcmp.backends.tensorflow.spelling.operands import converted, function, static, write
from gradcmp.program.spelling import Application, Fragment, Spell, Spellings, changed, rank

AXES: dict[str, Any] = {"axis": None, "keepdims": False}


def reduction(name: str) -> Spell:
    """A function that takes `axis` and `keepdims` under NumPy's names."""
    return function(name, **AXES)


def count(application: Application, x: Fragment) -> str:
    """How many entries are reduced into one."""
    axis, shape = application.options["axis"], application.types[0].shape
    axes = (axis,) if isinstance(axis, int) else axis
    lengths = shape if axes is None or shape is None else tuple(shape[a] for a in axes)
    if lengths is not None and None not in lengths:
        return str(math.prod(lengths))
    if axes is None:
        return f"tf.cast(tf.size({x}), {x:atom}.dtype)"
    return f"tf.cast(tf.reduce_prod([tf.shape({x})[a] for a in {static(axes)}]), {x:atom}.dtype)"


def spread(application: Application, *, root: bool) -> str:
    """Variance or standard deviation. TensorFlow's `ddof` is always 0: others are corrected by n / (n - ddof)."""
    (x,) = converted(application)
    options = changed(application, AXES)
    ddof = options.pop("ddof")
    if ddof == 0:
        return write("tf.math.reduce_std" if root else "tf.math.reduce_variance", x, **options)
    entries = count(application, x)
    variance = write("tf.math.reduce_variance", x, **options)
    if entries.isdigit() and int(entries) <= ddof:
        text = f"{variance} * {entries} / 0"  # nan or inf, as division of arrays gives
    else:
        text = f"{variance} * ({entries} / ({entries} - {ddof}))"
    return f"tf.sqrt({text})" if root else text


def norm(application: Application) -> str:
    """`tf.norm`, of one axis or of the two of a matrix, else the root of a sum of squares."""
    (x,) = converted(application)
    options = changed(application, AXES)
    axis = options.get("axis")
    if isinstance(axis, tuple) and len(axis) == 1:
        options["axis"] = axis[0]
    elif isinstance(axis, tuple) and len(axis) != 2:  # `tf.norm` takes one axis, or the two of a matrix
        return f"tf.sqrt({write('tf.reduce_sum', f'tf.square({x})', **options)})"
    return write("tf.norm", x, **options)


def cumsum(application: Application) -> str:
    """`tf.cumsum`, of the flat array where no axis is given."""
    (x,), axis = converted(application), application.options["axis"]
    if axis is None:
        flat = x if rank(application.types[0]) == 1 else Fragment(f"tf.reshape({x}, [-1])", atomic=True)
        return write("tf.cumsum", flat)
    return write("tf.cumsum", x, **changed(application, {"axis": 0}))


PRIMITIVES: Spellings = {
    "sum": reduction("tf.reduce_sum"), "mean": reduction("tf.reduce_mean"), "prod": reduction("tf.reduce_prod"),
    "max": reduction("tf.reduce_max"), "min": reduction("tf.reduce_min"),
    "var": lambda application: spread(application, root=False),
    "std": lambda application: spread(application, root=True),
    "norm": norm, "logsumexp": reduction("tf.reduce_logsumexp"),
    "any": reduction("tf.reduce_any"), "all": reduction("tf.reduce_all"),
    "cumsum": cumsum,
}  # fmt: skip
