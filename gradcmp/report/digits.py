"""True values in decimal, with as many digits as are known, and their distances in units of the last place."""

import math
from dataclasses import dataclass
from decimal import Context, Decimal

MOST = 20
"""Significant digits of a true value."""

_EXACT = Context(prec=2200)  # no difference of two float64 numbers has more digits
_SMALLEST_PLAIN = -5  # power of ten; below it, and beyond `MOST` digits, numbers have an exponent


@dataclass(frozen=True, slots=True)
class Digits:
    """A number in decimal. `count` digits are known, to within one unit of the last: `MOST` where that many or all are.

    0 where not even the first is known.
    """

    text: str
    count: int


def known_digits(high: float, low: float, radius: float) -> Digits:
    """`high + low`, known within `radius`, to at most `MOST` digits.

    >>> known_digits(12.0, 0.0, 0.0), known_digits(0.1, 0.0, 1e-8)
    (Digits(text='12', count=20), Digits(text='0.1000000', count=7))
    """
    if not math.isfinite(high):
        return Digits(str(high), MOST)
    value = _EXACT.add(Decimal(high), Decimal(low))
    if not math.isfinite(radius) or abs(value) < Decimal(radius) or (radius and not value):
        return Digits(repr(high), 0)
    if not value:
        return Digits("0", MOST)
    lead, count = value.adjusted(), MOST
    while count and Decimal(radius) > Decimal(5).scaleb(lead - count):  # half a unit of the last digit
        count -= 1
    if not count:
        return Digits(repr(high), 0)
    rounded = Context(prec=count).plus(value)
    if radius == 0.0 and rounded == value:
        rounded = _without_zeros(rounded)
    else:
        rounded = rounded.quantize(Decimal(1).scaleb(rounded.adjusted() - count + 1), context=_EXACT)
    return Digits(_written(rounded), count)


def _without_zeros(value: Decimal) -> Decimal:
    """Without zeros at the end of a fraction; a whole number below 10**`MOST` in full."""
    trimmed = value.normalize(_EXACT)
    exponent = trimmed.as_tuple().exponent
    whole = isinstance(exponent, int) and exponent > 0 and trimmed.adjusted() < MOST
    return trimmed.quantize(Decimal(1), context=_EXACT) if whole else trimmed


def _written(value: Decimal) -> str:
    exponent = value.as_tuple().exponent
    plain = isinstance(exponent, int) and exponent <= 0 and _SMALLEST_PLAIN <= value.adjusted() < MOST
    return format(value, "f" if plain else "e")
