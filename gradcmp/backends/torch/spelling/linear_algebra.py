"""Linear algebra, which demands operands of one dtype."""

from dataclasses import replace

from gradcmp.backends.torch.spelling.operands import DTYPES, function, infix, kept_dtype, same_dtype, widened
from gradcmp.core.leaves import fits
from gradcmp.program.spelling import Application, Fragment, Spellings, call, rank

PRELUDE = {
    "symmetric_part": "def symmetric_part(x):\n    return (x + x.mT) / 2\n",
    "solve_columns": (
        "def solve_columns(a, b):\n    return torch.linalg.solve(a, b[None] if 1 < b.ndim < a.ndim else b)\n"
    ),
}


def trace(application: Application) -> str:
    """`torch.trace` of one matrix, of a stack the sums of its diagonals."""
    (operand,) = application.operands
    if rank(application.types[0]) != 2:
        kept = kept_dtype(application, "torch.sum")
        return call("torch.sum", call("torch.linalg.diagonal", operand), dim=-1, **kept)
    text = call("torch.trace", operand)
    dtype = application.result.dtype
    return f"{text}.to({DTYPES[dtype]})" if application.result.kind == "int" and dtype != "int64" else text


def cholesky(application: Application) -> str:
    """The factor of the symmetric part. PyTorch reads the lower triangle alone: its value, and its forward-mode
    derivative, would be those of another function where the matrix or the tangent is not symmetric."""
    (operand,) = widened(application)
    if operand.text.isidentifier():
        return f"torch.linalg.cholesky(({operand} + {operand}.mT) / 2)"
    return f"torch.linalg.cholesky(symmetric_part({operand}))"


def solve(application: Application) -> str:
    """A matrix of columns that has the shape of a stack of vectors is such a stack to PyTorch, unless it is stacked."""
    a, b = application.types
    if rank(b) in {0, 1} or not fits(b.shape, a.shape and a.shape[:-1]):
        return same_dtype("torch.linalg.solve")(application)
    if None in (rank(a), rank(b)):
        return same_dtype("solve_columns")(application)
    left, right = application.operands
    stack = (left, Fragment(f"{right:atom}[None]", atomic=True))
    return same_dtype("torch.linalg.solve")(replace(application, operands=stack, arrays=stack))


PRIMITIVES: Spellings = {
    "matmul": infix("@", one_dtype=True),
    "dot": same_dtype("torch.dot"),
    "outer": same_dtype("torch.outer"),
    "trace": trace,
    "det": function("torch.linalg.det"),
    "slogdet": function("torch.linalg.slogdet"),
    "inv": function("torch.linalg.inv"),
    "solve": solve,
    "cholesky": cholesky,
}
