"""Functions of neural networks."""

from gradcmp.backends.tensorflow.spelling.operands import converted, function, write
from gradcmp.program.infix import between
from gradcmp.program.spelling import Application, Fragment, Spellings

ZERO = Fragment("0", atomic=True)


def leaky_relu(application: Application) -> str:
    """`alpha` is always told: TensorFlow's default is 0.2. It is rounded to float32 whatever the dtype."""
    return write("tf.nn.leaky_relu", *converted(application), alpha=application.options["negative_slope"])


def elu(application: Application) -> str:
    """`tf.nn.elu`, whose alpha is 1, scaled below zero for another one."""
    (x,) = converted(application)
    alpha = application.options["alpha"]
    if alpha == 1:
        return write("tf.nn.elu", x)
    return f"tf.where({between(x, '>', ZERO)}, tf.nn.elu({x}), {alpha} * tf.nn.elu({x}))"


PRIMITIVES: Spellings = {
    "sigmoid": function("tf.sigmoid"),
    "softplus": function("tf.math.softplus"),
    "relu": function("tf.nn.relu"),
    "leaky_relu": leaky_relu,
    "elu": elu,
    "gelu": function("tf.nn.gelu"),
    "silu": function("tf.nn.silu"),
    "softmax": function("tf.nn.softmax", axis=-1),
    "log_softmax": function("tf.nn.log_softmax", axis=-1),
}
