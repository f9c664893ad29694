"""Twenty functions: in the little language, and as one would write them by hand in each framework."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    name: str
    text: str
    torch: str
    tensorflow: str
    jax: str
    shapes: tuple[tuple[int, ...], ...] = ((64,),)

    @property
    def names(self) -> tuple[str, ...]:
        return ("x", "y", "z")[: len(self.shapes)]


def _simple(name: str, text: str, torch: str, tensorflow: str, jax: str, *shapes: tuple[int, ...]) -> Pair:
    return Pair(name, text, f"return {torch}", f"return {tensorflow}", f"return {jax}", shapes or ((64,),))


VECTOR, MATRIX = (64,), (16, 16)

PAIRS = (
    _simple("2 dot", "2 * dot(x, x)", "2 * torch.dot(x, x)", "2 * tf.tensordot(x, x, axes=1)", "2 * jnp.dot(x, x)"),
    _simple("sum", "sum(x)", "torch.sum(x)", "tf.reduce_sum(x)", "jnp.sum(x)"),
    _simple("square", "sum(x * x)", "torch.sum(x * x)", "tf.reduce_sum(x * x)", "jnp.sum(x * x)"),
    _simple("power", "sum(x ** 3)", "torch.sum(x**3)", "tf.reduce_sum(x**3)", "jnp.sum(x**3)"),
    _simple("sine", "sum(sin(x))", "torch.sum(torch.sin(x))", "tf.reduce_sum(tf.sin(x))", "jnp.sum(jnp.sin(x))"),
    _simple("tanh", "sum(tanh(x))", "torch.sum(torch.tanh(x))", "tf.reduce_sum(tf.tanh(x))", "jnp.sum(jnp.tanh(x))"),
    _simple("exp", "mean(exp(x))", "torch.mean(torch.exp(x))", "tf.reduce_mean(tf.exp(x))", "jnp.mean(jnp.exp(x))"),
    _simple("product", "sum(x * y)", "torch.sum(x * y)", "tf.reduce_sum(x * y)", "jnp.sum(x * y)", VECTOR, VECTOR),
    _simple("quotient", "sum(x / (1 + y * y))", "torch.sum(x / (1 + y * y))", "tf.reduce_sum(x / (1 + y * y))", "jnp.sum(x / (1 + y * y))", VECTOR, VECTOR),
    _simple("matmul", "sum(x @ y)", "torch.sum(x @ y)", "tf.reduce_sum(x @ y)", "jnp.sum(x @ y)", MATRIX, MATRIX),
    _simple("layer", "sum(tanh(x @ y))", "torch.sum(torch.tanh(x @ y))", "tf.reduce_sum(tf.tanh(x @ y))", "jnp.sum(jnp.tanh(x @ y))", MATRIX, MATRIX),
    _simple("relu", "sum(relu(x @ y))", "torch.sum(torch.relu(x @ y))", "tf.reduce_sum(tf.nn.relu(x @ y))", "jnp.sum(jax.nn.relu(x @ y))", MATRIX, MATRIX),
    _simple("sigmoid", "sum(sigmoid(x))", "torch.sum(torch.sigmoid(x))", "tf.reduce_sum(tf.sigmoid(x))", "jnp.sum(jax.nn.sigmoid(x))"),
    _simple("where", "sum(where(x > 0, x, 2 * x))", "torch.sum(torch.where(x > 0, x, 2 * x))", "tf.reduce_sum(tf.where(x > 0, x, 2 * x))", "jnp.sum(jnp.where(x > 0, x, 2 * x))"),
    _simple("abs", "sum(abs(x))", "torch.sum(torch.abs(x))", "tf.reduce_sum(tf.abs(x))", "jnp.sum(jnp.abs(x))"),
    _simple("square root", "sum(sqrt(1 + x * x))", "torch.sum(torch.sqrt(1 + x * x))", "tf.reduce_sum(tf.sqrt(1 + x * x))", "jnp.sum(jnp.sqrt(1 + x * x))"),
    _simple("detach", "sum(stop_gradient(x * x) * x)", "torch.sum((x * x).detach() * x)", "tf.reduce_sum(tf.stop_gradient(x * x) * x)", "jnp.sum(lax.stop_gradient(x * x) * x)"),
    _simple("transpose", "sum(x.T @ y)", "torch.sum(x.T @ y)", "tf.reduce_sum(tf.transpose(x) @ y)", "jnp.sum(x.T @ y)", MATRIX, MATRIX),
    Pair(
        "for",
        "y = x\nfor i in range(4):\n    y = y * x\nreturn sum(y)",
        "y = x\nfor i in range(4):\n    y = y * x\nreturn torch.sum(y)",
        "y = x\nfor i in range(4):\n    y = y * x\nreturn tf.reduce_sum(y)",
        "y = x\nfor i in range(4):\n    y = y * x\nreturn jnp.sum(y)",
    ),
    Pair(
        "while",
        "y = x\nwhile norm(y) < 1000:\n    y = y * 2\nreturn sum(y)",
        "y = x\nwhile torch.linalg.vector_norm(y) < 1000:\n    y = y * 2\nreturn torch.sum(y)",
        "y = x\nwhile tf.norm(y) < 1000:\n    y = y * 2\nreturn tf.reduce_sum(y)",
        "y = x\nwhile jnp.linalg.norm(y) < 1000:\n    y = y * 2\nreturn jnp.sum(y)",
    ),
)  # fmt: skip
