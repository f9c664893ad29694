"""What a derivative costs grows no faster than the problem, counted and not timed."""

import numpy as np
import pytest

from gradcmp.reference.budget import Budget
from gradcmp.reference.tolerance import running_errors
from tests.reference.counting import counted
from tests.reference.problems import problem
from tests.work import calls_of

MIXTURE = """
d = x[:, None, :] - means[None, :, :]
y = (factors[None] @ d[..., None])[..., 0]
scales = log(abs(diagonal(factors)))
logp = log_softmax(weights, axis=0) + sum(scales, axis=-1) - 0.5 * sum(y * y, axis=-1)
return sum(logsumexp(logp, axis=1))
"""
"""The log-likelihood of a Gaussian mixture, up to a constant, by the inverse Cholesky factors of its covariances."""


def mixture(points, components=5):
    random = np.random.default_rng(0)
    return problem(
        MIXTURE,
        wrt=("weights", "means", "factors"),
        x=random.standard_normal((points, 2)),
        weights=random.standard_normal(components),
        means=random.standard_normal((components, 2)),
        factors=np.tril(random.standard_normal((components, 2, 2))) + 3 * np.eye(2),
    )


def stack(text, rows=2):
    """`text` of a stack of `n` matrices that are well conditioned."""

    def of(n):
        random = np.random.default_rng(0)
        a, b = (random.standard_normal((n, rows, rows)) for _ in range(2))
        return problem(text, a=a @ a.swapaxes(-1, -2) + np.eye(rows), b=b)

    return of


STACKS = {
    "a mixture": mixture,
    "matmul": stack("sum(a @ b)"),
    "matmul with a matrix": stack("sum(a @ b[0])"),
    "det": stack("sum(det(a))"),
    "slogdet": stack("sum(slogdet(a)[1])"),
    "inv": stack("sum(inv(a) * b)"),
    "solve": stack("sum(solve(a, b))"),
    "cholesky": stack("sum(cholesky(a) * b)", rows=3),
}


@pytest.mark.parametrize("name", STACKS)
def test_a_stack_costs_what_its_matrices_cost(name):
    work = [counted(STACKS[name](n)) for n in (20, 40, 80)]
    first, second, third = (each.elements for each in work)
    assert third - second <= 2.01 * (second - first)
    assert work[0].steps == work[2].steps, "the steps are those of one matrix"


def calls_of_tolerance(asked, dtype="float64"):
    return calls_of(lambda: running_errors(asked, dtype, Budget()))


@pytest.mark.parametrize("name", STACKS)
def test_the_tolerance_of_a_stack_takes_the_calls_of_one_matrix(name):
    few, many = (calls_of_tolerance(STACKS[name](n)) for n in (3, 60))
    assert many <= 1.1 * few


def loop(body, start="x", operator="gradient"):
    """A program of n steps, of `n` numbers or pairs where it takes one for each step."""

    def of(n):
        random = np.random.default_rng(0)
        text = f"s = {start}\nfor j in range({n}):\n    {body}\nreturn sum(s)"
        x = random.standard_normal(n if "x[j]" in text else 3)
        return problem(text, operator, x=x)

    return of


LOOPS = {
    "a recurrence": loop("s = s * 0.999 + x"),
    "its second derivative": loop("s = s * 0.999 + x * x", operator="hvp"),
    "its Hessian": loop("s = s * 0.999 + x * s / 8", operator="hessian"),
    "one element a step": loop("s = s * 0.999 + x[j]", start="x[0]"),
    "one element a step, twice": loop("s = s * 0.999 + sin(x[j])", start="x[0]", operator="hvp"),
    "a running sum": lambda n: problem("sum(exp(cumsum(x)))", x=np.zeros(n)),
    "a running sum's Hessian by one element": lambda n: problem(
        "sum(cumsum(x * y))", "hessian", wrt=("y",), x=np.ones(n), y=2.0
    ),
    "a while loop": lambda n: problem(
        f"s = x\ni = 0\nwhile i < {n}:\n    s = s * 0.999 + x\n    i = i + 1\nreturn sum(s)", x=[0.5, 1.0]
    ),
}


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_costs_what_its_steps_cost(name):
    first, second, third = (counted(LOOPS[name](n)) for n in (30, 60, 120))
    assert third.elements - second.elements <= 2.01 * (second.elements - first.elements)
    assert third.steps - second.steps <= 2.01 * (second.steps - first.steps)


@pytest.mark.parametrize(
    ("name", "dtype"),
    [*((name, "float64") for name in LOOPS), ("a recurrence", "float32"), ("a recurrence", "bfloat16")],
)
def test_the_tolerance_of_a_loop_costs_what_its_steps_cost(name, dtype):
    first, second, third = (calls_of_tolerance(LOOPS[name](n), dtype) for n in (25, 50, 100))
    assert third - second <= 2.1 * (second - first)


ROWS = {
    "a sum of functions": "sum(exp(x)) + dot(x, x) ** 2",
    "logsumexp": "logsumexp(x)",
    "a quadratic form": "dot(x, a @ x)",
}


@pytest.mark.parametrize("name", ROWS)
def test_the_steps_of_a_hessian_are_those_of_one_row(name):
    def asked(n):
        return problem(ROWS[name], "hessian", wrt=("x",), x=np.linspace(-1, 1, n), a=np.ones((n, n)))

    assert counted(asked(4)).steps == counted(asked(60)).steps


def test_the_steps_of_a_jacobian_are_those_of_one_row():
    def asked(n):
        return problem("tanh(a @ x)", "jacobian", wrt=("x",), x=np.linspace(-1, 1, n), a=np.ones((n, n)))

    assert counted(asked(4)).steps == counted(asked(60)).steps
