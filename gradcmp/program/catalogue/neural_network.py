"""Activations and softmax."""

from functools import partial

from gradcmp.program.catalogue.rows import Primitive
from gradcmp.program.shapes import along_axis, elementwise

_activation = partial(Primitive, signature="x", shape=elementwise, group="neural network", method=True)
_softmax = partial(_activation, signature="x, *, axis=-1", shape=along_axis, convention="along the last axis unless `axis` is given")  # fmt: skip

ACTIVATIONS: tuple[Primitive, ...] = (
    _activation("sigmoid", convention="1 / (1 + exp(-x))"),
    _activation("softplus", convention="log(1 + exp(x)), without threshold or scale"),
    _activation("relu", convention="max(x, 0)"),
    _activation("leaky_relu", signature="x, *, negative_slope=0.01", convention="x where x > 0, else negative_slope * x"),
    _activation("elu", signature="x, *, alpha=1.0", convention="x where x > 0, else alpha * expm1(x)"),
    _activation("gelu", convention="the exact one: x * (1 + erf(x / sqrt(2))) / 2"),
    _activation("silu", convention="x * sigmoid(x)"),
)  # fmt: skip

SOFTMAX: tuple[Primitive, ...] = (_softmax("softmax"), _softmax("log_softmax"))
