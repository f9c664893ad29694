"""The value of a program in plain high-precision floating point, by mpmath: no FLINT, no derivative, no bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
from mpmath import mp

from gradcmp.reference.algebra import EvaluationError
from gradcmp.reference.algebras.balls import over_stack
from tests.reference.soundness.series import filled

STEPS: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "power": lambda x, y: x**y,
    "arctan2": mp.atan2,
    "maximum": lambda x, y: x if x >= y else y,
    "minimum": lambda x, y: x if x <= y else y,
    "negative": lambda x: -x,
    "abs": abs,
    "square": lambda x: x * x,
    "floor": mp.floor,
    "exp": mp.exp,
    "expm1": mp.expm1,
    "log": mp.log,
    "log1p": mp.log1p,
    "sqrt": mp.sqrt,
    "rsqrt": lambda x: 1 / mp.sqrt(x),
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "arcsin": mp.asin,
    "arccos": mp.acos,
    "arctan": mp.atan,
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "tanh": mp.tanh,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: x + mp.log1p(mp.exp(-x)) if x > 0 else mp.log1p(mp.exp(x)),
    "arcsinh": mp.asinh,
    "arccosh": mp.acosh,
    "arctanh": mp.atanh,
    "erf": mp.erf,
    "erfc": mp.erfc,
    "lgamma": lambda x: mp.loggamma(x).real,
    "digamma": mp.digamma,
}


def _number(x: Any) -> Any:
    return mp.mpf(x.numerator) / x.denominator if isinstance(x, Fraction) else mp.mpf(x)


class DecimalAlgebra:
    """`Algebra` over mpmath's numbers at its working precision; `decisions` are the choices that were made."""

    formulas: Mapping[str, Callable[..., Any]] = {}

    def __init__(self) -> None:
        self.decisions: list[Any] = []
        self.largest = mp.mpf(1)

    def constant(self, values: Any) -> np.ndarray:
        return filled([_number(x) for x in np.asarray(values).ravel().tolist()], np.shape(values))

    def direction(self, values: np.ndarray) -> np.ndarray:
        return self.constant(values)

    def constantly(self, _x: np.ndarray) -> np.ndarray:
        raise EvaluationError("a difference goes through what stop_gradient holds")

    def shape(self, x: np.ndarray) -> tuple[int, ...]:
        return x.shape

    def elementwise(self, name: str, *operands: np.ndarray) -> np.ndarray:
        spread = np.broadcast_arrays(*operands)
        rows = list(zip(*(each.ravel().tolist() for each in spread), strict=True))
        if name in ("maximum", "minimum"):
            self.decisions += [(a > b) - (a < b) for a, b in rows]
        if name == "arctan2":
            self.decisions += [mp.sign(y) if x < 0 else None for y, x in rows]  # it jumps by 2π as y passes zero
        if name == "abs":
            self.decisions += [mp.sign(a) for (a,) in rows]
        found = [real(STEPS[name], *each) for each in rows]
        if name == "floor":
            self.decisions += [*found, *(a == b for (a,), b in zip(rows, found, strict=True))]
        self.largest = max([self.largest, *(abs(x) for x in found if mp.isfinite(x))])
        return filled(found, spread[0].shape)

    def whole_power(self, x: np.ndarray, exponent: int) -> np.ndarray:
        return filled([real(lambda a: a**exponent, a) for a in x.ravel().tolist()], x.shape)

    def sum(self, x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
        total = x.sum(axis=axes)
        return total if isinstance(total, np.ndarray) else filled([total], ())

    def matmul(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.asarray(x @ y)

    def det(self, x: np.ndarray) -> np.ndarray:
        return over_stack(lambda matrix: filled([mp.det(mp.matrix(matrix.tolist()))], ()), x)

    def inv(self, x: np.ndarray) -> np.ndarray:
        return self.solve(x, self.constant(np.broadcast_to(np.eye(x.shape[-1]), x.shape)))

    def solve(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return over_stack(self._solved, a, b)

    def _solved(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        matrix = mp.matrix(a.tolist())
        try:
            columns = [mp.lu_solve(matrix, mp.matrix(column)) for column in b.T.tolist()]
        except ZeroDivisionError:
            raise EvaluationError("a singular matrix") from None
        return np.stack([filled(list(column), (b.shape[0],)) for column in columns], axis=1)

    def pick(self, arrays: Sequence[np.ndarray], places: np.ndarray) -> np.ndarray:
        return np.concatenate([x.ravel() for x in arrays])[places.ravel()].reshape(places.shape)

    def scatter(self, _x: np.ndarray, _places: np.ndarray, _size: int) -> np.ndarray:
        raise EvaluationError("only derivatives scatter")

    def zeros(self, _x: np.ndarray) -> np.ndarray:
        raise EvaluationError("only derivatives ask for zeros")

    def compare(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        pairs = zip(x.ravel().tolist(), y.ravel().tolist(), strict=True)
        signs = np.asarray([(a > b) - (a < b) for a, b in pairs], dtype=np.int8).reshape(x.shape)
        self.decisions += signs.ravel().tolist()
        return signs


def real(step: Callable[..., Any], *operands: Any) -> Any:
    """A step's result; outside its domain NaN, which only a masked branch may hold."""
    try:
        found = step(*operands)
    except (ValueError, ZeroDivisionError):
        return mp.nan
    return mp.nan if isinstance(found, mpmath.mpc) else found
