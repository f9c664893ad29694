"""The elementwise steps on single germs: by their Taylor series, and in forms of their own where they have none."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from flint import arb

from gradcmp.reference.algebras import jets
from gradcmp.reference.algebras.balls import sign
from gradcmp.reference.algebras.jets import NAN, ZERO, Element, Germ, NeedOrder, moves
from gradcmp.reference.steps import STEPS
from gradcmp.reference.steps.arithmetic import to_whole
from gradcmp.reference.steps.series import binomial, logarithm


class Outside(Exception):
    """The function is not defined here."""


class Singular(Exception):
    """The function has no Taylor series here; the message names the place."""


def taylor(name: str, x: Any, count: int) -> list[Any]:
    """The first `count` Taylor coefficients of the step `name` at the ball `x`.

    Raises `Outside` and `Singular`, and `Undecided` where the ball is too wide to tell.
    """
    if not x.is_finite():
        raise Outside
    row = STEPS[name]
    assert row.series is not None
    for bound in row.domain:
        side = sign(bound(x), arb(0))
        if side < 0:
            raise Outside
        if side == 0:
            raise Singular(f"`{name}` at the edge of its domain")
    coefficients = row.series(x, count)[:count]
    if not all(each.is_finite() for each in coefficients):
        raise Singular(f"`{name}` at a pole")
    return coefficients


def element(name: str, row: Sequence[Element], most: int) -> Element:
    """The step `name` on germs of which one moves, to `most` terms. Raises `Outside`, `Singular`, `NeedOrder`."""
    step = _GERM_STEPS.get(name)
    return step(*row, most) if step else _smooth(name, row[0], most)


def compared(x: Element, y: Element, most: int) -> int:
    """The sign of x - y."""
    if not (moves(x) or moves(y)):
        return sign(x, y)
    for item, turn in ((x, 1), (y, -1)):
        if not moves(item) and not item.is_finite() and not item.is_nan():
            return turn if item > 0 else -turn
    return jets.sign(minus(x, y, most))


def opens(x: Element, y: Element, most: int) -> bool:
    """Are two germs equal at the point, and not along the ray?"""
    if x is y or not (moves(x) or moves(y)):
        return False
    first, second = jets.limit(x), jets.limit(y)
    return bool(first.is_exact() and first == second) and moves(minus(x, y, most))


def minus(x: Element, y: Element, most: int) -> Element:
    """x - y to `most` terms; of a germ and itself exactly zero."""
    if x is y and moves(x):
        return ZERO
    return jets.add((x, jets.negative(y)), most)


def divide(x: Element, y: Element, most: int) -> Element:
    """x / y to `most` terms; NaN where y is zero. Raises `NeedOrder`, and `Undecided` where y may vanish."""
    if not (moves(x) or moves(y)):
        return x / y
    if not moves(y) and not y.is_finite():
        return 1 / y
    if not moves(y):
        return NAN if y.is_zero() else jets.shared(x, y)
    return jets.multiply(x, _fixed_power(y, -1, most), most)


def whole_power(x: Element, exponent: int, most: int) -> Element:
    """x to a power, by squaring. Raises as `divide` for a negative one."""
    if not moves(x):
        return to_whole(x, exponent)
    if exponent < 0:
        return _fixed_power(x, exponent, most)
    result: Element = arb(1)
    square: Element = x
    while exponent:
        if exponent & 1:
            result = jets.multiply(result, square, most)
        exponent >>= 1
        if exponent:
            square = jets.multiply(square, square, most)
    return result


def _smooth(name: str, x: Element, most: int) -> Element:
    """A function with a Taylor series at the limit of x."""
    if not moves(x):
        return STEPS[name].ball(x)
    value, rest = _split(name, x)
    return jets.composed(taylor(name, value, most), rest, most)


def _split(name: str, x: Germ) -> tuple[Any, Element]:
    value, rest = jets.split(x)
    if not value.is_finite():
        raise Singular(f"`{name}` of something that grows without bound")
    return value, rest


def _select(x: Element, y: Element, first: int, most: int) -> Element:
    if any(not moves(item) and item.is_nan() for item in (x, y)):
        return NAN
    return x if compared(x, y, most) * first >= 0 else y


def _floor(x: Germ, _most: int) -> Element:
    value, rest = _split("floor", x)
    lower = STEPS["floor"].ball(value)
    return lower - 1 if value.is_exact() and lower == value and jets.sign(rest) < 0 else lower


# Powers and logarithms, by the leading term ------------------------------------------------------------------


def _positive(x: Germ) -> tuple[jets.Exponent, Any, Element]:
    if jets.sign(x) < 0:
        raise Outside
    return jets.leading(x)


def _fixed_power(x: Germ, p: Any, most: int) -> Element:
    """x^p for a number or, if x does not vanish, a ball p; the leading coefficient has to admit it."""
    e, c, r = jets.leading(x)
    if isinstance(p, int | Fraction):
        exponent, exact = Fraction(e * p), jets.ball(p)
        shift: jets.Exponent = int(exponent) if exponent.denominator == 1 else exponent
    else:
        shift, exact = 0, p
    first = c**p if isinstance(p, int) else c.sqrt() if p == Fraction(1, 2) else c**exact
    return jets.scaled(jets.composed(binomial(exact, most), r, most), first, shift)


def _root(x: Germ, p: Fraction, most: int) -> Element:
    _positive(x)
    return _fixed_power(x, p, most)


def _log(x: Element, most: int) -> Element:
    if not moves(x):
        return x.log()
    e, c, r = _positive(x)
    if e != 0:
        raise Singular("the logarithm of something that vanishes or grows without bound")
    return jets.add((c.log(), jets.composed(logarithm(most), r, most)), most)


def _log1p(x: Germ, most: int) -> Element:
    value, _ = _split("log1p", x)
    edge = value.is_exact() and value == -1
    return _log(jets.add((arb(1), x), most), most) if edge else _smooth("log1p", x, most)


def _power(x: Element, p: Element, most: int) -> Element:
    if moves(x) and not moves(p):
        exact = _exactly(p)
        if exact is not None:
            return whole_power(x, int(exact), most) if exact.denominator == 1 else _root(x, exact, most)
        if _positive(x)[0] != 0:
            raise Singular("a power of zero with an exponent that is not exact")
        return _fixed_power(x, p, most)
    if not moves(x) and x.is_zero() and jets.sign(p) > 0:
        return ZERO
    if not moves(x) and not x > 0:
        raise Outside
    return _smooth("exp", jets.multiply(p, _log(x, most), most), most)


def _exactly(p: Any) -> Fraction | None:
    """The rational number that a ball is, if it is one of a size that an exponent may have."""
    if not p.is_exact() or not p.is_finite():
        return None
    mantissa, shift = (int(each) for each in p.man_exp())
    if abs(shift) > 64 or abs(mantissa).bit_length() > 64:
        return None
    return Fraction(mantissa) * Fraction(2) ** shift


# Angles ------------------------------------------------------------------------------------------------------


def _arctan2(y: Element, x: Element, most: int) -> Element:
    """By a rotation to the direction that the ray nears, from which it differs by a small angle."""
    y, x = _common_scale(y, x)
    y0, x0 = jets.limit(y), jets.limit(x)
    start = arb.pi() * (-1 if jets.sign(y) < 0 else 1) if y0.is_zero() and x0 < 0 else arb.atan2(y0, x0)
    sine = minus(jets.multiply(y, x0, most), jets.multiply(x, y0, most), most)
    cosine = jets.add((jets.multiply(x, x0, most), jets.multiply(y, y0, most)), most)
    return jets.add((start, _smooth("arctan", divide(sine, cosine, most), most)), most)


def _common_scale(y: Element, x: Element) -> tuple[Element, Element]:
    """Both over the larger one's power of s, so that both limits are finite and one is not zero."""
    exponents = [terms[0][0] for terms, _ in map(jets.parts, (y, x)) if terms]
    if not exponents:
        raise NeedOrder
    one = arb(1)
    return jets.scaled(y, one, -min(exponents)), jets.scaled(x, one, -min(exponents))


