"""How TensorFlow's users write the protocols and modes, and which of them have no meaning there."""

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

MODES: dict[tuple[str, str], str] = {
    ("value", "forward"): "f(x)",
    ("gradient", "reverse"): "tape.gradient(y, x)",
    ("vjp", "reverse"): "tape.gradient(y, x, output_gradients=cotangent)",
    ("jvp", "forward"): "accumulator.jvp(y)",
    ("jvp", "reverse"): "outer.gradient(tape.gradient(y, x, output_gradients=ones), ones, output_gradients=v)",
    ("jacobian", "vectorized"): "tape.jacobian(y, x, experimental_use_pfor=True)",
    ("jacobian", "loop"): "tape.jacobian(y, x, experimental_use_pfor=False)",
    ("jacobian", "forward"): "accumulator.jvp(y)  # for each unit vector",
    ("jacobian", "reverse"): "tape.jacobian(y, x)",
    ("hessian", "reverse-over-reverse"): "outer.jacobian(tape.gradient(y, x), x)",
    ("hessian", "forward-over-reverse"): "accumulator.jvp(tape.gradient(y, x))  # for each unit vector",
    ("hessian", "loop"): "outer.jacobian(tape.gradient(y, x), x, experimental_use_pfor=False)",
    ("hessian", "vectorized"): "outer.jacobian(tape.gradient(y, x), x, experimental_use_pfor=True)",
    ("hvp", "forward-over-reverse"): "accumulator.jvp(tape.gradient(y, x))",
    ("hvp", "reverse-over-reverse"): "outer.gradient(tape.gradient(y, x), x, output_gradients=v)",
}
"""(operator, mode) → TensorFlow's own call, those that are tried first before the others.

`tape` is a `tf.GradientTape` that recorded `y = f(x)`, `outer` another one around all, and `accumulator` a
`tf.autodiff.ForwardAccumulator(x, v)`.
"""
