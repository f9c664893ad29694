"""The generators: one function each, in float64, int64 or bool, with NumPy's frozen `RandomState` streams.

https://numpy.org/doc/stable/reference/random/legacy.html: these streams never change. The calls are part of the
scenario format: `normal` is `standard_normal`, `uniform` is `uniform(low, high)`, `integers` is
`randint(low, high, dtype=int64)`, `bernoulli` is `random_sample() < p`, `permutation` is `permutation(n)`.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy

Arguments = Mapping[str, Any]

_STREAM = numpy.random.RandomState(0)  # seeded anew for each input: making one asks the system for entropy first


def derived_seed(name: str, seed: int) -> int:
    """A seed for an input without one: the first 32 bits of the SHA-256 of `SEED:NAME`.

    >>> derived_seed("x", 0) == derived_seed("x", 0) != derived_seed("w", 0)
    True
    """
    return int.from_bytes(hashlib.sha256(f"{seed}:{name}".encode()).digest()[:4], "big")


def generate(generator: str, arguments: Arguments, shape: tuple[int, ...], default_seed: int) -> numpy.ndarray:
    """The numbers before rounding. `default_seed` is used where the specification has none."""
    value = arguments[generator]
    seed = arguments.get("seed")
    low, high = arguments.get("low", 0), arguments.get("high", 1)

    def stream() -> numpy.random.RandomState:
        _STREAM.seed(default_seed if seed is None else seed)
        return _STREAM

    makers: dict[str, Callable[[], Any]] = {
        "literal": lambda: _literal(value, shape),
        "arange": lambda: _arange(value, shape[0]),
        "linspace": lambda: numpy.linspace(float(value[0]), float(value[1]), value[2]),
        "normal": lambda: stream().standard_normal(shape),
        "uniform": lambda: stream().uniform(low, high, shape),
        "integers": lambda: stream().randint(low, high, shape, dtype=numpy.int64),
        "bernoulli": lambda: stream().random_sample(shape) < arguments.get("p", 0.5),
        "permutation": lambda: stream().permutation(value).astype(numpy.int64),
        "ones": lambda: numpy.ones(shape),
        "zeros": lambda: numpy.zeros(shape),
        "full": lambda: numpy.full(shape, arguments.get("fill")),
        "eye": lambda: numpy.eye(shape[0], shape[1]),
        "tril": lambda: numpy.tri(shape[0], shape[1], dtype=bool),
    }
    return numpy.asarray(makers[generator]())


def _literal(values: Any, shape: tuple[int, ...]) -> numpy.ndarray:
    if isinstance(_first(values), bool):
        return numpy.array(values, dtype=bool).reshape(shape)
    dtype = numpy.int64 if _all_integers(values) else numpy.float64
    return numpy.array(values, dtype=dtype).reshape(shape)


def _first(values: Any) -> Any:
    while isinstance(values, tuple) and values:
        values = values[0]
    return values


def _all_integers(values: Any) -> bool:
    """Whole numbers that int64 holds: those stay exact above 2**53."""
    if isinstance(values, tuple):
        return all(_all_integers(value) for value in values)
    return isinstance(values, int) and -(2**63) <= values < 2**63


def _arange(bounds: tuple[Any, Any, Any], count: int) -> numpy.ndarray:
    """`start + i * step`, not a running sum."""
    start, _, step = bounds
    counts = numpy.arange(count, dtype=numpy.int64)
    whole = isinstance(start, int) and isinstance(step, int)
    return numpy.asarray(start + (counts if whole else counts.astype(numpy.float64)) * step)
