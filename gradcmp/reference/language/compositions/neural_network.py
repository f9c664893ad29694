"""Activations and the functions around them."""

from gradcmp.reference.language.arrays import Array, Composition, Context, float_step
from gradcmp.reference.language.compositions.reduction import logsumexp, total


def _relu(c: Context, x: Array) -> Array:
    return c.step("maximum", x, c.number(0.0))


def _below(c: Context, x: Array) -> Array:
    return c.step("minimum", x, c.number(0.0))


def _leaky_relu(c: Context, x: Array, *, negative_slope: float) -> Array:
    # max(x, 0) + slope * min(x, 0): no comparison has to be decided.
    return c.step("add", _relu(c, x), c.step("multiply", c.decimal(negative_slope), _below(c, x)))


def _elu(c: Context, x: Array, *, alpha: float) -> Array:
    return c.step("add", _relu(c, x), c.step("multiply", c.decimal(alpha), c.step("expm1", _below(c, x))))


def _gelu(c: Context, x: Array) -> Array:
    # x erfc(-x / sqrt 2) / 2 is the same and does not cancel far below zero.
    x = c.as_kind(x, "float")
    tail = c.step("erfc", c.step("negative", c.step("divide", x, c.step("sqrt", c.number(2.0)))))
    return c.step("divide", c.step("multiply", x, tail), c.number(2.0))


def _softmax(c: Context, x: Array, *, axis: int) -> Array:
    weights = c.step("exp", c.as_kind(x, "float"))
    return c.step("divide", weights, total(c, weights, axis=axis, keepdims=True))


NEURAL_NETWORK: dict[str, Composition] = {
    "sigmoid": float_step("sigmoid"),
    "softplus": float_step("softplus"),
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "gelu": _gelu,
    "silu": lambda c, x: c.step("multiply", x, float_step("sigmoid")(c, x)),
    "softmax": _softmax,
    "log_softmax": lambda c, x, axis: c.step("subtract", x, logsumexp(c, x, axis=axis, keepdims=True)),
}
