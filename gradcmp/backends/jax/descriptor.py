"""JAX, described: standard library only."""

from gradcmp.registry import Descriptor, Execution

JAX = Descriptor(
    name="jax",
    title="JAX",
    distribution="jax",
    module="jax",
    implementation="gradcmp.backends.jax.backend:JaxBackend",
    spelling="gradcmp.backends.jax.spelling:SPELLING",
    executions=(Execution(name="eager"), Execution(name="compiled", lowering="structured", compiles=True)),
    install="pip install 'gradcmp[jax]'",
    variables={"XLA_PYTHON_CLIENT_PREALLOCATE": "false", "JAX_ENABLE_X64": "1"},
    cpu_variables={"JAX_PLATFORMS": "cpu"},
    one_thread_flags={"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"},
)
