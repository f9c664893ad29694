"""The running errors against programs that really round."""

import numpy as np
import pytest

from gradcmp.core.formats import FORMATS
from gradcmp.reference.algebras.running_errors import RunningErrorAlgebra
from gradcmp.reference.algebras.running_steps import Running, Steps, exactly
from gradcmp.reference.steps.rounding import sum_factor
from tests.reference.problems import over, problem, truth
from tests.reference.rounded import RoundedAlgebra

SLACK = 1.1
"""First-order bounds leave out products of errors."""

ORDINARY = {
    "dot": ("2 * dot(x, x)", lambda r: {"x": r.standard_normal(100)}),
    "tanh": ("sum(tanh(w @ x))", lambda r: {"w": r.standard_normal((20, 20)) / 5, "x": r.standard_normal(20)}),
    "network": ("mean(square(tanh(x @ v) @ w))", lambda r: {"x": r.standard_normal((8, 20)), "v": r.standard_normal((20, 5)) / 4, "w": r.standard_normal((5, 1))}),
    "logsumexp": ("logsumexp(x)", lambda r: {"x": 5 * r.standard_normal(200)}),
    "softmax": ("dot(softmax(x), w)", lambda r: {"x": 3 * r.standard_normal(30), "w": r.standard_normal(30)}),
    "prod": ("prod(x)", lambda r: {"x": r.uniform(0.5, 2, 20)}),
    "det": ("det(x)", lambda r: {"x": r.standard_normal((6, 6))}),
    "log sigmoid": ("sum(log(sigmoid(x)))", lambda r: {"x": 3 * r.standard_normal(50)}),
    "activations": ("sum(silu(x) + softplus(x) * gelu(x))", lambda r: {"x": 2 * r.standard_normal(50)}),
    "power": ("sum(x ** 2.5)", lambda r: {"x": r.uniform(0.1, 3, 50)}),
    "stacks": ("sum(tanh(x @ v) * solve(a, v))", lambda r: {"x": r.standard_normal((4, 1, 3, 3)), "v": r.standard_normal((2, 3, 2)), "a": 3 * np.eye(3) + r.uniform(-1, 1, (4, 2, 3, 3))}),
    "determinants": ("sum(exp(det(x) / 8) + slogdet(x)[1])", lambda r: {"x": r.standard_normal((5, 3, 3)) + 2 * np.eye(3)}),
    "repeated elements": ("s = x[0]\nfor j in range(30):\n    s = s * x[j % 7] + x[3]\nreturn s", lambda r: {"x": r.uniform(0.5, 1, 9)}),
    "gamma": ("sum(lgamma(x) + erf(x))", lambda r: {"x": r.uniform(0.1, 4, 50)}),
}  # fmt: skip
HARD = {
    "variance of large numbers": ("var(x, ddof=1)", lambda r: {"x": 1000 + r.standard_normal(100)}),
    "solve Hilbert": ("sum(solve(a, b))", lambda r: {"a": 1 / (1 + np.add.outer(np.arange(5), np.arange(5))), "b": r.standard_normal(5)}),
    "slogdet": ("slogdet(a)[1]", lambda r: {"a": r.standard_normal((10, 10))}),
    "large angles": ("sum(cos(100000 * x))", lambda r: {"x": r.standard_normal(50)}),
    "unstable": ("sum((1 - cos(x)) / (x * x))", lambda r: {"x": 0.01 * r.standard_normal(30)}),
}  # fmt: skip


def ratios(asked, dtype, algebra=None):
    """The actual errors of the rounding program in units of u, and both bounds, flattened."""
    bounds = over(algebra or RunningErrorAlgebra(FORMATS[dtype]), asked, dtype)
    really = over(RoundedAlgebra(dtype), asked, dtype)
    errors, worst, rss = [], [], []
    for key, leaf in truth(asked, "float64").items():
        error = np.abs((really[key].astype(np.float64) - leaf.high) - leaf.low) / FORMATS[dtype].unit_roundoff
        errors.append(error.ravel())
        worst.append(np.ravel(bounds[key].worst))
        rss.append(np.ravel(bounds[key].rss))
    return np.concatenate(errors), np.concatenate(worst), np.concatenate(rss)


def hold(errors, worst, rss):
    assert np.all(errors <= SLACK * worst)
    assert np.all(errors <= 8 * rss)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*ORDINARY, *HARD])
def test_a_program_that_rounds_stays_within_its_bounds(name, dtype) -> None:
    text, draw = {**ORDINARY, **HARD}[name]
    for seed in range(3):
        hold(*ratios(problem(text, dtype=dtype, **draw(np.random.default_rng(seed))), dtype))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["tanh", "network", "softmax", "log sigmoid", "activations", "logsumexp"])
