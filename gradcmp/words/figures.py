"""Numbers, durations and shapes as people read them."""

import math
from collections.abc import Sequence
from typing import Any

from gradcmp.core.formats import FORMATS
from gradcmp.core.reasons import Digits

DIGITS = 6
"""Significant digits in tables; fewer where they say it exactly, more where it takes more to tell wrong from true."""

_UNITS = ((1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms"), (1.0, "s"))


def number(value: float | str, dtype: str = "float64", *, digits: int = DIGITS) -> str:
    """The shortest text that reads back to `value` in `dtype`, at most `digits` significant digits long.

    Whole numbers below 10 million stand in full. Accepts the strings of the result file (`"nan"`).

    >>> number(12.0), number(5.43656365691809), number(409600.0), number(1e-7), number(0.10000000149011612, "float32")
    ('12', '5.43656', '409600', '1e-07', '0.1')
    """
    if isinstance(value, bool | str):
        return str(value).lower()
    value = float(value)
    if not math.isfinite(value):
        return str(value)
    if value.is_integer() and abs(value) < 10_000_000:
        return f"{value:.0f}"
    form = FORMATS.get(dtype)
    for count in range(1, digits):
        text = f"{value:.{count}g}"
        if form is not None and form.round(float(text)) == value:
            return text
    return f"{value:.{digits}g}"


def nested(data: Any, dtype: str = "float64", *, digits: int = DIGITS) -> str:
    """Nested lists of numbers in one line: `[[4, 0], [0, 4]]`."""
    if isinstance(data, list):
        return f"[{', '.join(nested(item, dtype, digits=digits) for item in data)}]"
    return number(data, dtype, digits=digits)


def shape(lengths: Sequence[int]) -> str:
    """`64×64`; a vector of 64 is `64`."""
    return "×".join(str(length) for length in lengths)


def duration(seconds: float) -> str:
    """Three significant digits in the unit that fits: `41.2 µs`, `212 ms`, `1.50 s`, `95.0 s`."""
    for index, (size, unit) in enumerate(_UNITS):
        scaled = seconds / size
        text = _three_digits(scaled)
        if float(text) < 1000 or index == len(_UNITS) - 1:
            return f"{text} {unit}"
    raise AssertionError  # the last unit always returns


def interval(low: float, high: float) -> str:
    """`[41.0, 41.5] µs`, both ends in the unit of the larger."""
    size, unit = next(((s, u) for s, u in _UNITS if float(_three_digits(high / s)) < 1000), _UNITS[-1])
    return f"[{_three_digits(low / size)}, {_three_digits(high / size)}] {unit}"


def ratio(value: float) -> str:
    """`2.3×`."""
    return f"{_three_digits(value)}×" if value >= 10 else f"{value:.1f}×"


def distance(value: float | None) -> str:
    """An error, three significant digits: `2.1e-07`, `0.5`, `0`; a dash where there is none."""
    if value is None:
        return "–"
    if math.isfinite(value) and value == int(value) and abs(value) < 100_000:
        return str(int(value))
    return f"{value:.3g}"


def _three_digits(value: float) -> str:
    if value < 9.995:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def digits(known: Digits) -> str:
    """Correct decimal digits of those that the dtype holds, rounded down: `10.8 of 15.9`."""
    return " of ".join(f"{math.floor(10 * count) / 10:.1f}" for count in (known.correct, known.held))


def fold(times: float) -> str:
    """How many times smaller: `7300`, `5e8`; infinite where nothing is left."""
    return f"{times:.0e}".replace("e+0", "e").replace("e+", "e") if times >= 1e5 else f"{float(f'{times:.2g}'):g}"
