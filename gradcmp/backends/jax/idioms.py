"""How JAX's users write the protocols, and which of them have no meaning there."""

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
