"""What checkers of gradients are compared on: each function in the little language and over torch's names."""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

BATCH, FEATURES = 32, 100


@dataclass(frozen=True)
class Job:
    """`call(t, *inputs)` is `text` over the names of torch, or JAX's functions under these names; None: no other checker
    is asked."""

    name: str
    text: str
    call: Callable[..., Any] | None
    inputs: dict[str, np.ndarray]
    fixed: tuple[str, ...] = ()
    operator: str = "gradient"

    @property
    def wrt(self) -> tuple[str, ...]:
        return tuple(name for name in self.inputs if name not in self.fixed)

    @property
    def size(self) -> int:
        """Elements to differentiate by."""
        return sum(self.inputs[name].size for name in self.wrt)


def jax_names():
    """JAX under torch's names."""
    import jax
    import jax.numpy as jnp

    special = jax.scipy.special
    return SimpleNamespace(
        **{name: getattr(jnp, name) for name in ("dot", "sum", "mean", "tanh", "exp", "log", "sin", "cos", "sqrt")},
        **{name: getattr(jnp, name) for name in ("prod", "diagonal", "square", "log1p", "arctan")},
        linalg=jnp.linalg,
        sigmoid=jax.nn.sigmoid,
        erf=special.erf,
        lgamma=special.gammaln,
        logsumexp=lambda x, axis: special.logsumexp(x, axis=axis),
        softmax=lambda x, axis: jax.nn.softmax(x, axis=axis),
    )


def dot(n, seed=0):
    return Job(f"2*dot, n={n}", "2 * dot(x, x)", lambda t, x: 2 * t.dot(x, x), {"x": normal(seed, n)})


def logsumexp(n, seed=0):
    return Job(f"logsumexp, n={n}", "logsumexp(x)", lambda t, x: t.logsumexp(x, 0), {"x": normal(seed, n)})


def layer(n, seed=0):
    inputs = {"a": normal(seed, n, n) / n**0.5, "x": normal(seed + 1, n)}
    return Job(f"tanh(Wx), {n}x{n}", "sum(tanh(a @ x))", lambda t, a, x: t.sum(t.tanh(a @ x)), inputs)


def network(hidden, seed=0):
    inputs = {
        "x": normal(seed, BATCH, FEATURES),
        "y": normal(seed + 1, BATCH, 1),
        "a": normal(seed + 2, FEATURES, hidden) / FEATURES**0.5,
        "b": normal(seed + 3, hidden),
        "c": normal(seed + 4, hidden, 1) / hidden**0.5,
        "d": normal(seed + 5, 1),
    }
    return Job(
        f"MLP {FEATURES}-{hidden}-1, batch {BATCH}",
        "mean(square(tanh(x @ a + b) @ c + d - y))",
        lambda t, x, y, a, b, c, d: t.mean(t.square(t.tanh(x @ a + b) @ c + d - y)),
        inputs,
        fixed=("x", "y"),
    )


def tied_network():
    """A ReLU network 20-10-1 on a batch of 32 in which seven units get exactly 0."""
    x, a = normal(0, BATCH, 20), normal(1, 20, 10)
    for unit in range(7):
        x[unit] = np.eye(20)[unit]
        a[unit, unit] = 0.0
    return Job(
        "ReLU network 20-10-1, seven ties",
        "mean(square(relu(x @ a) @ b))",
        lambda t, x, a, b: t.mean(t.square(t.relu(x @ a) @ b)),
        {"x": x, "a": a, "b": normal(2, 10, 1)},
        fixed=("x",),
    )


def mixture(points, components=5):
    """The log-likelihood of a Gaussian mixture, up to a constant."""
    inputs = {
        "x": normal(0, points, 2),
        "weights": normal(1, components),
        "means": normal(2, components, 2),
        "factors": np.tril(normal(3, components, 2, 2)) + 3 * np.eye(2),
    }
    return Job(f"mixture of {components}, {points} points", MIXTURE, None, inputs, fixed=("x",))


def hessian(name, text, n):
    inputs = {"x": normal(0, n), "a": normal(1, n, n)}
    return Job(f"Hessian of {name}, n={n}", text, None, inputs, fixed=("a",), operator="hessian")


def loop(steps):
    text = f"s = x\nfor j in range({steps}):\n    s = s * 0.999 + x\nreturn sum(s)"
    return Job(f"loop of {steps} steps", text, None, {"x": normal(0, 3)})


def solve():
    return Job(
        "solve, Hilbert 6x6",
        "sum(solve(a, b))",
        lambda t, a, b: t.sum(t.linalg.solve(a, b)),
        {"a": hilbert(6), "b": normal(0, 6)},
    )


def log_determinant():
    return Job(
        "log det by cholesky, 6x6",
        "2 * sum(log(diagonal(cholesky(a))))",
        lambda t, a: 2 * t.sum(t.log(t.diagonal(t.linalg.cholesky(a)))),
        {"a": definite(6)},
    )


