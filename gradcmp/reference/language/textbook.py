"""What frameworks compute: the compositions of the tolerance pass where they differ from those for exact numbers.

Balls neither overflow nor care which of two equal formulas they evaluate; rounding does. The tape differentiates these.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradcmp.reference.language.arrays import Array, Composition, Context
from gradcmp.reference.language.compositions import COMPOSITIONS
from gradcmp.reference.language.fragility import QUIET, Fragility


def textbook_formulas(fragility: Fragility) -> Mapping[str, Callable[..., Any]]:
    """Every primitive's step, which tells `fragility` its name while it runs."""
    safely = {name: _named(how, QUIET, fragility) for name, how in _SAFELY.items()}
    return {name: _named(safely.get(name, how), name, fragility) for name, how in COMPOSITIONS.items()}


def _named(how: Composition, name: str, fragility: Fragility) -> Composition:
    def step(*operands: Any, **options: Any) -> Any:
        with fragility.within(name):
            return how(*operands, **options)

    return step


def _split(c: Context, x: Array) -> tuple[Any, Array, Array]:
    """Where x < 0, and x below and above 0 with zeros elsewhere."""
    x, zero = c.as_kind(x, "float"), c.number(0.0)
    negative = COMPOSITIONS["less"](c, x, zero)
    return negative, COMPOSITIONS["where"](c, negative, x, zero), COMPOSITIONS["where"](c, negative, zero, x)


def _softplus(c: Context, x: Array) -> Array:
    """max(x, 0) + log1p(exp(-|x|))."""
    _, below, above = _split(c, x)
    distance = c.step("subtract", below, above)
    return c.step("add", above, c.step("log1p", c.step("exp", distance)))


def _gelu(c: Context, x: Array) -> Array:
    """x (1 + erf(x / √2)) / 2, as the catalogue has it."""
    x, one, two = c.as_kind(x, "float"), c.number(1.0), c.number(2.0)
    tail = c.step("add", one, c.step("erf", c.step("divide", x, c.step("sqrt", two))))
    return c.step("divide", c.step("multiply", x, tail), two)


def _shifted(c: Context, x: Array, axis: Any) -> tuple[Array, Array]:
    """x minus its largest entry along `axis`, and that entry: an exact constant, for any other would do as well."""
    x = c.as_kind(x, "float")
    largest = COMPOSITIONS["max"](c, COMPOSITIONS["stop_gradient"](c, x), axis=axis, keepdims=True)
    shift = c.step("fixed", largest)
    return c.step("subtract", x, shift), shift


def _softmax(c: Context, x: Array, *, axis: int) -> Array:
    weights = c.step("exp", _shifted(c, x, axis)[0])
    return c.step("divide", weights, COMPOSITIONS["sum"](c, weights, axis=axis, keepdims=True))


def _log_softmax(c: Context, x: Array, *, axis: int) -> Array:
    rest, _ = _shifted(c, x, axis)
    total = COMPOSITIONS["sum"](c, c.step("exp", rest), axis=axis, keepdims=True)
    return c.step("subtract", rest, c.step("log", total))


def _logsumexp(c: Context, x: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
    rest, shift = _shifted(c, x, axis)
    total = COMPOSITIONS["sum"](c, c.step("exp", rest), axis=axis, keepdims=True)
    result = c.step("add", shift, c.step("log", total))
    if keepdims:
        return result
    shape = c.shape(result) if axis is None else np.empty(c.shape(result)).squeeze(axis).shape
    return c.rearranged(result, lambda p: p.reshape(() if axis is None else shape))


def _slogdet(c: Context, x: Array) -> tuple[Array, Array]:
    """Of a multiple of the matrix whose determinant overflows in no format: frameworks add logarithms of pivots."""
    x = c.as_kind(x, "float")
    rows = c.number(float(c.shape(x)[-1]))
    determinant = COMPOSITIONS["det"](c, COMPOSITIONS["stop_gradient"](c, x))
    scale = c.step("binary_scale", determinant, rows)
    spread = c.rearranged(scale, lambda p: p[..., None, None])
    sign, log = COMPOSITIONS["slogdet"](c, c.step("divide", x, spread))
    return sign, c.step("add", log, c.step("multiply", rows, c.step("log", scale)))


_SAFELY: dict[str, Composition] = {
    "softplus": _softplus,
    "gelu": _gelu,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "logsumexp": _logsumexp,
    "slogdet": _slogdet,
}
"""Primitive → its formula, whose comparisons are of no account."""
