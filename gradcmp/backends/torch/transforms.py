"""Derivatives by transforming the function (`torch.func`), eagerly or as one compiled graph.

Imported by `TorchBackend` when it is constructed, so that PyTorch is not imported before. A transform gives zeros where
an input is not used.

Every transform here is a function of (primals, fixed inputs, seeds) that returns (derivatives, everything the function
returned), so that a compiler sees all data as arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from gradcmp.backends.base import A, Arrays
from gradcmp.backends.torch.recordings import Call, ones

func: Any = torch.func  # its annotations do not know what `has_aux` adds

Transform = Callable[[Arrays, Arrays, Arrays], tuple[Any, Arrays]]
"""What it returns first: jvp by output; jacobian by output and primal; hessian by output and two primals; hvp by output
and primal. Outputs that are not floating are not counted."""


def with_everything(call: Call, fixed: Arrays, skip: int) -> Callable[..., tuple[Arrays, Arrays]]:
    """The function of its primals, as `has_aux` wants it: (the floating outputs, everything).

    The last `skip` results are no outputs (the flag of bounded loops).
    """

    def function(*primals: Any) -> tuple[Arrays, Arrays]:
        everything = tuple(call(primals, fixed))
        outputs = everything[: len(everything) - skip]
        return tuple(output for output in outputs if output.is_floating_point()), everything

    return function


def jvp(call: Call, skip: int) -> Transform:
    """`torch.func.jvp`, with everything that the function returned beside what it differentiates."""

    def transform(primals: Arrays, fixed: Arrays, tangents: Arrays) -> tuple[Any, Arrays]:
        function = with_everything(call, fixed, skip)
        _, pushed, everything = func.jvp(function, primals, tangents, has_aux=True)
        return pushed, everything

    return transform


def jvp_by_reverse(call: Call, skip: int) -> Transform:
    """The push-forward as the pull-back of the pull-back, which is linear in the cotangent."""

    def transform(primals: Arrays, fixed: Arrays, tangents: Arrays) -> tuple[Any, Arrays]:
        outputs, pull, everything = func.vjp(with_everything(call, fixed, skip), *primals, has_aux=True)
        _, push = func.vjp(pull, ones(outputs))
        return push(tangents)[0], everything

    return transform


def slopes(call: Call, fixed: Arrays, skip: int) -> Callable[..., tuple[Any, Arrays]]:
    """The gradients of every output, which must be scalars, by output and primal."""

    def function(*primals: Any) -> tuple[Any, Arrays]:
        outputs, pull, everything = func.vjp(with_everything(call, fixed, skip), *primals, has_aux=True)
        gradients = tuple(pull(instead(outputs, of, torch.ones_like(output))) for of, output in enumerate(outputs))
        return gradients, everything

    return function


def hvp(call: Call, skip: int) -> Transform:
    """Forward over reverse: the push-forward of the gradient."""

    def transform(primals: Arrays, fixed: Arrays, tangents: Arrays) -> tuple[Any, Arrays]:
        _, pushed, everything = func.jvp(slopes(call, fixed, skip), primals, tangents, has_aux=True)
        return pushed, everything

    return transform


def hvp_by_reverse(call: Call, skip: int) -> Transform:
    """Reverse over reverse: the pull-back of the gradient."""

    def transform(primals: Arrays, fixed: Arrays, tangents: Arrays) -> tuple[Any, Arrays]:
        gradients, pull, everything = func.vjp(slopes(call, fixed, skip), *primals, has_aux=True)
        still = zeros_like(tangents)
        products = tuple(
            pull(tuple(tangents if k == of else still for k in range(len(gradients)))) for of in range(len(gradients))
        )
        return products, everything

    return transform


def batched(*layers: Callable[..., Any]) -> Callable[[Call, int], Transform]:
    """`jacrev` and `jacfwd`, the innermost first, over all primals at once."""

    def build(call: Call, skip: int) -> Transform:
        def transform(primals: Arrays, fixed: Arrays, seeds: Arrays) -> tuple[Any, Arrays]:  # noqa: ARG001  # one shape
            derivative: Callable[..., Any] = with_everything(call, fixed, skip)
            for layer in layers:
                derivative = layer(derivative, argnums=tuple(range(len(primals))), has_aux=True)
            blocks, everything = derivative(*primals)
            return blocks, everything

        return transform

    return build


def by_rows(call: Call, skip: int) -> Transform:
    """A Jacobian by one pull-back for each element of each output; compiled, all of them are one graph."""

    def transform(primals: Arrays, fixed: Arrays, seeds: Arrays) -> tuple[Any, Arrays]:  # noqa: ARG001  # one shape
        outputs, pull, everything = func.vjp(with_everything(call, fixed, skip), *primals, has_aux=True)

        def block(of: int) -> Arrays:
            return rows(outputs[of], primals, lambda seed: pull(instead(outputs, of, seed)))

        return tuple(map(block, range(len(outputs)))), everything

    return transform


def hessian_by_rows(call: Call, skip: int) -> Transform:
    """The gradient, then one pull-back for each of its elements; compiled, all of them are one graph."""

    def transform(primals: Arrays, fixed: Arrays, seeds: Arrays) -> tuple[Any, Arrays]:  # noqa: ARG001  # one shape
        gradients, pull, everything = func.vjp(slopes(call, fixed, skip), *primals, has_aux=True)
        zeros = tuple(map(zeros_like, gradients))

        def block(of: int, i: int) -> Arrays:
            def pull_one(seed: A) -> Arrays:
                pulled: Arrays = pull((*zeros[:of], instead(gradients[of], i, seed), *zeros[of + 1 :]))
                return pulled

            return rows(gradients[of][i], primals, pull_one)

        return tuple(tuple(block(of, i) for i in range(len(primals))) for of in range(len(gradients))), everything

    return transform


def rows(output: A, primals: Arrays, pull: Callable[[A], Arrays]) -> Arrays:
    """d output / d primal for every primal, shape output + primal: `pull` is called with each unit vector."""
    size = output.numel()
    basis = torch.eye(size, dtype=output.dtype, device=output.device).reshape(-1, *output.shape)
    pulled = [pull(basis[k]) for k in range(size)]
    if not pulled:
        return tuple(primal.new_zeros(output.shape + primal.shape) for primal in primals)
    return tuple(
        torch.stack([row[i] for row in pulled]).reshape(output.shape + primal.shape) for i, primal in enumerate(primals)
    )


def zeros_like(arrays: Arrays) -> Arrays:
    """Zeros of the shapes and dtypes of `arrays`."""
    return tuple(map(torch.zeros_like, arrays))


def instead(arrays: Arrays, at: int, array: A) -> Arrays:
    """Zeros like `arrays`, but `array` in one place."""
    return tuple(array if k == at else torch.zeros_like(other) for k, other in enumerate(arrays))


TRANSFORMS: Mapping[tuple[str, str], Callable[[Call, int], Transform]] = {
    ("jvp", "forward"): jvp,
    ("jvp", "reverse"): jvp_by_reverse,
    ("jacobian", "loop"): by_rows,
    ("jacobian", "vectorized"): batched(func.jacrev),
    ("jacobian", "reverse"): batched(func.jacrev),
    ("jacobian", "forward"): batched(func.jacfwd),
    ("hessian", "forward-over-reverse"): batched(func.jacrev, func.jacfwd),
    ("hessian", "vectorized"): batched(func.jacrev, func.jacfwd),
    ("hessian", "reverse-over-reverse"): batched(func.jacrev, func.jacrev),
    ("hessian", "loop"): hessian_by_rows,
    ("hvp", "forward-over-reverse"): hvp,
    ("hvp", "reverse-over-reverse"): hvp_by_reverse,
}
"""(operator, mode) → the transform of a call whose last so many results are no outputs."""
