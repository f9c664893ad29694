"""Linear algebra, which demands operands of one dtype."""

from gradcmp.backends.torch.spelling.operands import DTYPES, function, infix, kept_dtype, same_dtype, widened
from gradcmp.program.spelling import Application, Spellings, call, rank

PRELUDE = {"symmetric_part": "def symmetric_part(x):\n    return (x + x.mT) / 2\n"}


def trace(application: Application) -> str:
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


PRIMITIVES: Spellings = {
    "matmul": infix("@", one_dtype=True),
    "dot": same_dtype("torch.dot"),
    "outer": same_dtype("torch.outer"),
    "trace": trace,
    "det": function("torch.linalg.det"),
    "slogdet": function("torch.linalg.slogdet"),
    "inv": function("torch.linalg.inv"),
    "solve": same_dtype("torch.linalg.solve"),
    "cholesky": cholesky,
}
