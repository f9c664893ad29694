"""The smallest relative error in the largest element of a gradient that each checker notices, and false alarms.

One element is multiplied by 1 + δ, δ = 0.1, 0.01, …, 1e-16; a checker notices δ where it does not pass the gradient.
"""

import pickle
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from bench.reference_checkers import attempt, faulty, problem
from bench.reference_jobs import PLANTED, SMOOTH, jax_names

DELTAS = [10.0**-power for power in range(1, 17)]
DTYPES = ("float32", "float64")
FRAMEWORKS = ("torch", "jax")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for framework in FRAMEWORKS:
            process(f"{framework}_part", str(Path(folder) / framework))
        process("ours_part", folder)
        found = {name: pickle.loads((Path(folder) / name).read_bytes()) for name in (*FRAMEWORKS, "ours")}
    checks = {**found["ours"]["noticed"], **found["torch"]["noticed"], **found["jax"]["noticed"]}
    print(f"\n  {'planted in':<28}" + "".join(f"{name:>22}" for name in checks))
    for job in PLANTED:
        print(f"  {job.name:<28}" + "".join(f"{told(noticed[job.name]):>22}" for noticed in checks.values()))
    print(f"\n  False alarms on {len(SMOOTH)} smooth functions, gradients as the frameworks compute them:")
    for name in FRAMEWORKS:
        for checker, alarms in found[name]["alarms"].items():
            print(f"  {checker:<28} {len(alarms)}: {'; '.join(alarms) or 'none'}")
    for checker, alarms in found["ours"]["alarms"].items():
        print(f"  {checker:<28} {len(alarms)}: {'; '.join(alarms) or 'none'}")


def told(delta) -> str:
    return "fails without a fault" if delta == 0 else "none" if delta is None else f"{delta:.0e}".replace("e-0", "e-")


def process(part: str, *arguments: str) -> None:
    """A part in a process of its own, because no framework may be in the reference's."""
    words = ", ".join(repr(argument) for argument in arguments)
    subprocess.run((sys.executable, "-c", f"from bench.planted import {part}; {part}({words})"), check=True)


def smallest(passes) -> float | None:
    """The smallest planted error that is noticed, with all larger ones; None: not one; 0: no gradient passes."""
    if not passes(0.0):
        return 0.0
    last = None
    for delta in DELTAS:
        if passes(delta):
            return last
        last = delta
    return last


def place_of_largest(gradients):
    name = max(gradients, key=lambda key: np.abs(gradients[key]).max())
    return name, int(np.abs(gradients[name]).argmax())


# Each framework: its own checkers, and its gradients for ours --------------------------------------------


def torch_part(path: str) -> None:
    import torch

    torch.set_num_threads(1)

    def gradients(job, dtype):
        arrays = [
            torch.tensor(array.astype(dtype), requires_grad=name in job.wrt) for name, array in job.inputs.items()
        ]
        moving = [array for array in arrays if array.requires_grad]
        found = torch.autograd.grad(job.call(torch, *arrays), moving)
        return dict(zip(job.wrt, (each.numpy() for each in found), strict=True))

    def passes(job, fast, delta):
        name, place = place_of_largest(gradients(job, "float64"))

        class Planted(torch.autograd.Function):
            @staticmethod
            def forward(ctx, *arrays):
                ctx.save_for_backward(*arrays)
                return job.call(torch, *arrays)

            @staticmethod
            def backward(ctx, cotangent):
                with torch.enable_grad():
                    arrays = [
                        array.detach().requires_grad_(key in job.wrt)
                        for key, array in zip(job.inputs, ctx.saved_tensors, strict=True)
                    ]
                    moving = [array for array in arrays if array.requires_grad]
                    found = torch.autograd.grad(job.call(torch, *arrays), moving, cotangent)
                numbers = faulty({k: v.numpy() for k, v in zip(job.wrt, found, strict=True)}, name, place, delta)
                return tuple(torch.tensor(numbers[key]) if key in numbers else None for key in job.inputs)

        arrays = tuple(torch.tensor(array, requires_grad=key in job.wrt) for key, array in job.inputs.items())
        return attempt(lambda: torch.autograd.gradcheck(Planted.apply, arrays, fast_mode=fast))

    modes = {"gradcheck slow": False, "gradcheck fast": True}
    noticed = {
        name: {job.name: smallest(partial(passes, job, fast)) for job in PLANTED} for name, fast in modes.items()
    }
    alarms = {name: [job.name for job in SMOOTH if not passes(job, fast, 0.0)] for name, fast in modes.items()}
    save(path, noticed, alarms, gradients)


