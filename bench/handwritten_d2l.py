"""What one would write by hand for the scenarios of `scenarios/d2l`: three frameworks in one script."""

import jax
import jax.numpy as jnp
import numpy as np
import tensorflow as tf
import torch

RANGE = np.arange(4, dtype=np.float32)
SCALAR = np.float32(np.random.RandomState(1).standard_normal())
MATRIX = np.random.RandomState(7).standard_normal((2, 2)).astype(np.float32)
GRIDS = [np.linspace(-1, 1, n, dtype=np.float32) for n in (8, 32, 128)]


def torch_f(a):
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    return b if b.sum() > 0 else 100 * b


def tensorflow_f(a):
    b = a * 2
    while tf.norm(b) < 1000:
        b = b * 2
    return b if tf.reduce_sum(b) > 0 else 100 * b


def jax_f(a):
    b = a * 2
    while jnp.linalg.norm(b) < 1000:
        b = b * 2
    return b if jnp.sum(b) > 0 else 100 * b


def torch_part():
    def leaf(array):
        return torch.tensor(array, requires_grad=True)

    def gradient(function, array):
        x = leaf(array)
        y = function(x)
        y.backward(torch.ones_like(y))
        return x.grad.numpy()

    yield gradient(lambda x: 2 * torch.dot(x, x), RANGE)
    yield gradient(torch.sum, RANGE)
    yield gradient(lambda x: x * x, RANGE)
    yield gradient(lambda x: (x * x).sum(), RANGE)
    yield gradient(lambda x: ((x * x).detach() * x).sum(), RANGE)
    yield gradient(torch_f, SCALAR)
    yield gradient(torch_f, MATRIX)
    x = leaf(RANGE)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    for grid in GRIDS:
        yield gradient(lambda x: (x**3).sum(), grid)
        yield torch.autograd.functional.hessian(lambda x: (x**3).sum(), torch.tensor(grid)).numpy()


def tensorflow_part():
    def gradient(function, array):
        x = tf.constant(array)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        return tape.gradient(y, x).numpy()

    yield gradient(lambda x: 2 * tf.tensordot(x, x, axes=1), RANGE)
    yield gradient(tf.reduce_sum, RANGE)
    yield gradient(lambda x: x * x, RANGE)
    yield gradient(lambda x: tf.reduce_sum(x * x), RANGE)
    yield gradient(lambda x: tf.reduce_sum(tf.stop_gradient(x * x) * x), RANGE)
    yield gradient(tensorflow_f, SCALAR)
    yield gradient(tensorflow_f, MATRIX)
    for grid in GRIDS:
        yield gradient(lambda x: tf.reduce_sum(x**3), grid)
        x = tf.constant(grid)
        with tf.GradientTape(persistent=True) as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.reduce_sum(x**3)
            first = inner.gradient(y, x)
        yield outer.jacobian(first, x, experimental_use_pfor=False).numpy()


def jax_part():
    yield np.asarray(jax.grad(lambda x: 2 * jnp.dot(x, x))(RANGE))
    yield np.asarray(jax.grad(jnp.sum)(RANGE))
    for function, array in ((lambda x: x * x, RANGE), (jax_f, SCALAR), (jax_f, MATRIX)):
        y, pullback = jax.vjp(function, jnp.asarray(array))
        yield np.asarray(pullback(jnp.ones_like(y))[0])
    yield np.asarray(jax.grad(lambda x: jnp.sum(x * x))(RANGE))
    yield np.asarray(jax.grad(lambda x: jnp.sum(jax.lax.stop_gradient(x * x) * x))(RANGE))
    for grid in GRIDS:
        yield np.asarray(jax.grad(lambda x: jnp.sum(x**3))(grid))
        yield np.asarray(jax.hessian(lambda x: jnp.sum(x**3))(grid))


if __name__ == "__main__":
    for part in (torch_part, tensorflow_part, jax_part):
        for result in part():
            print(part.__name__, result.shape, float(np.sum(result)))
