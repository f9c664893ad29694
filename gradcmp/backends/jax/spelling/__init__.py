"""How JAX spells the primitives, a module for each group of the catalogue; the protocols' idioms beside it."""

from __future__ import annotations

from gradcmp.backends.jax.idioms import IDIOMS
from gradcmp.backends.jax.spelling import (
    arithmetic,
    comparison,
    differentiation,
    elementary,
    linear_algebra,
    neural_network,
    reduction,
    selection,
    shape,
)
from gradcmp.backends.jax.spelling.operands import DTYPES
from gradcmp.program.spelling import Spelling

__all__ = ["IDIOMS", "SPELLING"]

_GROUPS = (
    arithmetic, comparison, elementary, neural_network, selection, reduction, linear_algebra, shape, differentiation,
)  # fmt: skip

SPELLING = Spelling(
    primitives={name: spell for group in _GROUPS for name, spell in group.PRIMITIVES.items()},
    imports=("import jax", "import jax.numpy as jnp", "from jax import lax"),
    dtypes=DTYPES,
    number="jnp.array({value}, dtype={dtype})",
)
