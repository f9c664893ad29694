"""Linear algebra."""

from gradcmp.backends.tensorflow.spelling.operands import converted, function, write
from gradcmp.program.infix import between
from gradcmp.program.spelling import Application, Spellings, rank


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
    a, b = converted(application)
    if rank(application.types[1]) != 1:
        return write("tf.linalg.solve", a, b)
    if rank(application.types[0]) == 2:
        return f"tf.linalg.solve({a}, {b:atom}[:, tf.newaxis])[:, 0]"
    return f"tf.linalg.solve({a}, {b:atom}[:, tf.newaxis])[..., 0]"


PRIMITIVES: Spellings = {
    "matmul": matmul,
    "dot": lambda application: write("tf.tensordot", *converted(application), axes=1),
    "outer": lambda application: write("tf.tensordot", *converted(application), axes=0),
    "trace": function("tf.linalg.trace"),
    "det": function("tf.linalg.det"),
    "slogdet": function("tf.linalg.slogdet"),
    "inv": function("tf.linalg.inv"),
    "solve": solve,
    "cholesky": function("tf.linalg.cholesky"),
}
