"""A lowered function against the same function written by hand: 20 functions, 3 frameworks, eager value and gradient.

Goal: 1.00 ± 0.02. A framework is a process of its own.
"""

import statistics
import subprocess
import sys
import textwrap
from collections.abc import Callable
from functools import partial

import numpy

from bench.functions import PAIRS, Pair
from bench.timing import calls
from gradcmp.errors import Location
from gradcmp.program.check import check
from gradcmp.program.ir import ArrayType
from gradcmp.program.lower import lower
from gradcmp.program.parse import parse
from gradcmp.registry import load_registry

IMPORTS = {
    "torch": "import torch",
    "tensorflow": "import tensorflow as tf",
    "jax": "import jax\nimport jax.numpy as jnp\nfrom jax import lax",
}
BUDGET_S = 1.0


def main() -> None:
    for backend in IMPORTS:
        subprocess.run((sys.executable, "-c", f"from bench.lowered import measure; measure({backend!r})"), check=True)


def measure(backend: str) -> None:
    """Print the ratios of one framework."""
    gradient, to_array = FRAMEWORKS[backend]()
    ratios = {}
    for pair in PAIRS:
        random = numpy.random.RandomState(0)
        inputs = [to_array(random.standard_normal(shape).astype("float32")) for shape in pair.shapes]
        jobs = {
            name: partial(gradient, function, inputs)
            for name, function in (("lowered", lowered(pair, backend)), ("hand", by_hand(pair, backend)))
        }
        seconds = calls(jobs, BUDGET_S)
        ratios[pair.name] = seconds["lowered"] / seconds["hand"]
    worst = max(ratios, key=lambda name: abs(ratios[name] - 1))
    mean = statistics.geometric_mean(ratios.values())
    print(f"  {backend:<11} geometric mean {mean:.3f}   median {statistics.median(ratios.values()):.3f}"
          f"   furthest from 1: {worst} {ratios[worst]:.3f}", flush=True)  # fmt: skip


def lowered(pair: Pair, backend: str) -> Callable:
    program = parse(pair.text, location=Location(file=pair.name, line=1, column=1))
    leaves = {
        name: ArrayType(kind="float", dtype="float32", shape=shape)
        for name, shape in zip(pair.names, pair.shapes, strict=True)
    }
    spelling = load_registry().descriptors[backend].load_spelling()
    code = lower(check(program, leaves, dtype="float32"), spelling, lowering="python")
    return define(code.source, code.entry)


def by_hand(pair: Pair, backend: str) -> Callable:
    body = textwrap.indent(getattr(pair, backend), "    ")
    return define(f"{IMPORTS[backend]}\n\n\ndef f({', '.join(pair.names)}):\n{body}\n", "f")


def define(source: str, entry: str) -> Callable:
    names: dict = {}
    exec(compile(source, "<bench>", "exec"), names)
    return names[entry]


def torch_framework():
    import torch

    def gradient(function, inputs):
        return torch.autograd.grad(function(*inputs), inputs)

    return gradient, lambda array: torch.tensor(array, requires_grad=True)


def tensorflow_framework():
    import tensorflow as tf

    def gradient(function, inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            result = function(*inputs)
        return tape.gradient(result, inputs)

    return gradient, tf.constant


def jax_framework():
    import jax

    jax.config.update("jax_enable_x64", True)  # as gradcmp's worker has it

    def gradient(function, inputs):
        return jax.block_until_ready(jax.grad(function, argnums=tuple(range(len(inputs))))(*inputs))

    return gradient, jax.numpy.asarray


FRAMEWORKS = {"torch": torch_framework, "tensorflow": tensorflow_framework, "jax": jax_framework}
