"""What only differentiation sees."""

from __future__ import annotations

from gradcmp.program.spelling import Spellings, call

PRIMITIVES: Spellings = {"stop_gradient": lambda application: call("tf.stop_gradient", *application.arrays)}
