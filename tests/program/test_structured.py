"""Structured lowering, run in JAX: compiled, differentiated, and cut off.

All programs run in one fresh interpreter, which reports as JSON what came out.
"""

# programs stand on one line

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from gradcmp.core.installed import is_importable
from gradcmp.program.lower import CannotLower, lower
from gradcmp.program.spelling import Spelling
from tests.program.language import NOTEBOOK, checked, floating

SPELLING = Spelling(
    primitives={
        "sum": "jnp.sum({0})",
        "norm": "jnp.linalg.norm({0})",
        "dot": "jnp.dot({0}, {1})",
        "concatenate": "jnp.concatenate({0})",
        "logical_and": "jnp.logical_and({0}, {1})",
        "logical_not": "jnp.logical_not({0})",
    },
    imports=("import jax", "import jax.numpy as jnp", "from jax import lax"),
    dtypes={"float32": "jnp.float32", "float64": "jnp.float64", "int64": "jnp.int64", "bool": "jnp.bool_"},
    number="jnp.array({value}, dtype={dtype})",
)

LEAVES = {"x": floating(3), "a": floating()}
X, A = [0.5, 1.0, 0.25], 1.5

PROGRAMS: dict[str, str] = {
    "notebook": NOTEBOOK,
    "nested": "while sum(x) < 40:\n    k = 0\n    while k < 3:\n        x = x + a\n        k = k + 1\nreturn sum(x)",
    "if in while": "n = 0\nwhile sum(x) < 40:\n    if x[0] > 4:\n        x = x * 2\n        n = n + 1\n    else:\n        x = x + a\nreturn sum(x) * n",
    "while in if": "if a > 1:\n    while sum(x) < 9:\n        x = x * 2\nelse:\n    x = -x\nreturn sum(x)",
    "returns": "if a > 1:\n    while sum(x) < 9:\n        x = x * 2\n    return sum(x)\nreturn a",
    "tuple": "t = (x, a)\nwhile t[1] < 20:\n    t = (t[0] + t[1], t[1] * 2)\nreturn sum(t[0]) * t[1]",
    "several": "u, v = x, 2 * x\nwhile dot(u, v) < 50:\n    u, v = v, u + v\nreturn sum(u), sum(v)",
    "number": "c = 1\nwhile c * a < 30:\n    c = c * 1.5\nreturn c * sum(x)",
    "whole number": "k = 3\nwhile k < 20 and a > 0:\n    k = k * 2 + 1\nreturn sum(x) * k / 7 + a * (k / 3) + x[k % 3]",
    "flag": "flag = a > 0\nn = 0\nwhile flag:\n    n = n + 1\n    flag = n < 5 and a * n < 6\nreturn a * n",
    "for around while": "s = a\nfor j in range(3):\n    while s < 4 * j:\n        s = s + a / (j + 1)\n    if j > 1:\n        s = s * 2\nreturn s",
    "three deep": "while a < 50:\n    b = a\n    while b < 20:\n        while b < 3:\n            b = b * 1.25\n        b = b + 2\n        if b > 10:\n            while b < 15:\n                b = b + 3\n    a = a + b\nreturn a",
    "conditional": "return sum(x) * (a if sum(x) > 1 else 2)",
    "branch number": "if a > 1:\n    k = 2\nelse:\n    k = 3\nreturn sum(x) * k + 1 / k * a",
    "constant branch": "c = 0.5\nif a > 1:\n    c = a\nreturn c * sum(x)",
    "dict": "while a < 9:\n    a = a * 2\nreturn {'p': a, 'q': sum(x)}",
}

LOOPING = [name for name, text in PROGRAMS.items() if "while" in text]

SCRIPT = """
import json, sys
import jax, jax.numpy as jnp
jax.config.update("jax_enable_x64", True)
job = json.load(sys.stdin)
x, a = jnp.array(job["x"], dtype=jnp.float32), jnp.array(job["a"], dtype=jnp.float32)
answers = {}
for name, text in job["texts"].items():
    scope = {}
    exec(text["source"], scope)
    f = scope[text["entry"]]
    finished = None
    def outputs(x, a):
        out = f(x, a)
        out, flag = out if text["finished"] else (out, jnp.array(True))
        return jax.tree.leaves(out), flag
    values, flag = jax.jit(outputs)(x, a) if text["jit"] else outputs(x, a)
    answer = {"values": [float(v) for v in values], "dtypes": [str(v.dtype) for v in values], "finished": bool(flag)}
    if text["grad"]:
        answer["grad"] = jax.jit(jax.grad(lambda x, a: sum(outputs(x, a)[0]), argnums=1))(x, a).item()
        answer["slope"] = jax.jvp(lambda a: sum(outputs(x, a)[0]), (a,), (jnp.ones_like(a),))[1].item()
    answers[name] = answer
print(json.dumps(answers))
"""