def _at_edge(name: str) -> Callable[..., Element]:
    """arcsin, arccos and arccosh, which at ±1 are square roots (DLMF 4.23.36 and 4.37)."""

    def step(x: Germ, most: int) -> Element:
        value, _ = _split(name, x)
        one = arb(1)
        if not (value.is_exact() and abs(value) == one):
            return _smooth(name, x, most)
        if name == "arccosh":
            return jets.scaled(_smooth("arcsinh", _half_root(minus(x, one, most), most), most), arb(2))
        inner = minus(one, x if value > 0 else jets.negative(x), most)
        angle = jets.scaled(_smooth("arcsin", _half_root(inner, most), most), arb(2))  # arccos |x|
        if name == "arccos":
            return angle if value > 0 else minus(arb.pi(), angle, most)
        return jets.scaled(minus(arb.pi() / 2, angle, most), value)

    return step


def _half_root(x: Germ, most: int) -> Element:
    return _root(jets.scaled(x, arb(1) / 2), Fraction(1, 2), most)


_GERM_STEPS: dict[str, Callable[..., Element]] = {
    "add": lambda x, y, most: jets.add((x, y), most),
    "subtract": minus,
    "multiply": jets.multiply,
    "scale": lambda x, y, most: ZERO if not moves(x) and x.is_zero() else jets.multiply(x, y, most),
    "divide": divide,
    "power": _power,
    "arctan2": _arctan2,
    "maximum": lambda x, y, most: _select(x, y, 1, most),
    "minimum": lambda x, y, most: _select(x, y, -1, most),
    "negative": lambda x, _most: jets.negative(x),
    "abs": lambda x, _most: jets.negative(x) if jets.sign(x) < 0 else x,
    "square": lambda x, most: jets.multiply(x, x, most),
    "floor": _floor,
    "log": _log,
    "log1p": _log1p,
    "sqrt": lambda x, most: _root(x, Fraction(1, 2), most),
    "rsqrt": lambda x, most: _root(x, Fraction(-1, 2), most),
    "arcsin": _at_edge("arcsin"),
    "arccos": _at_edge("arccos"),
    "arccosh": _at_edge("arccosh"),
    "two_over_root_pi": lambda _x, _most: 2 / arb.const_sqrt_pi(),
}
"""Steps that are no Taylor series, or go on where theirs ends."""
