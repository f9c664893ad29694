"""How JAX's users write the protocols and modes, and which of them have no meaning there."""

IDIOMS: dict[str, str] = {
    "backward_twice": "y, pullback = jax.vjp(f, x); pullback(jnp.ones_like(y)); pullback(jnp.ones_like(y))",
    "backward_twice_retained": "y, pullback = jax.vjp(f, x); pullback(jnp.ones_like(y)); pullback(jnp.ones_like(y))",
    "accumulate": "JAX returns gradients and keeps none: there is nothing to accumulate into",
    "zero_between": "JAX returns gradients and keeps none: there is nothing to clear",
    "vector_backward": "jax.grad(f)(x)",
    "untracked_input": "JAX differentiates by the arguments that it is asked for: none is tracked or untracked",
    "unused_input": "jax.grad(f, argnums=(0, 1))(x, unused)",
    "two_targets": "(y, z), pullback = jax.vjp(f, x); pullback((1.0, 0.0)); pullback((0.0, 1.0))",
}
"""Protocol → one line of JAX, or why the notion does not exist here."""

MODES: dict[tuple[str, str], str] = {
    ("value", "forward"): "f(x)",
    ("gradient", "reverse"): "jax.grad(f)(x)",
    ("vjp", "reverse"): "jax.vjp(f, x)[1](cotangent)",
    ("jvp", "forward"): "jax.jvp(f, (x,), (v,))",
    ("jvp", "reverse"): "jax.vjp(jax.vjp(f, x)[1], jnp.ones_like(y))[1]((v,))",
    ("jacobian", "vectorized"): "jax.jacrev(f)(x)",
    ("jacobian", "forward"): "jax.jacfwd(f)(x)",
    ("jacobian", "loop"): "jax.lax.map(jax.vjp(f, x)[1], jnp.eye(y.size))",
    ("jacobian", "reverse"): "jax.jacrev(f)(x)",
    ("hessian", "forward-over-reverse"): "jax.hessian(f)(x)",
    ("hessian", "reverse-over-reverse"): "jax.jacrev(jax.jacrev(f))(x)",
    ("hessian", "loop"): "jax.lax.map(jax.linearize(jax.grad(f), x)[1], jnp.eye(x.size))",
    ("hessian", "vectorized"): "jax.hessian(f)(x)",
    ("hvp", "forward-over-reverse"): "jax.jvp(jax.grad(f), (x,), (v,))",
    ("hvp", "reverse-over-reverse"): "jax.vjp(jax.grad(f), x)[1](v)",
}
"""(operator, mode) → JAX's own call where `y` is `f(x)`, those that are tried first before the others."""
