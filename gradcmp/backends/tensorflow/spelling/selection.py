"""Selection of one of several operands, element by element."""

from __future__ import annotations

from gradcmp.backends.tensorflow.spelling.operands import converted, function, write
from gradcmp.program.spelling import Application, Spellings, is_array


def clip(application: Application) -> str:
    x, low, high = converted(application)
    kind, result = application.types[0], application.result
    if is_array(kind) and kind.shape == result.shape and kind.shape is not None:
        return write("tf.clip_by_value", x, low, high)
    return f"tf.minimum(tf.maximum({x}, {low}), {high})"  # `clip_by_value` never broadcasts its first operand


PRIMITIVES: Spellings = {"maximum": function("tf.maximum"), "minimum": function("tf.minimum"), "clip": clip}
