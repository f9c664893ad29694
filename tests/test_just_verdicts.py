"""Verdicts that a framework's maintainer would sign: inputs at the edges, each with the right value from elsewhere."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from mpmath import mp

import gradcmp
from gradcmp.core.installed import is_importable
from gradcmp.result.document import Document

FRAMEWORKS = ("jax", "tensorflow", "torch")

pytestmark = [
    pytest.mark.frameworks,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not all(map(is_importable, FRAMEWORKS)), reason="needs the three frameworks"),
]

Right = Callable[[], Any]
"""The true numbers, flat, from mpmath or a closed form."""


def gelu_slope(x: float) -> Any:
    return mp.erfc(-x / mp.sqrt(2)) / 2 + x * mp.exp(-(mp.mpf(x) ** 2) / 2) / mp.sqrt(2 * mp.pi)


def softmax_slopes(v: list[float], w: list[float]) -> list[Any]:
    weights = [mp.exp(each) if math.isfinite(each) else mp.mpf(0) for each in v]
    shares = [each / sum(weights) for each in weights]
    mean = sum(p * each for p, each in zip(shares, w, strict=True))
    return [p * (each - mean) for p, each in zip(shares, w, strict=True)]


def direction(x: list[float]) -> list[Any]:
    """x / |x|."""
    length = mp.sqrt(sum(mp.mpf(each) ** 2 for each in x))
    return [each / length for each in x]


def everywhere(words: set[str]) -> dict[str, set[str]]:
    return dict.fromkeys(FRAMEWORKS, words)


OK = {"exact", "rounding", "high"}
CASES: Mapping[str, tuple[str, Right | None, Mapping[str, set[str]]]] = {
    "digamma": (
        "{inputs: {x: -1.5}, function: digamma(x), dtype: float64}",
        lambda: [mp.psi(1, -1.5)],
        {"jax": OK, "tensorflow": OK, "torch": {"inaccurate"}},
    ),
    "logsumexp": (
        "{inputs: {x: [700.0, 699.0, 698.0]}, function: logsumexp(x), dtype: float64}",
        lambda: [mp.exp(-n) / sum(mp.exp(-k) for k in range(3)) for n in range(3)],
        {"jax": OK, "tensorflow": OK, "torch": {"inaccurate"}},
    ),
    "gelu": (
        "{inputs: {x: [-1.0, 0.5, 2.0]}, function: sum(gelu(x)), dtype: float64}",
        lambda: [gelu_slope(x) for x in (-1.0, 0.5, 2.0)],
        {"jax": OK, "tensorflow": {"wrong"}, "torch": OK},
    ),
    "quotient": (
        "{inputs: {x: 300.0, y: 300.0}, function: x / y, dtype: float16}",
        lambda: [mp.mpf(1) / 300, -mp.mpf(1) / 300],
        {"jax": {"wrong"}, "tensorflow": OK, "torch": OK},
    ),
    "norm16": (
        "{inputs: {x: [200.0, 200.0]}, function: norm(x), dtype: float16}",
        lambda: direction([200, 200]),
        {"jax": {"range"}, "tensorflow": {"range"}, "torch": OK},
    ),
    "norm32": (
        "{inputs: {x: [3.0e20, 4.0e20]}, function: norm(x)}",
        lambda: [mp.mpf(3) / 5, mp.mpf(4) / 5],
        everywhere({"range"}),
    ),
    "std30": (
        "{inputs: {x: [1.0e-30, 2.0e-30, 4.0e-30]}, function: 'std(x, ddof=1)'}",
        lambda: [each / 2 for each in _deviations([1, 2, 4])],
        {"jax": {"range"}, "tensorflow": {"range"}, "torch": OK},
    ),
    "masked": (
        "{inputs: {v: [-.inf, 0.0, 1.0], w: [1.0, 2.0, 3.0]}, function: sum(softmax(v) * w), wrt: v}",
        lambda: softmax_slopes([-math.inf, 0.0, 1.0], [1.0, 2.0, 3.0]),
        everywhere(OK),
    ),
    "a true zero": (
        "{inputs: {x: [0.1, 0.2, 0.7]}, function: sum(softmax(x))}",
        lambda: [0, 0, 0],
        everywhere(OK),
    ),
    "a true zero, jvp": (
        "{inputs: {x: [-.inf, 1.0, 2.0]}, function: softmax(x), operator: jvp}",
        lambda: [0, 0, 0],
        everywhere(OK),
    ),
    "flushed32": (
        "{inputs: {x: 1.0e-20}, function: x ** 3}",
        lambda: [mp.mpf("3e-40")],
        {"jax": {"flushed"}, "tensorflow": {"flushed"}, "torch": OK},
    ),
    "flushed64": (
        "{inputs: {x: 1.0e-160}, function: x ** 3, dtype: float64}",
        lambda: [mp.mpf("3e-320")],
        {"jax": {"flushed"}, "tensorflow": {"flushed"}, "torch": OK},
    ),
    "repeats": (
        "{inputs: {x: {normal: [4]}, i: {integers: [200], low: 0, high: 4}}, function: 'sum(take(x, i) ** 2)', dtype: float16}",
        None,
        everywhere(OK),
    ),
    "not a number": (
        "{inputs: {x: [.nan, 1.0]}, function: sum(relu(x))}",
        None,
        everywhere({"unjudged"}),
    ),
    "a large literal": (
        "{inputs: {x: [1.0, 2.0]}, function: sum(x * 1e6 * 1e-6), dtype: float16}",
        lambda: [1, 1],
        {"jax": {"range"}, "tensorflow": {"range"}, "torch": OK},
    ),
    "a mask of a large literal": (
        "{inputs: {x: [1.0, 2.0, 3.0], m: [0.0, 0.0, 1.0]}, function: logsumexp(x + m * -1e9), wrt: x, dtype: float16}",
        lambda: [1 / (1 + mp.e), mp.e / (1 + mp.e), 0],
        {"jax": {"range"}, "tensorflow": {"range"}, "torch": OK},
    ),
    "a literal in an angle": (
        "{inputs: {x: [1.0, 2.0]}, function: sum(sin(1e6 * (0.1 * x)))}",
        lambda: [100000 * mp.cos(100000), 100000 * mp.cos(200000)],
        everywhere(OK),
    ),
    "a tie of a rounded literal": (
        "{inputs: {x: 1.703125}, function: relu(x - 1.7), dtype: bfloat16}",
        lambda: [1],
        everywhere(OK | {"fragile"}),
    ),
    "a maximum at a rounded literal": (
        "{inputs: {x: 1.703125}, function: 'maximum(x, 1.7)', dtype: bfloat16}",
        lambda: [1],
        everywhere(OK | {"fragile"}),
    ),
    "tenths": (
        "{inputs: {x: 1.5}, function: \"s = 0.0\\nwhile s < 1:\\n    s = s + 0.1\\nreturn s * x\"}",
        lambda: [1],
        everywhere(OK | {"fragile"}),
    ),
    "one number, one verdict": (
        "{inputs: {x: 20.0}, function: sigmoid(x)}",
        lambda: [mp.exp(-20) / (1 + mp.exp(-20)) ** 2],
        everywhere({"no-digits"}),
    ),
    "one number, one verdict, twice differentiated": (
        "{inputs: {x: 20.0}, function: softplus(x), operator: hessian}",
        lambda: [mp.exp(-20) / (1 + mp.exp(-20)) ** 2],
        everywhere({"no-digits"}),
    ),
    "smooth": ("{inputs: {x: 1.0e-300}, function: sigmoid(x), operator: hvp, dtype: float64}", None, everywhere(OK)),
    "a sum of two kinks": (
        "{inputs: {x: 0.0}, function: 'maximum(x, 0) + minimum(x, 0)', operator: jvp}",
        lambda: [1],
        {"jax": OK, "tensorflow": {"removable"}, "torch": OK},
    ),
    "a tie in which nothing varies": (
        "{inputs: {x: 1.0}, function: 'x * x + where(x - x > 0, x, 0)', operator: hessian}",
        lambda: [2],
        everywhere(OK),
    ),
    "softplus by a maximum": (
        "{inputs: {x: 0.0}, function: 'maximum(x, 0) + log1p(exp(-abs(x)))'}",
        lambda: [mp.mpf(1) / 2],
        {"jax": {"removable"}, "tensorflow": {"removable"}, "torch": OK},
    ),
    "two squares": (
        "{inputs: {x: 0.0}, function: relu(x) ** 2 + relu(-x) ** 2, operator: hessian}",
        lambda: [2],
        everywhere({"removable"}),
    ),
    "the first power": (
        "{inputs: {x: 0.0}, function: x ** 1.0, operator: hessian}",
        lambda: [0],
        {"jax": {"nonfinite"}, "tensorflow": {"nonfinite"}, "torch": OK},
    ),
    "a sine over a tiny number": (
        "{inputs: {x: 1.0e-310}, function: sin(x) / x, dtype: float64, operator: jvp}",
        None,
        {"jax": {"range"}, "tensorflow": {"range"}, "torch": OK | {"range"}},
    ),
    "a mask": (
        "{inputs: {k: 1.0, m: -.inf, z: 2.0}, function: sigmoid(k + m) + abs(z), wrt: [k, z]}",
        lambda: [0, 1],
        everywhere(OK),
    ),
    "a square at infinity": ("{inputs: {x: .inf}, function: x * x}", None, everywhere(OK)),
    "a pole": ("{inputs: {x: 0.0}, function: lgamma(x), operator: jvp}", None, everywhere({"unjudged"})),
    "a pole beside a number": ("{inputs: {x: [0.0, 1.0]}, function: sum(1 / x)}", None, everywhere({"convention"})),
    "a pole beside a pole": ("{inputs: {x: [0.0, 0.0]}, function: sum(1 / x)}", None, everywhere({"convention"})),
    "double poles": ("{inputs: {x: [0.0, 0.0]}, function: sum(x ** -2), dtype: float64}", None, everywhere({"convention"})),
    "poles of roots": ("{inputs: {x: [0.0, 0.0, 1.0]}, function: sum(rsqrt(x))}", None, everywhere({"convention"})),
    "poles of logarithms": ("{inputs: {x: [0.0, 0.0, 2.0]}, function: sum(log(x))}", None, everywhere({"convention"})),
    "a pole of a zero that is computed": (
        "{inputs: {x: [0.5, 0.5], y: [0.5, 0.25]}, function: sum(1 / (x - y))}",
        None,
        everywhere({"convention"}),
    ),
    "next to a pole": (
        "{inputs: {x: 1.5707963267948966}, function: tan(x), dtype: float64}",
        lambda: [1 + mp.tan(mp.mpf(1.5707963267948966)) ** 2],
        everywhere(OK),
    ),
    "the largest of many equal numbers": ("{inputs: {x: {zeros: [3000]}}, function: max(x)}", None, everywhere({"convention"})),
    "equal numbers by rows": (
        "{inputs: {x: [[1.0, 1.0], [2.0, 2.0]]}, function: 'sum(min(x, axis=1))'}",
        None,
        everywhere({"convention"}),
    ),
    "a tie of two inputs": ("{inputs: {x: 1.0, y: 1.0}, function: 'maximum(x, y)'}", None, everywhere({"convention"})),
    "ties of their own": ("{inputs: {x: [0.0, 0.0]}, function: sum(relu(x))}", None, everywhere({"convention"})),
    "a product of both at a tie": (
        "{inputs: {x: 2.0, y: 2.0}, function: 'maximum(x, y) * minimum(x, y)', operator: hessian}",
        lambda: [0.0, 1.0, 1.0, 0.0],
        everywhere({"removable"}),
    ),
    "the square of a norm at zero": (
        "{inputs: {x: {zeros: [2]}}, function: norm(x) ** 2, operator: hvp}",
        lambda: [2.0, 2.0],
        {**everywhere({"nonfinite", "removable"}), "torch": {"removable"}},
    ),
    "a subnormal input": ("{inputs: {x: 1.0e-40}, function: relu(x)}", lambda: [1.0], everywhere({"fragile", *OK})),
    "a root of a subnormal input": (
        "{inputs: {x: 1.0e-310}, function: sqrt(x), dtype: float64}",
        lambda: [1 / (2 * mp.sqrt(mp.mpf(1.0e-310)))],
        everywhere({"range", "no-digits", "fragile", *OK}),
    ),
    "a product with a subnormal input": (
        "{inputs: {x: 1.0e-40}, function: x * x * 1.0e+20}",
        lambda: [2e20 * mp.mpf(2) ** -149 * 71362],  # of the float32 next to 1e-40
        everywhere({"range", "no-digits", *OK}),
    ),
    "nothing where nothing is": (
        "{inputs: {x: [3.0, 3.0]}, function: max(x), operator: hessian}",
        None,
        {**everywhere({"unjudged"}), "tensorflow": {"missing", "unjudged"}},
    ),
    "literals that tie in binary": (
        "{inputs: {x: 2.0}, function: 'where(x * 0.1 > 0.2, x, 3 * x)', dtype: float64}",
        None,
        everywhere({"convention"}),
    ),
    "infinity has no digits": (
        "{inputs: {x: [65504.0, 65000.0]}, function: mean(x), operator: value, dtype: float16}",
        None,
        everywhere({"range", *OK}),
    ),
    "a tie of numbers that are computed": ("{inputs: {x: [1.0, 1.0]}, function: max(sin(x))}", None, everywhere({"convention"})),
    "two dtypes": (
        "{inputs: {x: [1.5, 2.25], t: {literal: 1.0, dtype: float32}}, function: sum(exp(x)) * t, operator: value, dtype: float16}",
        lambda: [mp.exp(1.5) + mp.exp(2.25)],
        everywhere(OK),
    ),
    "gelu in float16": (
        "{inputs: {x: [-3.0, -1.0, 0.5]}, function: sum(gelu(x)), dtype: float16}",
        lambda: [gelu_slope(x) for x in (-3.0, -1.0, 0.5)],
        everywhere(OK),
    ),
    "what does not exist": (
        "{inputs: {x: 0.0}, function: abs(x), operator: hessian}",
        None,
        everywhere({"unjudged"}),
    ),
}  # fmt: skip


def _deviations(x: list[int]) -> list[Any]:
    """(x - mean) / std for three numbers with ddof 1, which is twice the derivative."""
    mean = mp.mpf(sum(x)) / 3
    deviation = mp.sqrt(sum((each - mean) ** 2 for each in x) / 2)
    return [(each - mean) / deviation for each in x]


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Document:
    folder = tmp_path_factory.mktemp("just")
    names = {}
    for number, (name, (text, _, _)) in enumerate(CASES.items()):
        names[name] = folder / f"s{number}.yaml"
        names[name].write_text(text, encoding="utf-8")
    return gradcmp.run(list(names.values()), folder=folder, timing="off", executions="eager").document


@pytest.mark.parametrize("name", CASES)
def test_verdicts(document: Document, name: str) -> None:
    scenario = f"s{list(CASES).index(name)}"
    _, right, expected = CASES[name]
    cases = {case.target.split("-")[0]: case for case in document.cases if Path(case.scenario).name == scenario}
    assert {backend: case.verdict for backend, case in cases.items() if case.verdict not in expected[backend]} == {}
    (problem,) = (each for each in document.problems if Path(each.scenario).name == scenario)
    if right is not None:
        assert problem.evidence == "certified"
        numbers = [float(each) for leaf in problem.truth for each in _flat(leaf.data)]
        assert numbers == pytest.approx([float(each) for each in right()], rel=1e-6, abs=1e-300)


def _flat(data: Any) -> list[Any]:
    return [each for item in data for each in _flat(item)] if isinstance(data, list) else [data]