def test_short_formats_accumulate_in_float32(name, dtype) -> None:
    text, draw = ORDINARY[name]
    hold(*ratios(problem(text, dtype=dtype, **draw(np.random.default_rng(0))), dtype))


@pytest.mark.parametrize("name", ORDINARY)
def test_the_bounds_of_ordinary_programs_are_no_empty_words(name) -> None:
    text, draw = ORDINARY[name]
    errors, worst, rss = ratios(problem(text, dtype="float32", **draw(np.random.default_rng(0))), "float32")
    if name == "dot":
        assert not errors.any()
        assert np.all(worst <= 4 * np.abs(draw(np.random.default_rng(0))["x"]) + 1e-6)  # an ULP of the gradient 4 x
        return
    assert np.percentile(worst, 50) <= 1e4 * np.percentile(errors, 99)
    assert np.percentile(rss, 50) <= 1e2 * np.percentile(errors, 99)


@pytest.mark.parametrize("operator", ["value", "jvp", "vjp", "jacobian", "hvp", "hessian"])
def test_every_operator_has_bounds(operator) -> None:
    r = np.random.default_rng(1)
    x = r.standard_normal(8)
    scalar = operator in ("hvp", "hessian")
    asked = problem(
        "logsumexp(x) * norm(x)" if scalar else "softmax(x) * tanh(x)", operator, dtype="float32", x=x,
        tangents={"x": r.standard_normal(8)} if operator in ("jvp", "hvp") else None,
        cotangents={"": r.standard_normal(8)} if operator == "vjp" else None,
    )  # fmt: skip
    errors, worst, rss = ratios(asked, "float32")
    assert errors.any()
    hold(errors, worst, rss)


class Forgetful(Steps):
    """Leaves out what the error of the second factor does."""

    def multiply(self, x, y):
        return super().multiply(x, exactly(y.value))


def test_a_forgotten_term_is_noticed() -> None:
    asked = problem("sum(x * cos(1000 * x))", dtype="float32", x=np.random.default_rng(0).standard_normal(50))
    hold(*ratios(asked, "float32"))
    faulty = RunningErrorAlgebra(FORMATS["float32"])
    faulty.steps = Forgetful(faulty.form, faulty.fragility)
    with pytest.raises(AssertionError):
        hold(*ratios(asked, "float32", faulty))


def test_the_shift_of_logsumexp_keeps_the_softmax() -> None:
    x = np.array([1000.0, 1001.0, 999.0])
    found = over(RunningErrorAlgebra(FORMATS["float32"]), problem("logsumexp(x)", x=x), "float32")["", ("x",)]
    softmax = np.exp(x - x.max()) / np.exp(x - x.max()).sum()
    assert found.value == pytest.approx(softmax, rel=1e-14)
    assert np.all(found.worst <= 20 * softmax)


@pytest.mark.parametrize(
    "text",
    ["-x", "x * 2", "x / 4", "0 * x", "x + 0", "reshape(x, (2, 1))", "x + x", "max(x)", "abs(x)", "maximum(x, 0)"],
)
def test_exact_steps_add_nothing(text) -> None:
    found = over(RunningErrorAlgebra(FORMATS["float32"]), problem(text, "value", x=[0.1, -0.7]), "float32")["", ()]
    assert not np.any(found.worst)
    assert not np.any(found.rss)


def test_an_exact_zero_annihilates() -> None:
    asked = problem("sum(where(x > 0, sqrt(x), 0))", x=[-1.0, 4.0])
    found = over(RunningErrorAlgebra(FORMATS["float32"]), asked, "float32")["", ("x",)]
    assert found.value.tolist() == [0.0, 0.25]
    assert found.worst[0] == 0.0


@pytest.mark.parametrize("x", [100.0, 800.0])
def test_overflow_of_the_format_is_an_unknown_error(x) -> None:
    asked = problem("log(1 + exp(x))", x=x)
    assert not np.isfinite(over(RunningErrorAlgebra(FORMATS["float32"]), asked, "float32")["", ("x",)].worst)
    if x == 100.0:
        assert over(RunningErrorAlgebra(FORMATS["float64"]), asked, "float64")["", ("x",)].worst < 20


