"""Second derivatives through ties: of the function, not of what some convention makes of it; and none where there is none."""

import numpy as np
import pytest
from mpmath import mp

from gradcmp.reference.budget import Budget
from gradcmp.reference.certify import certify
from tests.reference.problems import problem

SOFTPLUS = "maximum(x, 0) + log1p(exp(-abs(x)))"
DISTANCES = """
d = sum((x[:, None] - x[None, :]) ** 2, axis=-1)
return sum(where(d > 0, sqrt(where(d > 0, d, 1)), 0))
"""


def truth(text, operator, dtype="float64", **options):
    return certify(problem(text, operator, dtype=dtype, **options), dtype, Budget())


def the_leaf(text, operator, dtype="float64", **options):
    found = truth(text, operator, dtype, **options)
    assert found.evidence == "certified", found.reason
    (leaf,) = found.derivatives
    return leaf


SECOND = [
    # what, text, at, second derivative, does it depend on a convention?
    ("a difference that is zero", "x * x + where(x - x > 0, x, 0)", 1.5, 2.0, False),
    ("the same of a function", "e = exp(x)\nreturn x * x + where(e - e > 0, x, 0)\n", 1.5, 2.0, False),
    ("a comparison with itself", "e = sin(x)\nreturn where(e >= e, x * x, x)\n", 1.5, 2.0, False),
    ("a maximum with itself", "maximum(x, x) * x", 1.5, 2.0, False),
    ("|0|", "abs(x - x) + x ** 3", 2.0, 12.0, False),
    ("both halves of a square", "relu(x) ** 2 + relu(-x) ** 2", 0.0, 2.0, True),
    ("both halves by where", "where(x > 0, x * x, 0) + where(x > 0, 0, x * x)", 0.0, 2.0, False),
    ("the square of |x|", "abs(x) ** 2", 0.0, 2.0, True),
    ("|x|³", "abs(x) ** 3", 0.0, 0.0, False),
    ("a sum of halves", "maximum(x, 0) + minimum(x, 0)", 0.0, 0.0, False),
    ("another function at a point", "where(x == 0, 0 * x, x * x)", 0.0, 2.0, True),
    ("a hole", "sin(x) / x", 0.0, -1 / 3, True),
    ("a hole that is filled", "where(x == 0, 1, sin(x) / x)", 0.0, -1 / 3, True),
    ("softplus", SOFTPLUS, 0.0, 0.25, True),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("operator", ["hvp", "hessian"])
@pytest.mark.parametrize(
    ("text", "x", "expected", "by_convention"), [r[1:] for r in SECOND], ids=[r[0] for r in SECOND]
)
def test_a_second_derivative_that_exists(text, x, expected, by_convention, operator, dtype):
    leaf = the_leaf(text, operator, dtype, x=x)
    assert leaf.high.item() == expected
    assert (leaf.kink is not None) == by_convention
    if leaf.kink is not None:
        assert (leaf.kink.left.item(), leaf.kink.right.item(), leaf.kink.jump.item()) == (expected, expected, False)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("operator", ["hvp", "hessian"])
@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("abs(x)", 0.0),
        ("x * abs(x)", 0.0),
        ("relu(x) ** 2", 0.0),
        ("elu(x, 1.0)", 0.0),
        ("x ** 1.5", 0.0),
        ("(x // 1) * x ** 2 + x", 2.0),
        ("where(x > 0, x * x + 1, x * x)", 0.0),
        ("where(x == 0, 5., x * x)", 0.0),
        ("relu(x[0]) * relu(x[1])", [0.0, 0.0]),
        ("relu(min(x)) ** 2", [0.0, 0.0]),
        ("relu(minimum(minimum(x[0], -x[1]), minimum(x[2], -x[3]))) ** 2", [0.0] * 4),
        ("abs(x[0] - x[1]) + sum(x * x)", [1.0, 1.0]),
        ("norm(x)", [0.0, 0.0]),
        ("norm(x) ** 3 / (x[0] + 3 * x[1])", [0.0, 0.0]),
    ],
)
def test_a_second_derivative_that_does_not_exist(text, x, operator, dtype):
    found = truth(text, operator, dtype, x=x)
    assert (found.evidence, found.derivatives) == ("none", None)
    assert "second derivative is not defined" in found.reason


def distances(x):
    """The Hessian of the sum of distances between all pairs: of |u| it is (I - u uᵀ / |u|²) / |u|."""
    n, d = x.shape
    hessian = np.zeros((n, d, n, d))
    for i in range(n):
        for j in range(n):
            if i != j:
                u, r = x[i] - x[j], np.linalg.norm(x[i] - x[j])
                block = (np.eye(d) - np.outer(u, u) / r**2) / r
                for a, b, sign in ((i, i, 1), (j, j, 1), (i, j, -1), (j, i, -1)):
                    hessian[a, :, b, :] += sign * block
    return hessian


POINTS = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, -1.0], [0.5, 0.25]])


def test_distances_of_points_to_all_of_them():
    leaf = the_leaf(DISTANCES, "hessian", x=POINTS)
    np.testing.assert_allclose(leaf.high, distances(POINTS), rtol=1e-14, atol=1e-15)
    assert leaf.kink is None


