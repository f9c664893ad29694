"""How PyTorch spells the primitives, a module for each group of the catalogue; beside it the idioms."""

from gradcmp.backends.torch.idioms import IDIOMS, MODES
from gradcmp.backends.torch.spelling.linear_algebra import PRELUDE
from gradcmp.backends.torch.spelling.operands import DTYPES, NUMBER
from gradcmp.program.spelling import Spelling, spellings_in

__all__ = ["IDIOMS", "MODES", "SPELLING"]

SPELLING = Spelling(
    primitives=spellings_in(__name__), imports=("import torch",), dtypes=DTYPES, number=NUMBER, prelude=PRELUDE
)
