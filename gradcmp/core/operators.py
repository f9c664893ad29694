"""Operators (the derivative taken), modes (how), protocols (how a recording is used)."""

from __future__ import annotations

OPERATORS: tuple[str, ...] = ("value", "gradient", "vjp", "jvp", "jacobian", "hessian", "hvp")

MODES: tuple[str, ...] = (
    "reverse",
    "forward",
    "forward-over-reverse",
    "reverse-over-reverse",
    "loop",
    "vectorized",
)

PROTOCOLS: dict[str, str] = {
    "backward_twice": "two reverse passes through one recording that was not asked to persist",
    "backward_twice_retained": "two reverse passes through one recording, recorded persistently",
    "accumulate": "three reverse passes without clearing gradients in between",
    "zero_between": "three reverse passes, clearing gradients in between",
    "vector_backward": "a reverse pass from a non-scalar output without a cotangent",
    "untracked_input": "a reverse pass with respect to an input that was not tracked",
    "unused_input": "a reverse pass with respect to an input that the function does not use",
    "two_targets": "two outputs of one recording, each differentiated",
}
"""Protocol → what it does; the idiom is the backend's."""