def normal(seed, *shape):
    return np.random.RandomState(seed).standard_normal(shape)


def uniform(low, high, n, seed=0):
    return np.random.RandomState(seed).uniform(low, high, n)


def hilbert(n):
    place = np.arange(n)
    return 1.0 / (place[:, None] + place[None, :] + 1)


def definite(n):
    half = normal(0, n, n)
    return half @ half.T + n * np.eye(n)


def simple(name, text, call, **inputs):
    return Job(name, text, call, inputs)


def newton(t, x):
    y = 0.5 * (1 + x)
    for _ in range(6):
        y = 0.5 * (y + x / y)
    return t.sum(y)


MIXTURE = """
d = x[:, None, :] - means[None, :, :]
y = (factors[None] @ d[..., None])[..., 0]
scales = sum(log(diagonal(factors)), axis=-1)
return sum(logsumexp(log_softmax(weights, axis=0) + scales - 0.5 * sum(y * y, axis=-1), axis=1))
"""

NEWTON = "y = 0.5 * (1 + x)\nfor i in range(6):\n    y = 0.5 * (y + x / y)\nreturn sum(y)"
"""The square root by Heron's method."""

TIMED = {
    job.name: job
    for job in (
        *(make(n) for n in (1_000, 10_000, 100_000) for make in (dot, logsumexp)),
        layer(100),
        layer(300),
        network(100),
        network(1_000),
        dot(1_000_000),
    )
}

PLANTED = (dot(100), layer(50), network(10), logsumexp(1_000), solve(), log_determinant())

SMOOTH = (
    *PLANTED,
    simple("cross entropy of 30 x logits, n=20", "logsumexp(x) - x[0]", lambda t, x: t.logsumexp(x, 0) - x[0], x=30 * normal(0, 20)),
    simple("norm, n=100", "norm(x)", lambda t, x: t.sqrt(t.sum(x * x)), x=normal(0, 100)),
    simple("variance around 1000, n=100", "mean(square(x - mean(x)))", lambda t, x: t.mean(t.square(x - t.mean(x))), x=1000 + normal(0, 100)),
    simple("product, n=20", "prod(x)", lambda t, x: t.prod(x), x=uniform(0.5, 1.5, 20)),
    simple("det, 8x8", "det(a)", lambda t, a: t.linalg.det(a), a=normal(0, 8, 8)),
    simple("lgamma + erf, n=100", "sum(lgamma(x) + erf(x))", lambda t, x: t.sum(t.lgamma(x) + t.erf(x)), x=uniform(0.5, 5.0, 100)),
    simple("log(sigmoid), n=100", "sum(log(sigmoid(x)))", lambda t, x: t.sum(t.log(t.sigmoid(x))), x=10 * normal(0, 100)),
    simple("log(1 + exp), n=60", "sum(log(1 + exp(x)))", lambda t, x: t.sum(t.log(1 + t.exp(x))), x=uniform(-50.0, 50.0, 60)),
    simple("cos(131072 x), n=50", "sum(cos(131072 * x))", lambda t, x: t.sum(t.cos(131072 * x)), x=normal(0, 50)),
    simple("square root by Heron, n=20", NEWTON, newton, x=uniform(0.5, 4.0, 20)),
    simple("softmax, n=50", "dot(softmax(x, axis=0), w)", lambda t, x, w: t.dot(t.softmax(x, 0), w), x=normal(0, 50), w=normal(1, 50)),
    simple("x ** 2.5, n=50", "sum(x ** 2.5)", lambda t, x: t.sum(x**2.5), x=uniform(0.1, 3.0, 50)),
    simple("(1 - cos(x)) / x², n=30", "sum((1 - cos(x)) / x ** 2)", lambda t, x: t.sum((1 - t.cos(x)) / x**2), x=np.logspace(-6, 0, 30)),
    simple("arctan + log1p, n=50", "sum(arctan(x) * log1p(x * x))", lambda t, x: t.sum(t.arctan(x) * t.log1p(x * x)), x=normal(0, 50)),
)  # fmt: skip

LOOPS = tuple(loop(steps) for steps in (250, 500, 1_000, 2_000))

LARGE = (
    mixture(1_000),
    hessian("sum(exp(x)) + dot(x, x)²", "sum(exp(x)) + dot(x, x) ** 2", 300),
    hessian("logsumexp", "logsumexp(x)", 300),
    hessian("a quadratic form", "dot(x, a @ x)", 300),
    LOOPS[-1],
)

TIES = (
    simple("ten ties: abs", "sum(abs(x))", lambda t, x: t.sum(t.abs(x)), x=np.zeros(10)),
    simple("ten ties: relu", "sum(relu(x) * x + relu(x))", lambda t, x: t.sum(t.relu(x) * x + t.relu(x)), x=np.zeros(10)),
    simple("ten ties: max of ten", "max(x)", lambda t, x: t.max(x), x=np.ones(10)),
    tied_network(),
)  # fmt: skip
