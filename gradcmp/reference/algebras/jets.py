"""Germs: functions of s as s falls to 0, known by their leading terms. A kink is decided along such a ray.

A germ is a sum of c s^e with balls c and rational exponents e, negative ones included, up to an unknown rest. Where
nothing is left out it is exact, so that two germs can be proven equal. A germ that does not move is a plain `arb`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import itemgetter
from typing import Any

from flint import arb

from gradcmp.reference.algebra import Undecided
from gradcmp.reference.algebras.balls import sign as ball_sign

Exponent = int | Fraction
Element = Any
"""A `Germ`, or the `arb` of a germ that does not move."""

NAN = arb("nan")
ZERO = arb(0)
LARGEST_POLYNOMIAL = 64
"""Terms up to which an exact germ is kept exact."""


class NeedOrder(Exception):
    """The terms that are known do not answer; with more of them they may."""


@dataclass(slots=True, eq=False)
class Germ:
    """`terms`: (exponent, coefficient), ascending, none provably 0; `order`: all below it are known (None: all)."""

    terms: tuple[tuple[Exponent, Any], ...]
    order: Exponent | None = None


def made(terms: Mapping[Exponent, Any], order: Exponent | None, most: int) -> Element:
    """A germ of at most `most` terms; an `arb` where it does not move."""
    kept = [item for item in terms.items() if not item[1].is_zero() and (order is None or item[0] < order)]
    if len(kept) > 1:
        kept.sort(key=itemgetter(0))
    limit = LARGEST_POLYNOMIAL if order is None else most
    if len(kept) > limit:
        order, kept = kept[most][0], kept[:most]
    if order is None and (not kept or (len(kept) == 1 and kept[0][0] == 0)):
        return kept[0][1] if kept else ZERO
    return Germ(tuple(kept), order)


def ray(start: Any, speed: Any) -> Element:
    """start + speed s."""
    return made({0: start, 1: speed}, None, 2)


def parts(x: Element) -> tuple[tuple[tuple[Exponent, Any], ...], Exponent | None]:
    """`terms` and `order` as in `Germ`, of what does not move too."""
    if type(x) is Germ:
        return x.terms, x.order
    return (() if x.is_zero() else ((0, x),)), None


def _least(x: Exponent | None, y: Exponent | None) -> Exponent | None:
    return min((order for order in (x, y) if order is not None), default=None)


def add(items: Sequence[Element], most: int) -> Element:
    """The sum, to `most` terms. What is infinite and does not move outweighs all else along the ray."""
    total: dict[Exponent, Any] = {}
    order: Exponent | None = None
    infinite: Any = None
    for item in items:
        terms, known = parts(item)
        if not moves(item) and not item.is_finite():
            infinite = item if infinite is None else infinite + item
            continue
        order = _least(order, known)
        for e, c in terms:
            total[e] = total[e] + c if e in total else c
    return made(total, order, most) if infinite is None else infinite


def negative(x: Element) -> Element:
    """-x, term by term."""
    return Germ(tuple((e, -c) for e, c in x.terms), x.order) if type(x) is Germ else -x


def multiply(x: Element, y: Element, most: int) -> Element:
    """A factor that is provably zero along the ray makes the product zero, unless the other is not a number."""
    if not (moves(x) or moves(y)):
        return x * y
    for item, other in ((x, y), (y, x)):
        if not moves(item) and not item.is_finite():
            return item * sign(other)
    (left, known_left), (right, known_right) = parts(x), parts(y)
    order = _least(_reach(known_left, right, known_right), _reach(known_right, left, known_left))
    total: dict[Exponent, Any] = {}
    for e, c in left:
        for f, d in right:
            if order is None or e + f < order:
                total[e + f] = total[e + f] + c * d if e + f in total else c * d
    return made(total, order, most)


def _reach(order: Exponent | None, other: Sequence[tuple[Exponent, Any]], known: Exponent | None) -> Exponent | None:
    """Where the product of the rest from `order` on with the other germ begins."""
    if order is None:
        return None
    if other:
        return order + other[0][0]
    return None if known is None else order + known


def scaled(x: Element, factor: Any, shift: Exponent = 0) -> Element:
    """x times a ball times s^shift."""
    terms, order = parts(x)
    return made({e + shift: c * factor for e, c in terms}, None if order is None else order + shift, LARGEST_POLYNOMIAL)


def shared(x: Element, divisor: Any) -> Element:
    """x over a ball, coefficient by coefficient: 6 / 3 is exact, 6 * (1 / 3) is not."""
    terms, order = parts(x)
    return made({e: c / divisor for e, c in terms}, order, LARGEST_POLYNOMIAL)


def moves(x: Element) -> bool:
    """Is it more than one number along the ray?"""
    return type(x) is Germ


def sign(x: Element) -> int:
    """The sign for small s: that of the leading coefficient; 0 where the germ is provably zero."""
    if not moves(x):
        return ball_sign(x, ZERO)
    if not x.terms:
        raise NeedOrder
    return ball_sign(x.terms[0][1], ZERO)  # Undecided where it straddles 0


def limit(x: Element) -> Any:
    """The limit as s falls to 0, which may be infinite."""
    if not moves(x):
        return x
    if x.terms and x.terms[0][0] < 0:
        return arb("inf") if sign(x) > 0 else arb("-inf")
    if x.order is not None and x.order <= 0:
        raise NeedOrder
    return x.terms[0][1] if x.terms and x.terms[0][0] == 0 else ZERO


def slope(x: Element, most: int) -> Any:
    """The limit of the derivative by s; NaN where the function is not a finite number along the ray."""
    if not moves(x):
        return ZERO if x.is_finite() else NAN
    if not all(c.is_finite() for _, c in x.terms):
        raise Undecided("a number that this precision cannot hold")
    order = None if x.order is None else x.order - 1
    return limit(made({e - 1: c * ball(e) for e, c in x.terms if e != 0}, order, most))


def ball(e: Exponent) -> Any:
    """An exponent as a ball."""
    return arb(e) if isinstance(e, int) else arb(e.numerator) / e.denominator


def split(x: Germ) -> tuple[Any, Element]:
    """The limit and what is left, which vanishes with s. The germ must not have a pole."""
    value = limit(x)
    return value, made({e: c for e, c in x.terms if e != 0}, x.order, LARGEST_POLYNOMIAL)


def leading(x: Germ) -> tuple[Exponent, Any, Element]:
    """(e, c, r) with x = c s^e (1 + r), where r vanishes with s; c is provably not 0."""
    if not x.terms:
        raise NeedOrder
    e, c = x.terms[0]
    if c.contains(0):
        raise Undecided("the size of a number that may be zero")
    rest = made(dict(x.terms[1:]), x.order, LARGEST_POLYNOMIAL)
    return e, c, scaled(rest, 1 / c, -e)


def composed(coefficients: Sequence[Any], h: Element, most: int) -> Element:
    """Σ t_m h^m for a germ h that vanishes with s; the coefficients after the last are unknown."""
    if not moves(h):  # then h is zero
        return coefficients[0]
    total, power = [coefficients[0]], h
    for coefficient in coefficients[1:]:
        total.append(scaled(power, coefficient))
        power = multiply(power, h, most)
    terms, order = parts(power)
    total.append(Germ((), terms[0][0] if terms else order))
    return add(total, most)
