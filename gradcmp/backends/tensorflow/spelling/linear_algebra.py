"""Linear algebra."""

from gradcmp.backends.tensorflow.spelling.operands import converted, function, write
from gradcmp.program.infix import between
from gradcmp.program.spelling import Application, Spellings, rank

PRELUDE = {"symmetric_part": "def symmetric_part(x):\n    return (x + tf.linalg.matrix_transpose(x)) / 2\n"}


def matmul(application: Application) -> str:
    """`@` takes no vectors."""
    left, right = converted(application)
    ranks = tuple(map(rank, application.types))
    if None in ranks:
        return write("tf.experimental.numpy.matmul", left, right)
    if ranks in {(1, 1), (1, 2)}:
        return write("tf.tensordot", left, right, axes=1)
    if ranks[0] == 1:
        return write("tf.linalg.matvec", right, left, transpose_a=True)
    if ranks[1] == 1:
        return write("tf.linalg.matvec", left, right)
    return between(left, "@", right)


def solve(application: Application) -> str:
    """A right side of its own for every matrix is what `tf.linalg.solve` takes; an operator repeats what is shared."""
    a, b = converted(application)
    left, right = (operand.shape for operand in application.types)
    vector = right is not None and len(right) == 1
    columns = f"{b:atom}[:, tf.newaxis]" if vector else b
    shared = None not in (left, right) and left[:-2] != (() if vector else right[:-2])
    solved = (
        f"tf.linalg.LinearOperatorFullMatrix({a}).solve({columns})" if shared else f"tf.linalg.solve({a}, {columns})"
    )
    if not vector:
        return solved
    return f"{solved}[:, 0]" if rank(application.types[0]) == 2 else f"{solved}[..., 0]"


def cholesky(application: Application) -> str:
    """The factor of the symmetric part: TensorFlow itself reads the lower triangle alone."""
    (operand,) = converted(application)
    if operand.text.isidentifier():
        return f"tf.linalg.cholesky(({operand} + tf.linalg.matrix_transpose({operand})) / 2)"
    return f"tf.linalg.cholesky(symmetric_part({operand}))"


PRIMITIVES: Spellings = {
    "matmul": matmul,
    "dot": lambda application: write("tf.tensordot", *converted(application), axes=1),
    "outer": lambda application: write("tf.tensordot", *converted(application), axes=0),
    "trace": function("tf.linalg.trace"),
    "det": function("tf.linalg.det"),
    "slogdet": function("tf.linalg.slogdet"),
    "inv": function("tf.linalg.inv"),
    "solve": solve,
    "cholesky": cholesky,
}
