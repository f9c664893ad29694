"""The catalogue of primitives, joined from its groups in the order in which it is printed."""

from gradcmp.program.catalogue import (
    arithmetic,
    comparison,
    elementary,
    linear_algebra,
    neural_network,
    reduction,
    shape,
)
from gradcmp.program.catalogue.rows import Primitive

PRIMITIVES: dict[str, Primitive] = {
    row.name: row
    for rows in (
        arithmetic.BINARY,
        linear_algebra.INFIX,
        arithmetic.UNARY,
        comparison.COMPARISONS,
        elementary.FUNCTIONS,
        neural_network.ACTIVATIONS,
        comparison.SELECTIONS,
        reduction.REDUCTIONS,
        neural_network.SOFTMAX,
        reduction.CUMULATIVE,
        linear_algebra.PRODUCTS,
        shape.ARRANGEMENTS,
        linear_algebra.MATRICES,
        shape.CONSTANTS,
    )
    for row in rows
}

METHOD_ALIASES: dict[str, str] = {"detach": "stop_gradient"}

CONSTANTS: dict[str, float] = {"pi": 3.141592653589793, "inf": float("inf")}
