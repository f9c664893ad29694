"""Functions of neural networks."""

from gradcmp.backends.jax.spelling.operands import floats, spelled
from gradcmp.program.spelling import Spellings, call

PRIMITIVES: Spellings = {
    "sigmoid": spelled("jax.nn.sigmoid"),
    "softplus": spelled("jax.nn.softplus"),
    "relu": spelled("jax.nn.relu"),
    "leaky_relu": spelled("jax.nn.leaky_relu", negative_slope=0.01),
    "elu": spelled("jax.nn.elu", alpha=1.0),
    "gelu": lambda application: call("jax.nn.gelu", *floats(application), approximate=False),
    "silu": spelled("jax.nn.silu"),
    "softmax": spelled("jax.nn.softmax", axis=-1),
    "log_softmax": spelled("jax.nn.log_softmax", axis=-1),
}
