"""PyTorch, described: standard library only."""

from gradcmp.registry import Descriptor, Execution

TORCH = Descriptor(
    name="torch",
    title="PyTorch",
    distribution="torch",
    module="torch",
    implementation="gradcmp.backends.torch.backend:TorchBackend",
    spelling="gradcmp.backends.torch.spelling:SPELLING",
    executions=(Execution(name="eager"), Execution(name="compiled", compiles=True)),
    install="pip install 'gradcmp[torch]'",
    # A compile time that a cache on disk has shortened would be another number on every second run.
    # What the compiler writes for one run goes with the run; its precompiled headers stay where torch keeps them.
    variables={"TORCHINDUCTOR_FORCE_DISABLE_CACHES": "1", "TORCHINDUCTOR_CACHE_DIR": "{folder}"},
)