def test_underflow_is_part_of_the_error() -> None:
    for dtype, size in (("float32", 1e-40), ("float64", 1e-310)):
        asked = problem("x * y", "value", dtype=dtype, x=np.sqrt(size), y=np.sqrt(size) * 1.1)
        worst = over(RunningErrorAlgebra(FORMATS[dtype]), asked, dtype)["", ()].worst
        assert worst * FORMATS[dtype].unit_roundoff >= size  # all of it may be flushed
    asked = problem("x * y", "value", dtype="float16", x=3e-4, y=3e-3)
    worst = over(RunningErrorAlgebra(FORMATS["float16"]), asked, "float16")["", ()].worst
    assert worst * FORMATS["float16"].unit_roundoff < 1e-7  # float16 keeps subnormal numbers
    gone = over(RunningErrorAlgebra(FORMATS["float64"]), problem("exp(x)", "value", x=-800.0), "float64")["", ()]
    assert gone.worst > 0


def test_slogdet_does_not_overflow_with_the_determinant() -> None:
    a = (3 * np.random.default_rng(0).standard_normal((60, 60))).astype(np.float32).astype(np.float64)
    assert abs(np.linalg.det(a)) > FORMATS["float32"].largest
    found = over(RunningErrorAlgebra(FORMATS["float32"]), problem("slogdet(a)[1]", a=a), "float32")["", ("a",)]
    assert np.all(np.isfinite(found.worst))
    assert found.value == pytest.approx(np.linalg.inv(a).T)


def test_the_determinant_of_a_singular_matrix_has_errors() -> None:
    asked = problem("det(a)", a=[[1.0, 2.0], [2.0, 4.0]])
    found = over(RunningErrorAlgebra(FORMATS["float32"]), asked, "float32")["", ("a",)]
    assert found.value == pytest.approx(np.array([[4.0, -2.0], [-2.0, 1.0]]))
    assert np.all(np.isfinite(found.worst))


@pytest.mark.parametrize("text", ["det(a)", "inv(a)", "solve(a, b)", "a @ b"])
def test_a_stack_has_the_errors_of_its_matrices(text) -> None:
    """Of one that has to exchange rows, one that has not, and a singular one where that has a value."""
    a = [[[1.0, 8.0, 2.0], [4.0, 3.0, 0.3], [0.1, 1.0, 1.0]], [[9.0, 1.0, 0.0], [1.0, 5.0, 1.0], [2.0, 1.0, 7.0]]]
    a = np.array([*a, [[1.0, 2.0, 3.0]] * 3] if text in ("det(a)", "a @ b") else a)
    b = np.linspace(-1, 2, 6 * len(a)).reshape(-1, 3, 2)
    algebra = RunningErrorAlgebra(FORMATS["float32"])
    inputs = {"a": a, "b": b} if "b" in text else {"a": a}

    def found(**arrays):
        return over(algebra, problem(f"sum(sin({text}))", **arrays), "float32")["", ("a",)]

    stack = found(**inputs)
    for place in range(len(a)):
        one = found(**{name: array[place] for name, array in inputs.items()})
        for part in ("value", "worst", "rss"):
            assert getattr(stack, part)[place] == pytest.approx(getattr(one, part), rel=1e-12), part


def test_elements_that_meet_in_one_place_are_rounded_where_they_are_added() -> None:
    algebra = RunningErrorAlgebra(FORMATS["float64"])
    numbers = algebra.constant(np.array([1e8, -1e8, 3.0, 5.0, 1.0, 2.0, 4.0, 0.0]))
    found = algebra.scatter(numbers, np.array([0, 0, 1, 2, 3, 3, 3, 1]), 5)
    assert found.value.tolist() == [0, 3, 5, 7, 0]
    assert found.worst.tolist() == [0, 0, 0, 2 * 7, 0]
    assert found.rss.tolist() == [0, 0, 0, 7, 0]


def test_sums_have_the_smaller_of_two_factors() -> None:
    assert [sum_factor(n) for n in (0, 1, 2, 50)] == [0, 0, 1, 49]
    assert sum_factor(10_000) == 800


def test_whole_numbers_beyond_the_format_are_rounded() -> None:
    algebra = RunningErrorAlgebra(FORMATS["float16"])
    numbers = np.array([2048, 2049, 10**400], dtype=object)
    assert algebra.constant(numbers).worst.tolist() == [0.0, 2049.0, np.inf]


def test_an_uncertain_angle_has_the_error_of_a_wave() -> None:
    steps = Steps(FORMATS["float16"], RunningErrorAlgebra(FORMATS["float16"]).fragility)
    angle = Running(np.array(np.pi / 2), np.array(3 * 2.0**11), np.array(3 * 2.0**11))  # three radians
    assert steps.sin(angle).worst * 2.0**-11 == pytest.approx(2, rel=0.01)