def jax_part(path: str) -> None:
    import jax

    jax.config.update("jax_enable_x64", True)
    from jax.test_util import check_grads

    names = jax_names()

    def function(job, arrays, moving):
        """Of the arrays to differentiate by."""
        return job.call(names, *({**arrays, **dict(zip(job.wrt, moving, strict=True))}.values()))

    def gradients(job, dtype):
        arrays = {name: jax.numpy.asarray(array.astype(dtype)) for name, array in job.inputs.items()}
        found = jax.grad(lambda moving: function(job, arrays, moving))([arrays[name] for name in job.wrt])
        return dict(zip(job.wrt, (np.asarray(each) for each in found), strict=True))

    def passes(job, delta):
        arrays = {name: jax.numpy.asarray(array) for name, array in job.inputs.items()}
        name, place = place_of_largest(gradients(job, "float64"))
        ones = {key: np.ones(arrays[key].shape) for key in job.wrt}
        factors = [jax.numpy.asarray(factor) for factor in faulty(ones, name, place, delta).values()]
        plain = jax.custom_vjp(lambda *moving: function(job, arrays, moving))

        def forward(*moving):
            return plain(*moving), moving

        def backward(moving, cotangent):
            found = jax.grad(lambda each: function(job, arrays, each))(list(moving))
            return tuple(cotangent * factor * each for factor, each in zip(factors, found, strict=True))

        plain.defvjp(forward, backward)
        return attempt(lambda: check_grads(plain, [arrays[key] for key in job.wrt], order=1, modes=["rev"]))

    noticed = {"check_grads": {job.name: smallest(partial(passes, job)) for job in PLANTED}}
    alarms = {"check_grads": [job.name for job in SMOOTH if not passes(job, 0.0)]}
    save(path, noticed, alarms, gradients)


def save(path, noticed, alarms, gradients) -> None:
    found = {job.name: {dtype: gradients(job, dtype) for dtype in DTYPES} for job in SMOOTH}
    Path(path).write_bytes(pickle.dumps({"noticed": noticed, "alarms": alarms, "gradients": found}))


# Ours ----------------------------------------------------------------------------------------------------


def ours_part(folder: str) -> None:
    from gradcmp.reference.budget import Budget
    from gradcmp.reference.certify import certify

    truths = {
        (job.name, dtype): {
            leaf.wrt[0]: leaf
            for leaf in certify(problem(job, dtype), dtype=dtype, budget=Budget(seconds=1e9)).derivatives
        }
        for job in SMOOTH
        for dtype in DTYPES
    }
    given = {name: pickle.loads((Path(folder) / name).read_bytes())["gradients"] for name in FRAMEWORKS}

    def passes(framework, job, dtype, delta):
        plain = given[framework][job.name]
        name, place = place_of_largest(plain["float64"])
        answers = {key: faulty(plain[key], name, place, delta) for key in DTYPES}
        return all(fits(answers, truths, job, dtype, path) for path in job.wrt)

    noticed = {
        f"gradcmp {dtype}": {job.name: smallest(partial(passes, "torch", job, dtype)) for job in PLANTED}
        for dtype in DTYPES
    }
    alarms = {
        f"gradcmp, {framework} {dtype}": [job.name for job in SMOOTH if not passes(framework, job, dtype, 0.0)]
        for framework in FRAMEWORKS
        for dtype in DTYPES
    }
    (Path(folder) / "ours").write_bytes(pickle.dumps({"noticed": noticed, "alarms": alarms}))


def fits(answers, truths, job, dtype, path) -> bool:
    """The judge's word on a leaf, with the other precision where it asks for it: neither a warning nor a failure."""
    from gradcmp.core.tensors import Tensor
    from gradcmp.core.verdicts import Verdict
    from gradcmp.judge.elements import compare
    from gradcmp.judge.precision import Elsewhere, other_dtype
    from gradcmp.judge.tolerance import supplier

    limits = supplier(None)
    mine = Tensor(dtype=dtype, array=answers[dtype][path])
    found = compare(mine, truths[job.name, dtype][path], dtype, limits)
    if found.undecided:
        other = other_dtype(dtype)
        there = Elsewhere(tensor=Tensor(dtype=other, array=answers[other][path]), truth=truths[job.name, other][path])
        found = compare(mine, truths[job.name, dtype][path], dtype, limits, elsewhere=there)
    return Verdict(found.verdict).level not in ("warn", "fail")