pytestmark = [
    pytest.mark.frameworks,
    pytest.mark.skipif(not is_importable("jax"), reason="JAX is not installed"),
]


def texts() -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    ways = {"python": None, "free": None, "bounded": 40, "cut": 1}
    for name, program in PROGRAMS.items():
        for way, bound in ways.items():
            lowering = "python" if way == "python" else "structured"
            lowered = lower(checked(program, leaves=LEAVES), SPELLING, lowering=lowering, max_iterations=bound)
            found[f"{name}/{way}"] = {
                "source": lowered.source,
                "entry": lowered.entry,
                "finished": lowered.finished,
                "jit": lowering == "structured",
                "grad": way == "bounded",
            }
    return found


@pytest.fixture(scope="module")
def answers():
    job = json.dumps({"x": X, "a": A, "texts": texts()})
    run = subprocess.run([sys.executable, "-c", SCRIPT], input=job, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(run.stdout)


@pytest.mark.parametrize("name", PROGRAMS)
def test_all_lowerings_compute_the_same(answers, name):
    plain = answers[f"{name}/python"]
    for way in ("free", "bounded"):
        assert answers[f"{name}/{way}"]["values"] == pytest.approx(plain["values"], rel=1e-5)
        assert answers[f"{name}/{way}"]["finished"]
    assert all(set(answers[f"{name}/{way}"]["dtypes"]) == {"float32"} for way in ("python", "free", "bounded"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_reverse_mode_goes_through_bounded_loops(answers, name):
    assert answers[f"{name}/bounded"]["grad"] == pytest.approx(answers[f"{name}/bounded"]["slope"], rel=1e-5)


def test_the_notebooks_gradient(answers):
    """f is linear in a between doublings: its derivative is f(a) / a."""
    answer = answers["notebook/bounded"]
    assert answer["grad"] == pytest.approx(answer["values"][0] / A)


@pytest.mark.parametrize("name", LOOPING)
def test_a_loop_that_is_cut_off_says_so(answers, name):
    assert not answers[f"{name}/cut"]["finished"]


def test_what_has_no_loop_has_no_flag():
    lowered = lower(
        checked("if a > 0:\n    a = -a\nreturn a", leaves=LEAVES), SPELLING, lowering="structured", max_iterations=3
    )
    assert not lowered.finished


def test_the_text_of_the_notebooks_function():
    lowered = lower(checked(NOTEBOOK, leaves={"a": floating()}), SPELLING, lowering="structured", max_iterations=100)
    assert lowered.source == (
        "import jax.numpy as jnp\nfrom jax import lax\n\n\n"
        "def f(a):\n"
        "    b = a * 2\n\n"
        "    def condition(b):\n"
        "        return jnp.linalg.norm(b) < 1000\n\n"
        "    def body(b):\n"
        "        b = b * 2\n"
        "        return b\n\n"
        "    def step(b, _):\n"
        "        return lax.cond(condition(b), body, lambda b: b, b), None\n\n"
        "    b, _ = lax.scan(step, b, None, length=100)\n"
        "    finished = jnp.logical_not(condition(b))\n\n"
        "    def then():\n"
        "        c = b\n"
        "        return c\n\n"
        "    def otherwise():\n"
        "        c = 100 * b\n"
        "        return c\n\n"
        "    c = lax.cond(jnp.sum(b) > 0, then, otherwise)\n"
        "    return c, finished\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "y = x\nwhile sum(y) < 9:\n    y = concatenate([y, x])\nreturn sum(y)",
        "if a > 0:\n    y = x\nelse:\n    y = a\nreturn sum(y)",
        "return sum(x if a > 0 else x[:1])",
        "if a > 0:\n    return x\nreturn a",
    ],
)
def test_shapes_must_be_known_before(text):
    with pytest.raises(CannotLower, match="depends on the run"):
        lower(checked(text, leaves=LEAVES), SPELLING, lowering="structured")
