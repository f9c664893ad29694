"""Elementary functions, for which PyTorch has the names of the language."""

from gradcmp.backends.torch.spelling.operands import function
from gradcmp.program.spelling import Spellings

NAMES = (
    "abs", "sign", "exp", "expm1", "log", "log1p", "log2", "sqrt", "rsqrt", "square", "reciprocal",
    "sin", "cos", "tan", "arcsin", "arccos", "arctan", "arctan2",
    "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "erf", "lgamma", "digamma",
)  # fmt: skip

PRIMITIVES: Spellings = {name: function(f"torch.{name}") for name in NAMES}
