"""How TensorFlow spells the primitives, a module for each group of the catalogue; beside it the idioms."""

from gradcmp.backends.tensorflow.idioms import IDIOMS, MODES
from gradcmp.backends.tensorflow.spelling.linear_algebra import PRELUDE
from gradcmp.core.formats import DTYPES
from gradcmp.program.spelling import Spelling, spellings_in

__all__ = ["IDIOMS", "MODES", "SPELLING"]

SPELLING = Spelling(
    primitives=spellings_in(__name__),
    imports=("import tensorflow as tf",),
    dtypes={dtype: f"tf.{dtype}" for dtype in DTYPES},
    number="tf.constant({value}, dtype={dtype})",
    # only in compiled text: without a bound XLA cannot differentiate a `while`
    loop_bound="tf.autograph.experimental.set_loop_options(maximum_iterations={max_iterations})",
    cast="tf.cast({value}, {dtype})",
    prelude=PRELUDE,
)
