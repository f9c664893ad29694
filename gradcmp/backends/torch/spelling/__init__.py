"""How PyTorch spells the primitives, a module for each group of the catalogue; the protocols' idioms beside it."""

from __future__ import annotations

from gradcmp.backends.torch.idioms import IDIOMS
from gradcmp.backends.torch.spelling import (
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
from gradcmp.backends.torch.spelling.operands import DTYPES, NUMBER
from gradcmp.program.spelling import Spelling

__all__ = ["IDIOMS", "SPELLING"]

_GROUPS = (
    arithmetic, comparison, elementary, neural_network, selection, reduction, linear_algebra, shape, differentiation,
)  # fmt: skip

SPELLING = Spelling(
    primitives={name: spell for group in _GROUPS for name, spell in group.PRIMITIVES.items()},
    imports=("import torch",),
    dtypes=DTYPES,
    number=NUMBER,
    prelude=linear_algebra.PRELUDE,
)
