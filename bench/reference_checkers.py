"""Checkers of one job's gradient, each for a process of its own: `python -m bench.reference_checkers CHECKER JOB LIMIT`.

Prints a line of JSON: the median wall and processor seconds of a call, warmed up, and the peak of memory. Given up
after LIMIT processor seconds.
"""

import gc
import json
import resource
import signal
import statistics
import sys
import time

import numpy as np

from bench.reference_jobs import TIMED, Job, dot, jax_names

MEMORY_BYTES = 12 * 2**30
REPEAT_S = 3.0
"""A call is repeated up to five times while that lasts."""


def certified(job: Job):
    """Everything that the reference does for a problem: the tolerance pass, balls of rising precision, float64 pairs."""
    from gradcmp.reference.budget import Budget
    from gradcmp.reference.certify import certify

    asked = problem(job)

    def check():
        truth = certify(asked, dtype="float64", budget=Budget(seconds=1e9))
        assert truth.evidence == "certified", truth.reason

    return check


def problem(job: Job, dtype: str = "float64"):
    from gradcmp.core.operators import Operator
    from gradcmp.core.tensors import Tensor
    from gradcmp.errors import Location
    from gradcmp.program.check import check
    from gradcmp.program.ir import ArrayType
    from gradcmp.program.parse import parse
    from gradcmp.reference.modes.derivatives import DerivativeProblem

    inputs = {name: Tensor(dtype=dtype, array=array.astype(dtype)) for name, array in job.inputs.items()}
    leaves = {name: ArrayType(kind="float", dtype=dtype, shape=tensor.shape) for name, tensor in inputs.items()}
    checked = check(parse(job.text, location=Location(file=job.name, line=1)), leaves, dtype=dtype)
    return DerivativeProblem(checked=checked, operator=Operator(job.operator), wrt=job.wrt, inputs=inputs)


def gradcheck(job: Job, *, fast: bool):
    import torch

    torch.set_num_threads(1)
    inputs = {name: torch.tensor(array, requires_grad=name in job.wrt) for name, array in job.inputs.items()}
    return lambda: torch.autograd.gradcheck(
        lambda *arrays: job.call(torch, *arrays), tuple(inputs.values()), fast_mode=fast
    )


def check_grads(job: Job):
    import jax

    jax.config.update("jax_enable_x64", True)
    from jax.test_util import check_grads

    names = jax_names()
    moving = [jax.numpy.asarray(job.inputs[name]) for name in job.wrt]

    def function(*arrays):
        return job.call(names, *({**job.inputs, **dict(zip(job.wrt, arrays, strict=True))}.values()))

    return lambda: check_grads(function, moving, order=1, modes=["rev"])


CHECKERS = {
    "certified": certified,
    "slow": lambda job: gradcheck(job, fast=False),
    "fast": lambda job: gradcheck(job, fast=True),
    "check_grads": check_grads,
}


def main() -> None:
    checker, name, limit_s = CHECKERS[sys.argv[1]], sys.argv[2], float(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    checker(dot(10))()  # imports
    job = TIMED[name]
    call = checker(job)
    signal.setitimer(signal.ITIMER_PROF, limit_s)  # ends the process
    passed = attempt(call) if sys.argv[1] == "check_grads" else True  # compiles
    walls, cpus = [], []
    end = time.perf_counter() + REPEAT_S
    while not walls or (len(walls) < 5 and time.perf_counter() < end):
        gc.collect()
        wall, cpu = time.perf_counter(), time.process_time()
        passed = attempt(call) and passed
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    found = {"wall": statistics.median(walls), "cpu": statistics.median(cpus), "peak_mb": peak, "passed": passed}
    print(json.dumps(found))


def attempt(call) -> bool:
    """Did the checker pass the gradient, which is right? It says no by an exception."""
    try:
        call()
    except (AssertionError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "Jacobian mismatch" not in str(error):
            raise
        return False
    return True


def faulty(gradients: dict[str, np.ndarray], name: str, place: int, delta: float) -> dict[str, np.ndarray]:
    """Gradients of which one element is multiplied by 1 + delta."""
    changed = {key: array.copy() for key, array in gradients.items()}
    changed[name].flat[place] *= 1 + delta
    return changed


if __name__ == "__main__":
    main()
