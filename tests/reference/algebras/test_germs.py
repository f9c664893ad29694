"""Germs: leading terms along a ray, whatever the function does there."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb, arb_series, ctx
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcmp.reference.algebra import Undecided
from gradcmp.reference.algebras import jets
from gradcmp.reference.algebras.balls import BallAlgebra, filled
from gradcmp.reference.algebras.germ_steps import Outside, Singular, taylor
from gradcmp.reference.algebras.germs import GermAlgebra
from gradcmp.reference.algebras.jets import Germ, NeedOrder, ray
from gradcmp.reference.algebras.whole_numbers import WholeAlgebra
from gradcmp.reference.budget import Budget
from gradcmp.reference.language.arrays import Array, Context
from gradcmp.reference.language.evaluator import evaluate
from gradcmp.reference.precision import at
from gradcmp.reference.steps import STEPS
from tests.reference.problems import problem

SMOOTH = {
    "exp": (-1.5, 0.0, 2.0), "expm1": (-1.5, 0.0, 2.0), "log1p": (-0.5, 0.0, 2.0),
    "sin": (-2.0, 0.0, 1.0), "cos": (-2.0, 0.0, 1.0), "tan": (-1.0, 0.0, 1.0),
    "arcsin": (-0.5, 0.0, 0.75), "arccos": (-0.5, 0.0, 0.75), "arctan": (-2.0, 0.0, 1.0),
    "sinh": (-2.0, 0.0, 1.0), "cosh": (-2.0, 0.0, 1.0), "tanh": (-2.0, 0.0, 30.0), "sech_squared": (-2.0, 0.0, 1.0),
    "sigmoid": (-30.0, 0.0, 1.0), "sigmoid_slope": (-30.0, 0.0, 1.0), "softplus": (-30.0, 0.0, 1.0),
    "arcsinh": (-2.0, 0.0, 1.0), "arccosh": (1.5, 3.0), "arctanh": (-0.5, 0.0, 0.75),
    "erf": (-2.0, 0.0, 1.0), "erfc": (-2.0, 0.0, 4.0),
    "lgamma": (-2.5, 0.5, 7.0), "digamma": (-2.5, 0.5, 7.0), "trigamma": (-2.5, 0.5, 7.0), "tetragamma": (-2.5, 0.5, 7.0),
}  # fmt: skip
IN_SERIES = ("exp", "sin", "cos", "tan", "asin", "acos", "atan", "erf", "erfc")


def items(*values):
    return filled(list(values), (len(values),))


def element(name, *row, order=4):
    """One step on single germs, through the algebra."""
    return GermAlgebra(order).elementwise(name, *(filled([x], ()) for x in row)).item()


def s(speed=1, start=0):
    return ray(arb(start), arb(speed))


def slope(x):
    return float(jets.slope(x, 16))


@pytest.mark.parametrize(("name", "x"), [(name, x) for name, points in SMOOTH.items() for x in points])
def test_taylor_coefficients_predict_the_function_nearby(name, x):
    with at(256):
        h, count = arb(2) ** -20, 6
        coefficients = taylor(name, arb(x), count)
        predicted = sum((c * h**k for k, c in enumerate(coefficients)), start=arb(0))
        scale = 1 + max(abs(float(c)) for c in coefficients)
        assert abs(STEPS[name].ball(arb(x) + h) - predicted) < 1000 * scale * h**count
        assert all(c.rel_accuracy_bits() > 150 or c.is_zero() for c in coefficients)


@pytest.mark.parametrize("name", IN_SERIES)
@pytest.mark.parametrize("x", [-0.75, 0.25])
def test_taylor_coefficients_overlap_flints_own_series(name, x):
    ours = {"asin": "arcsin", "acos": "arccos", "atan": "arctan"}.get(name, name)
    with at(128):
        before, ctx.cap = ctx.cap, 8
        try:
            theirs = getattr(arb_series([arb(x), 1], prec=8), name)()
            assert all(c.overlaps(theirs[k]) for k, c in enumerate(taylor(ours, arb(x), 8)))
        finally:
            ctx.cap = before


@pytest.mark.parametrize(("name", "x"), [("log1p", -2), ("arcsin", 2), ("arccosh", 0.5), ("arctanh", -1.5)])
def test_outside_of_its_domain_a_function_has_no_series(name, x):
    with pytest.raises(Outside):
        taylor(name, arb(x), 4)


@pytest.mark.parametrize(("name", "x"), [("log1p", -1), ("arctanh", 1), ("lgamma", -2), ("digamma", 0)])
def test_a_singular_point_has_no_series(name, x):
    with pytest.raises(Singular):
        taylor(name, arb(x), 4)


def test_a_germ_that_does_not_move_is_a_ball():
    assert type(element("subtract", s(), s())) is arb
    assert element("add", s(), element("negative", s())).is_zero()
    assert type(element("multiply", s(), arb(0))) is arb


def test_the_sign_is_that_of_the_leading_coefficient():
    square = element("square", s())
    assert jets.sign(element("subtract", square, s(1, 0))) == -1  # s² < s
    assert jets.sign(element("subtract", s(), element("square", s(100)))) == 1  # s > 10000 s²
    assert jets.sign(element("subtract", element("multiply", s(), s()), square)) == 0


def test_what_cancels_beyond_the_known_terms_asks_for_more_of_them():
    difference = element("subtract", element("cos", s()), element("cos", s()))
    with pytest.raises(NeedOrder):
        jets.sign(difference)
    gap = element("subtract", element("sin", s(), order=8), s(), order=8)  # -s³ / 6
    assert jets.sign(gap) == -1


def test_what_cancels_inexactly_is_undecided():
    third = arb(1) / 3
    with pytest.raises(Undecided):
        jets.sign(element("subtract", element("multiply", s(), third), element("divide", s(), arb(3))))


def test_division_makes_poles_and_takes_them_away():
    pole = element("divide", arb(-1), s())
    assert jets.limit(pole) == arb("-inf")
    assert jets.limit(element("multiply", pole, s())) == -1
    assert slope(element("divide", element("sin", s()), s())) == 0.0
    assert slope(element("divide", element("expm1", s()), s())) == 0.5


def test_roots_have_fractional_orders():
    assert slope(element("sqrt", s())) == np.inf
    assert slope(element("sqrt", element("square", s(-3)))) == 3.0
    assert jets.limit(element("multiply", element("rsqrt", s()), element("sqrt", s(4)))) == 2
    root = element("sqrt", s())
    assert root.terms[0][0] == Fraction(1, 2)
    assert element("subtract", element("multiply", root, root), s()).is_zero()
    assert element("sqrt", s(-1)).is_nan()


@pytest.mark.parametrize(
    ("exponent", "expected"),
    [(1.5, 0.0), (0.5, np.inf), (2.0, 0.0), (1.0, 1.0), (0.1, np.inf), (-1.0, -np.inf), (0, 0.0)],
)
def test_powers_of_zero(exponent, expected):
    assert slope(element("power", s(), arb(exponent))) == expected


def test_powers_with_a_moving_exponent():
    assert slope(element("power", arb(2), s(1, 3))) == pytest.approx(8 * np.log(2))
    assert slope(element("power", s(1, 2), s(1, 3))) == pytest.approx(8 * (np.log(2) + 1.5))
    assert element("power", arb(0), s(1, 2)).is_zero()
    assert element("power", arb(0), s(-1)).is_nan()


@pytest.mark.parametrize(
    ("y", "x", "value", "expected"),
    [
        (s(), arb(1), 0.0, 1.0),
        (s(), arb(-1), np.pi, -1.0),
        (s(-1), arb(-1), -np.pi, 1.0),
        (s(), s(), np.pi / 4, 0.0),
        (s(-1), s(-1), -3 * np.pi / 4, 0.0),
        (arb(0), s(-1), np.pi, 0.0),
        (s(1, 3), s(2, 4), np.arctan2(3, 4), (4 - 6) / 25),
    ],
)
def test_arctan2_in_every_direction(y, x, value, expected):
    angle = element("arctan2", y, x)
    assert float(jets.limit(angle)) == pytest.approx(value)
    assert slope(angle) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("arcsin", s(-1, 1), -np.inf), ("arcsin", s(1, -1), np.inf), ("arccos", s(-1, 1), np.inf),
        ("arccos", s(1, -1), -np.inf), ("arccosh", s(1, 1), np.inf), ("arcsin", s(1, 0.5), 1 / np.sqrt(0.75)),
    ],
)  # fmt: skip
def test_inverse_functions_at_the_edges_of_their_domains(name, x, expected):
    assert slope(element(name, x)) == pytest.approx(expected)


@pytest.mark.parametrize(("name", "x"), [("arcsin", s(1, 1)), ("arccos", s(-1, -1)), ("arccosh", s(-1, 1))])
def test_beyond_the_edge_there_is_nothing(name, x):
    assert element(name, x).is_nan()


def test_selections_and_steps_choose_by_the_ray():
    assert slope(element("abs", s(-2))) == 2.0
    assert slope(element("maximum", s(1), s(3))) == 3.0
    assert slope(element("minimum", s(1), s(3))) == 1.0
    assert slope(element("maximum", s(-1), arb(0))) == 0.0
    assert slope(element("minimum", s(1, 5), arb("inf"))) == 1.0
    assert element("floor", s(1, 2)) == 2
    assert element("floor", s(-1, 2)) == 1
    assert GermAlgebra().compare(items(s(), s(-1), s()), items(arb(0), arb(0), s())).tolist() == [1, -1, 0]


def test_what_the_algebra_has_no_word_for_is_named():
    algebra = GermAlgebra()
    result = algebra.elementwise("log", items(s(), s(1, 2), arb(3)))
    assert [x.is_nan() if type(x) is arb else False for x in result] == [True, False, False]
    assert algebra.unsupported == ["the logarithm of something that vanishes or grows without bound"]
    algebra.elementwise("exp", items(element("divide", arb(1), s())))
    assert "grows without bound" in algebra.unsupported[1]


def test_not_a_number_stays_so():
    nan = arb("nan")
    assert element("add", s(), nan).is_nan()
    assert element("multiply", s(), nan).is_nan()
    assert element("maximum", s(), nan).is_nan()
    assert element("scale", arb(0), s()).is_zero()


def test_a_constant_of_the_function_keeps_the_value():
    assert GermAlgebra().constantly(items(s(1, 3), arb(2))).tolist() == [3, 2]


def test_scatter_sums_and_picks():
    algebra = GermAlgebra()
    found = algebra.scatter(items(s(1), s(2), arb(3)), np.asarray([1, 1, 2]), 3)
    assert [slope(x) for x in found] == [0.0, 3.0, 0.0]
    assert algebra.zeros(found).tolist() == [True, False, False]
    assert slope(algebra.sum(items(s(1), s(2), arb(3)), (0,)).item()) == 3.0


def _matrix(rows):
    return filled([x for row in rows for x in row], (len(rows), len(rows[0])))


def test_matrix_products_agree_whichever_way_they_go():
    generator = np.random.default_rng(1)
    algebra = GermAlgebra()

    def entry():
        kind = generator.integers(4)
        start, speed = (int(x) for x in generator.integers(-3, 4, 2))
        moving = s(speed, start)
        return [arb(start), moving, element("sin", s(1, start)), element("square", s(speed or 1, 0))][kind]

    x, y = (_matrix([[entry() for _ in range(4)] for _ in range(4)]) for _ in range(2))
    for a, b in zip(algebra._by_orders(x, y).ravel(), algebra._by_movers(x, y).ravel(), strict=True):
        (terms_a, order_a), (terms_b, order_b) = jets.parts(a), jets.parts(b)
        assert order_a == order_b
        assert [e for e, _ in terms_a] == [e for e, _ in terms_b]
        assert all(c.overlaps(d) for (_, c), (_, d) in zip(terms_a, terms_b, strict=True))


def test_systems_inverses_and_determinants_at_a_singular_matrix():
    algebra = GermAlgebra()
    singular = _matrix([[s(1, 1), arb(2)], [arb(2), arb(4)]])  # det = 4 s
    assert slope(algebra.det(singular).item()) == 4.0
    x = algebra.solve(singular, _matrix([[arb(1)], [arb(2)]]))  # (0, 1/2), whatever s is
    assert [float(jets.limit(each)) for each in x.ravel()] == [0.0, 0.5]
    product = algebra.matmul(singular, algebra.inv(singular))
    assert [float(jets.limit(each)) for each in product.ravel()] == [1.0, 0.0, 0.0, 1.0]
    with pytest.raises(Undecided, match="singular"):
        algebra.inv(_matrix([[s(), s()], [s(), s()]]))
    assert algebra.det(_matrix([[s(), s()], [s(), s()]])).item().is_zero()


def test_the_matrices_of_a_stack_each_by_itself():
    """[[s, 1], [0, 2]] and a matrix that does not move: determinants, products, systems."""
    algebra = GermAlgebra()
    stack = np.stack([_matrix([[s(), arb(1)], [arb(0), arb(2)]]), _matrix([[arb(2), arb(0)], [arb(0), arb(4)]])])
    assert [slope(each) for each in algebra.det(stack)] == [2.0, 0.0]
    product = algebra.matmul(stack, stack)
    assert [[slope(each) for each in matrix.ravel()] for matrix in product] == [[0, 1, 0, 0], [0, 0, 0, 0]]
    unit = algebra.matmul(stack, algebra.inv(stack))
    assert [[float(jets.limit(each)) for each in matrix.ravel()] for matrix in unit] == [[1, 0, 0, 1]] * 2
    right = np.stack([_matrix([[arb(1)], [arb(2)]])] * 2)
    assert [float(jets.limit(each)) for each in algebra.solve(stack, right).ravel()] == [0.0, 1.0, 0.5, 0.5]


def test_elements_that_do_not_move_are_those_of_balls():
    values = BallAlgebra().constant(np.asarray([0.5, 2.0]))
    mixed = items(values[0], s(1, 2))
    found = GermAlgebra().elementwise("exp", mixed)
    assert found[0].overlaps(arb(0.5).exp())
    assert type(found[0]) is arb
    assert type(found[1]) is Germ


POLYNOMIALS = st.lists(st.integers(-5, 5), min_size=1, max_size=5)


@given(POLYNOMIALS, POLYNOMIALS)
@settings(max_examples=100, deadline=None)
def test_arithmetic_is_that_of_polynomials(p, q):
    def germ(coefficients):
        return jets.made({e: arb(c) for e, c in enumerate(coefficients)}, None, 4)

    def known(x):
        terms, order = jets.parts(x)
        return {e: float(c) for e, c in terms}, order

    product = np.convolve(p, q)
    assert known(jets.multiply(germ(p), germ(q), 4)) == ({e: c for e, c in enumerate(product.tolist()) if c}, None)
    total = [sum(pair) for pair in zip(p + [0] * 5, q + [0] * 5, strict=False)][: max(len(p), len(q))]
    assert known(jets.add([germ(p), germ(q)], 4)) == ({e: c for e, c in enumerate(total) if c}, None)
    assert jets.sign(germ(p)) == next((np.sign(c) for c in p if c), 0)


@given(POLYNOMIALS.filter(any), POLYNOMIALS.filter(any))
@settings(max_examples=100, deadline=None)
def test_division_undoes_multiplication(p, q):
    x, y = (jets.made({e: arb(c) for e, c in enumerate(each)}, None, 8) for each in (p, q))
    quotient = element("divide", jets.multiply(x, y, 8), y, order=8) if type(x) is Germ or type(y) is Germ else x
    terms, order = jets.parts(quotient)
    expected = dict(jets.parts(x)[0])
    assert all(c.overlaps(expected.get(e, arb(0))) for e, c in terms)
    assert order is None or order >= 3


@pytest.mark.parametrize(
    ("text", "opened"),
    [
        ("maximum(x, y)", True),
        ("abs(x)", True),
        ("where(x > 0, x, y)", True),
        ("x // 1", True),
        ("maximum(x, y + 1)", False),
        ("where(x - x > 0, x, y)", False),
        ("e = exp(x)\nreturn maximum(e, e)\n", False),
        ("x // 1 + (y - 0.5) // 1", True),
        ("(y - 0.5) // 1", False),
    ],
)
def test_a_tie_that_opens_along_the_ray_is_noted(text, opened):
    germs = GermAlgebra()
    asked = problem(text, "value", x=0.0, y=0.0)
    moving = {
        "x": Array(kind="float", data=items(s(2)).reshape(())),
        "y": Array(kind="float", data=items(s(3)).reshape(())),
    }
    evaluate(asked.checked, Context(floats=germs, wholes=WholeAlgebra(), dtype="float64"), moving, Budget())
    assert germs.opened is opened