def test_distances_along_a_tangent():
    v = np.array([[1.0, 2.0], [0.0, -1.0], [0.5, 3.0], [0.0, 0.0]])
    leaf = the_leaf(DISTANCES, "hvp", x=POINTS, tangents={"x": v})
    np.testing.assert_allclose(leaf.high, np.tensordot(distances(POINTS), v, axes=2), rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("operator", ["gradient", "vjp", "jvp", "jacobian"])
def test_first_derivatives_of_distances(operator):
    u = POINTS[:, None] - POINTS[None, :]
    r = np.sqrt((u**2).sum(axis=-1)) + np.eye(len(POINTS))
    gradient = 2 * (u / r[..., None]).sum(axis=1)
    leaf = the_leaf(DISTANCES, operator, x=POINTS)
    np.testing.assert_allclose(leaf.high, gradient.sum() if operator == "jvp" else gradient, rtol=1e-14, atol=1e-14)
    assert leaf.kink is None


def test_distances_of_what_is_known_to_some_digits_only():
    """Between a number and itself the difference is exactly zero, whatever the number."""
    leaf = the_leaf(DISTANCES.replace("x[", "z[").replace("d =", "z = tanh(x)[:, None]\nd ="), "hessian", x=[0.25, 1.5])
    with mp.workdps(40):
        diagonal = [float(sign * 2 * mp.diff(mp.tanh, x, 2)) for sign, x in ((-1, 0.25), (1, 1.5))]
    np.testing.assert_allclose(leaf.high, np.diag(diagonal), rtol=1e-14, atol=1e-30)


@pytest.mark.parametrize("operator", ["hvp", "hessian"])
def test_points_that_coincide_are_a_kink(operator):
    found = truth(DISTANCES, operator, x=[[0.0, 1.0], [0.0, 1.0], [2.0, 2.0]])
    assert (found.evidence, found.undefined) == ("none", True)


@pytest.mark.parametrize("n", [1, 3, 6])
def test_many_coordinates_through_a_stack(n):
    leaf = the_leaf(
        "p = stack([relu(x), relu(-x)])\nreturn sum(p ** 2) + x[0] ** 3 * sum(x)\n", "hessian", x=np.zeros(n)
    )
    np.testing.assert_array_equal(leaf.high, 2 * np.eye(n))
    assert np.array_equal(leaf.kink.tied, np.eye(n, dtype=bool))


def test_several_inputs_and_outputs_have_their_blocks():
    text = 'return {"a": relu(x) ** 2 + relu(-x) ** 2 + x * y * y, "b": x * y}'
    found = truth(text, "hessian", x=0.0, y=3.0)
    blocks = {(leaf.of, *leaf.wrt): (leaf.high.item(), leaf.kink is not None) for leaf in found.derivatives}
    assert blocks == {
        ("a", "x", "x"): (2.0, True), ("a", "x", "y"): (6.0, False), ("a", "y", "x"): (6.0, False), ("a", "y", "y"): (0.0, False),
        ("b", "x", "x"): (0.0, False), ("b", "x", "y"): (1.0, False), ("b", "y", "x"): (1.0, False), ("b", "y", "y"): (0.0, False),
    }  # fmt: skip


@pytest.mark.parametrize("operator", ["hvp", "hessian"])
def test_an_infinite_mask_beside_a_tie(operator):
    text = "sum(sigmoid(k + m)) + relu(z) ** 2 + relu(-z) ** 2 + sum(k * k)"
    found = truth(text, operator, wrt=["k", "z"], k=[0.5, 0.25], m=[-np.inf, -np.inf], z=0.0)
    leaves = {leaf.wrt: leaf.high.tolist() for leaf in found.derivatives}
    if operator == "hvp":
        assert leaves == {("k",): [2.0, 2.0], ("z",): 2.0}
    else:
        assert leaves["k", "k"] == [[2.0, 0.0], [0.0, 2.0]]
        assert (leaves["z", "z"], leaves["k", "z"], leaves["z", "k"]) == (2.0, [0.0, 0.0], [0.0, 0.0])


# Small beside 1 --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("sum(sigmoid(x))", lambda x: -x / 8),
        ("sum(tanh(x))", lambda x: -2 * x),
        ("sum(exp(x) + exp(-x) - x * x + sin(x))", lambda x: -x),
        ("sum(1 / (1 + exp(-x)))", lambda x: -x / 8),
    ],
)
@pytest.mark.parametrize(("dtype", "x"), [("float32", 2.0**-100), ("float64", 1e-300), ("float64", -(2.0**-1000))])
def test_what_is_left_of_numbers_of_the_size_of_one(text, second, dtype, x):
    leaf = the_leaf(text, "hvp", dtype, x=[x], tangents={"x": [3.0]})
    assert leaf.high.item() == pytest.approx(3 * second(x), rel=1e-15)
    assert leaf.kink is None


def test_the_candidate_of_a_convention_is_not_believed(monkeypatch):
    monkeypatch.setattr("gradcmp.reference.kinks.second_order._alike", lambda *_: True)
    assert the_leaf("relu(x) ** 2 + relu(-x) ** 2", "hessian", x=0.0).high.item() == 4.0
