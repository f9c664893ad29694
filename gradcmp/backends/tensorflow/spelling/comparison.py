"""Comparison, logic and selection."""

from gradcmp.backends.tensorflow.spelling.operands import converted, function, infix, write
from gradcmp.program.spelling import Application, Spellings, is_array


def where(application: Application) -> str:
    """`tf.where`, its branches converted to one dtype."""
    return write("tf.where", application.operands[0], *converted(application, first=1))


def clip(application: Application) -> str:
    """`tf.clip_by_value` where nothing broadcasts, else by minimum and maximum."""
    x, low, high = converted(application)
    kind, result = application.types[0], application.result
    if is_array(kind) and kind.shape == result.shape and kind.shape is not None:
        return write("tf.clip_by_value", x, low, high)
    return f"tf.minimum(tf.maximum({x}, {low}), {high})"  # `clip_by_value` never broadcasts its first operand


PRIMITIVES: Spellings = {
    "less": infix("<"), "less_equal": infix("<="), "greater": infix(">"), "greater_equal": infix(">="),
    "equal": infix("=="), "not_equal": infix("!="),
    "logical_and": "tf.logical_and({0}, {1})",
    "logical_or": "tf.logical_or({0}, {1})",
    "logical_not": "tf.logical_not({0})",
    "where": where,
    "maximum": function("tf.maximum"), "minimum": function("tf.minimum"), "clip": clip,
}  # fmt: skip
