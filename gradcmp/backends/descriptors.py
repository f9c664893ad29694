"""The built-in backends, described: standard library only."""

from __future__ import annotations

from gradcmp.registry import Descriptor, Execution

TORCH = Descriptor(
    name="torch",
    title="PyTorch",
    distribution="torch",
    module="torch",
    implementation="gradcmp.backends.torch_backend:TorchBackend",
    spelling="gradcmp.backends.spelling.torch_spelling:SPELLING",
    executions=(Execution(name="eager"), Execution(name="compiled", compiles=True)),
    install="pip install 'gradcmp[torch]'",
    # A compile time that a cache on disk has shortened would be another number on every second run.
    # What the compiler writes for one run goes with the run; its precompiled headers stay where torch keeps them.
    variables={"TORCHINDUCTOR_FORCE_DISABLE_CACHES": "1", "TORCHINDUCTOR_CACHE_DIR": "{folder}"},
)

TENSORFLOW = Descriptor(
    name="tensorflow",
    title="TensorFlow",
    distribution="tensorflow",
    module="tensorflow",
    implementation="gradcmp.backends.tensorflow_backend:TensorFlowBackend",
    spelling="gradcmp.backends.spelling.tensorflow_spelling:SPELLING",
    executions=(
        Execution(name="eager"),
        Execution(name="compiled", compiles=True),
        Execution(name="xla", compiles=True),
    ),
    install="pip install 'gradcmp[tensorflow]'",
    # AutoGraph leaves its temporary files behind in a process that is killed, as a worker is in the end.
    variables={"TF_CPP_MIN_LOG_LEVEL": "2", "TF_FORCE_GPU_ALLOW_GROWTH": "true", "TMPDIR": "{folder}"},
)

JAX = Descriptor(
    name="jax",
    title="JAX",
    distribution="jax",
    module="jax",
    implementation="gradcmp.backends.jax_backend:JaxBackend",
    spelling="gradcmp.backends.spelling.jax_spelling:SPELLING",
    executions=(Execution(name="eager"), Execution(name="compiled", lowering="structured", compiles=True)),
    install="pip install 'gradcmp[jax]'",
    variables={"XLA_PYTHON_CLIENT_PREALLOCATE": "false"},
)
