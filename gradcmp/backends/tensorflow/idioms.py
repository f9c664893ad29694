"""How TensorFlow's users write the protocols, and which of them have no meaning there."""

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
