"""Elementary functions, which TensorFlow keeps in two places and by two sets of names."""

from gradcmp.backends.tensorflow.spelling.operands import converted, function, write
from gradcmp.program.spelling import Application, Spellings


def log2(application: Application) -> str:
    """TensorFlow has no log2: the quotient rounds once more than one would."""
    return f"{write('tf.math.log', *converted(application))} / 0.6931471805599453"


NAMES: dict[str, str] = {
    "abs": "tf.abs", "sign": "tf.sign", "exp": "tf.exp", "expm1": "tf.math.expm1", "log": "tf.math.log",
    "log1p": "tf.math.log1p", "sqrt": "tf.sqrt", "rsqrt": "tf.math.rsqrt", "square": "tf.square",
    "reciprocal": "tf.math.reciprocal", "sin": "tf.sin", "cos": "tf.cos", "tan": "tf.tan", "arcsin": "tf.asin",
    "arccos": "tf.acos", "arctan": "tf.atan", "arctan2": "tf.atan2", "sinh": "tf.sinh", "cosh": "tf.cosh",
    "tanh": "tf.tanh", "arcsinh": "tf.asinh", "arccosh": "tf.acosh", "arctanh": "tf.atanh", "erf": "tf.math.erf",
    "lgamma": "tf.math.lgamma", "digamma": "tf.math.digamma",
}  # fmt: skip

PRIMITIVES: Spellings = {**{name: function(spelled) for name, spelled in NAMES.items()}, "log2": log2}
