"""What to write instead: names of other libraries, and Python that the little language does not have."""

import re

from gradcmp.program.primitives import CONSTANTS, PRIMITIVES

MODULES: frozenset[str] = frozenset(
    {"torch", "tf", "tensorflow", "jax", "jnp", "np", "numpy", "math", "scipy", "keras", "cupy"}
)
"""Names that are taken for a library wherever something is reached through them."""

MAYBE_MODULES: frozenset[str] = frozenset({"F", "nn", "lax", "K", "jsp", "special", "linalg"})
"""Names that are a library's only where nothing else is called so."""

FOREIGN: dict[str, str] = {
    "reduce_sum": "sum", "reduce_mean": "mean", "reduce_max": "max", "reduce_min": "min", "reduce_prod": "prod",
    "reduce_any": "any", "reduce_all": "all", "reduce_std": "std", "reduce_variance": "var",
    "reduce_logsumexp": "logsumexp", "reduce_euclidean_norm": "norm", "amax": "max", "amin": "min",
    "mm": "matmul", "bmm": "matmul", "mv": "matmul", "matvec": "matmul", "vdot": "dot", "inner": "dot",
    "mul": "multiply", "sub": "subtract", "div": "divide", "true_divide": "divide", "pow": "power",
    "neg": "negative", "mod": "remainder", "fmod": "remainder", "floordiv": "floor_divide",
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "asinh": "arcsinh", "acosh": "arccosh",
    "atanh": "arctanh", "absolute": "abs", "fabs": "abs", "gammaln": "lgamma", "loggamma": "lgamma",
    "psi": "digamma", "expit": "sigmoid", "swish": "silu", "nansum": "sum", "fmax": "maximum", "fmin": "minimum",
    "cat": "concatenate", "concat": "concatenate", "hstack": "concatenate", "vstack": "stack", "clamp": "clip",
    "clip_by_value": "clip", "detach": "stop_gradient", "inverse": "inv", "permute": "transpose",
    "swapaxes": "transpose", "t": "transpose", "unsqueeze": "expand_dims", "view": "reshape", "flatten": "reshape",
    "ravel": "reshape", "expand": "broadcast_to", "gather": "take", "index_select": "take", "diag": "diagonal",
    "diag_part": "diagonal", "vector_norm": "norm", "matrix_norm": "norm", "frobenius_norm": "norm",
    "eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal",
    "fliplr": "flip", "flipud": "flip", "reverse": "flip", "cond": "where", "select": "where",
}  # fmt: skip
"""Names elsewhere → the primitive."""

KEYWORDS: dict[str, str] = {
    "dim": "axis", "dims": "axis", "keepdim": "keepdims", "unbiased": "ddof", "correction": "ddof", "perm": "axes",
    "diagonal": "k", "axes": "axis", "newshape": "shape", "size": "shape",
}  # fmt: skip
"""Options elsewhere → the option here, where the primitive has it."""

METHODS: dict[str, str] = {
    "item": "leave it out: a scalar array stays an array",
    "numpy": "leave it out: arrays are the framework's own",
    "backward": "leave it out: gradcmp takes the derivative itself, as `operator` says",
    "requires_grad_": "leave it out: `wrt` in the scenario says what to differentiate by",
    **dict.fromkeys(("clone", "copy"), "leave it out: arrays are never changed in place"),
    "contiguous": "leave it out: layout is the framework's own affair",
    **dict.fromkeys(("cuda", "cpu"), "leave it out: the target says on which device to run"),
    "to": "leave it out: the target says on which device to run, the problem in which dtype",
    **dict.fromkeys(("float", "double", "half", "astype"), "leave it out: the problem says in which dtype to run"),
    "size": "write `x.shape[0]`, or `x.size` for the number of entries",
    "dim": "write `x.ndim`",
    "numel": "write `x.size`",
    "t": "write `x.T`",
    "mT": "write `x.T`, or `transpose(x, axes=...)` for stacks of matrices",
}
"""Methods elsewhere → advice."""

FUNCTIONS: dict[str, str] = {
    "print": "leave it out: `gradcmp run` prints the results",
    "float": "leave it out: numbers take the dtype of the arrays that they meet",
    "int": "write `//` for whole numbers",
    "round": "rounding is not supported",
    "pow": "write `x ** y`",
    "range": "`range` is only for loops: `for i in range(10):`",
    "einsum": "`einsum` is not supported yet: write it with `matmul`, `sum` and `transpose`",
    **dict.fromkeys(
        ("tensor", "array", "constant", "asarray"),
        "write the number itself, or make the array an input of the scenario",
    ),
    "zeros": "write `zeros_like(x)`, or make it an input (`{zeros: 3}`); in `expect`, `0` holds for every element",
    "ones": "write `ones_like(x)`, or make it an input (`{ones: 3}`); in `expect`, `1` holds for every element",
    "full": "write `7 * ones_like(x)`, or make it an input; in `expect`, one number holds for every element",
    "arange": "make the array an input of the scenario (`{arange: 4}`)",
    "eye": "make the array an input of the scenario (`{eye: 3}`)",
    "grad": "leave it out: gradcmp takes the derivative itself, as `operator` says",
}
"""Functions elsewhere → advice."""


CHARACTERS: dict[str, str] = {
    "−": "-", "–": "-", "—": "-", "×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "∕": "/", "²": "** 2", "³": "** 3",
    "≤": "<=", "≥": ">=", "≠": "!=", "√": "sqrt(...)", "∑": "sum(...)", "∏": "prod(...)", "π": "pi", "∞": "inf",
    "，": ",", "（": "(", "）": ")", "：": ":", "“": "'", "”": "'", "‘": "'", "’": "'", "\u00a0": "a space",
}  # fmt: skip
"""Characters that Python does not read → what to type."""


def for_syntax(message: str) -> str:
    """What to do about what Python's parser says, or nothing."""
    code = re.search(r"U\+([0-9A-F]{4,6})\)?$", message)
    if code is not None:
        typed = CHARACTERS.get(chr(int(code[1], 16)), "")
        return f"write {typed if typed == 'a space' else f'`{typed}`'}" if typed else "leave it out"
    if message.startswith(("invalid decimal literal", "invalid imaginary")):
        return "a product is written with `*`: `2 * x`"
    return ""


def for_function(name: str) -> str:
    """What to write in place of a function of another library, or nothing."""
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    if name in CONSTANTS:
        return f"write `{name}`"
    if name == "newaxis":
        return "write `None`"
    primitive = name if name in PRIMITIVES else FOREIGN.get(name)
    return f"write `{primitive}(...)`" if primitive else ""


def for_method(name: str) -> str:
    """What to write in place of a method of another library, or nothing."""
    if name in METHODS:
        return METHODS[name]
    if name.endswith("_") and name.rstrip("_") in PRIMITIVES | FOREIGN:
        return f"arrays are never changed in place: write `{FOREIGN.get(name.rstrip('_'), name.rstrip('_'))}(...)`"
    return for_function(name)
