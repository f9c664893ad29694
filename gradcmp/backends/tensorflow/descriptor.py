"""TensorFlow, described: standard library only."""

from gradcmp.registry import Descriptor, Execution

TENSORFLOW = Descriptor(
    name="tensorflow",
    title="TensorFlow",
    distribution="tensorflow",
    module="tensorflow",
    implementation="gradcmp.backends.tensorflow.backend:TensorFlowBackend",
    spelling="gradcmp.backends.tensorflow.spelling:SPELLING",
    executions=(
        Execution(name="eager"),
        Execution(name="compiled", compiles=True),
        Execution(name="xla", compiles=True),
    ),
    install="pip install 'gradcmp[tensorflow]'",
    # AutoGraph leaves its temporary files behind in a process that is killed, as a worker is in the end.
    variables={"TF_CPP_MIN_LOG_LEVEL": "2", "TF_FORCE_GPU_ALLOW_GROWTH": "true", "TMPDIR": "{folder}"},
    thread_variables=("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
    one_thread_flags={"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"},
)
